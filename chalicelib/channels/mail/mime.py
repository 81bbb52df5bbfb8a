"""Raw mail into a tree of parts (RFC 2045, 2046), without copying what is not read.

A part is a range of the raw bytes and its header fields; its content is decoded when somebody asks.
Boundaries are looked for with `bytes.find`, within the range of the enclosing part only, so a mail
costs one pass for each level of nesting, and the levels and parts are bounded. Whatever is broken
is read as a person would and noted in `defects`.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field

from chalicelib.channels.mail import charsets, headers
from chalicelib.channels.mail.headers import Fields

MAX_DEPTH = 40
MAX_PARTS = 3000


@dataclass(slots=True)
class Part:
    """One entity. `type` is "main/sub" in lower case; a missing one is given its default."""

    raw: bytes
    start: int  # of the body
    end: int
    fields: Fields
    type: str = "text/plain"
    declared: bool = False  # whether the type was said or assumed
    params: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    disposition_params: dict[str, str] = field(default_factory=dict)
    children: list[Part] = field(default_factory=list)
    begin: int = 0  # of the header

    @property
    def body(self) -> bytes:
        return self.raw[self.start : self.end]

    @property
    def source(self) -> bytes:
        """The whole entity, header included."""
        return self.raw[self.begin : self.end]

    @property
    def file_name(self) -> str:
        """As the sender named it, not to be trusted: see `attachments.safe_name`."""
        return self.disposition_params.get("filename", "") or self.params.get("name", "")

    def content(self, defects: list[str]) -> bytes:
        """The body with its transfer encoding undone."""
        return transfer_decode(self.body, self.fields.get("content-transfer-encoding"), defects)

    def text(self, defects: list[str]) -> str:
        """The body as text with line feeds only."""
        charset = self.params.get("charset", "")
        return charsets.clean(charsets.decode(self.content(defects), charset, defects))


@dataclass(slots=True)
class _Budget:
    parts: int = MAX_PARTS


def parse(raw: bytes, defects: list[str]) -> Part:
    """The tree of parts of a mail. Never raises."""
    return _entity(raw, 0, len(raw), "text/plain", 0, _Budget(), defects)


def parse_embedded(part: Part, defects: list[str]) -> Part:
    """The mail inside a message/rfc822 part, wrongly transfer-encoded or not."""
    content = part.content(defects)
    return parse(content, defects)


def _entity(
    raw: bytes, begin: int, end: int, default: str, depth: int, budget: _Budget, defects: list[str]
) -> Part:
    budget.parts -= 1
    fields, start = headers.split(raw, begin, end, defects)
    part = Part(raw, start, end, fields, begin=begin)
    _describe(part, default)
    if fields.charset == "" and "charset" in part.params:
        part.fields = fields.model_copy(update={"charset": part.params["charset"]})
    if part.type.startswith("multipart/"):
        _divide(part, depth, budget, defects)
    return part


def _describe(part: Part, default: str) -> None:
    """Type, parameters and disposition from the fields, with the defaults of RFC 2045 5.2."""
    values = [v for v in part.fields.all("content-type") if v.strip()]
    value = next((v for v in values if "boundary" in v.lower()), values[0] if values else "")
    kind, part.params = headers.parameters(value) if value else ("", {})
    kind = re.sub(r"\s+", "", kind)
    part.declared = bool(kind)
    if "/" not in kind or kind.startswith("/") or kind.endswith("/"):
        kind = {"text": "text/plain", "html": "text/html", "multipart": "multipart/mixed"}.get(
            kind.strip("/"), "application/octet-stream" if kind else default
        )
    part.type = kind[:127]
    value = part.fields.get("content-disposition")
    if value:
        part.disposition, part.disposition_params = headers.parameters(value)
        if "filename" in part.disposition and "=" in part.disposition:  # the kind is missing
            _, part.disposition_params = headers.parameters("attachment;" + value)
            part.disposition = "attachment"


def _divide(part: Part, depth: int, budget: _Budget, defects: list[str]) -> None:
    """Fill in the children of a multipart, or make it the text it seems to be."""
    raw, default = part.raw, "text/plain"
    if part.type == "multipart/digest":
        default = "message/rfc822"
    boundary = part.params.get("boundary", "").encode("latin-1", "ignore").rstrip()
    ranges, closed = _ranges(raw, part.start, part.end, boundary) if boundary else ([], True)
    if not ranges:
        guessed = _guess_boundary(raw, part.start, part.end)
        if guessed:
            ranges, closed = _ranges(raw, part.start, part.end, guessed)
            defects.append("multipart with a wrong or missing boundary")
    if depth >= MAX_DEPTH or (ranges and len(ranges) > budget.parts):
        defects.append("nested too deeply" if depth >= MAX_DEPTH else "too many parts")
        part.type = "application/octet-stream"
        return
    if not ranges:
        if raw[part.start : part.end].strip():
            defects.append("multipart without any part: read as text")
        part.type = "text/plain"
        return
    if not closed:
        defects.append("multipart cut short: its closing boundary is missing")
    for begin, end in ranges:
        part.children.append(_entity(raw, begin, end, default, depth + 1, budget, defects))


def _ranges(
    raw: bytes, start: int, end: int, boundary: bytes
) -> tuple[list[tuple[int, int]], bool]:
    """Where the parts between delimiter lines lie, and whether the closing one was seen."""
    delimiter = b"--" + boundary
    found: list[tuple[int, int]] = []
    opened: int | None = None
    at = start
    while (at := raw.find(delimiter, at, end)) >= 0:
        after = at + len(delimiter)
        line_end = _line_end(raw, after, end)
        rest = raw[after : min(line_end, after + 200)].strip(b" \t\r\n")
        if (at > start and raw[at - 1] not in b"\r\n") or rest not in (b"", b"--", b"-"):
            at = after
            continue
        if opened is not None:
            found.append((opened, _before_break(raw, opened, at)))
        if rest:  # "-": cut short at the very end
            return found, True
        opened = at = line_end
    if opened is not None:
        found.append((opened, end))
    return found, False


def _line_end(raw: bytes, at: int, end: int) -> int:
    """The offset behind the line break that follows `at`."""
    feed = raw.find(b"\n", at, end)
    if feed >= 0:
        bare = raw.find(b"\r", at, feed)
        return bare + 1 if 0 <= bare < feed - 1 else feed + 1
    bare = raw.find(b"\r", at, end)
    return bare + 1 if bare >= 0 else end


def _before_break(raw: bytes, start: int, at: int) -> int:
    """The line break before a delimiter belongs to the delimiter (RFC 2046 5.1.1)."""
    if at > start and raw[at - 1 : at] == b"\n":
        at -= 1
    if at > start and raw[at - 1 : at] == b"\r":
        at -= 1
    return at


_DELIMITER = re.compile(rb"(?im)^--([^\r\n]{1,200})\r?\ncontent-")


def _guess_boundary(raw: bytes, start: int, end: int) -> bytes:
    """A line that begins with "--" and is followed by a Content- field opens a part."""
    match = _DELIMITER.search(raw, start, end)
    return match.group(1).rstrip() if match else b""


# --- transfer encodings ------------------------------------------------------------------------


def transfer_decode(body: bytes, encoding: str, defects: list[str]) -> bytes:
    """RFC 2045 6, with the spellings that are met: "quoted printable", "8bits", "7-bit;" …"""
    name = re.sub(r"[^a-z0-9]", "", encoding.partition(";")[0].lower())
    if name == "base64":
        return _base64(body, defects)
    if name in ("quotedprintable", "qp"):
        return _quoted_printable(body)
    if name in ("xuuencode", "uuencode", "xuue", "uue"):
        decoded = uudecode(body)
        if decoded is None:
            defects.append("uuencoded part cannot be decoded")
        return body if decoded is None else decoded[1]
    if name and name not in ("7bit", "8bit", "binary", "7bits", "8bits", "plain", "none"):
        defects.append(f"unknown transfer encoding {encoding[:40]!r}")
    return body


def _base64(body: bytes, defects: list[str]) -> bytes:
    sample = body[:400].strip()
    if sample and len(re.findall(rb"[^A-Za-z0-9+/=\s]", sample)) * 4 > len(sample):
        defects.append("declared base64 but it is not")
        return body
    head, mark, rest = body.partition(b"\n\n")
    if mark and b"=" in head[-3:] and b" " in rest.strip():  # a footer glued behind the base64
        return headers.base64_bytes(head)
    return headers.base64_bytes(body)


def _quoted_printable(body: bytes) -> bytes:
    """binascii keeps what is no escape as it is, as RFC 2045 6.7 (5) advises."""
    return binascii.a2b_qp(body)


_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)
_UU_END = re.compile(rb"^end[ \t]*\r?$", re.MULTILINE)


def uudecode(data: bytes, start: int = 0) -> tuple[str, bytes, int, int] | None:
    """The next uuencoded file in `data`: (name, content, offset of its begin, of its end)."""
    begin = _UU_BEGIN.search(data, start)
    if begin is None:
        return None
    stop = _UU_END.search(data, begin.end())
    finish = stop.start() if stop else len(data)
    out = bytearray()
    for line in data[begin.end() : finish].splitlines():
        if not line.strip() or line.strip() == b"`":
            continue
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            size = (((line[0] - 32) & 63) * 4 + 5) // 3  # trailing bits: as uudecode(1) does
            try:
                out += binascii.a2b_uu(line[:size])
            except binascii.Error:
                return None
    name = begin.group(1).decode("utf-8", "replace").strip()
    return name, bytes(out), begin.start(), stop.end() if stop else len(data)
