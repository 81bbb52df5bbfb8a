"""Searching an index: words by BM25, meaning by vectors, both in one order.

1. The question becomes stems; synonyms from the settings join them, and a stem that no document has
   is replaced by the nearest in the vocabulary (edit distance 1, of long words 2).
2. BM25 over the champions of each stem gives candidates; so does the number of equal sign bits,
   which stands for the angle between vectors.
3. Candidates are ordered by the sum of cosine and BM25, the latter as a share of what a document
   could reach that is the question itself. Where index and question both have a vector by the same
   sentence model, that one counts, and words hardly add to it.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from operator import mul
from typing import NamedTuple

from chalicelib.knowledge.index import (
    DIMENSIONS,
    FEWEST,
    K1,
    SIGNS,
    STEP,
    Index,
    Vector,
    sign_bits,
)
from chalicelib.knowledge.stemming import terms

CANDIDATES = 200
WORDS_WEIGHT = 0.4  # of cases; chosen on held-out support questions, flat from 0.2 to 0.6
BESIDE_MEANING = 0.25  # share of that weight beside the sentence model, which knows words as well
SYNONYM = 0.7  # what a synonym counts beside the word that was written
CORRECTED = 0.8  # what a corrected word counts
READ_TERMS = 60
SCORED = 14  # terms of a long question that are looked up: the most telling
EXPLAINED = 12  # terms of which it is said whether a document has them
_SCANNED = 3_000  # terms that are compared with a misspelt long word

Synonyms = Sequence[Sequence[Sequence[str]]]
"""Groups of expressions that mean the same, each expression as its stems."""


class Question(NamedTuple):
    """What is searched for. `weights` says how much each term number counts."""

    weights: dict[int, float]
    vector: Vector | None
    corrections: dict[str, str]  # stem as written → stem that was taken for it
    reach: float  # BM25 of a document that is the question itself
    meaning: Vector | None = None  # by the sentence model of the index


class Found(NamedTuple):
    """A document. `score` orders, `words` and `meaning` are its two parts from 0 to 1, `matched`
    are the stems that spoke for it."""

    key: str
    score: float
    words: float
    meaning: float
    matched: tuple[str, ...]


def ask(
    index: Index,
    text: str,
    language: str,
    vector: Vector | None,
    synonyms: Synonyms = (),
    meaning: Vector | None = None,
) -> Question:
    """Prepare a question for one index; `meaning` must be by the sentence model of the index."""
    weights: dict[int, float] = {}
    corrections: dict[str, str] = {}
    reach = instead = 0.0
    unknown = math.log(1 + 2 * max(len(index.keys), FEWEST))
    stems = list(dict.fromkeys(terms(text, language)[:READ_TERMS]))
    replaced, others = _meant(stems, synonyms)
    for stem in stems:
        number, weight = index.number(stem), 1.0
        if number < 0 and stem not in replaced and (nearest := correct(index, stem)):
            corrections[stem] = nearest
            number, weight = index.number(nearest), CORRECTED
        if number >= 0:
            weights[number] = max(weights.get(number, 0.0), weight)
            reach += index.idf(number)
        elif stem not in replaced:
            reach += unknown
    for other in others:
        if (number := index.number(other)) >= 0 and number not in weights:
            weights[number] = SYNONYM
            instead = max(instead, index.idf(number))
    reach += instead
    return Question(weights, vector, corrections, reach * (K1 + 1) * 0.6, meaning)


def search(
    index: Index,
    question: Question,
    limit: int,
    keep: Callable[[int], bool] | None = None,
    words_weight: float = WORDS_WEIGHT,
) -> list[Found]:
    """The best documents, best first; `keep` sees a document's number."""
    scores = _words(index, question)
    candidates = {
        number for number, _ in heapq.nlargest(CANDIDATES, scores.items(), key=lambda e: e[1])
    }
    near = _nearness(index, question)
    candidates.update(near.candidates)
    if near.by_sentences:
        words_weight *= BESIDE_MEANING
    ranked: list[tuple[float, int, float, float]] = []
    for number in candidates:
        if not index.keys[number] or (keep and not keep(number)):
            continue
        share = min(1.0, scores.get(number, 0.0) / question.reach) if question.reach else 0.0
        cosine = near.cosine(number)
        ranked.append((cosine + words_weight * share, number, share, cosine))
    best = heapq.nsmallest(limit, ranked, key=lambda r: (-r[0], index.keys[r[1]]))
    matched = _matched(index, question, {entry[1] for entry in best})
    return [
        Found(index.keys[n], score, share, cosine, tuple(matched[n][:5]))
        for score, n, share, cosine in best
        if score > 0
    ]


