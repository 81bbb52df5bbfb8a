"""Promises kept and missed: counted once, moved when a case changes, and summed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.cases.models import Case, CasePatch, CaseStatus, Priority
from chalicelib.flows.attaining import Attainment, By
from chalicelib.flows.replying import ReplyInput
from chalicelib.promises.attainment import Attained, share, standing, summed
from tests.support import World, installation

AGENT = "agent@example.com"


@pytest.fixture
def world() -> Iterator[World]:
    with installation() as world:
        yield world


def asked(world: World, sender: str = "ana@example.org") -> Case:
    world.mail("Where is my parcel with the blue shoes?", sender=sender)
    world.settle()
    return world.cases()[-1]


def answer(world: World, case: Case) -> None:
    world.app.replying.reply(case.id, ReplyInput(text="It comes tomorrow."), AGENT)
    world.settle()


def figures(world: World, by: By = "policy") -> Attainment:
    found = world.app.attaining.figures(by, None, None)
    check(world, found)
    return found


def check(world: World, found: Attainment) -> None:
    """The counts equal a recount from the cases."""
    counts = summed(standing(case).counts for case in world.cases())
    total = found.total
    assert total.first_reply.met == counts.get("first_reply_met", 0)
    assert total.first_reply.missed == counts.get("first_reply_missed", 0)
    assert total.next_reply.met == counts.get("next_reply_met", 0)
    assert total.resolution.met == counts.get("resolution_met", 0)
    assert sum(total.excluded.values()) == sum(
        count for name, count in counts.items() if not name.endswith(("met", "missed"))
    )


def row(found: Attainment, value: str) -> Attained:
    return next(one for one in found.items if one.value == value)


def test_an_answer_in_time_is_met_and_an_open_one_overdue_is_missed(world: World) -> None:
    answer(world, asked(world))
    asked(world, "bob@example.org")
    assert figures(world).total.first_reply.model_dump(include={"met", "missed"}) == {
        "met": 1,
        "missed": 0,
    }
    world.clock.forward(hours=9)
    world.app.reminding.remind()
    world.settle()
    reply = figures(world).total.first_reply
    assert (reply.met, reply.missed, reply.share) == (1, 1, 0.5)
    assert reply.low is not None
    assert reply.high is not None
    assert 0 < reply.low < 0.5 < reply.high < 1


def test_a_case_that_changes_moves_from_one_row_to_another(world: World) -> None:
    case = asked(world)
    answer(world, case)
    assert row(figures(world), "normal").first_reply.met == 1
    case = world.cases()[-1]
    urgent = CasePatch(priority=Priority.URGENT, team="second")
    world.app.casework.patch(case.id, case.version, urgent, AGENT)
    world.settle()
    assert [one.value for one in figures(world).items] == ["urgent"]
    assert row(figures(world, "team"), "second").first_reply.met == 1


def test_a_reopened_case_is_no_longer_solved_in_time(world: World) -> None:
    case = asked(world)
    answer(world, case)
    case = world.cases()[-1]
    solved = CasePatch(status=CaseStatus.RESOLVED)
    case = world.app.casework.patch(case.id, case.version, solved, AGENT)
    world.settle()
    assert figures(world).total.resolution.met == 1
    open_again = CasePatch(status=CaseStatus.OPEN)
    world.app.casework.patch(case.id, case.version, open_again, AGENT)
    world.settle()
    assert figures(world).total.resolution.met == 0


def test_what_is_excluded_is_said(world: World) -> None:
    case = asked(world)
    solved = CasePatch(status=CaseStatus.RESOLVED)
    world.app.casework.patch(case.id, case.version, solved, AGENT)
    world.mail("Buy now", sender="x@example.net", verdicts={"spam": "FAIL"})
    world.settle()
    found = figures(world).total
    assert found.excluded == {"spam": 1, "unanswered": 1}
    assert found.first_reply.share is None


def test_counting_again_changes_nothing(world: World) -> None:
    case = asked(world)
    answer(world, case)
    before = figures(world)
    for _ in range(3):
        world.app.attaining.note(case.id)
    assert figures(world) == before


def test_days_are_those_on_which_cases_began(world: World) -> None:
    answer(world, asked(world))
    day = date(2026, 11, 23)
    assert world.app.attaining.figures("topic", day, day).total.first_reply.met == 1
    before = world.app.attaining.figures("topic", date(2026, 10, 1), date(2026, 11, 22))
    assert before.items == ()


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_share_and_narrows_with_more_cases(met: int, missed: int) -> None:
    few, many = share(met, missed), share(met * 100, missed * 100)
    if few.share is None or few.low is None or few.high is None:
        assert met + missed == 0
        return
    assert few.low <= few.share <= few.high
    assert many.low is not None
    assert many.high is not None
    assert many.high - many.low < few.high - few.low
