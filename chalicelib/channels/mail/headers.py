"""Header fields: finding them, decoding their words (RFC 2047) and parameters (RFC 2231).

Values are kept as Latin-1 text, one character a byte, until they are decoded: what an
encoded-word or an 8-bit byte means is only known then. All loops move forward over the input, so
that a header of any size costs time in proportion to its length.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from chalicelib.base import Model
from chalicelib.channels.mail import charsets

MAX_HEADER = 1_000_000  # bytes of a header block that are looked at
MAX_PARAMETERS = 200

_END = re.compile(rb"\r?\n\r?\n|\r\r(?!\n)")
_NAME = re.compile(rb"[!-9;-~]{1,200}[ \t]*:")
_KNOWN = re.compile(
    rb"(?i)(?:from|to|cc|bcc|subject|date|message-id|mime-version|received|reply-to|sender|"
    rb"references|in-reply-to|return-path|content-[a-z-]{1,40}|x-[a-z0-9-]{1,80})[ \t]{0,20}:"
)


class Fields(Model):
    """The header fields of a part in order: (name in lower case, value as Latin-1)."""

    items: tuple[tuple[str, str], ...] = ()
    charset: str = ""  # what bytes beyond ASCII in it are supposed to be

    def get(self, name: str) -> str:
        """The first value that is not blank; "" when there is none."""
        return next((v for n, v in self.items if n == name and v.strip()), "")

    def all(self, name: str) -> list[str]:
        return [v for n, v in self.items if n == name]

    def has(self, name: str) -> bool:
        return any(n == name for n, _ in self.items)

    def text(self, name: str) -> str:
        """The first value, decoded."""
        return decode_words(self.get(name), self.charset)


def split(raw: bytes, start: int, end: int, defects: list[str]) -> tuple[Fields, int]:
    """The fields of the entity at `raw[start:end]`, and where its body begins."""
    if start == 0 and raw[:1] in (b"\n", b"\r") and _skippable(raw, end):
        start = len(raw) - len(raw.lstrip(b"\r\n"))
    if raw[start : start + 1] in (b"\n", b"\r", b""):
        return Fields(), min(end, start + (2 if raw[start : start + 2] == b"\r\n" else 1))
    found = _END.search(raw, start, end)
    stop, body = (found.start(), found.end()) if found else (end, end)
    block = raw[start : min(stop, start + MAX_HEADER)]
    if stop - start > MAX_HEADER:
        defects.append("header larger than 1 MB: the rest of it is ignored")
    items, bad = _fields(block)
    if bad is not None:
        defects.append("header without a blank line after it")
        body = start + bad
    return Fields(items=tuple(items)), body


def _skippable(raw: bytes, end: int) -> bool:
    """Blank lines before a mail's header are an accident; before anything else they end it."""
    return _KNOWN.match(raw[: min(end, 400)].lstrip(b"\r\n")) is not None


def _fields(block: bytes) -> tuple[list[tuple[str, str]], int | None]:
    """Fields of a header block; also the offset where it turns out to be body already."""
    items: list[tuple[str, list[str]]] = []
    at = 0
    lines = block.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if line[:1] in (b" ", b"\t") and items:
            items[-1][1].append(line.decode("latin-1").strip("\r\n"))
        elif found := _NAME.match(line):
            name = found.group()[:-1].strip().decode("latin-1").lower()
            items.append((name, [line[found.end() :].decode("latin-1").strip("\r\n")]))
        elif number == 0 and line.startswith((b"From ", b">From ")):
            pass  # the separator of an mbox file
        elif not _goes_on(lines, number) and not (items and _unclosed(items[-1][1][-1])):
            return _joined(items), at
        elif items:
            items[-1][1].append(" " + line.decode("latin-1").strip("\r\n"))
        at += len(line)
    return _joined(items), None


def _goes_on(lines: list[bytes], number: int) -> bool:
    """Whether a line that is no field stands in the middle of a header, by what follows it."""
    following = lines[number + 1 : number + 4]
    return any(_KNOWN.match(line) for line in following) and not lines[number].startswith(b"--")


def _unclosed(value: str) -> bool:
    """A value whose last "<" still waits for its ">"."""
    return value.rfind("<") > value.rfind(">")


def _joined(items: list[tuple[str, list[str]]]) -> list[tuple[str, str]]:
    return [
        (name, (" ".join(p.strip(" \t") for p in parts) if len(parts) > 1 else parts[0]).strip())
        for name, parts in items
    ]


# --- encoded words -----------------------------------------------------------------------------

