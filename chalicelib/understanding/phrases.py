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
        if score < SURE or len(words) > LONGEST or redact(words).found:
            continue
        if sum(char.isalpha() for char in words) >= LEAST_LETTERS:
            kept[words] = None
    return tuple(list(kept)[:MOST])
