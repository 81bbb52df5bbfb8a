"""Team, priority and agent follow what changes, unless a person set them; the timeline says why."""

from __future__ import annotations

from typing import Any

from chalicelib.cases.models import Case, CasePatch, CaseStatus, Priority
from chalicelib.customers.models import CustomerPatch
from chalicelib.store.reactions import Reaction
from tests.support import World

ANA, BEN = "ana@example.com", "ben@example.com"
LEAD = "lead@example.com"
LOGIN = {
    "label": "login",
    "name": "Login",
    "team": "app",
    "examples": ["I cannot log in to my account", "My password is not accepted"],
}
PARCEL = {
    "label": "parcel",
    "name": "Parcel",
    "team": "shipping",
    "examples": ["Where is my parcel?", "The delivery has not arrived"],
}


def set_up(world: World, **more: Any) -> None:
    teams = [
        {"name": "app", "title": "App", "members": [ANA], "strategy": "round_robin"},
        {"name": "shipping", "title": "Shipping", "members": [BEN], "strategy": "round_robin"},
    ]
    world.app.documents.write("topics", {"topics": [LOGIN, PARCEL]}, None, "test")
    world.app.documents.write("teams", {"teams": teams}, None, "test")
    for name, document in more.items():
        world.app.documents.write(name, document, None, "test")


def arrive(world: World, text: str = "I cannot log in to my account", **fields: Any) -> Case:
    world.mail(text, **fields)
    world.settle()
    return world.cases()[-1]


def patch(world: World, **fields: Any) -> Case:
    case = world.cases()[0]
    world.app.casework.patch(case.id, case.version, CasePatch(**fields), LEAD)
    world.settle()
    return world.cases()[0]


def answer(world: World, text: str) -> Case:
    case = world.cases()[0]
    world.mail(text, subject=f"Re: [{case.reference}]")
    world.settle()
    return world.cases()[0]


def test_another_topic_moves_the_case_and_its_agent_and_says_why(world: World) -> None:
    set_up(world)
    assert arrive(world).assignee == ANA
    case = patch(world, topic="parcel")
    assert (case.team, case.assignee) == ("shipping", BEN)
    (moved,) = [m for m in world.timeline(case) if m.text.startswith("looked at again")]
    assert "moved from app to shipping: team shipping because it looks after topic" in moved.text
    assert moved.changes["assignee"] == [ANA, BEN]
    assert world.app.agents.get(ANA).open_cases == 0


def test_what_a_person_set_does_not_move(world: World) -> None:
    set_up(world)
    arrive(world)
    patch(world, team="app", assignee=ANA, priority=Priority.LOW)
    patch(world, team="shipping")
    case = patch(world, team="app")
    assert (case.team, case.assignee) == ("app", ANA)
    case = patch(world, topic="parcel")
    assert (case.team, case.assignee, case.priority) == ("app", ANA, Priority.LOW)


def test_another_team_by_a_person_gives_it_to_one_of_that_team(world: World) -> None:
    set_up(world)
    arrive(world)
    case = patch(world, team="shipping")
    assert (case.team, case.assignee) == ("shipping", BEN)


def test_a_new_message_can_make_it_urgent(world: World) -> None:
    rule = {"name": "danger", "priority": "urgent", "words": {"en": ["gas leak"]}}
    set_up(world, priorities={"rules": [rule]})
    assert arrive(world).priority == Priority.NORMAL
    case = answer(world, "There is a gas leak in my kitchen since then, please hurry up")
    assert case.priority == Priority.URGENT
    texts = [m.text for m in world.timeline(case)]
    assert any("the customer wrote again; priority urgent because 'gas leak'" in t for t in texts)


def test_a_message_that_changes_nothing_leaves_no_trace(world: World) -> None:
    set_up(world)
    arrive(world)
    case = answer(world, "Thank you, I am still waiting for your answer")
    assert not [m for m in world.timeline(case) if m.text.startswith("looked at again")]


