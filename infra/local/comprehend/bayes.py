"""A classifier that is really trained: multinomial naive Bayes over words and word pairs. Pure.

Counts are smoothed (Laplace with a small alpha). Log-likelihoods are divided by the square root of
the text's length, unknown words included, and tempered, or naive Bayes would be sure of everything
(Rennie et al. 2003, "Tackling the poor assumptions of naive Bayes text classifiers").
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

ALPHA = 0.1
TEMPERATURES = (1.0, 1.4, 2.0, 2.8)
_WORD = re.compile(r"\w+")

Document = tuple[str, str]  # label, text


class Bayes:
    """A trained classifier; `state` and `Bayes(state)` are each other's inverse."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.state = state
        self._known = {feature for counts in state["counts"].values() for feature in counts}
        self._totals = {label: sum(c.values()) for label, c in state["counts"].items()}

    @property
    def labels(self) -> list[str]:
        return list(self.state["documents"])

    def classify(self, text: str) -> list[tuple[str, float]]:
        """(label, probability), likeliest first; the probabilities add up to 1."""
        found = features(text)
        known = [feature for feature in found if feature in self._known]
        strength = 1 / (math.sqrt(len(found) or 1) * self.state["temperature"])
        whole = sum(self.state["documents"].values())
        scores = {
            label: math.log(documents / whole) + strength * self._likelihood(label, known)
            for label, documents in self.state["documents"].items()
        }
        top = max(scores.values())
        powers = {label: math.exp(score - top) for label, score in scores.items()}
        total = sum(powers.values())
        return sorted(((n, p / total) for n, p in powers.items()), key=lambda one: -one[1])

    def _likelihood(self, label: str, known: Sequence[str]) -> float:
        counts = self.state["counts"][label]
        below = math.log(self._totals[label] + ALPHA * len(self._known))
        return sum(math.log(counts.get(feature, 0) + ALPHA) - below for feature in known)


def features(text: str) -> list[str]:
    """Words and pairs of neighbours, in lower case."""
    words = _WORD.findall(text.lower())
    return words + [f"{a} {b}" for a, b in pairwise(words)]


def train(documents: Sequence[Document], checks: Sequence[Document] = ()) -> Bayes:
    """A classifier of the labels in `documents`; `checks` choose its temperature."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    sizes: Counter[str] = Counter()
    for label, text in documents:
        counts[label].update(features(text))
        sizes[label] += 1
    state: dict[str, Any] = {
        "documents": dict(sizes),
        "counts": {label: dict(found) for label, found in counts.items()},
        "temperature": 1.0,
    }
    tried = [Bayes({**state, "temperature": value}) for value in TEMPERATURES if checks]
    return max(tried, key=lambda one: _log_likelihood(one, checks), default=Bayes(state))


def _log_likelihood(model: Bayes, checks: Sequence[Document]) -> float:
    return sum(
        math.log(max(1e-9, dict(model.classify(text)).get(label, 0.0))) for label, text in checks
    )


def split(documents: Sequence[Document]) -> tuple[list[Document], list[Document]]:
    """What is learnt, and the tenth of each label that is tested on (each tenth document)."""
    learnt: list[Document] = []
    tested: list[Document] = []
    seen: Counter[str] = Counter()
    for document in documents:
        seen[document[0]] += 1
        (tested if seen[document[0]] % 10 == 0 else learnt).append(document)
    return learnt, tested


def measured(model: Bayes, tested: Sequence[Document]) -> dict[str, float]:
    """ClassifierEvaluationMetrics, as its API reference defines them: macro and micro averages."""
    pairs = [(label, model.classify(text)[0][0]) for label, text in tested]
    right = Counter(label for label, guess in pairs if label == guess)
    wanted = Counter(label for label, _ in pairs)
    given = Counter(guess for _, guess in pairs)
    precision = _mean(right[label] / given[label] if given[label] else 0.0 for label in wanted)
    recall = _mean(right[label] / count for label, count in wanted.items())
    accuracy = sum(right.values()) / len(pairs) if pairs else 0.0
    return {
        "Accuracy": accuracy,
        "Precision": precision,
        "Recall": recall,
        "F1Score": _mean(2 * right[n] / (wanted[n] + given[n]) for n in wanted),
        "MicroPrecision": accuracy,
        "MicroRecall": accuracy,
        "MicroF1Score": accuracy,
        "HammingLoss": 1 - accuracy,
    }


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0
