"""Reading text as words: what rules of several domains share. Pure, linear in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Vowel signs and the like, which belong to words although the regular expression \w lacks them.
MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u064b-\u0652\u0900-\u0903\u093a-\u094f\u0962\u0963"
    "\u0981-\u0dff\u0e31-\u0e4e"
)

_WORD = re.compile(rf"(?:\w|[{MARKS}])+(?:['’](?:\w|[{MARKS}])+)*")
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff]"
)
_NEGATIONS = (
    "not no non nicht kein keine pas ne sans nie não nao inte ikke ei niet geen değil не нет"
    " isn't wasn't aren't isnt wasnt arent without"
)


def fold(text: str) -> str:
    """`text` for comparison: compatibility forms unified, no case, no accents on Latin letters."""
    lowered = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    if lowered.isascii():
        return lowered
    return unicodedata.normalize("NFC", _without_latin_accents(lowered))


def words(text: str) -> list[str]:
    """The folded words of `text` in order; a run of unspaced script (Chinese, Thai) is one word."""
    return _WORD.findall(fold(text))


def unspaced(text: str) -> bool:
    """Whether `text` has letters of a script that is written without spaces."""
    return _UNSPACED.search(text) is not None


def line_of(text: str) -> str:
    """The words of `text` joined by single spaces, with one at both ends: see `phrases_in`."""
    return f" {' '.join(words(text))} "


def phrases_in(line: str, phrases: Iterable[str]) -> list[str]:
    """Those `phrases` that occur in `line` (made by `line_of`), as whole words, as they are spelt.

    A phrase ending in `*` also matches longer words (`injur*`). In scripts without spaces any
    occurrence counts. A single word right after a negation ("not urgent") does not count.
    """
    return [phrase for phrase in phrases if _occurs(line, phrase)]


def _occurs(line: str, phrase: str) -> bool:
    wanted = " ".join(words(phrase))
    if not wanted:
        return False
    if unspaced(wanted):
        return wanted in line
    needle = f" {wanted}" if phrase.rstrip().endswith("*") else f" {wanted} "
    start = line.find(needle)
    while start >= 0:
        if " " in wanted or _word_before(line, start) not in _NEGATORS:
            return True
        start = line.find(needle, start + 1)
    return False


def _word_before(line: str, at: int) -> str:
    return line[line.rfind(" ", 0, at) + 1 : at]


def _without_latin_accents(text: str) -> str:
    kept: list[str] = []
    latin = False
    for char in unicodedata.normalize("NFD", text):
        if unicodedata.combining(char):
            if not latin:
                kept.append(char)
            continue
        latin = char < "\u0250"
        kept.append(char)
    return "".join(kept)


_NEGATORS = frozenset(words(_NEGATIONS))
