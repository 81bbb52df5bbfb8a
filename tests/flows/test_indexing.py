"""What the job reads, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.cases.models import CaseStatus
from chalicelib.flows import indexing
from tests.support import World, installation


@pytest.fixture
def world() -> Iterator[World]:
    with installation() as world:
        yield world


def resolved(world: World, number: int) -> str:
    """A case that ended without an agent's answer."""
    world.mail(sender=f"a{number}@example.org", text=f"Where is parcel {number}?")
    world.settle()
    case = world.cases()[-1]
    ended = case.model_copy(update={"status": CaseStatus.RESOLVED, "version": case.version + 1})
    world.app.cases.save(ended)
    return case.id


def test_a_case_that_nobody_answered_is_read_once_and_never_suggested(world: World) -> None:
    case_id = resolved(world, 1)
    assert world.app.indexing.index().cases == 1
    world.clock.forward(minutes=6)
    assert world.app.indexing.index().cases == 0
    assert world.app.articles.solved([case_id]) == {}
    assert world.app.library.find("cases", "Where is parcel 1?", "en", 5) == []


def test_cases_are_looked_at_every_five_minutes_only(world: World) -> None:
    world.app.indexing.index()
    resolved(world, 1)
    assert world.app.indexing.index().cases == 0
    world.clock.forward(minutes=6)
    assert world.app.indexing.index().cases == 1


def test_cases_that_ended_long_ago_are_reached_slice_by_slice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "OLDER", 2)
    for number in range(5):
        resolved(world, number)
        world.clock.forward(minutes=1)
    world.clock.forward(days=60)
    done = []
    for _ in range(4):
        done.append(world.app.indexing.index().cases)
        world.clock.forward(minutes=6)
    assert (sum(done), max(done)) == (5, 2)


def test_only_the_file_in_use_and_the_one_before_stay(world: World) -> None:
    for number in range(4):
        resolved(world, number)
        world.clock.forward(minutes=6)
        world.app.indexing.index()
    kept, _ = world.app.objects.page("index/", "")
    pointer = world.app.articles.pointer("cases")
    assert pointer is not None
    assert {key for key, _ in kept} == {pointer.key, pointer.before}


def test_an_index_of_another_format_or_sentence_model_is_begun_anew(world: World) -> None:
    resolved(world, 1)
    world.app.indexing.index()
    pointer = world.app.articles.pointer("cases")
    assert pointer is not None
    world.app.articles.point(pointer.model_copy(update={"made_for": "1 another model"}))
    world.clock.forward(minutes=6)
    assert world.app.indexing.index().cases == 1
    again = world.app.articles.pointer("cases")
    assert again is not None and again.made_for == pointer.made_for
