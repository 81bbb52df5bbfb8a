"""The simpler methods, each as a score by hour: the higher, the more unusual.

A score has no threshold of its own. `at_false_alarms` gives every rival the threshold at which it
has just the allowed false alarms *on the series it is judged by*: more than it would know in life.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from math import log, sqrt

from chalicelib.trends.distribution import log_upper_tail
from chalicelib.trends.scan import WINDOWS, price
from infra.benchmarks.trend_score import Score, score
from infra.benchmarks.trend_simulator import WEEK, Simulated

_QUIET_HOURS = 24  # a score must have been low for so long before the next alarm counts
Rival = Callable[[Simulated, int], list[float]]
"""(series, first hour) -> scores of the hours from there on; looks only backwards."""


def fold(series: Simulated, begin: int) -> list[float]:
    """The last 24 hours against the daily mean of the 7 days before: "three times as many"."""
    sums = [0, *accumulate(series.counts)]
    found = []
    for end in range(begin + 1, len(sums)):
        today = sums[end] - sums[end - 24]
        usual = (sums[end - 24] - sums[end - 24 - WEEK]) / 7
        found.append(today / (usual + 1.0))
    return found


def ears_c2(series: Simulated, begin: int) -> list[float]:
    """EARS C2 (Hutwagner et al., 2003) on 24-hour totals: 7 days of baseline, a gap of 2 days."""
    sums = [0, *accumulate(series.counts)]
    found = []
    for end in range(begin + 1, len(sums)):
        days = [sums[end - 24 * k] - sums[end - 24 * (k + 1)] for k in range(10)]
        mean = sum(days[3:]) / 7
        variance = sum((d - mean) ** 2 for d in days[3:]) / 6
        found.append((days[0] - mean) / sqrt(max(variance, 0.25)))
    return found


def seasonal_ewma(series: Simulated, begin: int) -> list[float]:
    """EWMA (weight 0.25) of standardised residuals from the mean of the same hour of the week."""
    smooth, found = 0.0, []
    means, spread = _trailing(series.counts, begin)
    for count, mean in zip(series.counts[begin:], means, strict=True):
        smooth += 0.25 * ((count - mean) / sqrt(spread * mean) - smooth)
        found.append(smooth)
    return found


def cusum(series: Simulated, begin: int) -> list[float]:
    """Negative-binomial CUSUM (Höhle and Paul, 2008) towards a rate of 1.7 times the usual."""
    total, found = 0.0, []
    means, spread = _trailing(series.counts, begin)
    for count, mean in zip(series.counts[begin:], means, strict=True):
        size = mean / max(spread - 1, 1e-3)
        gain = count * log(1.7) - (count + size) * log((size + 1.7 * mean) / (size + mean))
        total = max(0.0, total + gain)
        found.append(total)
    return found


def plain_scan(series: Simulated, begin: int) -> list[float]:
    """The same windows and tail, with hour-of-week means of eight weeks and nothing replaced."""
    means, spread = _trailing(series.counts, begin)
    return _scan(series.counts, begin, means, spread)


def oracle(series: Simulated, begin: int) -> list[float]:
    """The same windows and tail by one who knows the true mean and dispersion."""
    return _scan(series.counts, begin, series.means[begin:], series.dispersion)


RIVALS: Mapping[str, Rival] = {
    "24 h against 7 days, fold": fold,
    "EARS C2": ears_c2,
    "seasonal EWMA": seasonal_ewma,
    "negative-binomial CUSUM": cusum,
    "plain negative-binomial scan": plain_scan,
    "oracle (true mean and dispersion)": oracle,
}


def at_false_alarms(
    worlds: Sequence[Sequence[Simulated]], rival: Rival, begin: int, allowed: float
) -> Score:
    """How good `rival` is with the lowest threshold that costs at most `allowed` false alarms."""
    scores = [{s.name: rival(s, begin) for s in series} for series in worlds]
    values = sorted({v for world in scores for row in world.values() for v in row})
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        raised = [_raised(world, values[middle], begin) for world in scores]
        if score(worlds, raised, begin).false_alarms <= allowed:
            high = middle
        else:
            low = middle + 1
    return score(worlds, [_raised(world, values[high], begin) for world in scores], begin)


def _raised(
    world: Mapping[str, Sequence[float]], threshold: float, begin: int
) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for name, scores in world.items():
        last = -_QUIET_HOURS
        for i, value in enumerate(scores):
            if value >= threshold:
                if i - last >= _QUIET_HOURS:
                    found.setdefault(name, []).append(begin + i)
                last = i
    return found


def _trailing(counts: Sequence[int], begin: int) -> tuple[list[float], float]:
    """Mean of the same hour in up to eight weeks before, shrunk to the mean of all hours there."""
    sums = [0, *accumulate(counts)]
    means = []
    for hour in range(begin, len(counts)):
        weeks = min(8, hour // WEEK)
        overall = (sums[hour] - sums[hour - weeks * WEEK]) / (weeks * WEEK)
        same = sum(counts[hour - WEEK * k] for k in range(1, weeks + 1))
        means.append(max((same + 2 * overall) / (weeks + 2), 0.01))
    past = range(begin - 2 * WEEK, begin)
    squares = sum((counts[h] - (counts[h - WEEK])) ** 2 / 2 for h in past)
    return means, max(1.0, squares / max(sum(counts[h] for h in past), 1))


def _scan(counts: Sequence[int], begin: int, means: Sequence[float], spread: float) -> list[float]:
    seen = [0, *accumulate(counts)]
    usual = [0.0, *accumulate(means)]
    found = []
    for end in range(1, len(usual)):
        best = 0.0
        for hours in WINDOWS:
            if hours > end:
                break
            mean = usual[end] - usual[end - hours]
            count = seen[begin + end] - seen[begin + end - hours]
            if (count - mean) ** 2 < 4 * spread * mean or count < mean or count < 2:
                continue
            best = max(best, -log_upper_tail(count, mean, spread) / log(10) - price(hours))
        found.append(best)
    return found
