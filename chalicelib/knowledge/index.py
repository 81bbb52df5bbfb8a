"""The inverted index as one block of bytes: what a search reads, and how it is written.

Layout: a line of JSON (sizes of the sections), then the sections, each padded to eight bytes:

| section | of each | what |
|---|---|---|
| keys | document | its key, a line each; an empty line is a document that was removed |
| stamps | document | 4 bytes: the version that was indexed |
| lengths | document | 2 bytes: how many terms |
| vectors | document | one signed byte a dimension; zeros where there is none |
| signs | document | 8 bytes: which of the first 64 dimensions are above zero |
| meanings | document | the same by the sentence model, where the index was written with it |
| meaning_signs | document | |
| terms | term | the term, a line each, sorted |
| found | term | 4 bytes: in how many documents |
| starts | term | 4 bytes: where its postings begin; one more at the end |
| documents | posting | 4 bytes: number of the document |
| impacts | posting | 1 byte: the term's share in BM25 without idf, of 0 to k1+1 |
| languages | document | its language, a line each |

Postings are sorted by impact and no term keeps more than `CHAMPIONS`: what a search costs does not
grow with the number of documents. A reader casts the sections and copies nothing but the keys and
terms, so that it is ready in milliseconds.
"""

from __future__ import annotations

import json
import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

CHAMPIONS = 5_000
K1, B = 1.2, 0.75
STEP = (K1 + 1) / 255
DIMENSIONS = 96  # of the vectors of the table that ships
SIGNS = 64
FEWEST = 100  # documents that idf assumes at least: with three articles no word is common
_COMPACT = 0.25  # share of removed documents from which numbers are given anew
FORMAT = 2
_SECTIONS = (
    *("keys", "stamps", "lengths", "vectors", "signs", "meanings", "meaning_signs", "terms"),
    *("found", "starts", "documents", "impacts", "languages"),
)

Vector = Sequence[float]


class Entry(NamedTuple):
    """One document to index. `stamp` tells its version, `vector` is a unit vector or None;
    `meaning` is one by the sentence model."""

    key: str
    stamp: int
    terms: Sequence[str]
    vector: Vector | None = None
    language: str = "und"
    meaning: Vector | None = None


class Sentences(NamedTuple):
    """Which sentence model the meanings of an index are by, and how long they are."""

    version: str = ""
    dimensions: int = 0


class OtherFormat(ValueError):
    """The file was written by another version of this code."""


