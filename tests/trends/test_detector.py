"""What the detector notices, what it leaves alone, and that its memory can be put away."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.trends.detector import Detector
from chalicelib.trends.models import DetectorConfig, Finding, Method
from chalicelib.trends.series import Calendar, HourlySeries, hour_of, moment_of
from chalicelib.trends.state import StateNotUnderstood, dump, load
from infra.benchmarks.trend_simulator import WEEK, World, simulate

MONDAY = hour_of(datetime(2026, 1, 5, tzinfo=UTC))
Counts = dict[str, dict[int, int]]


def ordinary(weeks: int, seed: int = 1, rates: tuple[float, float] = (0.05, 20.0)) -> Counts:
    world = World(series=12, weeks=weeks, outbreaks_a_month=0.0, rates=rates)
    return {
        f"topic={s.name}": {MONDAY + i: c for i, c in enumerate(s.counts) if c}
        for s in simulate(world, seed)
    }


def history(counts: Counts) -> dict[str, HourlySeries]:
    return {name: HourlySeries(MONDAY, c) for name, c in counts.items()}


def alarms(counts: Counts, hours: int) -> list[tuple[str, int, int, int]]:
    began = Detector().advance(history(counts), MONDAY + hours)
    return sorted((n, e.start, e.opened, e.seen) for n, e in began)


@pytest.mark.parametrize("rates", [(0.05, 0.2), (1.0, 3.0), (20.0, 50.0)])
def test_first_week_of_an_installation_is_quiet(rates: tuple[float, float]) -> None:
    assert alarms(ordinary(1, rates=rates), WEEK) == []


@pytest.mark.parametrize("minutes", [2, 7, 40])
def test_forty_mails_in_the_running_hour_are_found_after_two_ordinary_weeks(minutes: int) -> None:
    counts = ordinary(2, rates=(0.1, 2.0))
    now = moment_of(MONDAY + 2 * WEEK) + timedelta(minutes=minutes)
    detector = Detector()
    assert detector.evaluate(history(counts), now - timedelta(minutes=1)) == []
    counts["topic=series-003"][MONDAY + 2 * WEEK] = 40
    (finding,) = detector.evaluate(history(counts), now)
    assert finding.series == "topic=series-003"
    assert finding.method is Method.SCAN
    assert finding.seen >= 40
    assert finding.lift > 5


def test_young_installation_says_that_its_rule_is_the_cautious_one() -> None:
    counts = {"topic=login": {MONDAY + h: 1 for h in range(0, 84, 5)}}
    counts["topic=login"][MONDAY + 84] = 40
    now = moment_of(MONDAY + 84) + timedelta(minutes=6)
    (finding,) = Detector().evaluate(history(counts), now)
    assert finding.method is Method.COLD_START
    assert finding.seen >= 40


def test_first_day_says_nothing_at_all() -> None:
    counts = {"topic=login": {MONDAY + 10: 60}}
    now = moment_of(MONDAY + 10) + timedelta(minutes=30)
    assert Detector().evaluate(history(counts), now) == []


def test_five_mails_more_than_usual_are_no_trend() -> None:
    counts = ordinary(2, rates=(1.0, 2.0))
    counts["topic=series-003"][MONDAY + 2 * WEEK] = 5
    now = moment_of(MONDAY + 2 * WEEK) + timedelta(minutes=30)
    assert Detector().evaluate(history(counts), now) == []


def test_later_hours_change_no_earlier_alarm() -> None:
    sims = simulate(World(series=12, weeks=8), 5)
    counts = {s.name: {MONDAY + i: c for i, c in enumerate(s.counts) if c} for s in sims}
    cut = 6 * WEEK + 31
    whole = [a for a in alarms(counts, 8 * WEEK) if a[2] < MONDAY + cut]
    until = {n: {h: c for h, c in row.items() if h < MONDAY + cut} for n, row in counts.items()}
    assert whole == alarms(until, cut)
    assert len(whole) > 5


def test_memory_put_away_every_few_hours_gives_the_same_alarms() -> None:
    sims = simulate(World(series=6, weeks=6), 9)
    counts = {s.name: {MONDAY + i: c for i, c in enumerate(s.counts) if c} for s in sims}
    detector, began = Detector(), []
    for hour in range(MONDAY, MONDAY + 6 * WEEK + 1, 7):
        detector = load(DetectorConfig(), json.loads(json.dumps(dump(detector))))
        recent = {
            n: HourlySeries(MONDAY, {h: c for h, c in row.items() if h >= hour - 82})
            if hour > MONDAY + WEEK
            else HourlySeries(MONDAY, row)
            for n, row in counts.items()
        }
        began += detector.advance(recent, hour)
    assert sorted((n, e.start, e.opened, e.seen) for n, e in began) == alarms(counts, 6 * WEEK)
    assert began


def test_state_of_another_version_is_refused() -> None:
    with pytest.raises(StateNotUnderstood):
        load(DetectorConfig(), {"version": 0})


def test_outbreak_does_not_become_usual() -> None:
    counts = {"a": {MONDAY + h: 4 + (h * 7) % 3 for h in range(6 * WEEK)}}
    for hour in range(4 * WEEK, 4 * WEEK + 40):
        counts["a"][MONDAY + hour] = 15
    detector = Detector()
    (only,) = detector.advance(history(counts), MONDAY + 5 * WEEK)
    assert only[1].start - MONDAY == 4 * WEEK
    assert detector.watches["a"].cell.level == pytest.approx(5.0, rel=0.05)


def test_what_stays_for_weeks_is_the_new_usual() -> None:
    counts = {"a": {MONDAY + h: (4 if h < 4 * WEEK else 9) + (h * 7) % 3 for h in range(10 * WEEK)}}
    began = Detector().advance(history(counts), MONDAY + 10 * WEEK)
    assert began
    assert all(e.opened - MONDAY < 7 * WEEK for _, e in began)


def test_dismissed_trouble_is_let_into_the_baseline() -> None:
    counts = {"a": {MONDAY + h: 4 + (h * 7) % 3 for h in range(4 * WEEK)}}
    for hour in range(4 * WEEK, 4 * WEEK + 4):
        counts["a"][MONDAY + hour] = 20
    detector = Detector()
    now = moment_of(MONDAY + 4 * WEEK + 4)
    assert detector.evaluate(history(counts), now)
    detector.dismiss("a")
    assert detector.evaluate(history(counts), now + timedelta(minutes=5)) == []


def test_finding_grows_with_what_comes_in() -> None:
    counts = ordinary(3, rates=(0.5, 2.0))
    hour = MONDAY + 3 * WEEK
    detector = Detector()
    found: list[Finding] = []
    for minutes, seen in ((10, 20), (20, 30), (59, 60)):
        counts["topic=series-001"][hour] = seen
        now = moment_of(hour) + timedelta(minutes=minutes)
        found += detector.evaluate(history(counts), now)
    assert [f.series for f in found] == ["topic=series-001"] * 3
    assert found[0].start == found[2].start
    assert found[2].seen - found[0].seen == 40


def test_plot_shows_what_was_expected_beside_what_came() -> None:
    counts = {"a": {MONDAY + h: 12 if 8 <= h % 24 < 18 else 1 for h in range(4 * WEEK)}}
    detector = Detector()
    end = MONDAY + 4 * WEEK
    detector.evaluate(history(counts), moment_of(end))
    rows = detector.plot("a", history(counts)["a"], end - 24, end)
    assert [r.seen for r in rows[7:9]] == [1, 12]
    assert rows[3].expected < 2 < 9 < rows[12].expected < rows[12].upper


def test_combinations_together_cost_no_more_than_single_attributes() -> None:
    counts = {f"topic={i}": {MONDAY + 10 * i: 1} for i in range(4)}
    counts |= {f"topic={i}&product={k}": {} for i in range(4) for k in range(20)}
    detector = Detector()
    detector.advance(history(counts), MONDAY + 1)
    single, pair = detector.allowed("topic=1"), detector.allowed("topic=1&product=2")
    assert pair == pytest.approx(single / 20)


def test_holiday_is_a_sunday_and_summer_time_is_followed() -> None:
    calendar = Calendar("Europe/Berlin", frozenset({date(2026, 12, 25)}))
    assert calendar.slot(hour_of(datetime(2026, 12, 25, 8, tzinfo=UTC))) == 6 * 24 + 9
    assert calendar.slot(hour_of(datetime(2026, 7, 6, 8, tzinfo=UTC))) == 10
    assert calendar.slot(hour_of(datetime(2026, 1, 5, 8, tzinfo=UTC))) == 9
