"""HTML of a mail as plain text, in the conventions of plain-text mail.

Quoted material becomes lines with "> ", a rule becomes underscores, a cell a tab. Lines that lie in
elements which mail clients use for attributions, quotes and signatures carry that as a mark, so
that the splitting of replies does not depend on language there. One pass over the input: every
step moves forward, so no input costs more than time in proportion to its length.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

MAX_HTML = 3_000_000  # characters that are rendered
RULE = "_" * 32


class Mark(StrEnum):
    """What a client's markup says about a line."""

    NONE = ""
    ATTRIBUTION = "attribution"  # "On … wrote:" or the header block of a forward
    QUOTE = "quote"  # from here on it is the message answered to
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    mark: Mark = Mark.NONE


def to_text(source: str) -> str:
    """The readable text of an HTML document, with line feeds."""
    return "\n".join(line.text for line in render(source)).strip("\n")


def render(source: str) -> list[Line]:
    """The lines of an HTML document with their marks. Never raises."""
    writer = _Writer()
    for kind, name, rest in _tokens(source[:MAX_HTML]):
        if kind == "text":
            writer.text(rest)
        elif kind == "open":
            writer.open(name, rest)
        else:
            writer.close(name)
    writer.end_line()
    return writer.lines


# --- tokens ------------------------------------------------------------------------------------

_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:_-]{0,60})")


def _tokens(source: str) -> Iterator[tuple[str, str, str]]:
    """("text", "", text), ("open", tag, attributes) and ("close", tag, "")."""
    at, no_comment_end = 0, False
    endless: set[str] = set()
    while True:
        left = source.find("<", at)
        if left < 0:
            yield "text", "", source[at:]
            return
        if left > at:
            yield "text", "", source[at:left]
        if source.startswith("<!--", left) and not no_comment_end:
            end = source.find("-->", left + 2)
            no_comment_end = end < 0
            if end >= 0:
                at = end + 3
                continue
        tag = _TAG.match(source, left)
        if tag is None and not source.startswith(("<!", "<?"), left):
            yield "text", "", "<"
            at = left + 1
            continue
        right = _tag_end(source, left)
        if right < 0:
            yield "text", "", source[left:]
            return
        at = right + 1
        if tag is None:
            continue
        name = tag.group(1).lower().rpartition(":")[2]
        if source[left + 1] == "/":
            yield "close", name, ""
        else:
            yield "open", name, source[tag.end() : right]
            if name in ("script", "style", "title") and name not in endless:
                at = _raw_end(source, name, at, endless)


def _tag_end(source: str, left: int) -> int:
    """The ">" that ends a tag, over a few that stand inside quoted values."""
    first = right = source.find(">", left)
    for _ in range(8):
        if right < 0:
            return first
        if _balanced(source, left, right):
            return right
        right = source.find(">", right + 1)
    return first


def _balanced(source: str, left: int, right: int) -> bool:
    return source.count('"', left, right) % 2 == 0


def _raw_end(source: str, name: str, at: int, endless: set[str]) -> int:
    """Where the raw text of a script or style ends; here when it never does."""
    match = re.compile(f"</{name}", re.IGNORECASE).search(source, at)
    if match is None:
        endless.add(name)
        return at
    return match.start()


# --- writing -----------------------------------------------------------------------------------

_BLOCKS_WORDS = (
    "address article aside body center dd dir div dl dt fieldset figure figcaption footer "
    "form header html legend li main menu nav option section table tbody tfoot thead tr "
    "caption"
)
_BLOCKS = frozenset(_BLOCKS_WORDS.split())
_SPACED_WORDS = "p h1 h2 h3 h4 h5 h6 ul ol blockquote pre"
_SPACED = frozenset(_SPACED_WORDS.split())
_SKIPPED_WORDS = "head script style title noscript object applet template select svg"
_SKIPPED = frozenset(_SKIPPED_WORDS.split())
_VOID_WORDS = "br hr img input meta link area base col embed source track wbr"
_VOID = frozenset(_VOID_WORDS.split())

_ATTRIBUTE = re.compile(
    r"""([a-zA-Z_:][\w:.-]{0,60}+)\s{0,20}+(?:=\s{0,20}+("[^"]*+"|'[^']*+'|[^\s"'>]*+))?"""
)
_WANTED = re.compile(
    r"(?i)\b(?:class|id|style|type|cite|name|href|alt|start|hidden|data-smartmail)\b"
)
_TIGHT = re.compile(
    r"(?i)\bmso(?:normal|plaintext)|"
    r"margin(?:-top|-bottom)?\s{0,3}:\s{0,3}0(?:[a-z]{2})?\s{0,3}(?:[;\"' ]|$)"
)
_HIDDEN = re.compile(r"(?i)display\s{0,3}:\s{0,3}none|mso-hide\s{0,3}:\s{0,3}all")