class Index:
    """A written index, read in place; raises OtherFormat."""

    def __init__(self, data: bytes) -> None:
        head, _, _ = data.partition(b"\n")
        about: dict[str, Any] = json.loads(head)
        if about["format"] != FORMAT:
            raise OtherFormat(f"an index of format {about['format']} cannot be read")
        self.about: dict[str, Any] = about["about"]
        self.sentences = Sentences(*about["sentences"])
        self.average: float = about["average"]
        view = memoryview(data)
        at = _padded(len(head) + 1)
        parts: dict[str, memoryview] = {}
        for name, size in zip(_SECTIONS, about["sizes"], strict=True):
            parts[name] = view[at : at + size]
            at += _padded(size)
        self.bytes = len(data)
        self.keys: list[str] = _lines(parts["keys"])
        self.languages: list[str] = _lines(parts["languages"])
        self.stamps = parts["stamps"].cast("I")
        self.lengths = parts["lengths"].cast("H")
        self.vectors = parts["vectors"].cast("b")
        self.signs = parts["signs"].cast("Q")
        self.meanings = parts["meanings"].cast("b")
        self.meaning_signs = parts["meaning_signs"].cast("Q")
        self.terms: list[str] = _lines(parts["terms"])
        self.found = parts["found"].cast("I")
        self.starts = parts["starts"].cast("I")
        self.documents = parts["documents"].cast("I")
        self.impacts = parts["impacts"]

    @cached_property
    def size(self) -> int:
        """Documents that are there."""
        return sum(1 for key in self.keys if key)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Number of each document by its key."""
        return {key: number for number, key in enumerate(self.keys) if key}

    def number(self, term: str) -> int:
        """The number of a term, -1 where no document has it."""
        at = bisect_left(self.terms, term)
        return at if at < len(self.terms) and self.terms[at] == term else -1

    def idf(self, term: int) -> float:
        """How telling a term is (Robertson–Spärck Jones, never below zero)."""
        in_documents = self.found[term]
        documents = max(len(self.keys), FEWEST)
        return math.log(1 + (documents - in_documents + 0.5) / (in_documents + 0.5))

    def postings(self, term: int) -> tuple[memoryview, memoryview]:
        """(documents, impacts) of a term, strongest first."""
        start, end = self.starts[term], self.starts[term + 1]
        return self.documents[start:end], self.impacts[start:end]

    def vector(self, document: int) -> memoryview:
        return self.vectors[document * DIMENSIONS : (document + 1) * DIMENSIONS]

    def meaning(self, document: int) -> memoryview:
        """That of the sentence model; empty where the index was written without one."""
        width = self.sentences.dimensions
        return self.meanings[document * width : (document + 1) * width]


class Writer:
    """Collects entries, also on top of an index that exists; what it has by key is replaced.

    `sentences` is the model that makes the meanings of a new index; one that exists keeps its."""

    def __init__(self, before: Index | None = None, sentences: Sentences | None = None) -> None:
        self.sentences = before.sentences if before else sentences or Sentences()
        self._meanings = bytearray()
        self._keys: list[str] = []
        self._languages: list[str] = []
        self._stamps = array("I")
        self._lengths = array("H")
        self._vectors = bytearray()
        self._postings: dict[str, tuple[array[int], bytearray]] = {}
        self._found: Counter[str] = Counter()
        self._numbers: dict[str, int] = {}
        self._changed: set[str] = set()
        self._average = before.average if before else 0.0
        if before:
            self._take_over(before)

    def stamp(self, key: str) -> int | None:
        """The version that is indexed under the key, None where there is none."""
        number = self._numbers.get(key)
        return None if number is None else self._stamps[number]

    def listed(self) -> list[str]:
        return list(self._numbers)

    def remove(self, key: str) -> None:
        """Also where there is no such document."""
        number = self._numbers.pop(key, None)
        if number is not None:
            self._keys[number] = ""
            for vectors, width in self._both():
                vectors[number * width : (number + 1) * width] = bytes(width)

    def add(self, entries: Iterable[Entry]) -> None:
        """Index the entries; the average length is that of the first ones and moves slowly."""
        listed = list(entries)
        if not self._average and listed:
            self._average = max(1.0, sum(len(e.terms) for e in listed) / len(listed))
        for entry in listed:
            self.remove(entry.key)
            self._append(entry)

    def finish(self, about: dict[str, Any]) -> bytes:
        """The index as bytes; `about` is kept with it."""
        if self._keys and 1 - len(self._numbers) / len(self._keys) > _COMPACT:
            self._renumber()
        ordered = sorted(self._postings)
        documents, impacts, starts = array("I"), bytearray(), array("I", [0])
        for term in ordered:
            numbers, weights = self._champions(term)
            documents.extend(numbers)
            impacts += weights
            starts.append(len(documents))
        sections = {
            "keys": "\n".join(self._keys).encode(),
            "languages": "\n".join(self._languages).encode(),
            "stamps": self._stamps.tobytes(),
            "lengths": self._lengths.tobytes(),
            "vectors": bytes(self._vectors),
            "signs": _signs(self._vectors, DIMENSIONS).tobytes(),
            "meanings": bytes(self._meanings),
            "meaning_signs": _signs(self._meanings, self.sentences.dimensions).tobytes(),
            "terms": "\n".join(ordered).encode("utf-8", "surrogatepass"),
            "found": array("I", [self._found[term] for term in ordered]).tobytes(),
            "starts": starts.tobytes(),
            "documents": documents.tobytes(),
            "impacts": bytes(impacts),
        }
        return _joined(sections, about, self._average, self.sentences)

    # --- helpers -------------------------------------------------------------------------

    def _append(self, entry: Entry) -> None:
        number = len(self._keys)
        self._keys.append(entry.key)
        self._languages.append(entry.language)
        self._numbers[entry.key] = number
        self._stamps.append(entry.stamp)
        length = len(entry.terms)
        self._lengths.append(min(length, 65_535))
        self._vectors += _quantised(entry.vector, DIMENSIONS)
        self._meanings += _quantised(entry.meaning, self.sentences.dimensions)
        longer = K1 * (1 - B + B * length / self._average) if self._average else K1
        for term, times in Counter(entry.terms).items():
            numbers, weights = self._postings.setdefault(term, (array("I"), bytearray()))
            numbers.append(number)
            share = times * (K1 + 1) / (times + longer)
            weights.append(max(1, min(255, round(share / STEP))))
            self._found[term] += 1
            self._changed.add(term)

    def _both(self) -> tuple[tuple[bytearray, int], ...]:
        """The vectors of either kind, and their length."""
        return (self._vectors, DIMENSIONS), (self._meanings, self.sentences.dimensions)

    def _champions(self, term: str) -> tuple[array[int], bytearray]:
        numbers, weights = self._postings[term]
        if term not in self._changed:
            return numbers, weights
        order = sorted(range(len(numbers)), key=weights.__getitem__, reverse=True)[:CHAMPIONS]
        return array("I", [numbers[i] for i in order]), bytearray(weights[i] for i in order)

    def _take_over(self, before: Index) -> None:
        self._keys = list(before.keys)
        self._languages = list(before.languages)
        self._stamps.frombytes(before.stamps.tobytes())
        self._lengths.frombytes(before.lengths.tobytes())
        self._vectors = bytearray(before.vectors.tobytes())
        self._meanings = bytearray(before.meanings.tobytes())
        self._numbers = dict(before.numbers)
        for at, term in enumerate(before.terms):
            numbers, weights = before.postings(at)
            self._postings[term] = (array("I", numbers.tobytes()), bytearray(weights))
            self._found[term] = before.found[at]

    def _renumber(self) -> None:
        """Leave out what was removed, everywhere."""
        kept = [number for number, key in enumerate(self._keys) if key]
        new = {old: number for number, old in enumerate(kept)}
        for vectors, width in self._both():
            vectors[:] = b"".join(vectors[n * width : (n + 1) * width] for n in kept)
        self._keys = [self._keys[n] for n in kept]
        self._languages = [self._languages[n] for n in kept]
        self._stamps = array("I", [self._stamps[n] for n in kept])
        self._lengths = array("H", [self._lengths[n] for n in kept])
        self._numbers = {key: number for number, key in enumerate(self._keys)}
        for term, (numbers, weights) in list(self._postings.items()):
            pairs = [(new[n], w) for n, w in zip(numbers, weights, strict=True) if n in new]
            if not pairs:
                del self._postings[term], self._found[term]
                continue
            gone = len(numbers) - len(pairs)
            self._postings[term] = (
                array("I", [n for n, _ in pairs]),
                bytearray(w for _, w in pairs),
            )
            self._found[term] = max(len(pairs), self._found[term] - gone)


def _quantised(vector: Vector | None, width: int) -> bytes:
    if vector is None:
        return bytes(width)
    return array("b", [round(127 * value) for value in vector[:width]]).tobytes()


def _signs(vectors: bytearray, width: int) -> array[int]:
    """Of each vector which of the first dimensions are above zero, as bits."""
    signed = vectors.translate(_ABOVE_ZERO)
    starts = range(0, len(signed), width) if width else ()
    return array("Q", [int(signed[start : start + SIGNS], 2) for start in starts])


def sign_bits(vector: Vector) -> int:
    """The same of one vector."""
    return int(_quantised(vector, SIGNS).translate(_ABOVE_ZERO), 2)


def _joined(
    sections: dict[str, bytes], about: dict[str, Any], average: float, sentences: Sentences
) -> bytes:
    sizes = [len(sections[name]) for name in _SECTIONS]
    head = {
        "format": FORMAT,
        "sizes": sizes,
        "average": average,
        "sentences": list(sentences),
        "about": about,
    }
    blocks = [json.dumps(head).encode() + b"\n", *(sections[name] for name in _SECTIONS)]
    return b"".join(block.ljust(_padded(len(block)), b"\0") for block in blocks)


def _padded(size: int) -> int:
    return (size + 7) // 8 * 8


def _lines(part: memoryview) -> list[str]:
    return str(part, "utf-8", "surrogatepass").split("\n") if len(part) else []


_ABOVE_ZERO = bytes(ord("1") if 0 < byte < 128 else ord("0") for byte in range(256))
