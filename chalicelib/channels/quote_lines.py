"""What single lines, and a few lines together, say about where a quote begins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from chalicelib.channels import quote_words as words

REPLY_MARKER = "-- reply above this line --"

_GHOSTS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad]")
_DATE = re.compile(
    r"\d{1,2}\s?[:.h]\s?\d{2}\b|\b(?:19|20)\d\d\b|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}월|\d{1,2}月"
)
_TIME = re.compile(
    r"\d{1,2}\s?[:.h]\s?\d{2}\b|\b(?:19|20)\d\d\b|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|年"
)
_MAIL = re.compile(r"[\w.+%-]{1,80}@[\w.-]{1,100}|<[^<>\s]{1,20}@|\[mailto:")


def plain(line: str) -> str:
    """A line stripped for looking at: no invisible marks, no surrounding space."""
    if not line.isascii():
        line = _GHOSTS.sub("", line.replace("\xa0", " ").replace("\u3000", " "))
        if line[:1] == "＞":
            line = ">" + line[1:]
    return line.strip()


def first(texts: list[str], at: int) -> int:
    """The index of the first line from `at` on that is not blank; the length if there is none."""
    while at < len(texts) and not texts[at]:
        at += 1
    return at


def is_quoted(text: str) -> bool:
    return text[:1] == ">" and text[:3] not in (">:(", ">:-", ">.<")


@cache
def _marker() -> re.Pattern[str]:
    return re.compile(
        r"(?i)^[>\s]*[-=_*#~+\s—–]*(?:please )?(?:type |write |enter )?(?:your )?"
        r"(?:repl(?:y|ies)|response|answer) above this line|"
        r"^[>\s]*[-=_*#]{2,}.{0,40}(?:antworten? (?:sie )?(?:bitte )?(?:oberhalb|über) dieser|"
        r"répondre au-dessus de cette ligne|responda (?:por )?encima de esta l)"
    )


def is_marker(text: str) -> bool:
    """Our own line "reply above this line", or another helpdesk's."""
    return len(text) < 200 and _marker().search(text) is not None


def is_ruler(text: str) -> bool:
    """A line of nothing but dashes, underscores, …"""
    return len(text) >= 3 and not text.strip("_-=*~—–─━＿ ")


def _phrase(text: str) -> str:
    return text.strip("-_=*~—–─ \t:：>.<#[]|").lower()


@cache
def _set(names: str) -> frozenset[str]:
    return frozenset(names.split("|"))


def is_original_separator(text: str, texts: list[str], i: int) -> bool:
    """ "-----Original Message-----" in its languages; without dashes, a header must follow."""
    if len(text) > 120:
        return False
    phrase = _phrase(text)
    if phrase not in _set(words.ORIGINAL):
        return False
    if text[0] in "-_=*~—–─":
        return True
    return header_block(texts, first(texts, i + 1)) is not None


def is_forward_separator(text: str, texts: list[str], i: int) -> bool:
    """ "---------- Forwarded message ---------", "Begin forwarded message:" and the like."""
    if len(text) > 160:
        return False
    phrase = _phrase(text)
    known = _set(words.FORWARDED)
    if phrase not in known and not any(
        phrase.startswith(name) for name in ("forwarded by", "forwarded message from")
    ):
        return False
    marked = text[0] in "-_=*~—–─>" or text[-1] in ":：-"
    return marked or header_block(texts, first(texts, i + 1)) is not None


@cache
def _subject_prefix(words_: str) -> re.Pattern[str]:
    return re.compile(rf"(?i)^\s*(?:\[[^\]]{{0,40}}\]\s*)?(?:{words_})\s?(?:\[\d+\])?\s?[:：]")


def is_forward_subject(subject: str) -> bool:
    return _subject_prefix(words.FORWARD_SUBJECT).match(subject) is not None


def is_reply_subject(subject: str) -> bool:
    return _subject_prefix(words.REPLY_SUBJECT).match(subject) is not None


# --- header blocks -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    end: int
    sender: str


_LABEL = re.compile(
    r"^[\s>*_|]{0,6}([^\W\d_][^:：*\t]{0,24}?)[\s\xa0]{0,3}[*_]{0,2}\s{0,2}[:：][*_]{0,2}\s*(.{0,600})"
)


@cache
def _labels() -> dict[str, tuple[str, ...]]:
    """The kinds that a label may stand for: "de" is from, "a" is to …"""
    found: dict[str, tuple[str, ...]] = {}
    for kind in ("from", "date", "to", "subject", "cc", "other"):
        for name in getattr(words, kind.upper()).split("|"):
            found[name] = (*found.get(name, ()), kind)
    return found


