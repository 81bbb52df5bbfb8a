"""How long texts travel: text messages in parts that are paid for each, posts in several posts.

Counting follows 3GPP TS 23.038: septets with an extension table, or UCS-2 as soon as one character
is outside of it.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.base import Model
from chalicelib.errors import Invalid


class Encoding(StrEnum):
    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


class Parts(Model):
    """How a text travels: `units` are septets (GSM-7) or 16-bit code units (UCS-2)."""

    encoding: Encoding
    units: int
    parts: int


_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")  # two septets each: an escape and the character


def sms_parts(text: str) -> Parts:
    """Encoding, units and number of parts that `text` takes on its way (3GPP TS 23.038, 23.040).

    One part holds 160 septets or 70 code units, of several each holds 153 or 67; neither an
    escaped character nor a surrogate pair is torn between two.
    """
    if all(c in _GSM or c in _EXTENDED for c in text):
        sizes = [2 if c in _EXTENDED else 1 for c in text]
        return _counted(Encoding.GSM7, sizes, 160, 153)
    sizes = [2 if c > "\uffff" else 1 for c in text]
    return _counted(Encoding.UCS2, sizes, 70, 67)


def check_sms(text: str, most: int) -> Parts:
    """How a text message travels; raises Invalid where it takes more than `most` parts."""
    counted = sms_parts(text)
    if counted.parts > most:
        room = most * (153 if counted.encoding == Encoding.GSM7 else 67)
        odd = next((c for c in text if c not in _GSM and c not in _EXTENDED), "")
        because = f" because of {odd!r}" if odd else ""
        raise Invalid.field(
            "text",
            f"takes {counted.parts} text messages of {counted.encoding}{because}, at most {most} "
            f"are allowed; shorten it to {room} characters or choose another channel",
        )
    return counted


def posts(text: str, room: int, opening: str = "", closing: str = "") -> list[str]:
    """`text` as posts of at most `room` characters, each behind `opening`, the last with `closing`.

    Cut at the end of a paragraph, a sentence or a word, the later the better; a word that fills a
    post of its own is cut inside.
    """
    space = max(room - len(opening), 1)
    rest, made = text.strip(), []
    while len(rest) + len(closing) > space and rest:
        cut = _cut(rest, min(space, len(rest) - 1))
        made.append(opening + rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    made.append(opening + rest + closing)
    return made


def _cut(text: str, most: int) -> int:
    """Where to end a post: behind at most `most` characters (never none)."""
    for mark in ("\n\n", ". ", "! ", "? ", "\n", " "):
        at = text.rfind(mark, 1 if mark == " " else most // 2, most)
        if at > 0:
            return at + 1  # of the mark only its first character stays; blanks go at either side
    return max(most, 1)


def _counted(encoding: Encoding, sizes: list[int], single: int, joined: int) -> Parts:
    units = sum(sizes)
    if units <= single:
        return Parts(encoding=encoding, units=units, parts=1)
    parts, used = 1, 0
    for size in sizes:
        if used + size > joined:
            parts, used = parts + 1, 0
        used += size
    return Parts(encoding=encoding, units=units, parts=parts)