_QUOTE_HINT = re.compile(
    r"(?i)(?:^|[\s_-])(?:yahoo_quoted\w*|divrplyfwdmsg|appendonsend|protonmail_quote|tutanota_quote|"
    r"zmail_extra|isreplycontent|ntes-mailmaster-quote|olk_src_body_section|outlookmessageheader|"
    r"mail-editor-reference-message-container|ms-outlook-mobile-body-separator-line|"
    r"stopspelling|zwchr|mailquote|replyforwardmessage|originalcontent|quotedreply|freshdesk_quote|"
    r"front-blockquote|hs_reply|qmquote|includetail|mail_quote_body|bloop_original_html|"
    r"wps-quote|mailmaster-quote|gmx-quote|quoted-message|lotus_notes_quote|airmail_ext_on)"
    r"(?:$|[\s_-])"
)
_ATTRIBUTION_HINT = re.compile(
    r"(?i)(?:^|[\s_-])(?:gmail_attr|moz-cite-prefix|moz-email-headers-table|reply-intro|"
    r"cite_prefix|airmail_on|yahoo-quoted-begin)(?:$|[\s_-])"
)
_SIGNATURE_HINT = re.compile(
    r"(?i)(?:^|[\s_-])(?:gmail_signature\w*|moz-signature|signature|mobile-signature|"
    r"applemailsignature|protonmail_signature_block\S*|k9mail-signature|ms-outlook-mobile-signature|"
    r"mail_signature|mailsignature|tutanota_signature|email-signature|bloop_sign\S*|"
    r"ymail_android_signature|ymail_ios_signature)(?:$|[\s_-])"
)
_BORDER_TOP = re.compile(
    r"(?i)border:\s{0,3}none;\s{0,3}border-top:\s{0,3}solid\s{1,3}#(?:b5c4df|e1e1e1)|"
    r"border-top-color:\s{0,3}rgb\((?:181|196|225|229)|border-top:\s{0,3}1px\s{1,3}solid\s{1,3}#b5c4df"
)


@dataclass(slots=True)
class _Frame:
    """An open element that has an effect on what is written inside it."""

    tag: str
    count: int
    skip: bool = False
    quote: bool = False
    pre: bool = False
    mark: Mark = Mark.NONE
    number: int = 0  # of the next item, in an ordered list