_INVISIBLE = re.compile("[\x00-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
_WORD = re.compile(r"=\?([\w.:+*()-]{0,60})\?([bBqQ])\?")


def decode_words(value: str, charset: str = "") -> str:
    """A header value (Latin-1) as readable text: RFC 2047 leniently, raw bytes by `charset`."""
    if "=?" not in value:
        return _tidy(_raw(value, charset)) if not value.isascii() else _tidy(value)
    out: list[str] = []
    pending: list[tuple[str, bytes]] = []  # adjacent words: a character may be split over two
    for kind, label, data in _pieces(value):
        if kind == "word":
            if pending and pending[-1][0] == label:
                pending[-1] = (label, pending[-1][1] + data)
            else:
                pending.append((label, data))
            continue
        plain = data.decode("latin-1")
        if pending and not plain.strip():
            continue
        out += [charsets.decode(d, name, []) for name, d in pending]
        pending = []
        out.append(plain if plain.isascii() else _raw(plain, charset))
    out += [charsets.decode(d, name, []) for name, d in pending]
    return _tidy("".join(out))


def _raw(value: str, charset: str) -> str:
    return charsets.decode(value.encode("latin-1", "replace"), charset, [])


def _tidy(text: str) -> str:
    """One line without controls and without marks that turn the reading direction."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = text.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    return charsets.repair(_INVISIBLE.sub("", charsets.clean(text))).strip()


def _pieces(value: str) -> Iterator[tuple[str, str, bytes]]:
    """("text", "", bytes) and ("word", charset, bytes) in order."""
    at = 0
    while True:
        found = _WORD.search(value, at)
        if not found:
            break
        if found.start() > at:
            yield "text", "", value[at : found.start()].encode("latin-1", "replace")
        end = value.find("?=", found.end())
        if end < 0:  # cut short: what is there still says something
            end = next((i for i in range(found.end(), len(value)) if value[i] == " "), len(value))
        payload, at = value[found.end() : end], min(len(value), end + 2)
        if found.group(2) in "qQ" and value.startswith("=", at) and value[end:at] == "?=":
            payload, at = _ending_in_question(value, found.end(), end)
        yield "word", found.group(1).lower(), _payload(found.group(2), payload)
    if at < len(value):
        yield "text", "", value[at:].encode("latin-1", "replace")


def _ending_in_question(value: str, start: int, end: int) -> tuple[str, int]:
    """A Q word whose text holds an unescaped "?" before an "=XX": look one "?=" further."""
    further = value.find("?=", end + 2)
    if further < 0 or " " in value[start:further] or "=?" in value[end + 1 : further]:
        return value[start:end], end + 2
    return value[start:further], further + 2


def _payload(encoding: str, text: str) -> bytes:
    data = text.encode("latin-1", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data.replace(b"_", b" "))
    return base64_bytes(data)


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def base64_bytes(data: bytes) -> bytes:
    """Base64 with whatever else is in it ignored, and a missing or torn end made up for."""
    try:
        return binascii.a2b_base64(data)
    except (binascii.Error, ValueError):
        pass
    core = _NOT_BASE64.sub(b"", data)
    core = core[:-1] if len(core) % 4 == 1 else core
    return binascii.a2b_base64(core + b"=" * (-len(core) % 4))


# --- parameters --------------------------------------------------------------------------------

_PARAMETER = re.compile(r'[;\s]*+([^=;\s"]{1,100})\s*+=\s*+("(?:[^"\\]|\\.)*+"?|[^;]*+)', re.DOTALL)


def parameters(value: str, charset: str = "") -> tuple[str, dict[str, str]]:
    """A structured value such as Content-Type: its first token and its decoded parameters."""
    head, _, rest = value.partition(";")
    main = head.strip().strip("\"'").lower()
    if "=" in main and "/" not in main:  # the type is missing: 'Content-Type: charset=utf-8'
        main, rest = "", value
    found: dict[str, str] = {}
    parts: dict[str, dict[int, tuple[bool, str]]] = {}
    for number, match in enumerate(_PARAMETER.finditer(rest)):
        if number >= MAX_PARAMETERS:
            break
        name, text = match.group(1).lower(), _unquoted(match.group(2))
        base, star, section = name.partition("*")
        if star:
            encoded = section.endswith("*") or not section
            index = int(section.strip("*")) if section.strip("*").isdecimal() else 0
            parts.setdefault(base, {})[min(index, MAX_PARAMETERS)] = (encoded, text)
        elif name not in found:
            found[name] = decode_words(text, charset)
    for base, sections in parts.items():
        found[base] = _continued(sections, charset)
    return main, found


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        bare = text.strip()
        return bare[:-1] if bare.endswith('"') and bare.count('"') == 1 else bare
    inner = text[1:-1] if text.endswith('"') and len(text) > 1 else text[1:]
    return re.sub(r'\\(["\\])', r"\1", inner)


def _continued(sections: dict[int, tuple[bool, str]], charset: str) -> str:
    """RFC 2231: charset'language'percent-encoded, possibly in numbered pieces."""
    label, data, plain = "", b"", False
    for index in sorted(sections):
        encoded, text = sections[index]
        if encoded:
            if index == min(sections) and text.count("'") >= 2:
                label, _, text = text.split("'", 2)
            data += unquote_to_bytes(text.encode("latin-1", "replace"))
        else:
            plain = plain or "=?" in text
            data += text.encode("latin-1", "replace")
    if plain:
        return decode_words(data.decode("latin-1"), charset)
    return _tidy(charsets.decode(data, label or charset, []))
