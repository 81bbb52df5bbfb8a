"""The scan: is any of the windows of 1 to 48 hours that end now too full?

A cheap normal screen comes first; only what passes it gets the exact negative-binomial tail. The
tail's variance has three parts: the noise of the counts, what is unknown about the level, and what
is unknown about the season. Short windows get many more chances in a month than long ones, so each
length pays a price before lengths are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log, log10

from chalicelib.trends.distribution import log_upper_tail

WINDOWS = (1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48)
LONGEST = WINDOWS[-1]
_SCREEN = 2.8  # deviations that a window needs before the exact tail is worth computing
_LN10 = log(10)
_PRICE_EXPONENT = 0.2


def price(hours: int) -> float:
    """Decades of p that a window of `hours` pays for the many chances that its length gets."""
    return _PRICE_EXPONENT * log10(LONGEST / hours)


@dataclass(frozen=True, slots=True)
class Usual:
    """What is expected of a cell: `level` an hour, its relative variance, and the noise."""

    level: float
    variance: float
    widening: float
    dispersion: float
    season: Sequence[float]

    def spread(self, mean: float, hours: int, ahead: int) -> float:
        """Variance / mean of a window of `hours` with this mean, ending `ahead` hours from now."""
        unknown = self.variance + self.widening * ahead + self.season[min(hours, 24)]
        return self.dispersion + unknown * mean


@dataclass(frozen=True, slots=True)
class Window:
    """The fullest window: score is -log10(tail probability) less the price of its length."""

    hours: int
    expected: float
    seen: int
    log_p: float
    score: float


def fullest(
    usual: Usual, seen: Sequence[int], factors: Sequence[float], min_seen: int
) -> Window | None:
    """The window with the highest score among those that end with the last of `seen`.

    `seen` and `factors` are hours in order; the last factor may stand for a part of an hour.
    None when no window passes the screen.
    """
    cases = list(accumulate(reversed(seen)))
    exposure = list(accumulate(reversed(factors)))
    available = len(cases)
    best: Window | None = None
    for hours in WINDOWS:
        if hours > available:
            if hours - available >= hours // 2 or not available:
                break
            hours = available
        count = cases[hours - 1]
        mean = usual.level * exposure[hours - 1]
        excess = count - mean
        if count < min_seen or excess <= 0:
            continue
        spread = usual.spread(mean, hours, LONGEST)
        if excess * excess < _SCREEN * _SCREEN * spread * mean:
            continue
        log_p = log_upper_tail(count, mean, spread)
        score = -log_p / _LN10 - price(hours)
        if best is None or score > best.score:
            best = Window(hours, mean, count, log_p, score)
    return best
