"""A trouble that no topic stands for: its words burst, and it becomes a trend that can be read."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from chalicelib.flows.noticing import KEY
from chalicelib.store.counts import Counted, NewWords, hour_name
from chalicelib.trends.models import Facts, Trend, TrendKind, TrendState
from chalicelib.trends.service import TrendPatch
from tests.support import World

COMMON = [f"matter{n}" for n in range(200)]


def test_words_that_burst_become_one_trend_with_its_words_and_cases(world: World) -> None:
    a_week(world)
    burst(world, 8)
    assert world.app.detecting.detect().emerging == 1
    trend = only(world)
    assert trend.kind is TrendKind.EMERGING
    assert "e403" in " ".join(trend.terms)
    assert "e403" in trend.title
    assert (trend.customers, trend.cases) == (8, 8)
    assert set(trend.example_case_ids) == {f"burst-{n}" for n in range(8)}
    assert trend.seen > 5 * trend.expected
    assert sum(hour.customers for hour in trend.hours) == 8
    world.clock.forward(minutes=5)
    burst(world, 6, head="more")
    assert world.app.detecting.detect().emerging == 1
    assert (only(world).id, only(world).customers) == (trend.id, 14)


def test_it_ends_when_nobody_says_it_any_more(world: World) -> None:
    a_week(world)
    burst(world, 8)
    world.app.detecting.detect()
    trend = only(world)
    began = world.clock()
    ordinary(world, hours=20)
    ended = world.app.trends.get(trend.id)
    assert ended.state is TrendState.ENDED
    assert ended.calm_since is not None
    assert began <= ended.calm_since <= began + timedelta(hours=13)


def test_what_a_person_dismissed_is_not_told_again(world: World) -> None:
    a_week(world)
    burst(world, 8)
    world.app.detecting.detect()
    trend = only(world)
    world.app.trend_service.patch(trend.id, trend.version, TrendPatch(state="dismissed"))
    for number in range(4):
        world.clock.forward(minutes=20)
        burst(world, 8, head=f"more {number}")
        assert world.app.detecting.detect().emerging == 0
    ordinary(world, hours=20)
    assert world.app.trends.active() == []
    assert world.app.trends.get(trend.id).state is TrendState.DISMISSED


def test_words_of_a_trend_that_is_known_are_told_with_it(world: World) -> None:
    a_week(world)
    now = world.clock()
    known = Trend(
        id="known",
        series="topic=paying",
        started_at=now,
        detected_at=now,
        last_seen_at=now,
        window_hours=1,
        expected=1,
        seen=10,
        p=1e-6,
        lift=10,
        method="scan",
        created_at=now,
        updated_at=now,
    )
    world.app.trends.add(known)
    burst(world, 8)
    for number in range(8):
        counted = Counted(
            hour=hour_name(now), cells=("*", "topic=paying"), customer_id="x", facts=Facts()
        )
        world.app.table.commit(world.app.counts.mark(f"burst-{number}", counted))
    assert world.app.noticing.notice(world.clock()) == 0
    (trend,) = world.app.trends.active()
    assert trend.id == "known"
    assert "e403" in " ".join(trend.terms)


def test_a_memory_that_is_damaged_begins_anew_and_is_silent_at_first(world: World) -> None:
    a_week(world)
    world.app.objects.put(KEY, b"nonsense")
    burst(world, 8)
    assert world.app.detecting.detect().emerging == 0


def a_week(world: World) -> None:
    """Six days of contacts about nothing in particular."""
    ordinary(world, hours=6 * 24, every=timedelta(hours=4))


def ordinary(world: World, hours: int, every: timedelta = timedelta(hours=1)) -> None:
    """Five contacts an hour; a look every so often."""
    random = Random(hours)
    end = world.clock() + timedelta(hours=hours)
    while world.clock() < end:
        for _ in range(int(every / timedelta(minutes=12))):
            at = world.clock() + random.random() * every
            words = " ".join(random.choices(COMMON, k=7))
            name = f"o-{at.isoformat()}-{random.random()}"
            write(world, name, at, words)
        world.clock.now += every
        world.app.noticing.notice(world.clock())


def burst(world: World, customers: int, head: str = "burst") -> None:
    random = Random(1)
    for number in range(customers):
        words = f"terminal e403 {random.choice(COMMON)}"
        write(world, f"{head}-{number}", world.clock(), words)


def write(world: World, case: str, at: datetime, words: str) -> None:
    kept = NewWords(case_id=case, customer_id=f"customer {case}", at=at, words=words)
    world.app.table.commit(world.app.counts.keep_words(kept, at))


def only(world: World) -> Trend:
    (trend,) = world.app.trends.active()
    return trend
