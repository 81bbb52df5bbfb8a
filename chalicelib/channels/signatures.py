"""Signatures, device lines, disclaimers and warning banners around what a person wrote."""

from __future__ import annotations

import re
from functools import cache

from chalicelib.channels import quote_lines as ql
from chalicelib.channels import quote_words as words
from chalicelib.channels.htmltext import Line, Mark

MAX_SIGNATURE = 25  # lines that are not blank
MAX_RULED = 14  # the same, when only a ruler announces it


def strip(lines: list[Line], new: list[bool], after_quote: bool = False) -> None:
    """Set `new` to False for lines that are not part of the message proper.

    `after_quote` says that the lines stand below a quote, where a signature may be all there is.
    """
    kept = [i for i in range(len(lines)) if new[i] and lines[i].text]
    if not kept:
        return
    texts = [line.text for line in lines]
    for i in kept:
        if lines[i].mark is Mark.SIGNATURE:
            new[i] = False
    if not after_quote:
        _banner(texts, new, kept)
    end = _disclaimer(texts, new, kept, after_quote)
    end = min(end, _delimited(texts, new, kept, end, after_quote))
    end = _device_lines(texts, new, [i for i in kept if i < end and new[i]], end)
    end = _contact_block(texts, [i for i in kept if i < end and new[i]], end)
    for i in range(end, len(lines)):
        new[i] = False


def _banner(texts: list[str], new: list[bool], kept: list[int]) -> None:
    """The warning that a company's gateway puts above mail from outside."""
    i = kept[0]
    if not _pattern("banner").match(" ".join(texts[i : i + 3]).strip("*_ ")) and not _pattern(
        "banner"
    ).match(texts[i].strip("*_ ")):
        return
    while i < len(texts) and texts[i] and i < kept[0] + 5 and new[i]:
        new[i] = False
        i += 1


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return {
        "banner": lambda: re.compile(f"(?i)^(?:{words.BANNER})"),
        "what": lambda: re.compile(f"(?i){words.DISCLAIMER_WHAT}"),
        "why": lambda: re.compile(f"(?i){words.DISCLAIMER_WHY}"),
        "disclaimer": lambda: re.compile(f"(?i)^[*_\\W]*(?:{words.DISCLAIMER_START})"),
        "sent": lambda: re.compile(f"(?i)^[*_<(\\[]*(?:{words.SENT_FROM})"),
        "device": lambda: re.compile(f"(?i){words.DEVICES}"),
        "excuse": lambda: re.compile(f"(?i)^(?:{words.EXCUSES})"),
        "closing": lambda: re.compile(f"(?i)^(?:{words.CLOSINGS})\\s?[,.!;:，、。～~]*$"),
    }[name]()


def _disclaimer(texts: list[str], new: list[bool], kept: list[int], after_quote: bool) -> int:
    """Where the closing paragraphs of legal text begin."""
    end = len(texts)
    paragraph_end = len(texts)
    start = paragraph_end
    found = end
    for i in range(len(texts) - 1, -2, -1):
        blank = i < 0 or not texts[i] or not new[i] or ql.is_ruler(texts[i])
        if not blank:
            start = i
            continue
        if start < paragraph_end:
            paragraph = " ".join(texts[start:paragraph_end])
            if not _is_disclaimer(paragraph):
                if not _short_tail(paragraph) or paragraph_end - start > 3:
                    break
            else:
                found = start - 1 if i >= 0 and ql.is_ruler(texts[i]) else start
        paragraph_end = max(i, 0)
        start = paragraph_end
    return found if after_quote or any(i < found and new[i] for i in kept) else end


def _is_disclaimer(paragraph: str) -> bool:
    if _pattern("disclaimer").match(paragraph):
        short = re.match(r"(?i)\W*(?:virus|viren|think|please)", paragraph) is not None
        return short or len(paragraph) > 40
    if len(paragraph) < 40:
        return False
    why = _pattern("why").findall(paragraph.lower()[:3000])
    if not why or not _pattern("what").search(paragraph[:3000]):
        return False
    return len(why) >= 2 or len(paragraph) > 160 or why[0].startswith(_FOOTERS)


_FOOTERS = (
    "consider",
    "virus",
    "checked",
    "scanned",
    "denken",
    "pensez",
    "antes de",
    "prima di",
    "avant d",
    "before p",
    "viren",
    "sans v",
    "libre",
)


def _short_tail(paragraph: str) -> bool:
    """Bare addresses and rulers may stand between disclaimers."""
    return bool(re.fullmatch(r"(?:www\.|https?://)\S+|[\W_]+", paragraph))


_DELIMITER = re.compile(r"^(?:--|—|–|––|—-|-- ?\*?|__|_{3,}|-{3,}|={3,}|\*{3,}|~{3,}|- -)$")


def _delimited(
    texts: list[str], new: list[bool], kept: list[int], end: int, after_quote: bool
) -> int:
    """The line that announces a signature: "-- " anywhere, a ruler only before a short rest."""
    inside = [i for i in kept if i < end and new[i]]
    for position, i in enumerate(inside):
        text = texts[i]
        if not _DELIMITER.match(text):
            continue
        rest = inside[position + 1 :]
        if not rest:
            return i
        if text in ("--", "—", "–") or text.startswith("-- "):
            if len(rest) <= MAX_SIGNATURE and not _is_letter(texts, rest):
                return i
        elif (
            len(rest) <= MAX_RULED
            and (position or after_quote)
            and _looks_like_signature(texts, rest)
        ):
            return i
    return end


