"""Softmax regression by stochastic gradient descent, in plain Python: it runs wherever we run.

infra/fast_solver.py does the same with numpy, for evaluations on a developer's machine.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

Sample = tuple[Sequence[int], Sequence[float]]
"""A sparse text: indices of its features and their values."""

_NEGLIGIBLE = 0.002  # smaller gradients are not worth a step
_BIAS_RATE = 0.01


class Weights(NamedTuple):
    """`rows[feature][label]` and `bias[label]`."""

    rows: list[array[float]]
    bias: list[float]


class Plan(NamedTuple):
    """How long and how fast to learn; the rate falls to 0 in a straight line."""

    epochs: int
    rate: float
    seed: int = 0


class Solver(Protocol):
    def __call__(
        self,
        samples: Sequence[Sample],
        labels: Sequence[int],
        features: int,
        classes: int,
        plan: Plan,
        tell: Callable[[str], None],
    ) -> Weights:
        """Weights after `plan`, told about epoch by epoch."""
        ...


def order(count: int, plan: Plan) -> list[list[int]]:
    """In which order the samples are visited, epoch by epoch."""
    chance = random.Random(plan.seed)
    return [chance.sample(range(count), count) for _ in range(plan.epochs)]


def solve(
    samples: Sequence[Sample],
    labels: Sequence[int],
    features: int,
    classes: int,
    plan: Plan,
    tell: Callable[[str], None] = lambda line: None,
) -> Weights:
    """See `Solver`. About 1 ms a sample and epoch at 77 labels and 120 features a sample."""
    zero = array("f", bytes(4 * classes))
    weights = Weights([zero[:] for _ in range(features)], [0.0] * classes)
    steps = max(1, plan.epochs * len(samples))
    step = 0
    for epoch, visits in enumerate(order(len(samples), plan), start=1):
        for index in visits:
            rate = plan.rate * (1 - step / steps)
            _learn(weights, samples[index], labels[index], rate)
            step += 1
        tell(f"epoch {epoch} of {plan.epochs}")
    return weights


def _learn(weights: Weights, sample: Sample, label: int, rate: float) -> None:
    gradient = probabilities(scores(weights, sample))
    gradient[label] -= 1
    wrong = [(j, rate * g) for j, g in enumerate(gradient) if abs(g) > _NEGLIGIBLE]
    for feature, value in zip(*sample, strict=True):
        row = weights.rows[feature]
        for j, change in wrong:
            row[j] -= value * change
    for j, change in wrong:
        weights.bias[j] -= _BIAS_RATE * change


def scores(weights: Weights, sample: Sample) -> list[float]:
    """One score a label, before the softmax."""
    sums = weights.bias
    for feature, value in zip(*sample, strict=True):
        sums = [s + value * w for s, w in zip(sums, weights.rows[feature], strict=True)]
    return list(sums)


def probabilities(values: Sequence[float]) -> list[float]:
    """The softmax of scores."""
    highest = max(values)
    powers = [math.exp(value - highest) for value in values]
    total = sum(powers)
    return [power / total for power in powers]
