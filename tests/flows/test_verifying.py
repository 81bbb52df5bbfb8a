"""A claimed fix is held against what was counted since; a trend that comes back reopens."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.access.partners import partner_token
from chalicelib.flows.departments import PartnerAnswer
from chalicelib.flows.handing_over import HandoverInput
from chalicelib.problems.models import Answer, HandoverState, LinkState, Problem, ProblemInput
from chalicelib.trends.models import TrendState
from tests.flows.problem_world import (
    LEAD,
    contact,
    installed,
    opened,
    patched,
    trend,
    written_to,
)
from tests.support import World

DEPARTMENT = "billing@corp.example.com"


def calm(world: World, since: datetime | None, **fields: object) -> None:
    """What the detector writes into the trend."""
    known = world.app.trends.get("T1")
    fields |= {"calm_since": since, "version": known.version + 1}
    world.app.trends.save(known.model_copy(update=fields))


def wait(world: World, hours: int) -> None:
    for _ in range(hours):
        world.clock.forward(hours=1)
        world.sweep()


def now(world: World, problem: Problem) -> Problem:
    return world.app.problems.get(problem.id)


def test_calm_for_a_day_verifies_tells_and_leaves_the_closing_to_a_person() -> None:
    with installed() as world:
        contact(world, 1)
        problem = opened(world, "fixed")
        calm(world, world.clock())
        wait(world, 20)
        assert now(world, problem).state == "fixed"
        wait(world, 6)
        verified = now(world, problem)
        assert verified.state == "verified"
        assert verified.check and "within the usual band since" in verified.check.because
        assert verified.public.state == "resolved"
        assert written_to(world, "ana1@example.org", "that you wrote") == 1
        wait(world, 5)
        assert now(world, problem).version == verified.version


def test_where_the_setting_says_so_it_closes_by_itself() -> None:
    with installed(close_when_verified=True) as world:
        problem = opened(world, "fixed")
        calm(world, world.clock())
        wait(world, 27)
        assert now(world, problem).state == "closed"


def test_a_trend_that_stays_gives_the_problem_back_with_the_evidence() -> None:
    with installed() as world:
        problem = opened(world, "accepted")
        body = HandoverInput(address=DEPARTMENT)
        handover = world.app.handing_over.hand_over(problem.id, body, LEAD)
        secret = partner_token(world.app.signer, problem.id, handover.id, 1)
        world.app.departments.answer(secret, PartnerAnswer(answer=Answer.RESOLVE))
        wait(world, 70)
        assert now(world, problem).state == "fixed"
        wait(world, 4)
        assert now(world, problem).state == "being_fixed"
        again = world.app.problems.handover(problem.id, handover.id)
        assert again.state == HandoverState.OPEN
        assert again.due_at > world.clock()
        assert written_to(world, DEPARTMENT, "Not fixed yet") == 1
        assert written_to(world, DEPARTMENT, "still above their band") == 1


def test_without_a_trend_and_with_few_cases_a_person_decides_and_hears_why() -> None:
    with installed() as world:
        problem = world.app.problem_service.open(ProblemInput(title="Odd smell"), LEAD)
        for step in ("accepted", "fixed"):
            patched(world, problem.id, state=step)
        wait(world, 75)
        left = now(world, problem)
        assert left.state == "fixed"
        assert left.check and left.check.outcome == "unknown"
        entries = world.app.problem_service.history(problem.id, 5, None).entries
        assert "there is no trend to compare with" in entries[0].text
        assert patched(world, problem.id, state="verified", reason="I smelt it").verified_at


def test_without_a_trend_a_rate_that_falls_verifies() -> None:
    with installed() as world:
        started = world.clock() - timedelta(hours=1)
        rule = {"topic": "billing", "words": ["charged twice"]}
        given = {"title": "Twice", "rule": rule, "started_at": started}
        problem = world.app.problem_service.open(ProblemInput.model_validate(given), LEAD)
        for number in range(6):
            contact(world, number)
        for step in ("accepted", "fixed"):
            patched(world, problem.id, state=step)
        wait(world, 26)
        verified = now(world, problem)
        assert verified.state == "verified"
        assert verified.check and verified.check.not_checked


def test_after_the_fix_an_ordinary_case_is_asked_about_not_linked() -> None:
    with installed() as world:
        problem = opened(world, "fixed")
        world.clock.forward(hours=1)
        contact(world, 5)
        (link,) = world.app.problem_service.cases(problem.id, [LinkState.PROPOSED], 5, None).links
        assert "after the fix" in link.why


# --- trends and problems --------------------------------------------------------------------------


def test_a_trend_is_proposed_once_and_only_where_the_setting_says_so() -> None:
    with installed() as world:
        trend(world)
        assert world.app.owning.follow().proposed == 1
        assert world.app.owning.follow().proposed == 0
        (problem,) = world.app.problems.open()
        assert (problem.state, problem.created_by) == ("proposed", "")
        calm(world, None, state=TrendState.DISMISSED)
        assert world.app.owning.follow().rejected == 1
        assert now(world, problem).state == "rejected"
    with installed(propose=False) as world:
        trend(world)
        assert world.app.owning.follow().proposed == 0


def test_a_trend_that_comes_back_reopens_and_the_end_is_told_again() -> None:
    with installed() as world:
        contact(world, 1)
        problem = opened(world, "fixed")
        patched(world, problem.id, state="verified")
        patched(world, problem.id, state="closed")
        world.settle()
        world.clock.forward(hours=30)
        trend(world, "T2")
        assert world.app.owning.follow().reopened == 1
        again = now(world, problem)
        assert (again.state, again.round, again.trend_ids) == ("being_fixed", 2, ("T1", "T2"))
        assert world.app.trends.get("T2").problem_id == problem.id
        patched(world, problem.id, state="fixed")
        patched(world, problem.id, state="verified")
        world.settle()
        assert written_to(world, "ana1@example.org", "that you wrote") == 2


def test_another_trend_of_an_open_problems_cell_joins_it() -> None:
    with installed() as world:
        problem = opened(world, "accepted")
        trend(world, "T2")
        assert world.app.owning.follow().joined == 1
        assert now(world, problem).trend_ids == ("T1", "T2")


def test_what_nobody_looked_at_goes_with_its_trend_to_another_cell() -> None:
    with installed() as world:
        trend(world)
        world.app.owning.follow()
        known = world.app.trends.get("T1")
        told = {"series": "topic=billing&product=app", "title": "Billing: app"}
        moved = known.model_copy(update={**told, "version": known.version + 1})
        world.app.trends.save(moved, moved=True)
        world.app.owning.follow()
        (problem,) = world.app.problems.open()
        assert (problem.title, problem.series[-1]) == ("Billing: app", "topic=billing&product=app")
        patched(world, problem.id, state="accepted")
        known = world.app.trends.get("T1")
        again = known.model_copy(update={"title": "Something else", "version": known.version + 1})
        world.app.trends.save(again)
        world.app.owning.follow()
        assert now(world, problem).title == "Billing: app"
