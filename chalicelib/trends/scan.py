"""The scan: is any of the windows of 1 to 48 hours that end now too full?

A cheap normal screen comes first; only what passes it gets the exact negative-binomial tail. The
tail's variance has three parts: the noise of the counts, what is unknown about the level, and what
is unknown about the season. A single hour gets many more chances in a month than other windows, and
long ones tell late, so each length pays a price before lengths are compared.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log

from chalicelib.trends.distribution import log_upper_tail

WINDOWS = (1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48)
LONGEST = WINDOWS[-1]
_SCREEN = 2.8  # deviations that a window needs before the exact tail is worth computing
_LN10 = log(10)
_PRICES = (0.3, 0.1, 0.05, 0.05, 0.05, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)


def price(hours: int) -> float:
    """Decades of p that a window of `hours` pays before it is compared with the others.

    A single hour gets the most chances, and a long window is found late: measured on the simulator,
    these prices notice soonest at the same number of false alarms.
    """
    return _PRICES[bisect_left(WINDOWS, hours)]


@dataclass(frozen=True, slots=True)
class Usual:
    """What is expected of a cell: `level` an hour, and the noise of its counts.

    `unknown[h]` is the relative variance of what is expected of a window of h hours, h up to 24.
    """

    level: float
    dispersion: float
    unknown: Sequence[float]

    def spread(self, mean: float, hours: int) -> float:
        """Variance / mean of a window of `hours` of which `mean` cases are expected."""
        return self.dispersion + self.unknown[min(hours, 24)] * mean


@dataclass(frozen=True, slots=True)
class Window:
    """The fullest window: score is -log10(tail probability) less the price of its length."""

    hours: int
    expected: float
    seen: int
    log_p: float
    score: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some hours in a row from `first` on, as running sums of cases and of the season's factors."""

    first: int
    cases: list[int]
    exposure: list[float]

    @classmethod
    def of(cls, first: int, seen: Sequence[int], factors: Sequence[float]) -> Stretch:
        return cls(first, [0, *accumulate(seen)], [0.0, *accumulate(factors)])


def fullest(
    usual: Usual, stretch: Stretch, hour: int, free_from: int, min_seen: int
) -> Window | None:
    """The window with the highest score among those that end with `hour`.

    Windows begin no earlier than `free_from`. None when no window passes the screen.
    """
    at = hour - stretch.first + 1
    available = at - max(free_from - stretch.first, 0)
    cases, exposure = stretch.cases, stretch.exposure
    count_at, exposure_at = cases[at], exposure[at]
    level, dispersion, unknown = usual.level, usual.dispersion, usual.unknown
    best: Window | None = None
    for hours in _windows(available):
        count = count_at - cases[at - hours]
        mean = level * (exposure_at - exposure[at - hours])
        excess = count - mean
        if count < min_seen or excess <= 0:
            continue
        spread = dispersion + unknown[hours if hours < 24 else 24] * mean
        if excess * excess < _SCREEN * _SCREEN * spread * mean:
            continue
        log_p = log_upper_tail(count, mean, spread)
        score = -log_p / _LN10 - price(hours)
        if best is None or score > best.score:
            best = Window(hours, mean, count, log_p, score)
    return best


def _windows(available: int) -> Sequence[int]:
    """The lengths to try; where fewer than 48 hours are free, also all of those."""
    if available >= LONGEST:
        return WINDOWS
    return [w for w in WINDOWS if w < available] + [available]
