"""A problem goes to a department, is answered by a secret link, and nothing goes out twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.errors import Conflict, Forbidden, Invalid, SendThrottled
from chalicelib.flows.departments import PartnerAnswer, PartnerView
from chalicelib.flows.handing_over import HandoverAction, HandoverInput
from chalicelib.problems.models import Answer, Handover, HandoverState, Problem
from tests.flows.problem_world import LEAD, contact, installed, opened, patched, written_to
from tests.support import World

DEPARTMENT = "billing@corp.example.com"
SECRET = "whsec_" + "A" * 40
LINK = re.compile(r"https://help\.example\.com/p/(\S+)")


@dataclass
class Receiver:
    """Another system that gets signed facts; `fails` is what it does first."""

    got: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)

    def deliver(self, url: str, secret: str, identifier: str, body: bytes) -> bytes:
        if self.fails:
            raise self.fails.pop(0)
        self.got.append((url, identifier, json.loads(body)))
        return b""


@pytest.fixture
def world() -> Iterator[World]:
    with installed(escalate_to="boss@corp.example.com") as world:
        world.app.__dict__["webhooks"] = Receiver()
        yield world


def handed(world: World, **given: Any) -> tuple[Problem, Handover]:
    contact(world, 1, TROUBLE)
    problem = opened(world, "accepted")
    body = HandoverInput.model_validate({"address": DEPARTMENT, "note": "Please look", **given})
    handover = world.app.handing_over.hand_over(problem.id, body, LEAD)
    world.settle()
    return problem, handover


TROUBLE = (
    "I am Ana Number1, my card is 4111 1111 1111 1111 and my mail ana@home.example. The invoice "
    "shows that you charged me, I was charged twice."
)


def token(world: World, address: str = DEPARTMENT) -> str:
    """The secret in the newest mail to that address."""
    sent = next(m for m in reversed(world.aws.ses.accepted) if address in m.to)
    found = LINK.search(sent.text)
    assert found, sent.text
    return found.group(1)


def says(world: World, secret: str, answer: Answer, **more: Any) -> PartnerView:
    view = world.app.departments.answer(secret, PartnerAnswer(answer=answer, **more))
    world.settle()
    return view


def state(world: World, problem: Problem) -> str:
    return str(world.app.problems.get(problem.id).state)


def test_the_department_gets_the_evidence_once_and_no_personal_data(world: World) -> None:
    handed(world)
    (sent,) = [m for m in world.aws.ses.accepted if DEPARTMENT in m.to]
    assert "[card]" in sent.text and "[email]" in sent.text and "[name]" in sent.text
    assert "4111" not in sent.text and "Number1" not in sent.text
    assert "Contacts: 1 of 1 customers" in sent.text
    assert b"contacts.csv" in sent.raw
    world.clock.forward(hours=1)
    world.sweep()
    assert written_to(world, DEPARTMENT, "Problem for you") == 1


def test_accepting_and_resolving_by_the_link_moves_the_problem(world: World) -> None:
    problem, _ = handed(world)
    secret = token(world)
    assert world.app.departments.view(secret).state == HandoverState.OPEN
    assert state(world, problem) == "accepted"  # looking changed nothing
    assert says(world, secret, Answer.ACCEPT).state == HandoverState.ACCEPTED
    assert state(world, problem) == "being_fixed"
    view = says(world, secret, Answer.RESOLVE, text="rolled back")
    assert (view.state, view.may_act) == (HandoverState.RESOLVED, False)
    assert state(world, problem) == "fixed"
    lines = [(line.who, line.what) for line in view.history]
    assert (DEPARTMENT, "says that it is fixed") in lines
    assert all(LEAD not in line.who for line in view.history)
    history = world.app.problem_service.history(problem.id, 50, None).entries
    assert {entry.role for entry in history} == {"agent", "partner"}


def test_the_same_answer_twice_is_one_and_a_late_one_is_refused(world: World) -> None:
    problem, _ = handed(world)
    secret = token(world)
    for _ in range(2):
        says(world, secret, Answer.ASK, text="Which tariff?", once="abc")
    history = world.app.problem_service.history(problem.id, 50, None).entries
    assert sum(entry.what == "asked back" for entry in history) == 1
    with pytest.raises(Conflict):
        says(world, secret, Answer.ASK, text="And which country?", once="def")


def test_a_question_is_answered_in_the_same_history_and_by_mail(world: World) -> None:
    problem, handover = handed(world)
    says(world, token(world), Answer.ASK, text="Which tariff?")
    action = HandoverAction(action="answer", text="Only Gold.")
    world.app.handing_over.act(problem.id, handover.id, action, LEAD)
    world.settle()
    assert written_to(world, DEPARTMENT, "Only Gold") == 1
    view = world.app.departments.view(token(world))
    assert view.state == HandoverState.OPEN
    assert [line.text for line in view.history][-2:] == ["Which tariff?", "Only Gold."]
    with pytest.raises(Conflict, match="waits for no answer"):
        world.app.handing_over.act(problem.id, handover.id, action, LEAD)


def test_passed_on_only_the_new_link_acts_and_the_old_one_shows(world: World) -> None:
    handed(world)
    old = token(world)
    says(world, old, Answer.PASS_ON, address="it@corp.example.com", text="yours")
    assert world.app.departments.view(old).may_act is False
    with pytest.raises(Conflict, match="lies with it@corp"):
        says(world, old, Answer.RESOLVE)
    assert says(world, token(world, "it@corp.example.com"), Answer.ACCEPT).may_act


def test_a_withdrawn_or_forged_link_opens_nothing(world: World) -> None:
    problem, handover = handed(world)
    secret = token(world)
    with pytest.raises(Forbidden):
        world.app.departments.view(secret.replace(".1.", ".2."))
    renew = HandoverAction(action="renew_link")
    world.app.handing_over.act(problem.id, handover.id, renew, LEAD)
    world.settle()
    with pytest.raises(Forbidden):
        world.app.departments.view(secret)
    assert world.app.departments.view(token(world)).may_act
    withdraw = HandoverAction(action="withdraw")
    world.app.handing_over.act(problem.id, handover.id, withdraw, LEAD)
    with pytest.raises(Forbidden):
        world.app.departments.view(token(world))


def test_a_date_is_a_promise_and_lies_ahead(world: World) -> None:
    problem, _ = handed(world)
    when = world.clock() + timedelta(days=3)
    view = says(world, token(world), Answer.DATE, date=when)
    assert (view.state, view.promised_date) == (HandoverState.ACCEPTED, when)
    assert state(world, problem) == "being_fixed"
    with pytest.raises(Invalid):
        says(world, token(world), Answer.DATE, date=world.clock() - timedelta(days=1))


def test_an_overdue_task_is_reminded_once_and_then_told_to_the_lead_once(world: World) -> None:
    handed(world)
    for _ in range(8):
        world.clock.forward(hours=5)
        world.sweep()
    assert written_to(world, DEPARTMENT, "Overdue") == 1
    assert written_to(world, "boss@corp.example.com", "Escalated") == 0
    for _ in range(8):
        world.clock.forward(hours=5)
        world.sweep()
    assert written_to(world, DEPARTMENT, "Overdue") == 1
    assert written_to(world, "boss@corp.example.com", "Escalated") == 1
    boss = next(m for m in world.aws.ses.accepted if "boss@corp.example.com" in m.to)
    assert not LINK.search(boss.text)  # who is told does not act in their name


def test_what_was_resolved_or_promised_for_later_is_not_reminded(world: World) -> None:
    handed(world)
    says(world, token(world), Answer.DATE, date=world.clock() + timedelta(hours=60))
    world.clock.forward(hours=30)
    world.sweep()
    assert written_to(world, DEPARTMENT, "Overdue") == 0
    says(world, token(world), Answer.RESOLVE)
    world.clock.forward(hours=60)
    world.sweep()
    assert written_to(world, DEPARTMENT, "Overdue") == 0


def test_a_webhook_is_signed_by_its_secret_and_repeated_until_it_is_taken(world: World) -> None:
    hooks = [
        {"name": "erp", "url": "https://erp.example.com/in", "secret": SECRET},
        {"name": "mute", "url": "https://mute.example.com/in", "events": ["case.created"]},
        {"name": "bare", "url": "https://bare.example.com/in"},
    ]
    world.app.documents.write("webhooks", {"webhooks": hooks}, None, "t")
    world.clock.forward(seconds=30)
    receiver = world.app.webhooks
    assert isinstance(receiver, Receiver)
    receiver.fails = [SendThrottled("503"), SendThrottled("503")]
    problem, _ = handed(world)
    for _ in range(6):
        world.clock.forward(minutes=4)
        world.sweep()
    ((url, identifier, body),) = receiver.got
    assert url == "https://erp.example.com/in"
    assert body["type"] == "problem.handed_over"
    assert body["data"]["evidence"]["cases"] == 1
    assert "/v1/partner/" in body["data"]["respond_at"]
    assert identifier.endswith("-erp")
    history = world.app.problem_service.history(problem.id, 50, None).entries
    assert any("no secret" in entry.text for entry in history)  # of the bare one


def test_a_refused_mail_is_in_the_history_and_not_tried_again(world: World) -> None:
    world.aws.ses.refused.add(DEPARTMENT)
    problem, _ = handed(world)
    world.clock.forward(hours=1)
    world.sweep()
    history = world.app.problem_service.history(problem.id, 50, None).entries
    assert sum("failed" in entry.what for entry in history) == 1


def test_only_an_accepted_problem_is_handed_over_and_a_key_does_it_once(world: World) -> None:
    problem = opened(world)
    body = HandoverInput(address=DEPARTMENT)
    with pytest.raises(Conflict):
        world.app.handing_over.hand_over(problem.id, body, LEAD)
    patched(world, problem.id, state="accepted")
    first = world.app.handing_over.hand_over(problem.id, body, LEAD, "key")
    again = world.app.handing_over.hand_over(problem.id, body, LEAD, "key")
    world.settle()
    assert first.id == again.id
    assert written_to(world, DEPARTMENT, "Problem for you") == 1
    with pytest.raises(Invalid):
        world.app.handing_over.hand_over(problem.id, HandoverInput(team="nobody"), LEAD)


def test_it_is_due_by_the_hours_of_the_calendar(world: World) -> None:
    office = {day: [{"start": "09:00", "end": "17:00"}] for day in ("monday", "tuesday")}
    calendar = {"calendars": [{"name": "office", "zone": "UTC", "hours": office}]}
    world.app.documents.write("calendars", calendar, None, "t")
    world.app.documents.write("problems", {"calendar": "office", "handover_hours": 8}, None, "t")
    world.clock.forward(seconds=30)
    _, handover = handed(world)  # on a Monday at noon
    assert f"{handover.due_at:%A %H}" == "Tuesday 12"


def test_nobody_is_reminded_of_a_problem_that_was_rejected(world: World) -> None:
    problem, _ = handed(world)
    patched(world, problem.id, state="rejected", reason="it was the newsletter")
    world.clock.forward(hours=60)
    world.sweep()
    assert written_to(world, DEPARTMENT, "Overdue") == 0


def test_a_link_in_wrong_hands_sends_no_endless_mails(world: World) -> None:
    handed(world)
    for number in range(19):
        address = DEPARTMENT if number == 0 else f"a{number - 1}@corp.example.com"
        says(world, token(world, address), Answer.PASS_ON, address=f"a{number}@corp.example.com")
    with pytest.raises(Conflict, match="too often"):
        says(
            world,
            token(world, "a18@corp.example.com"),
            Answer.PASS_ON,
            address="z@corp.example.com",
        )
