"""Meaning as vectors: the port, and the way without a model at run time, one small vector a word
piece, added up.

The table comes from infra/vectors.py, which fits it to resemble the sentences of a public model.
It knows English only; what it does not know has no vector. The other way is `sentences`.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Mapping, Sequence
from functools import cache
from operator import add
from pathlib import Path
from typing import Protocol

from chalicelib.understanding.wordpiece import pieces, tokens

READ_TOKENS = 200
_TABLE = Path(__file__).with_name("vectors.bin")

Vector = tuple[float, ...]


class Embedder(Protocol):
    """Makes vectors of texts. Vectors of different versions cannot be compared."""

    @property
    def version(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def stored_bytes(self) -> int:
        """What it takes on disk."""
        ...

    @property
    def least_likeness(self) -> float:
        """The cosine with a topic's nearest example below which a text is not of that topic."""
        ...

    def embed(self, text: str, language: str) -> Vector | None:
        """The unit vector of `text`, whose language is an ISO 639-1 code or "und"; None where the
        language is not known or no word of it is."""
        ...

    def embed_all(self, texts: Sequence[tuple[str, str]]) -> list[Vector | None]:
        """The same for many (text, language) at once."""
        ...


class VectorTable:
    """Vectors of texts. `dimensions` is their length, `version` names the table."""

    # 2 % of texts are less like three examples of their own topic, and 97 % of texts on anything
    # else less like those of any of five topics (measured with the shipped table).
    least_likeness = 0.38

    def __init__(self, version: str, vocabulary: Mapping[str, int], rows: array[int]) -> None:
        self.version = version
        self.dimensions = len(rows) // len(vocabulary)
        self._vocabulary = vocabulary
        self._rows = rows

    @classmethod
    def from_bytes(cls, data: bytes) -> VectorTable:
        """Reads what `to_bytes` wrote."""
        head, _, rest = data.partition(b"\n")
        about = json.loads(head)
        listed, values = rest[: about["vocabulary_bytes"]], rest[about["vocabulary_bytes"] :]
        words = listed.decode().split("\n")
        rows = array("b", values)
        return cls(about["version"], dict(zip(words, range(len(words)), strict=True)), rows)

    def to_bytes(self) -> bytes:
        """A line of JSON, the pieces a line each, one signed byte a dimension and piece."""
        listed = "\n".join(self._vocabulary).encode()
        about = {"version": self.version, "vocabulary_bytes": len(listed)}
        return json.dumps(about).encode() + b"\n" + listed + self._rows.tobytes()

    def embed(self, text: str, language: str) -> Vector | None:
        """The unit vector of `text`, or None where it has no known piece or is in another language
        than English (a text of unknown language is tried)."""
        if language not in ("en", "und"):
            return None
        sums = [0] * self.dimensions
        width, rows, vocabulary = self.dimensions, self._rows, self._vocabulary
        for token in tokens(text[: READ_TOKENS * 20])[:READ_TOKENS]:
            for piece in pieces(token, vocabulary):
                sums = list(map(add, sums, rows[piece * width : (piece + 1) * width]))
        norm = math.sqrt(sum(value * value for value in sums))
        return tuple(value / norm for value in sums) if norm else None

    @property
    def stored_bytes(self) -> int:
        return len(self.to_bytes())

    def embed_all(self, texts: Sequence[tuple[str, str]]) -> list[Vector | None]:
        return [self.embed(text, language) for text, language in texts]


@cache
def shipped_table() -> VectorTable:
    """The table in this package, read once: about 10 ms, 2 MB."""
    return VectorTable.from_bytes(_TABLE.read_bytes())
