"""Cases come to people: fairly, never more than they take, and counted with the case itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.cases.models import Case, CasePatch, CaseStatus
from chalicelib.errors import Conflict, Invalid
from chalicelib.routing.load import counted_for
from tests.support import World, installation

ANA, BEN, EVA = "ana@example.com", "ben@example.com", "eva@example.com"
LEAD = "lead@example.com"


def team(world: World, *agents: dict[str, Any], **fields: Any) -> None:
    members = [agent["email"] for agent in agents]
    support = {"name": "support", "title": "Support", "members": members, **fields}
    document = {"teams": [{"strategy": "round_robin", **support}], "agents": list(agents)}
    world.app.documents.write("teams", document, None, "test")


def agent(email: str, capacity: int = 10, **fields: Any) -> dict[str, Any]:
    return {"email": email, "capacity": capacity, **fields}


def arrive(world: World, number: int, text: str = "Where is my parcel? I want it now.") -> None:
    for _ in range(number):
        world.mail(text, sender=f"c{len(world.cases())}@example.org")
        world.settle()


def patch(world: World, case: Case, **fields: Any) -> Case:
    return world.app.casework.patch(case.id, case.version, CasePatch(**fields), LEAD)


def loads(world: World) -> dict[str, int]:
    states = world.app.agents.some([ANA, BEN, EVA])
    return {email: state.open_cases for email, state in states.items() if state.open_cases}


def recount(world: World) -> dict[str, int]:
    """What the counters must say, from the cases alone."""
    return dict(Counter(email for case in world.cases() if (email := counted_for(case))))


def test_cases_go_round_and_each_says_why(world: World) -> None:
    team(world, agent(ANA), agent(BEN))
    arrive(world, 5)
    assert [case.assignee for case in world.cases()] == [ANA, BEN, ANA, BEN, ANA]
    assert loads(world) == recount(world) == {ANA: 3, BEN: 2}
    case = world.cases()[0]
    assert case.reasons["assignee"].startswith("round robin: at work, waited longest")
    understood = next(m for m in world.timeline(case) if m.text == "understood")
    assert understood.changes["assignee"] == ["", ANA]


def test_a_team_that_works_by_hand_gets_no_assignment(world: World) -> None:
    team(world, agent(ANA), strategy="manual")
    arrive(world, 1)
    assert world.case().assignee is None
    world.sweep()
    assert world.case().assignee is None


def test_nobody_gets_more_than_they_take_and_the_rest_waits_for_room(world: World) -> None:
    team(world, agent(ANA, 2), agent(BEN, 1))
    arrive(world, 5)
    assert loads(world) == {ANA: 2, BEN: 1}
    waiting = [case for case in world.cases() if not case.assignee]
    assert len(waiting) == 2
    assert "waits in the queue" in waiting[0].reasons["assignee"]
    patch(world, world.cases()[0], status=CaseStatus.RESOLVED)
    assert loads(world) == {ANA: 1, BEN: 1}
    world.sweep()
    assert loads(world) == recount(world) == {ANA: 2, BEN: 1}
    assert world.cases()[3].assignee == ANA  # the oldest that waited
    assert any(m.text.startswith("assigned: ") for m in world.timeline(world.cases()[3]))


def test_who_is_away_gets_nothing_until_they_are_back(world: World) -> None:
    team(world, agent(ANA))
    world.app.availability.set(ANA, away=True, until=None, note="lunch")
    arrive(world, 2)
    assert loads(world) == {}
    world.app.availability.set(ANA, away=False, until=None, note="")
    assert loads(world) == {ANA: 2}


def test_of_what_waits_the_most_urgent_comes_first(world: World) -> None:
    rule = {"name": "danger", "priority": "urgent", "words": {"en": ["gas leak"]}}
    world.app.documents.write("priorities", {"rules": [rule]}, None, "test")
    team(world, agent(ANA, 1))
    world.app.availability.set(ANA, away=True, until=None, note="")
    arrive(world, 1)
    arrive(world, 1, "There is a gas leak in my kitchen since you came")
    world.app.availability.set(ANA, away=False, until=None, note="")
    assert [case.assignee for case in world.cases()] == [None, ANA]


def test_who_is_away_until_a_time_is_back_by_themselves(world: World) -> None:
    team(world, agent(ANA))
    until = world.clock().replace(hour=14)
    world.app.availability.set(ANA, away=True, until=until, note="")
    arrive(world, 1)
    world.clock.forward(hours=3)
    world.sweep()
    assert loads(world) == {ANA: 1}


def test_hours_are_those_of_the_calendars_zone(world: World) -> None:
    day = {"name": "tokyo", "zone": "Asia/Tokyo", "hours": {"monday": []}}
    day["hours"] = {"tuesday": [{"start": "09:00", "end": "17:00"}]}
    world.app.documents.write("calendars", {"calendars": [day]}, None, "test")
    team(world, agent(ANA), calendar="tokyo")
    arrive(world, 1)  # Monday noon in UTC is Monday night in Tokyo
    assert "outside working hours" in world.case().reasons["assignee"]
    world.clock.forward(hours=12, minutes=1)  # Tuesday, 9:01 there
    world.sweep()
    assert world.case().assignee == ANA


def test_a_case_in_german_waits_for_whoever_speaks_it_and_blocks_nobody(world: World) -> None:
    team(world, agent(ANA, languages=["en"]), agent(BEN, languages=["de"]))
    world.app.availability.set(BEN, away=True, until=None, note="")
    arrive(world, 1, "Ich warte seit drei Wochen auf mein Paket, wo bleibt meine Lieferung?")
    arrive(world, 1, "Where is my parcel? I have been waiting for it since Monday.")
    german, english = world.cases()
    assert german.reasons["assignee"] == "nobody at work speaks German: waits in the queue"
    assert english.assignee == ANA
    world.app.availability.set(BEN, away=False, until=None, note="")
    assert world.cases()[0].assignee == BEN


def test_a_topic_that_is_somebodys_skill_goes_to_them(world: World) -> None:
    topic = {"label": "parcel", "name": "Parcel", "examples": ["Where is my parcel?"]}
    world.app.documents.write("topics", {"topics": [topic]}, None, "test")
    team(world, agent(ANA), agent(BEN, skills=["parcel"]))
    arrive(world, 2)
    assert {case.assignee for case in world.cases()} == {BEN}
    assert "knows parcel" in world.cases()[0].reasons["assignee"]


def test_whom_a_person_chose_stays_and_what_they_put_back_is_left_to_people(world: World) -> None:
    team(world, agent(ANA), agent(BEN))
    arrive(world, 1)
    case = patch(world, world.case(), assignee=EVA)
    assert loads(world) == {EVA: 1}
    patch(world, case, assignee=None)
    world.sweep()
    assert (world.case().assignee, loads(world)) == (None, {})


@pytest.mark.parametrize("strategy", ["round_robin", "least_loaded"])
def test_many_at_once_are_spread_and_stay_within_what_each_takes(
    world: World, strategy: str
) -> None:
    team(world, agent(ANA, 4), agent(BEN, 4), agent(EVA, 2), strategy=strategy)
    for number in range(12):
        world.mail("Where is my parcel? I want it now.", sender=f"c{number}@example.org")
    world.settle()
    assert loads(world) == recount(world) == {ANA: 4, BEN: 4, EVA: 2}


def test_an_agent_who_changes_between_reading_and_writing_is_looked_at_again(world: World) -> None:
    team(world, agent(ANA, 1), agent(BEN, 1))
    arrive(world, 1)
    roster = world.app.agents.some
    meanwhile = iter([1])

    def some(emails: Any) -> Any:
        read = roster(emails)
        for _ in meanwhile:  # once: somebody gives Ana's case to Ben just now
            patch(world, world.cases()[0], assignee=BEN)
        return read

    world.app.agents.some = some  # type: ignore[method-assign]
    arrive(world, 1)
    assert [case.assignee for case in world.cases()] == [BEN, ANA]
    assert loads(world) == recount(world)


STEPS = st.sampled_from(
    [
        "arrive",
        "resolve",
        "reopen",
        "hold",
        "give",
        "drop",
        "merge",
        "unmerge",
        "spam",
        "sweep",
        "answer",
        "recount",
    ]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(STEPS, st.integers(0, 9)), min_size=4, max_size=14))
def test_loads_equal_a_recount_after_whatever_happens(steps: list[tuple[str, int]]) -> None:
    with installation() as world:
        team(world, agent(ANA, 3), agent(BEN, 2))
        arrive(world, 2)
        for step, number in steps:
            world.clock.forward(minutes=1)
            play(world, step, number)
            assert loads(world) == recount(world), step


def play(world: World, step: str, number: int) -> None:
    cases = world.cases()
    case = cases[number % len(cases)]
    other = cases[(number + 1) % len(cases)]
    fields: dict[str, dict[str, Any]] = {
        "resolve": {"status": CaseStatus.RESOLVED},
        "reopen": {"status": CaseStatus.OPEN},
        "hold": {"status": CaseStatus.ON_HOLD},
        "give": {"assignee": (ANA, BEN, EVA)[number % 3]},
        "drop": {"assignee": None},
        "spam": {"spam": number % 2 == 0},
    }
    try:
        if step in fields:
            patch(world, case, **fields[step])
        elif step == "arrive":
            arrive(world, 1)
        elif step == "merge" and case != other:
            world.app.joining.merge(case.id, other.id, LEAD)
        elif step == "unmerge":
            world.app.joining.unmerge(case.id, LEAD)
        elif step == "sweep":
            world.sweep()
        elif step == "recount":
            assert world.app.availability.recount(ANA).corrected == 0
        elif step == "answer":
            reference = f"Re: [{case.reference}] again"
            sender = case.participants[0].address
            world.mail("It is still not there", sender=sender, subject=reference)
    except (Conflict, Invalid):
        return  # the state does not allow it
    world.settle()