def by_words(index: Index, question: Question, limit: int) -> list[str]:
    """Keys by BM25 alone: what the fusion is held against."""
    scores = _words(index, question)
    best = heapq.nlargest(limit, scores.items(), key=lambda entry: entry[1])
    return [index.keys[number] for number, _ in best if index.keys[number]]


def correct(index: Index, stem: str) -> str:
    """The known stem that was probably meant, "" where none is near; the most frequent wins."""
    if len(stem) < 4 or not stem.isalpha():
        return ""
    near = [n for variant in _variants(stem) if (n := index.number(variant)) >= 0]
    if not near and len(stem) >= 7:
        near = _scanned(index, stem)
    return index.terms[max(near, key=lambda n: (index.found[n], -n))] if near else ""


def _meant(stems: Sequence[str], synonyms: Synonyms) -> tuple[set[str], list[str]]:
    """(stems that have synonyms, the synonyms' stems) of a question."""
    asked, replaced = set(stems), set[str]()
    others: dict[str, None] = {}
    for group in synonyms:
        for expression in group:
            if expression and asked.issuperset(expression):
                replaced.update(expression)
                others |= {s: None for other in group for s in other if s not in asked}
    return replaced, list(others)


def _words(index: Index, question: Question) -> dict[int, float]:
    scores: dict[int, float] = {}
    get = scores.get
    telling = heapq.nlargest(SCORED, question.weights.items(), key=lambda e: index.idf(e[0]) * e[1])
    for term, weight in telling:
        factor = index.idf(term) * weight * STEP
        for document, impact in zip(*index.postings(term), strict=True):
            scores[document] = get(document, 0.0) + factor * impact
    return scores


class _Nearness(NamedTuple):
    """How near documents are, and those that may be nearest."""

    candidates: Sequence[int]
    cosine: Callable[[int], float]
    by_sentences: bool


def _nearness(index: Index, question: Question) -> _Nearness:
    meaning, vector = question.meaning, question.vector
    if meaning is not None and index.sentences.dimensions:
        near = _near(index.meaning_signs, sign_bits(meaning))
        return _Nearness(near, _cosines(index.meaning, meaning), True)
    if vector is not None:
        whole = vector[:DIMENSIONS]
        return _Nearness(
            _near(index.signs, sign_bits(vector)), _cosines(index.vector, whole), False
        )
    return _Nearness((), lambda number: 0.0, False)


def _cosines(stored: Callable[[int], memoryview], vector: Vector) -> Callable[[int], float]:
    whole = [round(127 * value) for value in vector]
    return lambda number: sum(map(mul, stored(number), whole)) / 16_129


def _near(signs: memoryview, bits: int) -> list[int]:
    """The documents whose sign bits differ least."""
    differing = bytes(map(int.bit_count, map(bits.__xor__, signs)))
    missing, most = CANDIDATES, -1
    while missing > 0 and most < SIGNS:
        most += 1
        missing -= differing.count(most)
    found: list[int] = []
    for distance in range(most + 1):
        at = differing.find(distance)
        while at >= 0 and len(found) < CANDIDATES:
            found.append(at)
            at = differing.find(distance, at + 1)
    return found


def _matched(index: Index, question: Question, wanted: set[int]) -> dict[int, list[str]]:
    """Of each document the stems that speak for it, the most telling first."""
    found: dict[int, list[str]] = {document: [] for document in wanted}
    for term in sorted(question.weights, key=index.idf, reverse=True)[:EXPLAINED]:
        for document in wanted.intersection(index.postings(term)[0]):
            found[document].append(index.terms[term])
    return found


_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _variants(stem: str) -> set[str]:
    """Whatever is one edit away: a letter less, more, another, or two exchanged (Damerau)."""
    cuts = [(stem[:i], stem[i:]) for i in range(len(stem) + 1)]
    found = {head + tail[1:] for head, tail in cuts if tail}
    found |= {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    found |= {head + letter + tail for head, tail in cuts for letter in _LETTERS}
    found |= {head + letter + tail[1:] for head, tail in cuts if tail for letter in _LETTERS}
    return found


def _scanned(index: Index, stem: str) -> list[int]:
    """Terms with the same three letters in front, two edits away at most."""
    start = bisect_left(index.terms, stem[:3])
    end = bisect_left(index.terms, stem[:3] + "\U0010ffff")
    return [
        number
        for number in range(start, min(end, start + _SCANNED))
        if abs(len(index.terms[number]) - len(stem)) <= 2 and within(index.terms[number], stem, 2)
    ]


def within(one: str, other: str, most: int) -> bool:
    """Whether the Levenshtein distance is at most `most`."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, opposite in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != opposite))
        if min(row) > most:
            return False
    return row[-1] <= most
