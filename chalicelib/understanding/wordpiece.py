"""Cutting text into the word pieces of an uncased BERT vocabulary.

After "Basic" and "WordPiece" tokenisation of BERT (Devlin et al. 2019): lower case, no accents,
punctuation apart, then the longest known piece first. Text in unspaced scripts is cut by character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_TOKEN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W_]+|[^\w\s]|_")
_LONGEST = 100  # letters; longer words are unknown, as in the original


def tokens(text: str) -> list[str]:
    """The words and punctuation marks of `text`, in lower case and without accents."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFD", text.lower())
        text = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    return _TOKEN.findall(text.lower())


def pieces(token: str, vocabulary: Mapping[str, int]) -> tuple[int, ...]:
    """The ids of the pieces of one token; none when it cannot be made of known pieces."""
    whole = vocabulary.get(token)
    if whole is not None:
        return (whole,)
    if len(token) > _LONGEST:
        return ()
    found: list[int] = []
    start = 0
    while start < len(token):
        for end in range(len(token), start, -1):
            piece = token[start:end] if start == 0 else f"##{token[start:end]}"
            if (known := vocabulary.get(piece)) is not None:
                found.append(known)
                start = end
                break
        else:
            return ()
    return tuple(found)
