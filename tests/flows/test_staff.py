"""Mail from one of us, and mail that only says so."""

from __future__ import annotations

import pytest

from chalicelib.cases.models import Case, Message
from tests.support import World

EVA = "Eva Berg <eva@example.com>"
FORWARD = """Please look after her.

---------- Forwarded message ---------
From: Ana Ortiz <ana@example.org>
Date: Mon, 23 Nov 2026 at 10:00
Subject: My parcel
To: Eva Berg <eva@example.com>

Where is my parcel?
"""


@pytest.fixture
def case(world: World) -> Case:
    """A case of Ana's; Eva is in a team."""
    teams = {"teams": [{"name": "help", "title": "Help", "members": ["eva@example.com"]}]}
    world.app.documents.write("teams", teams, None, "test")
    world.mail()
    world.settle()
    return world.case()


def test_a_forward_by_an_agent_opens_a_case_for_the_original_sender(world: World) -> None:
    world.mail(FORWARD, sender=EVA, subject="Fwd: My parcel")
    world.settle()
    case = world.case()
    customer = world.app.customers.get(case.customer_id)
    assert [i.value for i in customer.identities] == ["ana@example.org"]
    assert (case.subject, case.reply_to) == ("My parcel", "ana@example.org")
    assert case.reasons["case"] == "forwarded by eva@example.com"
    inbound = next(m for m in world.timeline(case) if m.direction == "inbound")
    assert (inbound.text, inbound.forwarded_by) == ("Where is my parcel?", "eva@example.com")
    assert [sent.to for sent in world.aws.ses.accepted] == [("ana@example.org",)]


def test_what_an_agent_writes_above_a_forward_stays_inside(world: World) -> None:
    world.mail(FORWARD, sender=EVA, subject="Fwd: My parcel")
    world.settle()
    (note,) = [m for m in world.timeline(world.case()) if m.kind == "note"]
    assert (note.text, note.author.id) == ("Please look after her.", "eva@example.com")
    shown = world.app.helpdesk.follow(world.case(), 100, None).items
    assert not any("look after her" in message.text for message in shown)


def test_a_forward_that_only_claims_to_be_an_agents_is_an_ordinary_contact(world: World) -> None:
    world.mail(FORWARD, sender=EVA, subject="Fwd: My parcel", verdicts={"dmarc": "FAIL"})
    world.settle()
    case = world.case()
    assert case.reply_to == "eva@example.com"
    assert "one of us" in case.reasons["sender"]


def test_an_agent_who_answers_by_mail_answers_the_customer(world: World, case: Case) -> None:
    answer(world, "It is on its way.")
    sent = world.aws.ses.accepted[-1]
    assert sent.to == ("ana@example.org",)
    assert "It is on its way." in sent.text
    assert "Eva" in dict(sent.headers)["From"]
    assert world.case().first_reply_at is not None


def test_an_agents_mail_is_taken_in_once(world: World, case: Case) -> None:
    answer(world, "It is on its way.", message_id="once@example.com")
    answer(world, "It is on its way.", message_id="once@example.com")
    assert len(world.aws.ses.accepted) == 2  # the acknowledgement, and one answer


def test_an_agents_mail_that_begins_with_a_note_mark_stays_inside(world: World, case: Case) -> None:
    answer(world, "#note he sounds upset")
    assert len(world.aws.ses.accepted) == 1
    assert last(world).kind == "note"
    assert last(world).text == "he sounds upset"


def test_of_our_domain_but_of_no_team_leaves_only_notes(world: World, case: Case) -> None:
    answer(world, "I know him", sender="otto@example.com")
    assert len(world.aws.ses.accepted) == 1
    assert last(world).kind == "note"


@pytest.mark.parametrize("verdicts", [{"dmarc": "FAIL"}, {"dmarc": "GRAY", "spf": "FAIL"}])
def test_mail_that_claims_to_come_from_an_agent_and_fails_is_never_an_agents(
    world: World, case: Case, verdicts: dict[str, str]
) -> None:
    answer(world, "Send the money back", verdicts=verdicts)
    assert len(world.aws.ses.accepted) == 1
    message = last(world)
    assert (message.direction, message.author.type) == ("inbound", "customer")
    assert world.case().reply_to == "ana@example.org"


def test_an_agent_who_is_the_customer_of_a_case_answers_as_a_customer(world: World) -> None:
    world.mail("My own parcel", sender=EVA)
    world.settle()
    answer(world, "Any news?")
    assert world.texts(world.case())[-1] == "Any news?"
    assert last(world).direction == "inbound"


def answer(world: World, text: str, sender: str = EVA, **more: object) -> None:
    """A mail to the address of the case."""
    token = dict(world.aws.ses.accepted[0].headers)["Reply-To"]
    world.clock.forward(minutes=1)
    world.mail(text, sender=sender, to=token, subject="Re: My parcel", **more)  # type: ignore[arg-type]
    world.settle()


def last(world: World) -> Message:
    return [m for m in world.timeline(world.case()) if m.kind != "event"][-1]
