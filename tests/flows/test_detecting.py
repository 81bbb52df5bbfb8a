"""A trend: found soon, told with evidence, updated instead of repeated, ended."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.flows.detecting import Detected
from chalicelib.flows.watching import KEY
from chalicelib.store.counts import Counted, hour_name
from chalicelib.trends.models import Facts, Trend, TrendRule, TrendState
from chalicelib.trends.service import TrendPatch
from tests.support import World

CELLS = ("*", "topic=login")
OF_APP = (*CELLS, "product=app", "topic=login&product=app")


def test_many_customers_with_the_same_trouble_are_a_trend(world: World) -> None:
    ordinary_days(world, days=14)
    burst(world, customers=25)
    found = world.app.detecting.detect()
    assert (found.new, found.active) == (1, 1)
    (trend,) = world.app.trends.active()
    assert (trend.topic, trend.title, trend.rule) == ("login", "login", TrendRule.CALIBRATED)
    assert trend.customers >= 25
    assert trend.seen > 3 * trend.expected
    assert trend.confidence is not None
    assert trend.confidence > 0.9
    assert trend.calm_since is None
    assert len(trend.example_case_ids) == 10
    now = [hour for hour in trend.hours if hour.hour.hour == world.clock().hour][-1]
    assert now.cases >= 25 > now.upper >= now.expected >= now.lower
    assert len(trend.hours) == 14 * 24
    assert sum(hour.cases for hour in trend.hours) > 100


def test_ordinary_days_are_no_trend(world: World) -> None:
    ordinary_days(world, days=14)
    assert world.app.detecting.detect().active == 0


def test_one_customer_who_writes_forty_times_is_no_trend(world: World) -> None:
    ordinary_days(world, days=14)
    for number in range(40):
        counted(world, f"mad-{number}", "one customer")
    assert world.app.detecting.detect().active == 0


def test_a_trend_is_updated_not_repeated_and_ends_and_stays_calm(world: World) -> None:
    ordinary_days(world, days=14)
    burst(world, customers=25)
    world.app.detecting.detect()
    first = only(world)
    burst(world, customers=15, head="later")
    world.clock.forward(minutes=10)
    world.app.detecting.detect()
    assert only(world).id == first.id
    assert only(world).customers >= 40
    began = world.clock()
    for _ in range(30):
        world.clock.forward(hours=1)
        world.app.detecting.detect()
    ended = world.app.trends.get(first.id)
    assert ended.state == TrendState.ENDED
    assert ended.calm_since is not None
    assert began < ended.calm_since <= began + timedelta(hours=12)
    # It is as usual until many come again: then it is not calm any more.
    burst(world, customers=25, head="again")
    world.app.detecting.detect()
    again = only(world)
    assert again.id == first.id
    assert again.calm_since is None


def test_a_young_installation_says_that_its_rule_is_the_cautious_one(world: World) -> None:
    ordinary_days(world, days=4)
    burst(world, customers=40)
    world.app.detecting.detect()
    assert (only(world).rule, only(world).confidence) == (TrendRule.CAUTIOUS, None)


def test_the_same_is_found_whether_the_memory_is_kept_lost_or_damaged(world: World) -> None:
    ordinary_days(world, days=14)
    world.app.detecting.detect()
    world.clock.forward(minutes=70)
    world.app.detecting.detect()
    burst(world, customers=25)
    kept = world.app.objects.get(KEY)
    world.app.detecting.detect()
    expected = only(world)
    for damage in (kept[: len(kept) // 2], b"", b"{}", None):
        forget_trends(world)
        if damage is None:
            world.app.objects.delete(KEY)
        else:
            world.app.objects.put(KEY, damage)
        world.app.detecting.detect()
        found = only(world)
        assert (found.seen, found.started_at) == (expected.seen, expected.started_at)
        assert found.expected == pytest.approx(expected.expected, rel=0.02)


def test_a_look_reads_only_what_is_new(world: World) -> None:
    ordinary_days(world, days=30)
    world.app.detecting.detect()
    world.clock.forward(minutes=5)
    calls = counting_calls(world)
    world.app.detecting.detect()
    assert sum(calls.values()) < 30
    assert calls["PutObject"] == 0  # nothing changed


def test_history_is_read_over_several_looks_and_the_cautious_rule_watches_meanwhile(
    world: World,
) -> None:
    ordinary_days(world, days=60)
    burst(world, customers=40)
    world.app.clock = hurrying = Hurrying(world, seconds=5)
    looks: list[Detected] = []
    while not looks or not looks[-1].whole:
        hurrying.asked = 0
        looks.append(world.app.detecting.detect())
        assert only(world).rule is (TrendRule.CALIBRATED if looks[-1].whole else TrendRule.CAUTIOUS)
        assert len(looks) < 60
    assert len(looks) > 3
    assert [look.new for look in looks] == [1] + [0] * (len(looks) - 1)


def test_what_is_counted_late_is_seen(world: World) -> None:
    ordinary_days(world, days=14)
    world.app.detecting.detect()
    ago = timedelta(hours=3)
    for number in range(40):
        counted(world, f"late-{number}", f"late {number}", -ago)
    world.app.table.commit(world.app.counts.late(hour_name(world.clock() - ago), world.clock()))
    world.clock.forward(minutes=5)
    world.app.detecting.detect()
    assert only(world).started_at <= world.clock() - timedelta(hours=2)


def test_what_is_corrected_days_later_moves_what_is_expected(world: World) -> None:
    ordinary_days(world, days=21)
    world.app.detecting.detect()
    before = level(world)
    hour = hour_name(world.clock() - timedelta(days=6))
    for cell in CELLS:
        change = world.app.counts.very_late(cell, hour, 30, world.clock())
        world.app.table.commit(change, world.app.counts.add(cell, hour, 30, 30))
    for _ in range(3):
        world.clock.forward(minutes=5)
        world.app.detecting.detect()
    amended = level(world)
    world.app.objects.delete(KEY)
    world.app.detecting.detect()
    assert amended > before * 1.05
    assert 0.8 < amended / level(world) < 1.5


def test_history_that_is_imported_into_a_running_installation_is_learnt(world: World) -> None:
    for _ in range(3):
        world.app.detecting.detect()
        world.clock.forward(minutes=5)
    ordinary_days(world, days=21)
    old = hour_name(world.clock() - timedelta(days=21))
    for cell in CELLS:
        world.app.table.commit(world.app.counts.very_late(cell, old, 1, world.clock()))
    world.app.detecting.detect()
    assert level(world) == pytest.approx(1 / 3, rel=0.4)
    burst(world, customers=25)
    world.clock.forward(minutes=5)
    world.app.detecting.detect()
    assert only(world).rule is TrendRule.CALIBRATED


def test_the_product_that_explains_it_is_told_with_its_lift(world: World) -> None:
    ordinary_days(world, days=14)
    ordinary_days(world, days=14, cells=OF_APP, every=30, head="app")
    for number in range(30):
        counted(world, f"b-{number}", f"b {number}", cells=OF_APP)
    found = world.app.detecting.detect()
    assert (found.new, found.active) == (1, 1)
    trend = only(world)
    assert trend.attributes == {"topic": "login", "product": "app"}
    assert trend.title == "login: product app"
    (lift,) = [one for one in trend.lifts if one.attribute == "product"]
    assert (lift.value, lift.seen, lift.of) == ("app", 30, 30)
    assert lift.base_share is not None
    assert 0.02 < lift.base_share < 0.25
    assert lift.lift is not None
    assert lift.lift > 4


def test_one_trouble_told_at_another_level_stays_one_trend(world: World) -> None:
    ordinary_days(world, days=14)
    ordinary_days(world, days=14, cells=OF_APP, every=30, head="app")
    burst(world, customers=20)
    world.app.detecting.detect()
    first = only(world)
    assert first.series == "topic=login"
    world.clock.forward(minutes=30)
    for number in range(60):
        counted(world, f"b-{number}", f"b {number}", cells=OF_APP)
    world.app.detecting.detect()
    assert (only(world).id, only(world).series) == (first.id, "topic=login&product=app")


def test_a_new_version_that_takes_over_is_no_trend(world: World) -> None:
    old = ("*", "product=app", "product=app&version=1")
    ordinary_days(world, days=14, cells=old, every=0.25)
    ordinary_days(world, days=14, head="login")
    new = ("*", "product=app", "product=app&version=2")
    for number in range(6):
        world.clock.forward(hours=1)
        for one in range(4):
            counted(world, f"v-{number}-{one}", f"v {number} {one}", cells=new)
    assert world.app.detecting.detect().active == 0


def test_a_dismissed_trend_stays_dismissed_and_is_learnt_from(world: World) -> None:
    ordinary_days(world, days=14)
    burst(world, customers=25)
    world.app.detecting.detect()
    trend = only(world)
    world.app.trend_service.patch(
        trend.id, trend.version, TrendPatch(state="dismissed", reason="a newsletter went out")
    )
    for number in range(12):
        world.clock.forward(minutes=5)
        counted(world, f"more-{number}", f"more {number}")
        world.app.detecting.detect()
    assert world.app.trends.active() == []
    dismissed = world.app.trends.get(trend.id)
    assert (dismissed.state, dismissed.dismissed_reason) == (
        TrendState.DISMISSED,
        "a newsletter went out",
    )


class Hurrying:
    """A clock that goes on by some seconds each time it is asked."""

    def __init__(self, world: World, seconds: float) -> None:
        self.world, self.seconds, self.asked = world, seconds, 0

    def __call__(self) -> datetime:
        self.asked += 1
        return self.world.clock.now + timedelta(seconds=self.seconds * self.asked)


def counting_calls(world: World) -> Counter[str]:
    calls: Counter[str] = Counter()
    inner = world.aws.call

    def call(service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        calls[operation] += 1
        return inner(service, operation, request)

    world.aws.call = call  # type: ignore[method-assign]
    return calls


def level(world: World) -> float:
    from chalicelib.trends.keeping import unpack
    from chalicelib.trends.models import DetectorConfig

    found = unpack(DetectorConfig(), world.app.objects.get(KEY)).detector.level("topic=login")
    assert found is not None
    return found[0]


def forget_trends(world: World) -> None:
    from chalicelib.store import keys
    from chalicelib.store.table import delete

    for trend in world.app.trends.active():
        world.app.table.commit(delete("trend", keys.trend(trend.id)))
        world.app.table.commit(delete("cell", keys.cell(trend.series)))


def test_cells_that_share_their_cases_are_one_trend_whichever_was_told_first(world: World) -> None:
    by_mail = (*CELLS, "channel=email", "product=app", "topic=login&product=app")
    by_text = (*CELLS, "channel=sms", "product=app", "topic=login&product=app")
    ordinary_days(world, days=14, cells=("*", "topic=login", "channel=email"))
    ordinary_days(world, days=14, cells=("*", "channel=sms"), every=9, head="text")
    for step in range(6):
        for number in range(4):
            counted(world, f"m{step}-{number}", f"mail {step} {number}", cells=by_mail)
            counted(world, f"t{step}-{number}", f"text {step} {number}", cells=by_text)
        world.app.detecting.detect()
        world.clock.forward(minutes=20)
    trends = world.app.trends.active()
    assert len(trends) == 1
    assert trends[0].series == "topic=login&product=app"


def only(world: World) -> Trend:
    (trend,) = world.app.trends.active()
    return trend


def ordinary_days(
    world: World,
    days: int,
    cells: tuple[str, ...] = CELLS,
    every: float = 3,
    head: str = "day",
) -> None:
    """A case about every so many hours."""
    chance = random.Random(7)
    end, now = world.clock(), world.clock() - timedelta(days=days)
    number = 0
    while now < end:
        now += timedelta(hours=chance.expovariate(1 / every))
        if now < end - timedelta(hours=1):
            number += 1
            name = f"{head}-{number}"
            counted(world, name, f"customer {name}", now - world.clock(), cells)
    world.clock.now = end


def burst(world: World, customers: int, head: str = "burst") -> None:
    for number in range(customers):
        counted(world, f"{head}-{number}", f"{head} customer {number}")


def counted(
    world: World,
    case: str,
    customer: str,
    ago: timedelta = timedelta(),
    cells: tuple[str, ...] = CELLS,
) -> None:
    """Count a case as the counting flow would."""
    store, hour = world.app.counts, hour_name(world.clock() + ago)
    facts = Facts(channel="email")
    mark = store.mark(case, Counted(hour=hour, cells=cells, customer_id=customer, facts=facts))
    writes = []
    for cell in cells:
        known = store.present([(cell, hour, customer)]).get((cell, hour, customer), set())
        writes += store.step((cell, hour, customer), known, known | {case}, world.clock())
    world.app.table.commit(mark, *writes)
