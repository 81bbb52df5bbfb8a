"""The negative binomial distribution by mean and dispersion, in pure Python.

`dispersion` is variance / mean, at least 1 (1 is Poisson). With a common dispersion sums of
independent counts stay in the family, so a window's tail is exact, not a normal approximation.
NB(r, p) with r = mean / (dispersion - 1) and p = 1 / dispersion, see Johnson, Kemp, Kotz,
"Univariate Discrete Distributions", 3rd ed., chapter 5.
"""

from __future__ import annotations

from math import exp, expm1, inf, lgamma, log, log1p, sqrt

_POISSON_BELOW = 1.0 + 1e-6
_NEGLIGIBLE = 1e-9


def log_probability(count: int, mean: float, dispersion: float) -> float:
    """ln P(Y = count)."""
    if mean <= 0:
        return 0.0 if count == 0 else -inf
    if dispersion < _POISSON_BELOW:
        return count * log(mean) - mean - lgamma(count + 1)
    size = mean / (dispersion - 1)
    return (
        lgamma(count + size)
        - lgamma(count + 1)
        - lgamma(size)
        - size * log(dispersion)
        + count * log((dispersion - 1) / dispersion)
    )


def log_upper_tail(count: int, mean: float, dispersion: float) -> float:
    """ln P(Y >= count), by summing away from the mean, where the terms shrink fastest."""
    if count <= 0:
        return 0.0
    if mean <= 0:
        return -inf
    if count > mean:
        return log_probability(count, mean, dispersion) + log(_sum_up(count, mean, dispersion))
    below = exp(log_probability(count - 1, mean, dispersion)) * _sum_down(
        count - 1, mean, dispersion
    )
    return log1p(-below) if below < 1 else -inf


def upper_bound(mean: float, dispersion: float, chance: float) -> int:
    """The smallest count that is exceeded with probability at most `chance`."""
    limit = log(chance)
    low, high = -1, int(mean + 4 * sqrt(dispersion * mean)) + 4
    while log_upper_tail(high + 1, mean, dispersion) > limit:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if log_upper_tail(middle + 1, mean, dispersion) > limit:
            low = middle
        else:
            high = middle
    return high


def lower_bound(mean: float, dispersion: float, chance: float) -> int:
    """The largest count below which probability is at most `chance`."""
    low, high = 0, max(1, int(mean) + 1)
    while high - low > 1:
        middle = (low + high) // 2
        below = -expm1(log_upper_tail(middle, mean, dispersion))
        if below <= chance:
            low = middle
        else:
            high = middle
    return low


def _sum_up(count: int, mean: float, dispersion: float) -> float:
    """P(Y >= count) / P(Y = count), for count > mean."""
    size, share = _ratio(mean, dispersion)
    total = term = 1.0
    while True:
        step = share * (count + size) / (count + 1) if size else share / (count + 1)
        term *= step
        total += term
        count += 1
        if term < _NEGLIGIBLE * total:
            return total


def _sum_down(count: int, mean: float, dispersion: float) -> float:
    """P(Y <= count) / P(Y = count), for count < mean."""
    size, share = _ratio(mean, dispersion)
    total = term = 1.0
    while count > 0:
        step = share * (count - 1 + size) / count if size else share / count
        term /= step
        total += term
        count -= 1
        if term < _NEGLIGIBLE * total:
            break
    return total


def _ratio(mean: float, dispersion: float) -> tuple[float, float]:
    """(size, share) of P(Y=k+1)/P(Y=k) = share (k + size) / (k + 1); size 0 stands for Poisson."""
    if dispersion < _POISSON_BELOW:
        return 0.0, mean
    return mean / (dispersion - 1), (dispersion - 1) / dispersion
