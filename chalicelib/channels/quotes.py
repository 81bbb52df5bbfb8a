"""What a person newly wrote, apart from what was quoted, signed and disclaimed.

1. The lines are read for quotes (">"), sentences above a quote ("On … wrote:"), header blocks
   (From/Sent/To/Subject) and separators; markup from HTML counts as well (`htmltext.Mark`).
2. What follows a separator or header block is the old message, unless it is being forwarded.
3. Before that, blocks of ">" are old when nothing new follows them, or when the answer only begins
   after them; between two answers they stay, since the answers mean nothing without them.
4. From the end of what is left go disclaimers, device lines and signatures.
Nothing is thrown away: `quoted` holds the rest in its order. All work is linear in the lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.channels import quote_lines as ql
from chalicelib.channels import signatures
from chalicelib.channels.htmltext import Line, Mark
from chalicelib.channels.quote_lines import REPLY_MARKER

__all__ = ["REPLY_MARKER", "Split", "split"]

MAX_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Split:
    text: str
    quoted: str = ""
    forwarded: str = ""  # the From of what is forwarded, as written there


@dataclass(frozen=True, slots=True)
class _Cut:
    at: int
    forward: bool = False
    sender: str = ""


def split(source: str | Sequence[Line], subject: str = "") -> Split:
    """Divide a message's text (or rendered lines) into what is new and the rest."""
    given = [Line(t) for t in source.split("\n")] if isinstance(source, str) else list(source)
    rest = [line.text for line in given[MAX_LINES:]]
    lines = [Line(ql.plain(line.text), line.mark) for line in given[:MAX_LINES]]
    texts = [line.text for line in lines]
    new = [True] * len(lines)
    cut = _hard_cut(lines, texts, subject)
    if cut.forward:
        signatures.strip(lines[: cut.at], new)
        return _result(given, new, rest, cut.sender)
    _set(new, cut.at, len(lines))
    _soft_quotes(lines, texts, new, cut.at)
    answer = list(new)
    signatures.strip(lines[: cut.at], new)
    if not _any(texts, new):
        return _nothing_new(given, lines, texts, answer, new, rest, cut, subject)
    if cut.at < len(lines) and ql.announces_inline_answers(_kept(texts, new)):
        return Split(_join(line.text for line in given), _join(rest))
    return _result(given, new, rest)


def _result(given: Sequence[Line], new: list[bool], rest: list[str], sender: str = "") -> Split:
    old = [line.text for line, keep in zip(given, new, strict=False) if not keep]
    kept = (line.text for line, keep in zip(given, new, strict=False) if keep)
    return Split(_join(kept), _join([*old, *rest]), sender)


def _nothing_new(
    given: Sequence[Line],
    lines: list[Line],
    texts: list[str],
    answer: list[bool],
    new: list[bool],
    rest: list[str],
    cut: _Cut,
    subject: str,
) -> Split:
    """All was taken away: a bare forward, a marked "signature" that is the text, or only quotes."""
    block = ql.header_block(texts, ql.first(texts, cut.at)) if cut.at < len(lines) else None
    if block and not ql.is_reply_subject(subject) and not _any(texts, answer):
        return _result(given, [True] * len(lines), rest, block.sender)
    marked = [i for i, line in enumerate(lines[: cut.at]) if line.mark is Mark.SIGNATURE]
    if marked and cut.at >= len(lines):
        for i in marked:
            new[i] = answer[i]
    return _result(given, new, rest)


def _join(texts: Iterable[str]) -> str:
    joined = "\n".join(text.rstrip() for text in texts)
    return re.sub(r"\n{3,}", "\n\n", joined).strip("\n")


def _kept(texts: list[str], new: list[bool]) -> str:
    return "\n".join(t for t, keep in zip(texts, new, strict=False) if keep)[-2000:]


def _any(texts: list[str], new: list[bool]) -> bool:
    return any(keep and text for text, keep in zip(texts, new, strict=False))


def _set(new: list[bool], start: int, end: int) -> None:
    new[start:end] = [False] * (end - start)


# --- where the old message begins ----------------------------------------------------------------


def _hard_cut(lines: list[Line], texts: list[str], subject: str) -> _Cut:
    """The first place from which nothing can be new; or from which a forwarded message stands."""
    forward = ql.is_forward_subject(subject)
    for i, line in enumerate(lines):
        text = line.text
        if not text:
            if line.mark is Mark.QUOTE:
                return _marked_cut(texts, i, forward)
            continue
        if text[0] == ">":
            if ql.is_marker(text):
                return _Cut(_above(texts, i))
            if _opens_quoted_forward(texts, i):
                return _Cut(i, True, _quoted_sender(texts, i + 1))
            continue
        found = _cut_at(lines, texts, i, forward)
        if found is not None:
            return found
    return _Cut(len(lines))


def _opens_quoted_forward(texts: list[str], i: int) -> bool:
    """A forward that is quoted as a whole, with no sentence above it (Apple Mail)."""
    inner = texts[i].lstrip("> ")
    if not inner or not ql.is_forward_separator(inner, [], 0):
        return False
    before = next((t for t in reversed(texts[:i]) if t.strip("> ")), "")
    return not before.startswith(">") and not before.endswith((":", "："))


def _quoted_sender(texts: list[str], at: int) -> str:
    inner = [t.lstrip("> ") for t in texts[at : at + 30]]
    block = ql.header_block(inner, ql.first(inner, 0))
    return block.sender if block else ""


