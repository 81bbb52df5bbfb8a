"""A trend: found soon, told with evidence, updated instead of repeated, ended."""

from __future__ import annotations

import random
from datetime import timedelta

from chalicelib.store.counts import Counted, hour_name
from chalicelib.trends.models import Trend, TrendState
from tests.support import World

CELLS = ("*", "topic=login")


def test_many_customers_with_the_same_trouble_are_a_trend(world: World) -> None:
    ordinary_days(world, days=14)
    burst(world, customers=25)
    found = world.app.detecting.detect()
    assert (found.new, found.active) == (1, 1)
    (trend,) = world.app.trends.active()
    assert trend.topic == "login"
    assert trend.customers >= 25
    assert trend.seen > 3 * trend.expected
    assert len(trend.example_case_ids) == 10
    now = [hour for hour in trend.hours if hour.hour.hour == world.clock().hour][-1]
    assert now.cases >= 25 > now.upper


def test_ordinary_days_are_no_trend(world: World) -> None:
    ordinary_days(world, days=14)
    assert world.app.detecting.detect().active == 0


def test_one_customer_who_writes_forty_times_is_no_trend(world: World) -> None:
    ordinary_days(world, days=14)
    for number in range(40):
        counted(world, f"mad-{number}", "one customer")
    assert world.app.detecting.detect().active == 0


def test_a_trend_is_updated_not_repeated_and_ends(world: World) -> None:
    ordinary_days(world, days=14)
    burst(world, customers=25)
    world.app.detecting.detect()
    first = only(world)
    burst(world, customers=15, head="later")
    world.clock.forward(minutes=10)
    world.app.detecting.detect()
    assert only(world).id == first.id
    assert only(world).customers >= 40
    for _ in range(30):
        world.clock.forward(hours=1)
        world.app.detecting.detect()
    assert world.app.trends.get(first.id).state == TrendState.ENDED


def only(world: World) -> Trend:
    (trend,) = world.app.trends.active()
    return trend


def ordinary_days(world: World, days: int) -> None:
    """About one case about login every three hours."""
    chance = random.Random(7)
    end, now = world.clock(), world.clock() - timedelta(days=days)
    number = 0
    while now < end:
        now += timedelta(hours=chance.expovariate(1 / 3))
        if now < end - timedelta(hours=1):
            number += 1
            counted(world, f"day-{number}", f"customer {number}", now - world.clock())
    world.clock.now = end


def burst(world: World, customers: int, head: str = "burst") -> None:
    for number in range(customers):
        counted(world, f"{head}-{number}", f"{head} customer {number}")


def counted(world: World, case: str, customer: str, ago: timedelta = timedelta()) -> None:
    """Count a case as the counting flow would."""
    store, hour = world.app.counts, hour_name(world.clock() + ago)
    mark = store.mark(case, Counted(hour=hour, cells=CELLS, customer_id=customer))
    writes = []
    for cell in CELLS:
        known = store.present([(cell, hour, customer)]).get((cell, hour, customer), set())
        writes += store.step((cell, hour, customer), known, known | {case}, world.clock())
    world.app.table.commit(mark, *writes)
