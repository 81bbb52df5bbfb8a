"""Mailboxes out of address fields (RFC 5322 3.4), however they are written.

The field is split into tokens before its words are decoded, so that a comma inside an
encoded name does not make two mailboxes. Groups are flattened; what holds no address is dropped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from chalicelib.channels.mail.headers import Fields, decode_words
from chalicelib.channels.models import Address

MAX_ADDRESSES = 1000
MAX_ADDRESS = 320  # characters: 64 before the @, 255 after it (RFC 5321 4.5.3.1)

_TOKEN = re.compile(
    r'"((?:[^"\\]|\\.)*+)"'  # 1 quoted string
    r"|<([^<>]*+)>?"  # 2 angle address
    r"|(\()"  # 3 comment
    r"|([,;])"  # 4 end of a mailbox
    r"|(:)"  # 5 end of a group's name
    r'|([^"<(,;:]++)'  # 6 anything else
    r"|(.)",  # 7 a stray character
    re.DOTALL,
)
_BARE = re.compile(r"[^\s,;<>()\[\]\"']{1,200}@[^\s,;<>()\"']{1,255}")


def addresses(fields: Fields, name: str) -> tuple[Address, ...]:
    """All mailboxes of all fields of that name, without repetition."""
    found = [a for value in fields.all(name) for a in parse(value, fields.charset)]
    return unique(found)


def unique(found: Iterable[Address]) -> tuple[Address, ...]:
    """The first of each address, at most MAX_ADDRESSES."""
    seen: dict[str, Address] = {}
    for address in found:
        seen.setdefault(address.address.lower(), address)
    return tuple(seen.values())[:MAX_ADDRESSES]


def parse(value: str, charset: str = "") -> list[Address]:
    """The mailboxes in one field value (Latin-1)."""
    if not value.strip():
        return []
    found = [a for a in _mailboxes(value, charset) if a is not None]
    if not found and "=?" in value:  # the whole field, address and all, is one encoded word
        text = decode_words(value, charset)
        found = [a for a in _mailboxes(text, "", decoded=True) if a is not None]
    return found[:MAX_ADDRESSES]


def _mailboxes(value: str, charset: str, decoded: bool = False) -> Iterator[Address | None]:
    words: list[str] = []
    angle: str | None = None
    comment: list[str] = []
    for match in _tokens(value):
        kind, text = match
        if kind == "end":
            yield _mailbox(words, angle, comment, charset, decoded)
            words, angle, comment = [], None, []
        elif kind == "group" and angle is None and not any("@" in w for w in words):
            words = []  # the name of a group, not of a mailbox
        elif kind == "angle":
            if angle and "@" in angle:
                yield _mailbox(words, angle, comment, charset, decoded)
                words, comment = [], []
            angle = text
        elif kind == "comment":
            comment.append(text)
        else:
            words.append(text)
    yield _mailbox(words, angle, comment, charset, decoded)


def _tokens(value: str) -> Iterator[tuple[str, str]]:
    at, quotes = 0, value.count('"') - value.count('\\"')
    while at < len(value):
        if value[at] == '"' and quotes == 1:  # a lone quotation mark opens nothing
            at += 1
            continue
        match = _TOKEN.match(value, at)
        if match is None:  # cannot be: the last branch takes any character
            return
        at = match.end()
        if match.group(3):
            text, at = _comment(value, match.end())
            yield "comment", text
        elif match.group(2) is not None:
            yield "angle", match.group(2)
        elif match.group(4):
            yield "end", ""
        elif match.group(5):
            yield "group", ":"
        elif match.group(1) is not None:
            yield "word", re.sub(r"\\(.)", r"\1", match.group(1))
        else:
            yield "word", match.group(6) or ""


def _comment(value: str, at: int) -> tuple[str, int]:
    """A comment in parentheses, which may nest; `at` is behind the opening one."""
    depth, start = 1, at
    while at < len(value):
        if value[at] == "\\":
            at += 1
        elif value[at] in "()":
            depth += 1 if value[at] == "(" else -1
            if depth == 0:
                return value[start:at], at + 1
        at += 1
    return value[start:], len(value)


def _mailbox(
    words: list[str], angle: str | None, comment: list[str], charset: str, decoded: bool
) -> Address | None:
    text = "".join(words) if len(words) < 2 else " ".join(w.strip() for w in words)
    text = text.strip()
    if angle is not None and ("@" in angle or (angle.strip() and not _BARE.search(text))):
        spec, name = angle, text
    else:
        bare = _BARE.search(text)
        spec = bare.group() if bare else text if "@" in text else ""
        name = text.replace(spec, "", 1).strip() if spec else ""
        if spec and len(words) > 1 and words[0].strip() and "@" in "".join(words[1:])[:1]:
            spec, name = text.replace(" ", ""), ""  # "quoted local part"@example.org
    address = normalise(spec if decoded else _decoded(spec, charset))
    if not address:
        return None
    name = name or " ".join(comment)
    name = name if decoded else decode_words(name, charset)
    return Address(name=tidy_name(name), address=address)


def _decoded(spec: str, charset: str) -> str:
    return spec if spec.isascii() and "=?" not in spec else decode_words(spec, charset)


def normalise(spec: str) -> str:
    """An addr-spec without spaces, route or scheme, domain in lower case; "" when it is none."""
    if "(" in spec and not spec.lstrip().startswith('"'):
        spec = re.sub(r"\([^()]*+\)", "", spec)
    spec = "".join(spec.split()).strip("<>,;'\"")
    if spec.lower().startswith("mailto:"):
        spec = spec[7:]
    if spec.startswith("@") and ":" in spec:  # RFC 821 source route
        spec = spec.partition(":")[2]
    if not spec:
        return ""
    local, at, domain = spec.rpartition("@")
    if not at:
        return spec[:MAX_ADDRESS]
    if not local or local.lower().strip(":;") in (
        "undisclosed-recipient",
        "undisclosed-recipients",
    ):
        return ""
    domain = domain.rstrip(".").lower()
    return unicodedata.normalize("NFC", f"{local}@{domain}")[:MAX_ADDRESS]


def tidy_name(name: str) -> str:
    """A display name without the quotes and spaces that clients wrap around it."""
    name = " ".join(name.split())
    if len(name) > 1 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1].strip()
    return name[:200]
