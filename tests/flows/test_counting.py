"""Counts: each case once, as what it is now."""

from __future__ import annotations

from chalicelib.cases import rules
from chalicelib.cases.models import CasePatch
from chalicelib.store.counts import Cell
from chalicelib.store.reactions import Reaction
from tests.support import World

LOGIN = {"label": "login", "name": "Login", "examples": ["I cannot log in to my account"]}
PARCEL = {"label": "parcel", "name": "Parcel", "examples": ["Where is my parcel?"]}


def test_a_case_is_counted_under_its_topic_once(world: World) -> None:
    topics(world)
    world.mail("Where is my parcel?")
    world.settle()
    assert counts(world) == {("*", 1, 1), ("topic=parcel", 1, 1)}


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
    case = world.case()
    for _ in range(3):
        world.app.counting.count(Reaction(owner=f"CASE#{case.id}", kind="count", id="again"))
    assert counts(world) == before


def test_a_corrected_topic_moves_the_count(world: World) -> None:
    topics(world)
    world.mail("Where is my parcel?")
    world.settle()
    case = world.case()
    changed = rules.apply(case, CasePatch(topic="login"), world.clock(), "a@example.com").case
    reaction = Reaction(owner=f"CASE#{case.id}", kind="count", id="corrected")
    world.app.cases.save(changed, world.app.reactions.new(reaction, world.clock()))
    world.settle()
    assert counts(world) == {("*", 1, 1), ("topic=login", 1, 1)}


def topics(world: World) -> None:
    world.app.documents.write("topics", {"topics": [LOGIN, PARCEL]}, None, "test")


def counts(world: World) -> set[tuple[str, int, int]]:
    found: list[Cell] = list(world.app.counts.day("2026-11-23"))
    return {(cell.cell, cell.cases, cell.customers) for cell in found}