@dataclass(slots=True)
class _Writer:
    lines: list[Line] = field(default_factory=list)
    frames: list[_Frame] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    current: list[str] = field(default_factory=list)
    space: bool = False
    skipping: int = 0
    depth: int = 0
    pre: int = 0
    tight: bool = False  # the open paragraph has no space around it (Outlook's MsoNormal)
    padded: bool = False  # a line that holds only a hard space: a blank line in such letters
    link: str = ""
    linked: int = 0

    def text(self, source: str) -> None:
        if self.skipping:
            return
        if "&" in source:
            source = html.unescape(source)
        if self.pre:
            *full, last = source.split("\n")
            for part in full:
                self.current.append(part)
                self.end_line()
            self.current.append(last)
            return
        words = source.split()
        if not words:
            self.space = self.space or bool(source)
            self.padded = self.padded or "\xa0" in source
            return
        if (self.space or source[0].isspace()) and self.current:
            self.current.append(" ")
        self.current.append(" ".join(words))
        self.space = source[-1].isspace()

    def open(self, name: str, attributes: str) -> None:
        if name in _VOID:
            self._void(name, attributes)
            return
        count = self.counts[name] = self.counts.get(name, 0) + 1
        frame = self._frame(name, count, attributes)
        if frame:
            self.frames.append(frame)
            self.skipping += frame.skip
            self.pre += frame.pre
        if self.skipping:
            return
        if name == "p":
            self.tight = _TIGHT.search(attributes) is not None
        self._break(name)
        if frame and frame.quote:
            self.depth += 1
        if frame and frame.mark is Mark.QUOTE:
            self.lines.append(Line("", Mark.QUOTE))
        if name == "li":
            self._bullet()
        elif name in ("td", "th") and self.current:
            self.current.append("\t")
            self.space = False
        elif name == "a" and "href" in attributes:
            self.link = _attributes(attributes).get("href", "")
            self.linked = len(self.current)

    def close(self, name: str) -> None:
        count = self.counts.get(name, 0)
        if not count:
            if name == "p" and not self.skipping:
                self._break(name)
            return
        if not self.skipping:
            if name == "a":
                self._end_link()
            if name in _BLOCKS or name in _SPACED:
                self._break(name)
        self.counts[name] = count - 1
        while self.frames and any(f.tag == name and f.count >= count for f in self.frames[-6:]):
            frame = self.frames.pop()
            self.skipping -= frame.skip
            self.pre -= frame.pre
            if frame.quote:
                self._end_quote()
            if frame.tag == name:
                break

    def end_line(self) -> None:
        text = "".join(self.current)
        self.current, self.space, self.linked = [], False, 0
        if text.strip() or self.pre:
            mark = next((f.mark for f in reversed(self.frames) if f.mark), Mark.NONE)
            mark = Mark.NONE if mark is Mark.QUOTE else mark
            text = text.rstrip() if self.pre else text.strip()
            self.lines.append(Line("> " * min(self.depth, 20) + text, mark))
        elif self.padded:
            self._blank()
        self.padded = False

    def _break(self, name: str) -> None:
        if name not in _BLOCKS and name not in _SPACED:
            return
        self.end_line()
        if name in _SPACED and not (name == "p" and self.tight):
            self._blank()

    def _blank(self) -> None:
        if self.lines and self.lines[-1].text.strip("> "):
            self.lines.append(Line(("> " * min(self.depth, 20)).rstrip()))

    def _end_quote(self) -> None:
        """Blank lines at the end of a quote belong behind it."""
        while self.lines and self.lines[-1].text and not self.lines[-1].text.strip("> "):
            self.lines.pop()
        self.depth -= 1
        self._blank()

    def _void(self, name: str, attributes: str) -> None:
        if self.skipping:
            return
        if name == "br":
            if self.current:
                self.end_line()
            else:
                self._blank()
        elif name == "hr":
            self.end_line()
            if _hint(_attributes(attributes)) is Mark.QUOTE:
                self.lines.append(Line("", Mark.QUOTE))
            self.lines.append(Line("> " * min(self.depth, 20) + RULE))
        elif name == "img" and (alt := _attributes(attributes).get("alt", "").strip()):
            self.text(f" [{alt[:200]}] ")

    def _frame(self, name: str, count: int, attributes: str) -> _Frame | None:
        if name in _SKIPPED:
            return _Frame(name, count, skip=True)
        found = _attributes(attributes) if _WANTED.search(attributes) else {}
        if _HIDDEN.search(found.get("style", "")) or "hidden" in found:
            return _Frame(name, count, skip=True)
        if name == "blockquote" and self._cites(found):
            return _Frame(name, count, quote=True)
        if name in ("ol", "ul"):
            start = found.get("start", "1")
            return _Frame(name, count, number=(int(start[:6]) if start.isdecimal() else 1))
        mark = _hint(found) if found else Mark.NONE
        if mark or name == "pre":
            return _Frame(name, count, mark=mark, pre=name == "pre")
        return None

    def _cites(self, found: dict[str, str]) -> bool:
        """Whether a blockquote quotes the earlier message, or only indents."""
        if found.get("type", "").lower() == "cite" or "cite" in found:
            return True
        if re.search(r"(?i)quote|cite|reply", found.get("class", "") + " " + found.get("id", "")):
            return True
        style = found.get("style", "").lower()
        if "border-left" in style:
            return True
        self.end_line()
        before = next((ln.text for ln in reversed(self.lines[-3:]) if ln.text.strip()), "")
        return before.rstrip().endswith((":", "：", RULE))

    def _bullet(self) -> None:
        frame = next((f for f in reversed(self.frames) if f.tag in ("ol", "ul")), None)
        if frame and frame.tag == "ol":
            self.current.append(f"{frame.number}. ")
            frame.number += 1
        else:
            self.current.append("- ")

    def _end_link(self) -> None:
        target, self.link = self.link.strip(), ""
        shown = "".join(self.current[self.linked :]).strip()
        if target.lower().startswith("mailto:") and shown and "@" not in shown:
            target = target[7:].partition("?")[0]
            if 3 < len(target) < 120:
                self.current.append(f" <{target}>")
            return
        if not target.lower().startswith(("http://", "https://")) or len(target) > 120 or not shown:
            return
        text, address = _bare(shown), _bare(target)
        same = address in text or ("." in text and address.startswith(text))
        if not same:
            self.current.append(f" <{target}>")


def _bare(url: str) -> str:
    url = url.lower().removeprefix("https://").removeprefix("http://").removeprefix("www.")
    return url.rstrip("/")


def _attributes(source: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(source[:20_000]):
        value = match.group(2) or ""
        if value[:1] in "\"'":
            value = value[1:-1]
        found.setdefault(match.group(1).lower(), html.unescape(value) if "&" in value else value)
    return found


def _hint(found: dict[str, str]) -> Mark:
    """What class, id and style of an element say in the markup of known mail clients."""
    names = f"{found.get('class', '')} {found.get('id', '')} {found.get('data-smartmail', '')}"
    names = names.replace("x_", "").strip()
    if names:
        if _QUOTE_HINT.search(names):
            return Mark.QUOTE
        if _ATTRIBUTION_HINT.search(names):
            return Mark.ATTRIBUTION
        if _SIGNATURE_HINT.search(names):
            return Mark.SIGNATURE
    if found.get("name", "").lower() == "quote":
        return Mark.QUOTE
    if "style" in found and _BORDER_TOP.search(found["style"]):
        return Mark.QUOTE
    return Mark.NONE
