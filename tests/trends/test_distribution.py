"""The tail of the negative binomial, against sums written out."""

from __future__ import annotations

from math import exp, factorial, isclose

import pytest

from chalicelib.trends.distribution import log_probability, log_upper_tail, upper_bound


@pytest.mark.parametrize("mean", [0.05, 0.7, 4.0, 60.0])
@pytest.mark.parametrize("dispersion", [1.0, 1.3, 2.5])
def test_tail_is_what_the_single_probabilities_add_up_to(mean: float, dispersion: float) -> None:
    for count in (1, 2, 5, 40, 90):
        rest = sum(exp(log_probability(k, mean, dispersion)) for k in range(count, count + 900))
        assert isclose(exp(log_upper_tail(count, mean, dispersion)), rest, rel_tol=1e-6)


def test_dispersion_of_one_is_poisson() -> None:
    below = sum(exp(-3.0) * 3.0**k / factorial(k) for k in range(7))
    assert isclose(exp(log_upper_tail(7, 3.0, 1.0)), 1 - below, rel_tol=1e-9)


def test_mean_and_variance_are_those_asked_for() -> None:
    chances = [exp(log_probability(k, 5.0, 2.0)) for k in range(200)]
    mean = sum(k * c for k, c in enumerate(chances))
    variance = sum((k - mean) ** 2 * c for k, c in enumerate(chances))
    assert isclose(mean, 5.0, rel_tol=1e-6)
    assert isclose(variance, 10.0, rel_tol=1e-6)


def test_bound_is_the_first_count_exceeded_rarely_enough() -> None:
    bound = upper_bound(12.0, 1.8, 0.005)
    assert exp(log_upper_tail(bound + 1, 12.0, 1.8)) <= 0.005
    assert exp(log_upper_tail(bound, 12.0, 1.8)) > 0.005


def test_very_unlikely_counts_keep_their_order() -> None:
    assert log_upper_tail(900, 2.0, 1.5) < log_upper_tail(800, 2.0, 1.5) < -800