def _is_letter(texts: list[str], rest: list[int]) -> bool:
    """Several full lines of prose below "--": the writer used it to divide the letter."""
    block = [texts[i] for i in rest]
    return sum(1 for t in block if len(t) > 80) >= 3 and not any(_CONTACT.search(t) for t in block)


def _looks_like_signature(texts: list[str], rest: list[int]) -> bool:
    """Contact data, or a few short lines without sentences."""
    block = [texts[i] for i in rest]
    contacts = sum(1 for t in block if _CONTACT.search(t))
    long = sum(1 for t in block if len(t) > 90)
    if contacts and long <= 2:
        return True
    if any(_pattern("device").search(t) for t in block) and len(block) <= 4:
        return True
    inner = next((n for n, t in enumerate(block) if ql.is_ruler(t)), len(block))
    if inner < len(block) - 1:  # the ruler opens a section that another one closes
        return False
    return len(block) <= 5 and not any(_SENTENCE.search(t) for t in block)


_SENTENCE = re.compile(
    r"[a-zà-ÿа-я]{2,}[.?!]\s*$|[?？。！]$|\w+ \w+ \w+ \w+ \w+ \w+ \w+|\w\W+\w+\W+\w+\W.*[.?!]$"
)


def _device_lines(texts: list[str], new: list[bool], inside: list[int], end: int) -> int:
    """ "Sent from my iPhone" and what little follows it."""
    for i in inside[-6:]:
        if is_device_line(texts[i]):
            rest = [j for j in inside if j > i]
            short = all(
                is_device_line(texts[j]) or _pattern("excuse").match(texts[j]) or len(texts[j]) < 60
                for j in rest
            )
            if len(rest) <= 3 and short:
                return i
    if inside and _pattern("excuse").match(texts[inside[-1]]):
        return inside[-1]
    return end


def is_device_line(text: str) -> bool:
    """Whether a line is only the advertisement of the device or program that sent the mail."""
    text = text.strip("*_<>()[] .")
    if len(text) > 130 or not _pattern("sent").match(text):
        return False
    return _pattern("device").search(text) is not None or text.lower().startswith(
        (
            "get outlook",
            "sent from my",
            "发自我的",
            "發自我的",
            "von meinem",
            "envoyé de mon",
            "outlook for",
        )
    )


_CONTACT = re.compile(
    r"(?i)(?:^|[\s|•·,(])(?:tel|telefon|téléphone|tél|phone|ph|mobile?|mob|fax|cell|handy|direct|office|"
    r"teléfono|telefone|tlf|puh|тел|факс|电话|電話|전화|t|m|p|f|e|w)\s?[.:：]{1,2}\s?[+(\d]|"
    r"\+\d{1,3}[\s()./-]*\d[\d\s()./-]{5,}|\b0\d{2,4}[\s/.-]+\d[\d\s./-]{4,}|\(\d{3}\)\s?\d{3}|\b\d{3}[-.]\d{3}[-.]\d{4}\b|"
    r"\bwww\.\w|https?://|[\w.+-]+@[\w-]+\.[a-z]{2,}|"
    r"\b(?:gmbh|ag|ltd|inc|llc|corp|s\.?a\.?r?\.?l?|b\.v|s\.?p\.?a|"
    r"oy|ab|a/s|sp\. z o\.o|kg|株式会社|有限公司)\b\.?\s*$|"
    r"\b(?:hrb|ust-?id|vat|registergericht|amtsgericht|geschäftsführer|siret|kvk)\b"
)


def _contact_block(texts: list[str], inside: list[int], end: int) -> int:
    """An undelimited signature: after the closing and the name, lines of contact data.

    Closing and name stay, they are part of the letter.
    """
    bare = _bare_block(texts, inside)
    for position in range(len(inside) - 1, max(-1, len(inside) - 16), -1):
        i = inside[position]
        if len(texts[i]) > 60 or not _pattern("closing").match(texts[i].strip("*_ ")):
            continue
        rest = inside[position + 1 :]
        if len(rest) < 2:
            return bare or end
        block = rest[1:]  # the first line is the name
        contacts = sum(1 for j in block if _CONTACT.search(texts[j]))
        prose = sum(1 for j in block if len(texts[j]) > 100 or texts[j].endswith("?"))
        postscript = any(re.match(r"(?i)p\.?\s?p?\.?s\b|ps:|nb:", texts[j]) for j in block)
        if contacts and not prose and not postscript and contacts * 6 >= len(block):
            return block[0]
        return bare or end
    return bare or end


def _bare_block(texts: list[str], inside: list[int]) -> int | None:
    """A last paragraph that is nothing but name, function and at least two ways of contact."""
    if not inside:
        return None
    start = inside[-1]
    while start > 0 and texts[start - 1]:
        start -= 1
    block = [i for i in inside if i >= start]
    before = next((texts[i] for i in reversed(inside) if i < start), "")
    if not 3 <= len(block) <= 9 or not before or before.endswith((":", "：")):
        return None
    if any(len(texts[i]) > 80 or _SENTENCE.search(texts[i]) for i in block):
        return None
    found = sum(len(_CONTACT.findall(texts[i])) for i in block)
    phone = any(_PHONE.search(texts[i]) for i in block)
    return start if found >= 2 and phone else None


_PHONE = re.compile(r"\+\d[\d\s()/.-]{7,}|\b0\d{2,4}[\s/.-]+\d[\d\s./-]{4,}|\(\d{3}\)\s?\d{3}")
