"""A text as the words that may tell a new trouble by: folded, without empty words. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from chalicelib.text import unspaced, words

LONGEST_TEXT = 2_000  # characters; what matters is said at the beginning
MOST_WORDS = 120
_LONGEST_WORD = 32
_SHORTEST_WORD = 2
_PLACEHOLDER = re.compile(r"\[[a-z]+\]")  # what stands for personal data
_NUMBER = re.compile(r"[\d_]{4,}")  # of an order or a customer: each is somebody's own
_PAIR = 2  # of letters, in scripts that are written without spaces


def telling(text: str, empty: Collection[str]) -> list[str]:
    """The words of `text` in order, without those in `empty`.

    Of scripts without spaces pairs of letters; long numbers are left out, codes such as E403 stay.
    """
    found: list[str] = []
    for word in words(_PLACEHOLDER.sub(" ", text[:LONGEST_TEXT])):
        if unspaced(word):
            found += [word[i : i + _PAIR] for i in range(max(1, len(word) - _PAIR + 1))]
        elif _tells(word) and word not in empty:
            found.append(word)
        if len(found) >= MOST_WORDS:
            break
    return found[:MOST_WORDS]


def terms(told: Sequence[str]) -> Iterator[str]:
    """The words and the pairs of neighbours, with repeats."""
    yield from told
    for one, other in pairwise(told):
        if one != other:
            yield f"{one} {other}"


def _tells(word: str) -> bool:
    if not _SHORTEST_WORD <= len(word) <= _LONGEST_WORD:
        return False
    return _NUMBER.search(word) is None and not word.isdigit()
