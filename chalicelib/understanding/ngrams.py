"""The features by which the learned classifier reads a text: hashed words, pairs and letters."""

from __future__ import annotations

from zlib import crc32

from chalicelib.text import unspaced, words

READ_WORDS = 300
_SHORTEST, _LONGEST = 2, 5


def spelled(text: str) -> list[str]:
    """Words, neighbouring pairs, and the letter sequences of each word (2 to 5 letters, borders
    written `<` and `>`), in order and with repetitions."""
    found: list[str] = []
    before = "<s>"
    for word in words(text)[:READ_WORDS]:
        found.append(word)
        found.append(f"{before} {word}")
        found += letters(word)
        before = word
    return found


def letters(word: str) -> list[str]:
    """The letter sequences of a word, marked so that they are no words; of unspaced scripts single
    characters and pairs."""
    if unspaced(word):
        return [f"#{word[i : i + n]}" for n in (1, 2) for i in range(len(word) - n + 1)]
    bounded = f"<{word[:40]}>"
    size = len(bounded)
    return [
        f"#{bounded[i : i + n]}"
        for n in range(_SHORTEST, min(_LONGEST, size) + 1)
        for i in range(size - n + 1)
    ]


def hashed(text: str) -> dict[int, int]:
    """How often each feature occurs in `text`, by its 32-bit checksum."""
    counts: dict[int, int] = {}
    for feature in spelled(text):
        key = crc32(feature.encode())
        counts[key] = counts.get(key, 0) + 1
    return counts
