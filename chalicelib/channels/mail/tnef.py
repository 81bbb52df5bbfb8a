"""winmail.dat: Transport Neutral Encapsulation Format ([MS-OXTNEF]), the parts that people miss.

Body (plain, HTML or compressed RTF per [MS-OXRTFCP]) and attachments; everything bounded.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from chalicelib.channels.mail import charsets

_SIGNATURE = 0x223E9F78
_MAX_PROPERTIES = 5000
_MAX_FILES = 500
_MAX_RTF = 8_000_000

_BODY, _MAPI, _CODEPAGE = 0x800C, 0x9003, 0x9007
_RENDER, _DATA, _TITLE, _ATTACHMENT = 0x9002, 0x800F, 0x8010, 0x9005
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16, 1: 0}


class TnefError(Exception):
    """Not TNEF, or torn in a way that leaves nothing to read."""


@dataclass(slots=True)
class Tnef:
    text: str = ""
    html: str = ""
    files: list[tuple[str, str, bytes, str]] = field(default_factory=list)  # name type data cid


def parse(data: bytes) -> Tnef:
    """Body and files of a TNEF stream; raises TnefError."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        raise TnefError("it lacks the TNEF signature")
    found, codepage = Tnef(), "cp1252"
    current: dict[str, str | bytes] | None = None
    pending: list[dict[str, str | bytes]] = []
    for attribute, value in _attributes(data):
        if attribute == _CODEPAGE and len(value) >= 4:
            number = struct.unpack_from("<I", value)[0]
            codepage = charsets.codec_name(f"cp{number}") or codepage
        elif attribute == _BODY:
            found.text = _string(value, codepage)
        elif attribute == _MAPI:
            _message(value, codepage, found)
        elif attribute == _RENDER and len(pending) < _MAX_FILES:
            current = {}
            pending.append(current)
        elif current is not None:
            _file(attribute, value, codepage, current)
    found.files = [_finished(file) for file in pending if file.get("data")]
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6
    while at + 11 <= len(data):
        _, identity, length = struct.unpack_from("<BII", data, at)
        yield identity & 0xFFFF, data[at + 9 : at + 9 + length]
        at += 9 + length + 2


def _finished(file: dict[str, str | bytes]) -> tuple[str, str, bytes, str]:
    content = file.get("data", b"")
    return (
        str(file.get("name", "")),
        str(file.get("type", "")),
        content if isinstance(content, bytes) else b"",
        str(file.get("cid", "")),
    )


def _file(attribute: int, value: bytes, codepage: str, file: dict[str, str | bytes]) -> None:
    if attribute == _DATA:
        file["data"] = value
    elif attribute == _TITLE:
        file.setdefault("name", _string(value, codepage))
    elif attribute == _ATTACHMENT:
        names = {0x3707: "name", 0x3001: "title", 0x370E: "type", 0x3712: "cid"}
        for tag, kind, raw in _properties(value):
            if tag in names:
                file[names[tag]] = _unicode_or(raw, kind, codepage)
            elif tag == 0x3701 and "data" not in file and kind == 0x0102:
                file["data"] = raw


