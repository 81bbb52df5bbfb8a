"""Languages that nobody speaks, to try the pages out on this machine: `?lang=en-XA`, `?lang=ar-XB`.

- `en-XA` is English with accents and about 40 % longer, as translations are: what is cut off,
  overlaps or was never given to the translators (it has no accents) is seen at once.
- `ar-XB` is English that runs from right to left, as Arabic does.

Names and ways are those of Android's pseudo-locales. No customer is offered them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from chalicelib.words import CHOICE, PLURAL, SOURCE, Words, closing
from chalicelib.words import words as spoken

LONGER = "en-XA"
MIRRORED = "ar-XB"
LANGUAGES = (LONGER, MIRRORED)
ACCENTED = str.maketrans("AaCcDdEeGgIiKkLlNnOoRrSsTtUuWwYyZz", "ÅåÇçÐðÉéĜĝÎîĶķĻļÑñÖöŔŕŠšŢţÛûŴŵÝýŽž")
WORD = re.compile(r"[^\s{}]+")


@cache
def words(language: str) -> Words:
    """All texts of English, made into that language."""
    change = _longer if language == LONGER else _mirrored
    texts = {key: _walked(text, change) for key, text in spoken(SOURCE).all().items()}
    return Words(language, texts, texts)


def _walked(text: str, change: Callable[[str], str]) -> str:
    """The text with only what is read changed: fields and the grammar of plurals stay."""
    out: list[str] = []
    at = 0
    while (start := text.find("{", at)) >= 0:
        end = closing(text, start)
        inside = text[start + 1 : end]
        out += [change(text[at:start]), "{", _choices(inside, change), "}"]
        at = end + 1
    return "".join((*out, change(text[at:])))


def _choices(inside: str, change: Callable[[str], str]) -> str:
    match = PLURAL.fullmatch(inside.strip())
    if match is None:
        return inside
    out = [f"{match[1]}, plural,"]
    at = 0
    while choice := CHOICE.match(match[2], at):
        end = closing(match[2], choice.end() - 1)
        out.append(f"{choice[1]} {{{_walked(match[2][choice.end() : end], change)}}}")
        at = end + 1
    return " ".join(out)


def _longer(text: str) -> str:
    extra = "~" * round(len(text.strip()) * 0.4)
    tail = f" {extra}" if extra else ""
    return text.translate(ACCENTED) + tail


def _mirrored(text: str) -> str:
    return WORD.sub(lambda word: f"\u202e{word[0]}\u202c", text)
