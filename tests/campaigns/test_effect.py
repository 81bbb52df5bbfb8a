"""Intervals by the published formulas, and conclusions that do not go beyond them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.campaigns import effect
from chalicelib.campaigns.effect import Arm, Contact

NOW = datetime(2026, 11, 23, 12, 34, tzinfo=UTC)


def test_newcombes_own_example() -> None:
    """Newcombe 1998, table II, column (a), method 10: 56/70 and 48/80."""
    low, high = effect.newcombe(56, 70, 48, 80)
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)
    low, high = effect.newcombe(0, 10, 0, 20)  # column (f)
    assert (round(low, 4), round(high, 4)) == (-0.1611, 0.2775)


@given(some.integers(1, 500), some.data())
def test_an_interval_holds_its_proportion(of: int, data: some.DataObject) -> None:
    hits = data.draw(some.integers(0, of))
    low, high = effect.wilson(hits, of)
    assert 0 <= low <= hits / of <= high <= 1


@given(some.integers(1, 300), some.integers(1, 300), some.data())
def test_the_other_way_round_is_the_mirror_image(n: int, m: int, data: some.DataObject) -> None:
    a, b = data.draw(some.integers(0, n)), data.draw(some.integers(0, m))
    low, high = effect.newcombe(a, n, b, m)
    assert (low, high) == pytest.approx(tuple(-x for x in reversed(effect.newcombe(b, m, a, n))))


def contacts(arm: Arm, customers: int) -> list[Contact]:
    return [
        Contact(campaign_id="C", case_id=f"{arm}{n}", customer_id=f"{arm}{n}", arm=arm, at=NOW)
        for n in range(customers)
    ]


def test_of_few_people_it_says_what_cannot_be_seen() -> None:
    told = effect.arm(190, contacts(Arm.TOLD, 8))
    held = effect.arm(10, contacts(Arm.HELD_OUT, 1))
    words = effect.conclusion(told, held, effect.difference(told, held))
    assert words.startswith("No effect can be concluded (190 told, 10 held out)")
    assert "per 1,000 or more would be seen" in words
    assert held.per_1000 == 100.0


def test_of_many_it_says_what_was_spared() -> None:
    told = effect.arm(9000, contacts(Arm.TOLD, 90))
    held = effect.arm(1000, contacts(Arm.HELD_OUT, 40))
    gap = effect.difference(told, held)
    assert gap is not None
    assert (gap.per_1000, gap.spared) == (-30.0, 270.0)
    assert effect.conclusion(told, held, gap).startswith("Fewer")


def test_targeting_counts_who_was_not_concerned() -> None:
    known = effect.targeting({"solved": 6, "still_broken": 2, "not_me": 2, "replies": 9})
    assert (known.answered, known.not_me, known.right) == (10, 2, 0.8)
    assert effect.targeting({}).right is None
