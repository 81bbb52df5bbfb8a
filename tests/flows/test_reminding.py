"""Promises at risk and promises broken: each is said once, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import bootstrap
from chalicelib.bootstrap import Application
from chalicelib.cases.models import Case, CasePatch, CaseStatus, Priority, PromiseState
from chalicelib.flows.reminding import Reminded
from chalicelib.flows.replying import ReplyInput
from chalicelib.handlers import schedules
from chalicelib.store.keys import ALARM_SHARDS
from tests.flows.faults import Death, Faults, FaultyClients
from tests.support import NOON, SCHEDULED, World, installation

AGENT = "agent@example.com"
HOWS = ["dies before", "dies after", "throttled", "answer lost"]
FAILURES = (Death, ClientError, BotoCoreError)
LATE = "have not kept that"


@pytest.fixture
def world() -> Iterator[World]:
    with installation() as world:
        yield world


def asked(world: World) -> Case:
    """A mail of normal priority: a first reply within eight hours, round the clock."""
    world.mail("Where is my parcel with the blue shoes?")
    world.settle()
    return world.case()


def run(world: World) -> Reminded:
    found = world.app.reminding.remind()
    world.settle()
    return found


def entries(world: World) -> list[str]:
    return [m.text for m in world.timeline(world.case()) if m.text.startswith("promise ")]


def apologies(world: World) -> list[str]:
    sent = (m for m in world.timeline(world.case()) if m.delivery and LATE in m.text)
    return [m.text for m in sent]


def test_a_warning_before_and_a_breach_after_each_once(world: World) -> None:
    asked(world)
    assert run(world) == Reminded()
    world.clock.forward(hours=6)
    assert run(world) == Reminded(warnings=1)
    assert run(world) == Reminded()
    world.clock.forward(hours=2, minutes=1)
    assert run(world) == Reminded(breaches=1, told=1)
    assert run(world) == Reminded()
    assert [text.split(":")[0] for text in entries(world)] == [
        "promise at risk",
        "promise broken",
    ]
    promises = world.case().promises
    assert promises.first_reply is not None
    assert promises.first_reply.state == PromiseState.BREACHED


def test_the_customer_is_told_once_with_the_old_and_the_new_time(world: World) -> None:
    case = asked(world)
    world.clock.forward(hours=8, minutes=1)
    run(world)
    [text] = apologies(world)
    assert "Monday 23 November at 20:00 (UTC)" in text
    assert "Tuesday 24 November at 04:01 (UTC)" in text
    assert case.reference in text
    mail = world.aws.ses.accepted[-1]
    assert b"Auto-Submitted: auto-replied" in mail.raw
    world.clock.forward(days=2)
    run(world)
    assert len(apologies(world)) == 1


def test_whoever_was_answered_in_time_hears_nothing(world: World) -> None:
    case = asked(world)
    world.clock.forward(hours=7)
    run(world)
    world.app.replying.reply(case.id, ReplyInput(text="It comes tomorrow."), AGENT)
    world.clock.forward(hours=2)
    run(world)
    assert apologies(world) == []


def test_an_acknowledgement_and_a_note_keep_no_promise(world: World) -> None:
    case = asked(world)
    note = ReplyInput.model_validate({"kind": "note", "text": "Look at this."})
    world.app.replying.reply(case.id, note, AGENT)
    first = world.case().promises.first_reply
    assert first is not None
    assert first.state == PromiseState.RUNNING


def test_a_message_after_an_answer_is_promised_a_reply_of_its_own(world: World) -> None:
    case = asked(world)
    world.app.replying.reply(case.id, ReplyInput(text="When did you order?"), AGENT)
    world.settle()
    assert world.case().promises.next_reply is None
    world.clock.forward(hours=1)
    world.mail(f"Last week, as I wrote. {case.reference}", subject=f"Re: [{case.reference}]")
    world.settle()
    following = world.case().promises.next_reply
    assert following is not None
    assert following.due_at == NOON + timedelta(hours=17)
    world.app.replying.reply(case.id, ReplyInput(text="Thank you."), AGENT)
    following = world.case().promises.next_reply
    assert following is not None
    assert following.state == PromiseState.MET


def test_nothing_is_due_while_the_case_waits_and_the_rest_when_it_goes_on(world: World) -> None:
    case = asked(world)
    world.clock.forward(hours=1)
    held = world.app.casework.patch(
        case.id, case.version, CasePatch(status=CaseStatus.ON_HOLD), AGENT
    )
    world.clock.forward(days=3)
    assert run(world) == Reminded()
    on = CasePatch(status=CaseStatus.OPEN)
    going = world.app.casework.patch(case.id, held.version, on, AGENT)
    assert going.promises.first_reply is not None
    assert going.promises.first_reply.due_at == world.clock() + timedelta(hours=7)


def test_the_acknowledgement_says_by_when_and_a_lower_priority_does_not_put_it_off(
    world: World,
) -> None:
    case = asked(world)
    [acknowledged] = [m for m in world.timeline(case) if m.delivery]
    assert "We will answer you by Monday 23 November at 20:00 (UTC)." in acknowledged.text
    case = world.case()
    low = CasePatch(priority=Priority.LOW)
    after = world.app.casework.patch(case.id, case.version, low, AGENT)
    assert after.promises.policy == "low"
    assert after.promises.first_reply is not None
    assert after.promises.first_reply.due_at == NOON + timedelta(hours=8)


def test_an_acknowledgement_waits_a_moment_for_what_triage_promises(world: World) -> None:
    policies = [
        {"name": "shop", "when": {"teams": ["shop"]}, "targets": {"first_reply": 1800}},
        {"name": "all", "targets": {"first_reply": 86400}},
    ]
    world.app.documents.write("promises", {"policies": policies}, None, "test")
    world.app.documents.write("routing", {"default_team": "shop"}, None, "test")
    world.mail("Where is my parcel with the blue shoes?")
    world.deliver("MailQueue")
    world._stream()
    case = world.case()
    assert case.promises.policy == "all"
    overdue = world.app.reactions.overdue(NOON + timedelta(hours=1))
    [waiting] = [reaction for reaction in overdue if reaction.kind == "acknowledge"]

    def triage(seconds: float) -> None:
        world.deliver("triage")

    patient = replace(world.app.acknowledging, patience=2.0, pause=triage)
    patient.acknowledge(waiting)
    [acknowledged] = [m for m in world.timeline(case) if m.delivery]
    assert "We will answer you by Monday 23 November at 12:30 (UTC)." in acknowledged.text


def test_the_sweep_reads_only_what_is_due(world: World) -> None:
    for number in range(5):
        world.mail("Where is my parcel?", sender=f"c{number}@example.org")
    world.settle()
    world.clock.forward(minutes=5)
    calls = Faults()
    counted = FaultyClients(world.clients, calls)
    bootstrap.install(Application(world.app.settings, counted, world.clock, world.app.ids))  # type: ignore[arg-type]
    schedules.keep_promises(SCHEDULED, None)
    snoozed, calendars = "dynamodb.query", "dynamodb.get_item"
    assert calls.names == [*["dynamodb.query"] * ALARM_SHARDS, snoozed, calendars]


def faulty_run(faults: Faults) -> None:
    with installation() as world:
        asked(world)
        world.clock.forward(hours=8, minutes=1)
        clean = bootstrap.get()
        clients = FaultyClients(world.clients, faults)
        faulty = Application(clean.settings, clients, world.clock, clean.ids)  # type: ignore[arg-type]
        with suppress(*FAILURES):
            faulty.reminding.remind()
        for _ in range(2):
            world.clock.forward(minutes=4)
            clean.reminding.remind()
            world.settle()
            world.sweep()
        assert [text.split(":")[0] for text in entries(world)] == ["promise broken"]
        assert len(apologies(world)) == 1
        assert len(world.aws.ses.accepted) == 2  # the acknowledgement, and that it is late


def test_a_breach_is_said_once_whatever_fails_while_it_is_said() -> None:
    counting = Faults()
    faulty_run(counting)
    for at in range(counting.count):
        for how in HOWS:
            faulty_run(Faults(at, how))
