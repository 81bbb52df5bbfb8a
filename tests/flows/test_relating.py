"""Cases and problems: linked by rule where that is sure, by a person else, told once."""

from __future__ import annotations

import pytest

from chalicelib.cases.models import CasePatch
from chalicelib.errors import Conflict
from chalicelib.flows.relating import Decision
from chalicelib.problems.models import LinkState, ProblemInput
from chalicelib.store.reactions import Reaction
from tests.flows.problem_world import (
    LEAD,
    OTHER,
    contact,
    counted,
    installed,
    links,
    opened,
    patched,
    written_to,
)

L = LinkState
AROUND = "Wait a day; the second charge falls away by itself."


def test_cases_before_and_after_the_opening_are_linked_and_counted_as_customers() -> None:
    with installed() as world:
        contact(world, 1)
        contact(world, 1)
        contact(world, 2, OTHER)
        problem = opened(world)
        contact(world, 3)
        assert {link.state for link in links(world, problem.id)} == {L.LINKED}
        assert counted(world, problem.id) == (3, 2, 0)
        about = [case for case in world.cases() if case.topic.label == "billing"]
        assert {case.problem_id for case in about} == {problem.id}
        assert [c.problem_id for c in world.cases() if c.topic.label == "parcel"] == [None]
        assert any("linked to the problem" in m.text for m in world.timeline(about[0]))


def test_a_second_delivery_links_and_counts_nothing_twice() -> None:
    with installed() as world:
        problem = opened(world)
        contact(world, 1)
        case = world.case()
        before = case.version
        for name in ("a", "b"):  # as SQS would deliver them once more
            again = Reaction(owner=f"CASE#{case.id}", kind="relate", id=name)
            world.app.relating.relate(again)
        assert world.case().version == before
        assert counted(world, problem.id) == (1, 1, 0)


def test_an_unsure_case_is_proposed_and_a_person_decides() -> None:
    with installed(sure=0.99) as world:
        problem = opened(world)
        contact(world, 1)
        contact(world, 2)
        first, second = links(world, problem.id, L.PROPOSED)
        assert counted(world, problem.id) == (0, 0, 0)
        offers = [m.offer for m in world.timeline(world.cases()[0]) if m.offer]
        assert any("does it belong" in offer for offer in offers)
        world.app.relating.decide(problem.id, first.case_id, Decision.CONFIRM, LEAD)
        world.app.relating.decide(problem.id, second.case_id, Decision.REJECT, LEAD)
        assert counted(world, problem.id) == (1, 1, 0)
        patched(world, problem.id, rule={"topic": "billing", "share": 0.97})
        world.settle()  # it gathers again, and leaves alone what a person rejected
        assert [link.case_id for link in links(world, problem.id, L.REJECTED)] == [second.case_id]


def test_a_linked_case_can_be_let_go_and_no_rule_takes_it_back() -> None:
    with installed() as world:
        problem = opened(world)
        contact(world, 1)
        case = world.case()
        world.app.relating.decide(problem.id, case.id, Decision.UNLINK, LEAD)
        assert world.case().problem_id is None
        assert counted(world, problem.id) == (0, 0, 0)
        patched(world, problem.id, rule={"topic": "billing", "share": 0.9})
        world.settle()
        assert world.case().problem_id is None


def test_an_agent_who_names_the_problem_in_the_case_links_it() -> None:
    with installed() as world:
        problem = opened(world)
        contact(world, 2, OTHER)
        case = world.case()
        world.app.casework.patch(case.id, case.version, CasePatch(problem_id=problem.id), LEAD)
        world.settle()
        assert counted(world, problem.id) == (1, 1, 0)
        case = world.case()
        world.app.casework.patch(case.id, case.version, CasePatch(problem_id=None), LEAD)
        world.settle()
        assert counted(world, problem.id) == (0, 0, 0)


def test_a_case_of_one_problem_is_not_taken_by_another() -> None:
    with installed() as world:
        opened(world)
        contact(world, 1)
        other = world.app.problem_service.open(ProblemInput(title="Another"), LEAD)
        with pytest.raises(Conflict, match="another problem"):
            world.app.relating.decide(other.id, world.case().id, Decision.LINK, LEAD)


def test_linked_customers_hear_each_text_once_and_the_end_once() -> None:
    with installed() as world:
        contact(world, 1)
        problem = opened(world, "accepted")
        assert written_to(world, "ana1@example.org", "second charge") == 0
        patched(world, problem.id, workaround=AROUND)
        world.settle()
        contact(world, 2)
        for number in (1, 2):
            assert written_to(world, f"ana{number}@example.org", "second charge") == 1
        case = world.cases()[0]
        message = next(m for m in world.timeline(case) if AROUND in m.text)
        assert (message.author.type, message.automatic) == ("system", True)
        assert case.first_reply_at is None  # nobody has answered yet
        patched(world, problem.id, workaround="Better: pay by card.")
        world.settle()
        patched(world, problem.id, state="fixed")
        patched(world, problem.id, state="verified", reason="we saw it")
        world.settle()
        assert written_to(world, "ana1@example.org", "pay by card") == 1
        assert written_to(world, "ana1@example.org", "that you wrote") == 1
        patched(world, problem.id, state="closed")
        world.settle()
        assert written_to(world, "ana1@example.org", "that you wrote") == 1
        assert counted(world, problem.id)[2] == 6


def test_nobody_is_told_of_a_problem_that_nobody_accepted_or_where_the_setting_is_off() -> None:
    with installed() as world:
        contact(world, 1)
        opened(world, workaround=AROUND)
        assert written_to(world, "ana1@example.org", "second charge") == 0
    with installed(tell_known=False) as world:
        contact(world, 1)
        opened(world, "accepted", workaround=AROUND)
        assert written_to(world, "ana1@example.org", "second charge") == 0


def test_a_rejected_problem_lets_its_cases_go_and_takes_them_back_when_reopened() -> None:
    with installed() as world:
        for number in range(30):
            contact(world, number)
        problem = opened(world)
        assert counted(world, problem.id) == (30, 30, 0)
        patched(world, problem.id, state="rejected", reason="a newsletter")
        world.settle()
        assert counted(world, problem.id) == (0, 0, 0)
        assert {case.problem_id for case in world.cases()} == {None}
        patched(world, problem.id, state="proposed")
        world.settle()
        assert counted(world, problem.id) == (30, 30, 0)


def test_a_case_that_the_rule_no_longer_fits_is_let_go_but_not_one_that_a_person_linked() -> None:
    with installed() as world:
        problem = opened(world)
        contact(world, 1)
        contact(world, 2)
        contact(world, 3, OTHER)
        first, second, other = world.cases()
        world.app.relating.decide(problem.id, other.id, Decision.LINK, LEAD)
        world.app.casework.patch(first.id, first.version, CasePatch(topic="parcel"), LEAD)
        world.settle()
        assert counted(world, problem.id) == (2, 2, 0)
        patched(world, problem.id, rule={"topic": "parcel", "share": 0.05})
        world.settle()
        assert [link.case_id for link in links(world, problem.id, L.LINKED)] == [other.id]
        assert world.app.cases.get(second.id).problem_id is None


def test_a_merged_case_counts_no_longer_and_again_when_it_is_taken_out() -> None:
    with installed() as world:
        problem = opened(world)
        contact(world, 1)
        contact(world, 2)
        first, second = world.cases()
        world.app.joining.merge(second.id, first.id, LEAD)
        world.settle()
        assert counted(world, problem.id) == (1, 1, 0)
        world.app.joining.unmerge(second.id, LEAD)
        world.settle()
        assert counted(world, problem.id) == (2, 2, 0)
