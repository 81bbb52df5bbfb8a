"""Softmax regression by stochastic gradient descent, in plain Python: it runs wherever we run.

`fast_solver` does the same with numpy, where there is numpy.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

Sample = tuple[Sequence[int], Sequence[float]]
"""A sparse text: indices of its features and their values."""

BIAS_RATE = 0.01  # of the rate
DECAY_EVERY = 50  # steps
_NEGLIGIBLE = 0.002  # smaller gradients are not worth a step


class Weights(NamedTuple):
    """`rows[feature][label]` and `bias[label]`."""

    rows: list[array[float]]
    bias: list[float]


class Plan(NamedTuple):
    """How long and how fast to learn; the rate falls to 0 in a straight line.

    `drop` is the share of a sample's features that is left out at random each time it is seen
    (Srivastava et al. 2014), `decay` what weights lose a step, in units of the rate. `worth` is
    how much each sample counts, 1 where it is empty."""

    epochs: int
    rate: float
    drop: float = 0.0
    decay: float = 0.0
    seed: int = 0
    worth: Sequence[float] = ()


class Step(NamedTuple):
    """One sample to learn from, at its rate, without the features that are dropped."""

    number: int
    rate: float
    sample: int
    features: Sequence[int]
    values: Sequence[float]


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


def steps(samples: Sequence[Sample], plan: Plan, tell: Callable[[str], None]) -> Iterator[Step]:
    """What is learnt from, in order; the same for the same plan."""
    chance = random.Random(plan.seed)
    total = max(1, plan.epochs * len(samples))
    scale = 1 / math.sqrt(1 - plan.drop)
    number = 0
    for epoch in range(1, plan.epochs + 1):
        for index in chance.sample(range(len(samples)), len(samples)):
            rate = plan.rate * (1 - number / total)
            rate *= plan.worth[index] if plan.worth else 1.0
            features, values = samples[index]
            if plan.drop:
                pairs = zip(features, values, strict=True)
                kept = [(f, v * scale) for f, v in pairs if chance.random() >= plan.drop]
                features, values = [f for f, _ in kept], [v for _, v in kept]
            yield Step(number, rate, index, features, values)
            number += 1
        tell(f"epoch {epoch} of {plan.epochs}")


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
    for step in steps(samples, plan, tell):
        _learn(weights, step, labels[step.sample])
        if plan.decay and step.number % DECAY_EVERY == 0:
            shrink = max(0.0, 1 - DECAY_EVERY * plan.decay * step.rate)
            for row in weights.rows:
                row[:] = array("f", [shrink * weight for weight in row])
    return weights


def _learn(weights: Weights, step: Step, label: int) -> None:
    gradient = probabilities(scores(weights, (step.features, step.values)))
    gradient[label] -= 1
    wrong = [(j, step.rate * g) for j, g in enumerate(gradient) if abs(g) > _NEGLIGIBLE]
    for feature, value in zip(step.features, step.values, strict=True):
        row = weights.rows[feature]
        for j, change in wrong:
            row[j] -= value * change
    for j, change in wrong:
        weights.bias[j] -= BIAS_RATE * change


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
