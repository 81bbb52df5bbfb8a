"""What a call costs, and the sums of a month."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.understanding.costs import PaidKind, bill, charge, paid, together, units_of


@given(st.text(max_size=2_000))
def test_a_unit_is_a_hundred_characters_and_three_are_the_least(text: str) -> None:
    units = units_of(text)
    assert units >= 3
    assert 100 * units >= len(text)
    assert units == 3 or 100 * (units - 1) < len(text)


def test_prices_are_those_of_the_public_list() -> None:
    assert paid(PaidKind.SENTIMENT, "x" * 300).micros == 300  # $0.0001 a unit
    assert paid(PaidKind.CLASSIFY_JOB, "x" * 500).micros == 2_500  # $0.0005 a unit
    assert charge(PaidKind.TRAINING, 3_600).micros == 3_000_000  # $3 an hour
    assert paid(PaidKind.CLASSIFY, "x" * 900).micros == 0  # the endpoint is paid by the second


@given(st.lists(st.tuples(st.sampled_from(PaidKind), st.integers(0, 500)), max_size=20))
def test_adding_up_loses_nothing(calls: list[tuple[PaidKind, int]]) -> None:
    all_paid = [charge(kind, units) for kind, units in calls]
    sums = together(all_paid)
    assert sum(one.units for one in sums) == sum(one.units for one in all_paid)
    assert sum(one.micros for one in sums) == sum(one.micros for one in all_paid)
    assert sum(one.calls for one in sums) == len(all_paid)
    assert len({one.kind for one in sums}) == len(sums)


def test_a_bill_is_by_day_and_kind_and_tells_what_an_endpoint_costs_anyway() -> None:
    call = paid(PaidKind.SENTIMENT, "x")
    costs = bill("2026-11", [("2026-11-02", call), ("2026-11-01", call), ("2026-11-02", call)], 2)
    assert [(line.date, line.calls, line.dollars) for line in costs.lines] == [
        ("2026-11-01", 1, 0.0003),
        ("2026-11-02", 2, 0.0006),
    ]
    assert costs.dollars == 0.0009
    assert costs.endpoint_dollars_a_day == 86.4
