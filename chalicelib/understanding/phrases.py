"""The key phrases of a case that are worth keeping: few, short, without personal data. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.understanding.pii import redact

MOST, LONGEST, SURE = 10, 60, 0.8
LEAST_LETTERS = 3


def bounded(found: Iterable[tuple[str, float]]) -> tuple[str, ...]:
    """The first phrases that are sure, in lower case, each once; (phrase, score) as given."""
    kept: dict[str, None] = {}
    for phrase, score in found:
        words = " ".join(phrase.casefold().split())
        if score < SURE or len(words) > LONGEST or redact(words).found or _like_a_name(phrase):
            continue
        if sum(char.isalpha() for char in words) >= LEAST_LETTERS:
            kept[words] = None
    return tuple(list(kept)[:MOST])


def _like_a_name(phrase: str) -> bool:
    """Several words that all begin with a capital: a person more often than a product."""
    words = phrase.split()
    return len(words) > 1 and all(word[:1].isupper() for word in words)