def _message(value: bytes, codepage: str, found: Tnef) -> None:
    for tag, kind, raw in _properties(value):
        if tag == 0x1000 and not found.text:
            found.text = _unicode_or(raw, kind, codepage)
        elif tag == 0x1013:
            if kind in (0x1E, 0x1F):
                found.html = _unicode_or(raw, kind, codepage)
            else:
                found.html = charsets.decode(raw, codepage, [])
        elif tag == 0x1009 and not found.text:
            found.text = rtf_text(decompress(raw), codepage)


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(property id, type, raw value) of an encoded MAPI property list."""
    if len(data) < 4:
        return
    count, at = min(struct.unpack_from("<I", data)[0], _MAX_PROPERTIES), 4
    try:
        for _ in range(count):
            kind, tag = struct.unpack_from("<HH", data, at)
            at += 4
            if tag >= 0x8000:
                at = _named(data, at)
            multiple, kind = bool(kind & 0x1000), kind & 0x0FFF
            if kind in _FIXED:
                number = struct.unpack_from("<I", data, at)[0] if multiple else 1
                at += 4 if multiple else 0
                yield tag, kind, data[at : at + _FIXED[kind]]
                at += _FIXED[kind] * min(number, _MAX_PROPERTIES)
                continue
            number = min(struct.unpack_from("<I", data, at)[0], _MAX_PROPERTIES)
            at += 4
            for _ in range(number):
                length = struct.unpack_from("<I", data, at)[0]
                at += 4
                yield tag, kind, data[at : at + length]
                at += length + (-length % 4)
    except struct.error:
        return


def _named(data: bytes, at: int) -> int:
    """The offset behind the name of a named property (GUID, kind, number or text)."""
    kind: int
    length: int
    kind, length = struct.unpack_from("<II", data, at + 16)
    if kind == 0:
        return at + 24
    return at + 24 + length + (-length % 4)


def _unicode_or(raw: bytes, kind: int, codepage: str) -> str:
    if kind == 0x1F:
        return charsets.clean(raw.decode("utf-16-le", "replace").rstrip("\0"))
    return _string(raw, codepage)


def _string(raw: bytes, codepage: str) -> str:
    return charsets.clean(charsets.decode(raw.rstrip(b"\0"), codepage, []))


# --- compressed RTF ------------------------------------------------------------------------------

_PREBUFFER = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def decompress(data: bytes) -> bytes:
    """[MS-OXRTFCP] 3.1: LZFu, or stored as it is; what is torn ends early."""
    if len(data) < 16:
        return b""
    _, raw_size, magic = struct.unpack_from("<III", data)
    if magic == 0x414C454D:
        return data[16 : 16 + raw_size]
    window = bytearray(4096)
    window[: len(_PREBUFFER)] = _PREBUFFER
    write, out, at = len(_PREBUFFER), bytearray(), 16
    limit = min(raw_size, _MAX_RTF)
    while at < len(data) and len(out) < limit:
        control, at = data[at], at + 1
        for bit in range(8):
            if at >= len(data) or len(out) >= limit:
                break
            if not control >> bit & 1:
                byte, at = data[at], at + 1
                out.append(byte)
                window[write], write = byte, (write + 1) % 4096
                continue
            if at + 1 >= len(data):
                return bytes(out)
            reference, at = data[at] << 8 | data[at + 1], at + 2
            offset, length = reference >> 4, (reference & 15) + 2
            if offset == write:
                return bytes(out)
            for step in range(length):
                byte = window[(offset + step) % 4096]
                out.append(byte)
                window[write], write = byte, (write + 1) % 4096
    return bytes(out)


_RTF = re.compile(
    rb"\\'([0-9a-fA-F]{2})|\\u(-?\d{1,6}) ?\??|"
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\([^a-zA-Z])|([{}])|([^\\{}]+)"
)
_SKIPPED = {b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"generator", b"htmltag"}


def rtf_text(rtf: bytes, codepage: str) -> str:
    """The plain text of an RTF document, well enough to read a letter."""
    out = bytearray()
    skip, depth = 0, 0
    for match in _RTF.finditer(rtf[:_MAX_RTF]):
        octet, wide, word, _, symbol, brace, text = match.groups()
        if brace:
            depth += 1 if brace == b"{" else -1
            skip = 0 if depth < skip else skip
        elif word in _SKIPPED or symbol == b"*":
            skip = skip or depth
        elif skip:
            continue
        elif octet:
            out += bytes([int(octet, 16)]).decode(codepage, "replace").encode()
        elif wide:
            out += chr(int(wide) % 65536).encode("utf-8", "replace")
        elif word in (b"par", b"line"):
            out += b"\n"
        elif word == b"tab":
            out += b"\t"
        elif symbol in (b"\\", b"{", b"}"):
            out += symbol
        elif text:
            out += text.replace(b"\r", b"").replace(b"\n", b"")
    return charsets.clean(out.decode("utf-8", "replace")).strip()
