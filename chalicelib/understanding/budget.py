"""How much can be learnt in the time that a function has: training is plain Python. Pure.

The work of a training is counted in visits: each time that a feature of a text meets a label; a
feature by itself costs as much as twenty labels. What is too much is made less in this order: no
learning curve, fewer groups that are held out in turn, then fewer examples, the oldest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.understanding.judging import GROUPS, MANY
from chalicelib.understanding.lessons import Taught
from chalicelib.understanding.ngrams import hashed
from chalicelib.understanding.training import MANY_TEXTS, epochs

# A visit took 0.045 microseconds (10 to 77 labels): five minutes, where fifteen may be taken.
MOST_VISITS = 7_000_000_000
BESIDE_LABELS = 20
MOST_TEXTS = 10_000
_KEPT = 0.85  # share of the examples that is left by each step


class Affordable(NamedTuple):
    """What to learn from, into how many groups to deal it, and whether to draw a curve."""

    taught: list[Taught]
    groups: int
    curve: bool


def affordable(taught: Sequence[Taught], most: float = MOST_VISITS) -> Affordable:
    """As much of it as there is time for."""
    sizes = {one.id: len(hashed(one.example.text)) for one in taught}
    kept = sorted(taught, key=lambda one: (str(one.at or "9"), one.id))[-MOST_TEXTS:]
    while True:
        for groups, curve in ((GROUPS, True), (GROUPS, False), (2, False)):
            if visits(kept, sizes, groups, curve) <= most or len(kept) < 2:
                return Affordable(kept, groups, curve)
        kept = kept[-int(_KEPT * len(kept)) :]


def visits(taught: Sequence[Taught], sizes: dict[str, int], groups: int, curve: bool) -> float:
    """What training and measuring on these examples costs."""
    count = len(taught)
    labels = BESIDE_LABELS + len({one.example.label for one in taught})
    fits = 6.0 if count < MANY_TEXTS else 1.9  # with those that calibrate
    trainings = 1.8 if sum(one.at is not None for one in taught) >= MANY else 1.0 + groups
    if curve:
        trainings += 0.75
    return trainings * fits * epochs(count) * labels * sum(sizes[one.id] for one in taught)