def _cut_at(lines: list[Line], texts: list[str], i: int, forward: bool) -> _Cut | None:
    text = texts[i]
    if text[0] in "-_*=~—–<[#" or text[-1] in ":：-_*=" or len(text) < 60:
        if ql.is_marker(text):
            return _Cut(_above(texts, i))
        if ql.is_forward_separator(text, texts, i):
            block = ql.header_block(texts, ql.first(texts, i + 1))
            return _Cut(i, True, block.sender if block else "")
        if ql.is_original_separator(text, texts, i):
            return _as(texts, i, i + 1, forward)
        if ql.is_ruler(text):
            block = ql.header_block(texts, ql.first(texts, i + 1))
            if block:
                return _as(texts, i, i + 1, forward)
    if ":" in text or "：" in text:
        block = ql.header_block(texts, i)
        if block:
            return _as(texts, i, i, forward)
    if text.startswith("Inactive hide details for ") or ql.runs_on(text):
        return _Cut(i)
    dashed = text.startswith("---") and text.endswith("---") and any(map(str.isdigit, text))
    if text[-1] in ":：" or dashed or lines[i].mark is Mark.ATTRIBUTION:
        start = ql.attribution_start(texts, i)
        following = ql.first(texts, i + 1)
        quoted = following < len(texts) and texts[following][:1] == ">"
        if start is None or quoted or not any(texts[:start]):
            return None
        if ql.is_strong_attribution(texts[start : i + 1]):
            return _Cut(start)
    return None


def _as(texts: list[str], at: int, block_at: int, forward: bool) -> _Cut:
    block_at = ql.first(texts, block_at)
    if not forward or (block_at < len(texts) and texts[block_at].startswith("Lähettäjä")):
        return _Cut(at)  # "VS:" forwards in Danish and Norwegian, but answers in Finnish
    block = ql.header_block(texts, block_at)
    return _Cut(at, True, block.sender if block else "")


def _marked_cut(texts: list[str], i: int, forward: bool) -> _Cut:
    """A client's own element for the old message opens here."""
    following = ql.first(texts, i)
    block = ql.header_block(texts, following) or ql.header_block(
        texts, ql.first(texts, following + 1)
    )
    if forward and (block or ql.is_forward_separator(_at(texts, following), texts, following)):
        return _Cut(i, True, block.sender if block else "")
    if ql.is_forward_separator(_at(texts, following), texts, following):
        return _Cut(i, True, block.sender if block else "")
    return _Cut(i)


def _at(texts: list[str], i: int) -> str:
    return texts[i] if i < len(texts) else ""


def _above(texts: list[str], i: int) -> int:
    """The sentence that a client put above our marker goes with it."""
    before = i - 1
    while before >= 0 and not texts[before].strip("> "):
        before -= 1
    if before >= 0 and texts[before][-1] in ":：":
        start = ql.attribution_start(texts, before)
        if start is not None:
            return start
    if before >= 0 and ql.is_ruler(texts[before]):
        return before
    return i


# --- quotes by ">" -------------------------------------------------------------------------------


def _soft_quotes(lines: list[Line], texts: list[str], new: list[bool], end: int) -> None:
    """Take quotes out of `new` where they are not answered in between."""
    blocks = _quote_blocks(texts, end)
    if not blocks:
        return
    for start, _ in blocks:
        _drop_attribution(lines, texts, new, start)
    tail_from = blocks[-1][1]
    tail = [True] * (end - tail_from)
    signatures.strip(lines[tail_from:end], tail, after_quote=True)
    answered_below = any(keep and texts[tail_from + i] for i, keep in enumerate(tail))
    above = any(new[i] and texts[i] for i in range(blocks[0][0]))
    if not answered_below:
        _set(new, *blocks[-1])
        for i, keep in enumerate(tail):
            if not keep and above:
                new[tail_from + i] = False
        blocks = blocks[:-1]
        if blocks and not above and len(blocks) == 1:
            _set(new, *blocks[0])
        return
    if len(blocks) == 1 and not (above and _speaks(texts, new, blocks[0][0])):
        _set(new, *blocks[0])


def _speaks(texts: list[str], new: list[bool], end: int) -> bool:
    """Whether there is more than a greeting above the quote."""
    return any(new[i] and texts[i] for i in range(end))


def _quote_blocks(texts: list[str], end: int) -> list[tuple[int, int]]:
    """Ranges of quoted lines; blank lines and torn line ends inside belong to them."""
    blocks: list[tuple[int, int]] = []
    i = 0
    while i < end:
        if not ql.is_quoted(texts[i]):
            i += 1
            continue
        last = j = i
        while j < end:
            if ql.is_quoted(texts[j]):
                last = j
            elif texts[j] and not _torn(texts, j, end):
                break
            j += 1
        blocks.append((i, last + 1))
        i = last + 1
    return blocks


def _torn(texts: list[str], j: int, end: int) -> bool:
    """A short rest of a long quoted line that was wrapped without its ">"."""
    return (
        0 < j < end - 1
        and len(texts[j]) <= 30
        and ql.is_quoted(texts[j - 1])
        and len(texts[j - 1]) >= 66
        and ql.is_quoted(texts[j + 1])
    )


def _drop_attribution(lines: list[Line], texts: list[str], new: list[bool], start: int) -> None:
    """The sentence above a quote says nothing new."""
    i = start - 1
    while i >= 0 and not texts[i]:
        i -= 1
    if i < 0 or not new[i]:
        return
    if lines[i].mark is Mark.ATTRIBUTION:
        while i >= 0 and lines[i].mark is Mark.ATTRIBUTION:
            new[i] = False
            i -= 1
        return
    if texts[i][-1] in ":：" or texts[i].endswith((">", "wrote", "schrieb")):
        found = ql.attribution_start(texts, i, quoted_below=True)
        if found is not None:
            _set(new, found, i + 1)