def header_block(texts: list[str], at: int) -> Block | None:
    """The From/Sent/To/Subject block that begins at `at`, if one does.

    A few labelled lines are not enough (a customer may write "From: Berlin"): it takes a sender
    with a date or recipient, and a subject or an address.
    """
    if at >= len(texts) or not (labelled := _labelled(texts[at])):
        return None
    kinds: set[str] = set()
    sender, address, last, misses, sent = "", False, at, 0, False
    for i in range(at, min(at + 24, len(texts))):
        if not texts[i]:
            misses += 2 if len(kinds) >= 4 else 1
            if misses > 3:
                break
            continue
        labelled = _labelled(texts[i])
        if labelled is None:
            misses += 1
            if i > last + 4 or misses > 5:
                break
            address = address or (i == last + 1 and _MAIL.search(texts[i]) is not None)
            if i == last + 1 and not sender and "from" in kinds:
                sender = texts[i]
            continue
        names, value = labelled
        kind = next((n for n in names if n not in kinds), "")
        if not kind or (misses and texts[i - 1] == "" and {"from", "subject", "to"} <= kinds):
            break
        kinds.add(kind)
        address = address or _MAIL.search(value) is not None
        sent = sent or (kind == "date" and _is_sent(texts[i]) and _DATE.search(value) is not None)
        if kind == "from" and value:
            sender = value
        last = i
    known = "subject" in kinds or address or sent
    strong = "from" in kinds and known and kinds & {"date", "to", "cc"}
    if not strong or len(kinds - {"other"}) < 3:
        return None
    if "from" not in _labelled_kinds(texts[at]) and len(kinds) < 4:
        return None
    return Block(last + 1, sender.strip("*_ "))


def _is_sent(text: str) -> bool:
    """A label that says "sent", as no form or itinerary does, not merely "date"."""
    label = re.split("[:：]", text, maxsplit=1)[0].strip("*_> \xa0").lower()
    return label not in _set("date|datum|data|fecha|dato|дата|日期|日付|日時|날짜|pvm|dátum|tarih")


def _labelled(text: str) -> tuple[tuple[str, ...], str] | None:
    if ":" not in text[:32] and "：" not in text[:32]:
        return None
    match = _LABEL.match(text)
    if match is None:
        return None
    names = _labels().get(match.group(1).strip("*_ \xa0").lower())
    return (names, match.group(2).strip()) if names else None


def _labelled_kinds(text: str) -> tuple[str, ...]:
    labelled = _labelled(text)
    return labelled[0] if labelled else ()


# --- sentences above a quote ---------------------------------------------------------------------


@cache
def _wrote() -> re.Pattern[str]:
    return re.compile(f"(?i){words.WROTE}")


@cache
def _start() -> re.Pattern[str]:
    return re.compile(
        rf"(?i)^[-*\s_<]{{0,6}}(?:(?:{words.ATTRIBUTION_START})[\s.,:]|\d{{4}}\s?[./年-]|"
        rf"\d{{1,2}}\.?\s?[./-]?\s?(?:\d{{1,2}}[./-]|[^\W\d]{{3,12}}\.?,?\s\d{{4}})|"
        rf"在|於|于)"
    )


def attribution_start(texts: list[str], end: int, quoted_below: bool = False) -> int | None:
    """Where the sentence ends at line `end` begins, if it is one that stands above a quote.

    Such a sentence may be wrapped over up to four lines. It ends in a colon and names who wrote
    ("… wrote:"), or an address together with a date.
    """
    best: int | None = None
    for start in range(end, max(-1, end - 4), -1):
        if not texts[start] or (texts[start][0] == ">" and start < end):
            break
        joined = " ".join(texts[start : end + 1])
        if len(joined) > 400:
            break
        if _is_attribution(joined, quoted_below):
            best = start
            if _start().match(joined):
                return start
    return best


def _is_attribution(joined: str, quoted_below: bool) -> bool:
    bare = joined.strip("*_ ")
    if not bare.endswith((":", "：")) and not quoted_below and not _dashed(bare):
        return False
    wrote = _wrote().search(bare) is not None
    mail, date = _MAIL.search(bare) is not None, _DATE.search(bare) is not None
    if quoted_below:
        return (wrote or (mail and (date or len(bare) < 120))) and len(bare) < 400
    return (wrote and (mail or date)) or (mail and date)


def is_strong_attribution(texts: list[str]) -> bool:
    """Enough to believe that an unmarked quote follows: not merely "My brother wrote:"."""
    joined = " ".join(texts).strip("*_ ")
    if _dashed(joined):
        return _wrote().search(joined) is not None and _TIME.search(joined) is not None
    if not joined.endswith((":", "：")):
        return False
    mail, when = _MAIL.search(joined) is not None, _TIME.search(joined) is not None
    wrote = _wrote().search(joined) is not None
    starts = _start().match(joined) is not None
    ends = _wrote().search(joined[-40:]) is not None
    if mail:
        named = re.search(r"[>)\]]\s?[:：]$", joined) is not None
        if when and starts and named:
            return True
        return (when and ends) or (wrote and starts) or (ends and len(joined) < 90)
    return wrote and when and starts


def runs_on(text: str) -> bool:
    """ "On … <address> wrote:   the old message", all in one line (Yahoo on Android)."""
    wrote = _wrote().search(text, 0, 300)
    if wrote is None:
        return False
    head, behind = text[: wrote.end()], text[wrote.end() :].lstrip()
    return (
        behind[:1] == ":"
        and len(behind) > 1
        and _start().match(head) is not None
        and _MAIL.search(head) is not None
        and _TIME.search(head) is not None
    )


def _dashed(joined: str) -> bool:
    """ "---- On … wrote ----"."""
    return joined.startswith("---") and joined.endswith("---")


@cache
def _inline() -> re.Pattern[str]:
    return re.compile(f"(?i){words.INLINE_ANSWERS}")


def announces_inline_answers(text: str) -> bool:
    """ "My answers in red below": the old message then holds what is new."""
    return _inline().search(text) is not None
