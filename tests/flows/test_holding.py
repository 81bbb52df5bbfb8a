"""Replies that can be taken back, and answers that somebody overtook."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.cases.models import CaseStatus
from chalicelib.errors import Conflict, StaleAnswer
from chalicelib.flows.replying import ReplyInput
from tests.support import World, installation

AGENT, LEAD = "agent@example.com", "lead@example.com"


@pytest.fixture
def world() -> Iterator[World]:
    with installation() as world:
        world.mail("Where is my parcel?")
        world.settle()
        yield world


def texts(world: World) -> list[str]:
    return [m.text for m in world.app.cases.newest(world.case().id, 20) if m.delivery]


def later(world: World) -> None:
    world.clock.forward(seconds=6)
    world.settle()
    world.clock.forward(minutes=1)
    world.sweep()
    world.settle()


def held(world: World, **more: object) -> str:
    given = ReplyInput.model_validate({"text": "It comes tomorrow.", "hold_seconds": 5, **more})
    return world.app.holding.hold(world.case().id, given, AGENT, "key").id


def test_a_held_reply_goes_out_once_and_changes_the_case_only_then(world: World) -> None:
    before = world.case()
    held(world, status="resolved")
    world.settle()
    assert world.case() == before
    later(world)
    later(world)
    assert texts(world).count("It comes tomorrow.") == 1
    assert world.case().status == CaseStatus.RESOLVED


def test_what_is_taken_back_never_goes_out(world: World) -> None:
    message = held(world)
    world.app.holding.take_back(world.case().id, message)
    later(world)
    assert "It comes tomorrow." not in texts(world)
    with pytest.raises(Conflict):
        world.app.holding.take_back(world.case().id, message)


def test_what_has_gone_out_cannot_be_taken_back(world: World) -> None:
    message = held(world)
    later(world)
    with pytest.raises(Conflict, match="gone out"):
        world.app.holding.take_back(world.case().id, message)


def test_a_second_press_of_send_holds_the_same_reply(world: World) -> None:
    first = held(world)
    assert held(world) == first
    later(world)
    assert held(world) == first
    later(world)
    assert texts(world).count("It comes tomorrow.") == 1


def test_an_answer_is_stopped_by_what_its_writer_has_not_seen(world: World) -> None:
    case = world.case()
    seen = next(m.id for m in world.app.cases.newest(case.id, 9) if m.direction == "inbound")
    world.clock.forward(seconds=30)
    world.app.replying.reply(case.id, ReplyInput(text="I look into it."), LEAD)
    stale = ReplyInput(text="Hello", seen=seen)
    with pytest.raises(StaleAnswer) as refused:
        world.app.replying.reply(case.id, stale, AGENT)
    assert [one["text"] for one in refused.value.extra["new"]] == ["I look into it."]
    world.app.replying.reply(case.id, stale.model_copy(update={"anyway": True}), AGENT)


def test_ones_own_words_and_automatic_ones_stop_nobody(world: World) -> None:
    case = world.case()
    seen = next(m.id for m in world.app.cases.newest(case.id, 9) if m.direction == "inbound")
    assert len(texts(world)) == 1  # the acknowledgement came after it
    world.app.replying.reply(case.id, ReplyInput(text="One more thing", seen=seen), AGENT)
    world.app.replying.reply(case.id, ReplyInput(text="And another", seen=seen), AGENT)
