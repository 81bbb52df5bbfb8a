"""The plain methods that everything is held against: logistic regression, and BM25.

Words and pairs, letters 2 to 5, logistic regression, rejection by a margin that 4 % of held-out
known texts miss; and BM25 over whole words in lower case, k1 1.2, b 0.75, no stems, no vectors.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from zlib import crc32

from chalicelib.knowledge.index import K1, B
from chalicelib.text import words
from chalicelib.understanding.models import TopicDecision
from chalicelib.understanding.solver import Plan, Sample, Solver, Weights, probabilities, scores
from chalicelib.understanding.training import Example

_REJECTED = 0.04


class PlainLinear:
    """A `TopicEngine` but for its name: nothing but logistic regression."""

    model_version = "plain"

    def __init__(self, training: Sequence[Example], solver: Solver, margin: bool = True) -> None:
        self.labels = tuple(sorted({example.label for example in training}))
        counted = [_plain(example.text) for example in training]
        texts = Counter(key for counts in counted for key in counts)
        self._rarity = {k: math.log(len(counted) / n) + 1 for k, n in texts.items()}
        self._slots = {key: slot for slot, key in enumerate(self._rarity)}
        numbers = {label: number for number, label in enumerate(self.labels)}
        wanted = [numbers[example.label] for example in training]
        samples = [self._sample(counts) for counts in counted]
        self._floor = self._measured(samples, wanted, solver) if margin else 0.0
        self._weights = self._solve(solver, samples, wanted)

    def decide(self, text: str, language: str = "") -> TopicDecision:
        found = scores(self._weights, self._sample(_plain(text)))
        chances = probabilities(found)
        best = max(range(len(chances)), key=chances.__getitem__)
        return TopicDecision(
            label=None if _margin(found) < self._floor else self.labels[best],
            guess=self.labels[best],
            confidence=chances[best],
            source="plain",
            model_version=self.model_version,
        )

    def _measured(self, samples: Sequence[Sample], wanted: Sequence[int], solver: Solver) -> float:
        """The margin that few held-out texts miss."""
        learn = [i for i in range(len(samples)) if i % 7]
        if not learn:
            return 0.0
        first = self._solve(solver, [samples[i] for i in learn], [wanted[i] for i in learn])
        margins = sorted(_margin(scores(first, samples[i])) for i in range(0, len(samples), 7))
        return margins[int(_REJECTED * len(margins))]

    def _solve(self, solver: Solver, samples: Sequence[Sample], wanted: Sequence[int]) -> Weights:
        epochs = max(8, min(25, 30_000 // max(1, len(samples))))
        plan = Plan(epochs=epochs, rate=6.0)
        return solver(samples, wanted, len(self._slots), len(self.labels), plan, lambda _: None)

    def _sample(self, counts: Mapping[int, int]) -> Sample:
        found = [
            (self._slots[k], (1 + math.log(n)) * self._rarity[k])
            for k, n in counts.items()
            if k in self._slots
        ]
        norm = math.sqrt(sum(value * value for _, value in found)) or 1.0
        return [slot for slot, _ in found], [value / norm for _, value in found]


def _margin(found: Sequence[float]) -> float:
    first, second = sorted(found, reverse=True)[:2]
    return first - second


def _plain(text: str) -> dict[int, int]:
    said = words(text)
    features = [*said, *(f"{a} {b}" for a, b in pairwise(said))]
    for word in said:
        bounded = f" {word} "
        features += [
            f"#{bounded[i : i + n]}" for n in range(2, 6) for i in range(len(bounded) - n + 1)
        ]
    return dict(Counter(crc32(feature.encode()) for feature in features))


def bm25(documents: Sequence[tuple[str, str]]) -> Callable[[str], list[str]]:
    """Finds the keys of the best five of the (key, text), as the textbooks have it."""
    texts = [_whole_words(text) for _, text in documents]
    average = sum(map(len, texts)) / max(1, len(texts))
    postings: dict[str, list[tuple[int, float]]] = {}
    for number, text in enumerate(texts):
        longer = K1 * (1 - B + B * len(text) / max(1.0, average))
        for word, times in Counter(text).items():
            share = times * (K1 + 1) / (times + longer)
            postings.setdefault(word, []).append((number, share))

    def find(question: str) -> list[str]:
        sums: dict[int, float] = {}
        for word in set(_whole_words(question)):
            listed = postings.get(word, [])
            idf = math.log(1 + (len(texts) - len(listed) + 0.5) / (len(listed) + 0.5))
            for number, share in listed:
                sums[number] = sums.get(number, 0.0) + idf * share
        best = heapq.nlargest(5, sums.items(), key=lambda entry: (entry[1], -entry[0]))
        return [documents[number][0] for number, _ in best]

    return find


def _whole_words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
