"""Counts: each case once, as what it is now."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.cases import rules
from chalicelib.cases.models import CasePatch
from chalicelib.customers.models import Asset
from chalicelib.store.counts import hour_name
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import put_version
from chalicelib.trends.cells import ALL as EVERYTHING
from chalicelib.trends.cells import MOST_CELLS
from tests.support import World

LOGIN = {"label": "login", "name": "Login", "examples": ["I cannot log in to my account"]}
PARCEL = {"label": "parcel", "name": "Parcel", "examples": ["Where is my parcel?"]}


def test_a_case_is_counted_under_its_topic_and_channel_once(world: World) -> None:
    topics(world)
    world.mail("Where is my parcel?")
    world.settle()
    cells = {"*", "topic=parcel", "channel=email", "topic=parcel&channel=email"}
    assert counts(world) == {(cell, 1, 1) for cell in cells}


def test_customers_are_counted_once_however_often_they_write(world: World) -> None:
    topics(world)
    for number in range(3):
        world.mail("Where is my parcel?", subject=f"Parcel {number}")
    world.settle()
    assert ("topic=parcel", 3, 1) in counts(world)


def test_a_replayed_reaction_counts_nothing_twice(world: World) -> None:
    topics(world)
    world.mail("Where is my parcel?")
    world.settle()
    before = counts(world)
    count_again(world, world.case().id)
    assert counts(world) == before


def test_a_corrected_topic_moves_the_count_in_the_hour_of_the_case(world: World) -> None:
    topics(world)
    world.mail("Where is my parcel?")
    world.settle()
    came = world.clock()
    world.clock.forward(hours=5)
    correct(world, "login")
    cells = {"*", "topic=login", "channel=email", "topic=login&channel=email"}
    assert counts(world) == {(cell, 1, 1) for cell in cells}
    assert {cell.hour for cell in world.app.counts.day("2026-11-23")} == {hour_name(came)}
    changed = world.app.counts.late_since(came + timedelta(hours=4), world.clock())
    assert changed.hours == {hour_name(came)}


def test_what_the_customer_owns_and_where_they_live_is_counted_with_the_topic(
    world: World,
) -> None:
    topics(world)
    world.mail("Hello there")
    world.settle()
    owns(world, Asset(name="Router & X", attributes={"version": 2}), region="Bavaria")
    world.mail("Where is my parcel?", subject="Another matter")
    world.settle()
    expected = {
        "product=router x",
        "product=router x&version=2",
        "topic=parcel&product=router x",
        "topic=parcel&product=router x&version=2",
        "product=router x&region=bavaria",
        "region=bavaria",
        "topic=parcel&region=bavaria",
    }
    found = {cell for cell, cases, _ in counts(world) if cases == 1}
    assert expected <= found
    # Later purchases do not move what was counted.
    owns(world, Asset(name="Phone"), region="Saxony")
    for case in cases(world):
        count_again(world, case)
    assert expected <= {cell for cell, cases, _ in counts(world) if cases == 1}


def test_one_case_has_few_cells_whatever_its_customer_owns(world: World) -> None:
    topics(world)
    world.mail("Hello there")
    world.settle()
    assets = [Asset(name=f"Thing {n}", attributes={"version": n}) for n in range(30)]
    owns(world, *assets, region="x" * 500)
    world.mail("Where is my parcel?", subject="Another matter")
    world.settle()
    assert len([cell for cell, cases, _ in counts(world) if cell != EVERYTHING]) <= MOST_CELLS + 3


def test_a_recount_from_the_cases_gives_the_same_numbers(world: World) -> None:
    topics(world)
    for number in range(4):
        world.mail(
            "Where is my parcel?", subject=f"P {number}", sender=f"a{number % 2}@example.org"
        )
        world.settle()
        world.clock.forward(minutes=40)
    correct(world, "login", 1)
    hours = {cell.hour for cell in world.app.counts.day("2026-11-23")}
    assert world.app.counting.recount(cases(world), hours) == []
    world.app.table.commit(world.app.counts.add("topic=login", min(hours), 1, 0))
    (wrong,) = world.app.counting.recount(cases(world), hours)
    assert (wrong.cell, wrong.stored[0] - wrong.wanted[0]) == ("topic=login", 1)


def test_words_of_a_new_contact_are_kept_without_personal_data_until_it_is_spam(
    world: World,
) -> None:
    world.mail("The screen shows E403, write to me@example.org or call +49 30 901820 90")
    world.settle()
    (kept,) = world.app.counts.words_of(hour_name(world.clock()))
    assert {"screen", "e403"} <= set(kept.words.split())
    assert not {"me", "example", "org", "901820", "the"} & set(kept.words.split())
    case = world.case()
    changed = rules.apply(case, CasePatch(spam=True), world.clock(), "a@example.com").case
    reaction = Reaction(owner=f"CASE#{case.id}", kind="count", id="spam")
    world.app.cases.save(changed, world.app.reactions.new(reaction, world.clock()))
    world.settle()
    assert list(world.app.counts.words_of(hour_name(world.clock()))) == []
    assert counts(world) == set()


def topics(world: World) -> None:
    world.app.documents.write("topics", {"topics": [LOGIN, PARCEL]}, None, "test")


def counts(world: World) -> set[tuple[str, int, int]]:
    found = world.app.counts.day("2026-11-23")
    return {(cell.cell, cell.cases, cell.customers) for cell in found}


def cases(world: World) -> list[str]:
    return [case.id for case in world.cases()]


def correct(world: World, topic: str, which: int = 0) -> None:
    case = world.app.cases.get(sorted(cases(world))[which])
    changed = rules.apply(case, CasePatch(topic=topic), world.clock(), "a@example.com").case
    reaction = Reaction(owner=f"CASE#{case.id}", kind="count", id="corrected")
    world.app.cases.save(changed, world.app.reactions.new(reaction, world.clock()))
    world.settle()


def count_again(world: World, case_id: str) -> None:
    for _ in range(3):
        world.app.counting.count(Reaction(owner=f"CASE#{case_id}", kind="count", id="again"))


def owns(world: World, *assets: Asset, region: str) -> None:
    """Their record now says so."""
    from chalicelib.store import items, keys

    (customer_id,) = {case.customer_id for case in world.cases()}
    customer = world.app.customers.get(customer_id)
    changed = customer.model_copy(
        update={
            "assets": assets,
            "attributes": {"region": region},
            "version": customer.version + 1,
        }
    )
    item = items.item(keys.customer(customer.id), "customer", changed)
    world.app.table.commit(put_version("customer", item, customer.version))
