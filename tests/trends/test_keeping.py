"""The detector's memory between looks: kept or not, the outcome is the same; it is bounded."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalicelib.trends.detector import Detector
from chalicelib.trends.keeping import Kept, fresh, pack, unpack
from chalicelib.trends.models import DetectorConfig
from chalicelib.trends.series import HourlySeries, hour_of
from chalicelib.trends.state import StateNotUnderstood
from infra.benchmarks.trend_simulator import World, simulate

MONDAY = hour_of(datetime(2026, 1, 5, tzinfo=UTC))
CONFIG = DetectorConfig(min_seen=3)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 1_000))
def test_reading_day_by_day_and_keeping_gives_the_alarms_of_one_long_run(seed: int) -> None:
    series = simulate(World(series=6, weeks=7, quiet_weeks=1), seed)
    counts = {
        f"topic={s.name}": {MONDAY + hour: count for hour, count in enumerate(s.counts) if count}
        for s in series
    }
    # A cell that comes later is not there for who reads day by day; a long run knows of it before.
    assume(all(any(s.counts[:24]) for s in series))
    first = min(min(hours) for hours in counts.values())
    end = MONDAY + 7 * 168
    whole = Detector(CONFIG).advance({n: HourlySeries(first, c) for n, c in counts.items()}, end)
    kept, alarms = fresh(CONFIG), []
    kept.detector.hour = first
    for day in range(MONDAY, end, 24):
        read(kept, counts, day)
        began = kept.detector.advance(kept.admit(), day + 24)
        alarms += [(name, episode.start, episode.opened) for name, episode in began]
        kept.prune()
        kept = unpack(CONFIG, pack(kept))
    once = sorted((name, episode.start, episode.opened) for name, episode in whole)
    assert [name for name, _, _ in sorted(alarms)] == [name for name, _, _ in once]
    # The memory is kept in fewer digits than it is reckoned in: an hour or two to either side.
    for kept_alarm, alarm in zip(sorted(alarms), once, strict=True):
        assert abs(kept_alarm[1] - alarm[1]) <= 2
        assert abs(kept_alarm[2] - alarm[2]) <= 2


def test_memory_of_other_settings_is_not_taken_but_thresholds_may_change() -> None:
    kept = fresh(CONFIG)
    kept.first = MONDAY
    packed = pack(kept)
    looser = CONFIG.model_copy(update={"false_alarms_per_series_month": 1.0})
    assert unpack(looser, packed).first == MONDAY
    for damaged in (b"", packed[:40], b"{}", pack(kept)[::-1]):
        with pytest.raises(StateNotUnderstood):
            unpack(CONFIG, damaged)
    with pytest.raises(StateNotUnderstood, match="other settings"):
        unpack(CONFIG.model_copy(update={"zone": "Europe/Berlin"}), packed)


def test_new_cells_are_taken_in_bounds_general_ones_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.trends.keeping.MOST_CELLS", 60)
    kept = fresh(CONFIG)
    kept.first = kept.detector.hour = MONDAY
    kept.recent = {f"topic=a&product={n}": {MONDAY: (1, 1)} for n in range(100)}
    kept.recent["topic=a"] = {MONDAY: (100, 100)}
    kept.recent["topic=a&product=99"] = {MONDAY: (9, 9)}
    kept.detector.advance(kept.admit(at_once=20), MONDAY + 1)
    assert len(kept.detector.watches) == 20
    assert {"topic=a", "topic=a&product=99"} <= set(kept.detector.watches)
    assert kept.left_out == 81
    for _ in range(5):
        kept.detector.advance(kept.admit(at_once=20), MONDAY + 1)
    assert len(kept.detector.watches) == 60
    # Where there is no room, those that nobody counts any more make it.
    kept.recent = {f"topic=b&product={n}": {MONDAY + 2: (1, 1)} for n in range(10)}
    kept.detector.advance(kept.admit(at_once=20), MONDAY + 3)
    assert set(kept.recent) <= set(kept.detector.watches)
    assert len(kept.detector.watches) == 60


def test_what_was_amended_is_about_what_a_new_count_would_have_given() -> None:
    (one,) = simulate(World(series=1, weeks=6, outbreaks_a_month=0.0, rates=(1.0, 2.0)), 5)
    counts = {MONDAY + hour: count for hour, count in enumerate(one.counts) if count}
    end, changed = MONDAY + 6 * 168, [MONDAY + 5 * 168 + h for h in range(0, 40, 4)]
    levels = []
    for before in (counts, {h: c for h, c in counts.items() if h not in changed}):
        detector = Detector(CONFIG)
        detector.advance({"topic=a": HourlySeries(MONDAY, before)}, end)
        levels.append(detector)
    right, wrong = levels
    for hour in changed:
        wrong.amend("topic=a", hour, counts.get(hour, 0))
    found, wanted = wrong.level("topic=a"), right.level("topic=a")
    assert found is not None
    assert wanted is not None
    assert found[0] == pytest.approx(wanted[0], rel=0.03)


def read(kept: Kept, counts: dict[str, dict[int, int]], day: int) -> None:
    for name, hours in counts.items():
        for hour in range(day, day + 24):
            if hour in hours:
                kept.recent.setdefault(name, {})[hour] = (hours[hour], hours[hour])
                kept.first = hour if kept.first is None else min(kept.first, hour)
