"""One trouble is reported once, and a trend lives by its table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.trends.models import Finding, Method, Trend, TrendState
from chalicelib.trends.rules import (
    advance,
    control_false_discoveries,
    is_shift,
    pair,
    report_once,
)

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def finding(series: str, seen: int, expected: float, hours: int = 4, p: float = 1e-9) -> Finding:
    return Finding(
        series=series,
        window_hours=hours,
        start=NOW - timedelta(hours=hours - 1),
        detected_at=NOW,
        expected=expected,
        seen=seen,
        p=p,
        lift=seen / expected,
        method=Method.SCAN,
    )


def reported(*findings: Finding) -> list[str]:
    return [f.series for f in report_once(findings)]


def test_child_that_holds_the_extra_cases_stands_for_its_parents() -> None:
    assert reported(
        finding("*", 90, 60),
        finding("topic=login", 40, 10),
        finding("product=app", 60, 31),
        finding("topic=login&product=app", 32, 2),
    ) == ["topic=login&product=app"]


def test_trouble_spread_over_all_products_is_reported_at_the_topic() -> None:
    assert reported(
        finding("topic=login", 60, 12),
        finding("topic=login&product=app", 20, 4),
        finding("topic=login&product=web", 21, 4),
    ) == ["topic=login"]


def test_of_two_children_with_the_same_cases_the_higher_lift_is_reported() -> None:
    assert reported(
        finding("topic=login", 40, 10),
        finding("topic=login&region=eu", 33, 4),
        finding("topic=login&product=app", 32, 1),
    ) == ["topic=login&product=app"]


def test_two_troubles_are_two_reports() -> None:
    assert reported(finding("topic=login", 40, 10), finding("topic=parcel", 30, 5)) == [
        "topic=login",
        "topic=parcel",
    ]


def test_false_discoveries_are_cut_by_rank_over_all_cells() -> None:
    found = [finding(f"topic={i}", 20, 2, p=p) for i, p in enumerate((3e-5, 1e-9, 5e-3))]
    kept = control_false_discoveries(found, tested=1000, rate=0.2)
    assert [f.p for f in kept] == [1e-9, 3e-5]


def new_id() -> str:
    return "trend-new"


def trend(state: TrendState, ended: timedelta | None = None) -> Trend:
    begun = advance(None, finding("topic=login", 20, 2), NOW - timedelta(days=9), lambda: "t-1")
    assert begun is not None
    over = None if ended is None else NOW - ended
    return begun.model_copy(update={"state": state, "ended_at": over})


QUIET, SAME, WORSE = None, finding("topic=login", 24, 3), finding("topic=login", 80, 3)
ACTIVE, ENDED, DISMISSED = TrendState.ACTIVE, TrendState.ENDED, TrendState.DISMISSED


@pytest.mark.parametrize(
    ("before", "found", "state", "same_trend", "changed"),
    [
        (trend(ACTIVE), SAME, ACTIVE, True, True),
        (trend(ACTIVE), QUIET, ENDED, True, True),
        (trend(ENDED, timedelta(hours=30)), SAME, ACTIVE, True, True),
        (trend(ENDED, timedelta(hours=60)), SAME, ACTIVE, False, True),
        (trend(ENDED, timedelta(hours=60)), QUIET, ENDED, True, False),
        (trend(DISMISSED), SAME, DISMISSED, True, False),
        (trend(DISMISSED), WORSE, ACTIVE, True, True),
        (trend(DISMISSED), QUIET, DISMISSED, True, True),
        (trend(DISMISSED, timedelta(hours=60)), SAME, ACTIVE, False, True),
    ],
)
def test_trend_follows_its_table(
    before: Trend, found: Finding | None, state: TrendState, same_trend: bool, changed: bool
) -> None:
    after = advance(before, found, NOW, new_id)
    assert after is not None
    assert after.state is state
    assert (after.id == before.id) is same_trend
    assert (after is not before) is changed
    if changed and same_trend:
        assert after.version == before.version + 1
        assert after.updated_at == NOW


def test_no_trend_and_no_finding_is_nothing() -> None:
    assert advance(None, None, NOW, new_id) is None


def test_trend_takes_its_topic_and_figures_from_the_finding() -> None:
    begun = advance(None, finding("topic=login&product=app", 20, 2), NOW, new_id)
    assert begun is not None
    assert (begun.topic, begun.seen, begun.expected, begun.lift) == ("login", 20, 2.0, 10.0)


def test_trend_over_and_back_within_two_days_is_no_longer_ended() -> None:
    after = advance(trend(ENDED, timedelta(hours=5)), SAME, NOW, new_id)
    assert after is not None
    assert after.ended_at is None


def test_child_of_two_parents_stands_for_that_which_is_nothing_but_it() -> None:
    assert reported(
        finding("topic=login", 40, 10),
        finding("product=app", 30, 0.1),
        finding("topic=login&product=app", 30, 0.1),
    ) == ["topic=login&product=app"]


def test_cells_that_share_their_extra_cases_in_a_child_are_one_trouble() -> None:
    assert reported(
        finding("topic=login", 40, 10),
        finding("product=app", 100, 31),
        finding("topic=login&product=app", 32, 2),
    ) == ["product=app"]


def test_trouble_told_at_another_level_goes_on_as_the_same_trend() -> None:
    begun = advance(None, finding("topic=login", 20, 2), NOW, lambda: "t1")
    assert begun is not None
    child = finding("topic=login&product=app", 60, 1)
    assert pair([child], [begun]) == {child.series: begun}
    assert pair([child, finding("topic=login", 20, 2)], [begun]) == {"topic=login": begun}
    assert pair([finding("topic=billing", 60, 1)], [begun]) == {}
    moved = advance(begun, child, NOW + timedelta(hours=1), lambda: "t2")
    assert moved is not None
    assert (moved.id, moved.series) == ("t1", child.series)


def test_version_that_takes_over_is_a_shift_and_one_that_adds_is_none() -> None:
    version = finding("product=app&version=2", 40, 1)
    assert is_shift(version, lambda _: (3.0, 6.0))
    assert not is_shift(version, lambda _: (38.0, 6.0))
    assert not is_shift(version, lambda _: (3.0, 30.0))  # too busy to tell
    assert not is_shift(version, lambda _: None)
    assert not is_shift(finding("topic=login", 40, 1), lambda _: (0.0, 1.0))