def test_another_tier_of_the_customer_is_another_team_for_what_is_open(world: World) -> None:
    vip = {"field": "customer.tier", "value": "gold"}
    rules = [{"name": "Gold", "all": [vip], "team": "shipping", "priority": "high"}]
    set_up(world, routing={"rules": rules})
    arrive(world)
    arrive(world, "My password is not accepted")
    patch(world, status=CaseStatus.RESOLVED)
    customer = world.app.customers.get(world.cases()[0].customer_id)
    service = world.app.customer_service
    service.patch(customer.id, customer.version, CustomerPatch(tier="gold"), LEAD)
    world.settle()
    solved, open_case = world.cases()
    assert solved.team == "app"
    assert (open_case.team, open_case.priority) == ("shipping", Priority.HIGH)
    texts = [m.text for m in world.timeline(open_case)]
    assert any("the customer's tier changed" in text for text in texts)
    world.clock.forward(minutes=10)
    world.settle()  # mails to whom cases were given
    assert list(world.app.reactions.overdue(world.clock())) == []


def test_a_case_that_comes_back_goes_to_who_had_it_if_they_are_there(world: World) -> None:
    set_up(world)
    arrive(world)
    patch(world, status=CaseStatus.RESOLVED)
    assert world.app.agents.get(ANA).open_cases == 0
    case = answer(world, "It does not work again")
    assert (case.status, case.assignee) == (CaseStatus.OPEN, ANA)
    assert world.app.agents.get(ANA).open_cases == 1


def test_a_case_that_comes_back_to_nobody_is_the_teams(world: World) -> None:
    set_up(world)
    arrive(world)
    patch(world, assignee=ANA)
    patch(world, status=CaseStatus.RESOLVED)
    world.app.availability.set(ANA, away=True, until=None, note="holidays")
    case = answer(world, "It does not work again")
    assert (case.team, case.assignee) == ("app", None)
    assert "nobody of App is at work (1 away)" in case.reasons["assignee"]
    world.app.availability.set(ANA, away=False, until=None, note="")
    assert world.cases()[0].assignee == ANA


def test_a_promise_at_stake_and_the_tier_are_reasons_for_a_priority(world: World) -> None:
    rules = [
        {"name": "late", "priority": "high", "promise_at_stake": True},
        {"name": "gold", "priority": "urgent", "promise_at_stake": True, "tiers": ["gold"]},
    ]
    set_up(world, priorities={"rules": rules})
    assert arrive(world).reasons["priority"] == "normal: no rule applies"
    world.clock.forward(days=30)
    case = answer(world, "Is anybody there?")
    assert case.reasons["priority"] == "high because a promise is at stake"
    customer = world.app.customers.get(case.customer_id)
    gold = CustomerPatch(tier="gold")
    world.app.customer_service.patch(customer.id, customer.version, gold, LEAD)
    world.settle()
    reason = world.cases()[0].reasons["priority"]
    assert reason == "urgent because customer tier gold and a promise is at stake"


def test_a_promise_that_slips_raises_the_priority_by_itself(world: World) -> None:
    set_up(world)
    case = arrive(world)
    assert (case.priority, case.promises.first_reply is None) == (Priority.NORMAL, False)
    assert case.promises.first_reply is not None
    world.clock.now = case.promises.first_reply.warn_at
    world.app.reminding.remind()
    world.settle()
    case = world.case()
    assert case.priority == Priority.HIGH
    assert case.reasons["priority"] == "high because a promise is at stake"
    texts = [m.text for m in world.timeline(case)]
    assert any(text.startswith("looked at again because a promise is at stake") for text in texts)


def test_a_team_is_learned_from_what_people_corrected(world: World) -> None:
    set_up(world)
    for number in range(6):
        world.mail("I cannot log in to my account", sender=f"c{number}@example.org")
        world.settle()
        case = world.cases()[-1]
        assert case.team == ("app" if number < 5 else "shipping")
        world.app.casework.patch(case.id, case.version, CasePatch(team="shipping"), LEAD)
        world.settle()
    assert "5 of 5 corrected cases on topic 'login' went there" in case.reasons["team"]
    corrections, _ = world.app.agents.corrections("login")
    assert len(corrections) == 5  # what was right already was corrected by nobody


def test_looking_again_twice_changes_nothing(world: World) -> None:
    set_up(world)
    case = arrive(world)
    world.app.casework.patch(case.id, case.version, CasePatch(topic="parcel"), LEAD)
    waiting = [c.new for c in world.aws.dynamodb.table("custops").changes if c.new]
    looks = [item["sk"]["S"] for item in waiting if item["sk"]["S"].endswith("-again")]
    world.settle()
    before = world.case()
    again = Reaction(
        owner=f"CASE#{case.id}",
        kind="triage",
        id=looks[0].split("#", 2)[2],
        data={"again": "changed"},
    )
    world.app.queue.send("triage", [again.body(), again.body()])
    world.settle()
    assert world.case() == before
