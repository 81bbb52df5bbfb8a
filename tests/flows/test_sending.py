"""Answers go out once: what the customer gets, and what happens when something dies."""

from __future__ import annotations

from email import message_from_bytes

import pytest

from chalicelib.cases.models import CaseStatus, Delivery, DeliveryStatus, Message, MessageKind
from chalicelib.channels.models import Channel
from chalicelib.customers.models import ConsentStatus
from chalicelib.errors import Conflict, Invalid, SendUnknown
from chalicelib.flows.enclosing import FileInput
from chalicelib.flows.replying import ReplyInput
from tests.support import World

AGENT = "eva.berg@example.com"


def test_the_acknowledgement_carries_reference_token_and_says_that_it_is_automatic(
    world: World,
) -> None:
    world.mail()
    world.settle()
    (sent,) = world.aws.ses.accepted
    headers = dict(sent.headers)
    case = world.case()
    assert sent.to == ("ana@example.org",)
    assert case.reference in sent.subject
    assert f"https://help.example.com/c/{case.reference[2:]}.1." in sent.text
    assert headers["Auto-Submitted"] == "auto-replied"
    assert headers["Reply-To"].startswith(f'"Customer service" <support+{case.reference[2:]}-') or (
        f"<support+{case.reference[2:].lower()}-" in headers["Reply-To"]
    )


def test_a_text_message_is_acknowledged_by_text_message(world: World) -> None:
    world.text_message("My card does not work")
    world.settle()
    (sent,) = world.aws.sms.accepted
    assert sent.to == "+4915112345678"
    assert world.case().reference in sent.text


def test_an_acknowledgement_is_withheld_past_the_hourly_cap(world: World) -> None:
    world.app.documents.write("channels", {"acknowledgements_per_hour": 2}, None, "test")
    for number in range(4):
        world.mail(f"Matter {number}", subject=f"Matter {number}")
    world.settle()
    assert len(world.cases()) == 4
    assert len(world.aws.ses.accepted) == 2


def test_an_agents_reply_goes_out_in_the_customers_thread(world: World) -> None:
    first = world.mail()
    world.settle()
    reply(world, "It is on its way.")
    world.settle()
    sent = world.aws.ses.accepted[-1]
    headers = dict(sent.headers)
    assert "It is on its way." in sent.text
    assert first in headers["References"]
    assert "Eva Berg" in headers["From"]
    assert "Auto-Submitted" not in headers
    assert world.case().status == CaseStatus.OPEN
    assert world.case().first_reply_at is not None


def test_an_attachment_goes_out_as_it_was_given(world: World) -> None:
    world.mail()
    world.settle()
    file = FileInput(name="Rechnung ä.pdf", type="application/pdf", content="JVBERi0xLjQK")
    given = ReplyInput(text="See the file.", attachments=(file,))
    world.app.replying.reply(world.case().id, given, AGENT)
    world.settle()
    parts = list(message_from_bytes(world.aws.ses.accepted[-1].raw).walk())
    assert parts[-1].get_payload(decode=True) == b"%PDF-1.4\n"


def test_a_note_never_leaves(world: World) -> None:
    world.mail()
    world.settle()
    before = len(world.aws.ses.accepted)
    given = ReplyInput(kind=MessageKind.NOTE, text="He sounds upset.")
    world.app.replying.reply(world.case().id, given, AGENT)
    world.settle()
    assert len(world.aws.ses.accepted) == before
    with pytest.raises(Invalid, match="note"):
        given = ReplyInput(kind=MessageKind.NOTE, text="x", cc=("a@example.org",))
        world.app.replying.reply(world.case().id, given, AGENT)


def test_the_same_idempotency_key_sends_once(world: World) -> None:
    world.mail()
    world.settle()
    one = world.app.replying.reply(world.case().id, ReplyInput(text="Hello"), AGENT, "key-1")
    two = world.app.replying.reply(world.case().id, ReplyInput(text="Hello"), AGENT, "key-1")
    world.settle()
    assert one == two.model_copy(update={"delivery": one.delivery})
    assert len(world.aws.ses.accepted) == 2  # the acknowledgement, and one reply


def test_nothing_is_texted_to_somebody_who_sent_stop(world: World) -> None:
    world.text_message("My card does not work")
    world.text_message("STOP")
    world.settle()
    with pytest.raises(Conflict, match="STOP"):
        reply(world, "Which card?")
    (customer,) = world.app.customers.everyone()
    assert customer.consent[Channel.SMS].status == ConsentStatus.OPTED_OUT


def test_the_providers_events_settle_the_message(world: World) -> None:
    world.mail()
    world.settle()
    world.provider_says("Delivery")
    assert outbound(world).status == DeliveryStatus.DELIVERED
    world.provider_says("Send")  # late and out of order
    assert outbound(world).status == DeliveryStatus.DELIVERED


def test_a_bounce_is_shown_and_ends_sending_to_that_address(world: World) -> None:
    world.mail()
    world.settle()
    world.provider_says("Bounce")
    assert outbound(world).status == DeliveryStatus.BOUNCED
    customer = world.app.customers.get(world.case().customer_id)
    assert "ana@example.org" in customer.suppressed
    assert any("did not get" in m.text for m in world.timeline(world.case()))
    with pytest.raises(Conflict, match="nothing is sent"):
        reply(world, "Hello?")


def test_an_unknown_outcome_is_ambiguous_and_settled_by_the_send_event(world: World) -> None:
    world.mail()
    world.app.__dict__["mailer"] = Unsure(world.app.mailer)
    world.settle()
    assert outbound(world).status == DeliveryStatus.AMBIGUOUS
    world.provider_says("Send")
    assert outbound(world).status == DeliveryStatus.SENT
    world.clock.forward(hours=1)
    world.sweep()
    assert len(world.aws.ses.accepted) == 1


def test_an_ambiguous_message_is_repeated_only_when_no_event_came(world: World) -> None:
    world.mail()
    world.app.__dict__["mailer"] = Unsure(None)
    world.settle()
    world.clock.forward(minutes=5)
    world.sweep()
    assert outbound(world).status == DeliveryStatus.AMBIGUOUS
    del world.app.__dict__["mailer"]
    world.clock.forward(minutes=15)
    world.sweep()
    assert outbound(world).status == DeliveryStatus.SENT
    assert len(world.aws.ses.accepted) == 1


def test_a_refused_message_fails_with_its_reason_for_the_agent_to_see(world: World) -> None:
    world.mail()
    world.settle()
    world.aws.ses.refused.add("ana@example.org")
    reply(world, "Hello")
    world.settle()
    assert outbound(world).status == DeliveryStatus.FAILED
    assert any("could not be sent" in m.text for m in world.timeline(world.case()))


def test_an_address_that_no_mail_can_be_made_for_stops_nobody(world: World) -> None:
    world.raw_mail(b"From: a..b@@example.org\nSubject: Odd\n\nHello\n")
    world.mail()
    world.settle()
    assert len(world.cases()) == 2
    assert world.waiting("send") == 0


def test_a_long_text_is_counted_in_parts_before_it_is_sent(world: World) -> None:
    world.text_message("My card does not work")
    world.settle()
    reply(world, "Please wait. " * 20)
    world.settle()
    assert (outbound(world).parts, outbound(world).encoding) == (2, "GSM-7")


def test_a_text_of_too_many_parts_is_refused_and_nothing_is_sent(world: World) -> None:
    world.text_message("My card does not work")
    world.settle()
    before = len(world.aws.sms.accepted)
    world.app.documents.write("channels", {"sms_parts": 2}, None, "test")
    world.clock.forward(seconds=11)
    with pytest.raises(Invalid, match="takes 3 text messages of GSM-7, at most 2 are allowed"):
        reply(world, "a" * 307)
    with pytest.raises(Invalid, match="takes 3 text messages of UCS-2 because of 'я'"):
        reply(world, "я" * 135)
    world.settle()
    assert len(world.aws.sms.accepted) == before


def test_no_file_goes_by_text_message(world: World) -> None:
    world.text_message("My card does not work")
    world.settle()
    file = FileInput(name="a.pdf", content="JVBERi0xLjQK")
    given = ReplyInput(text="See the file.", attachments=(file,))
    with pytest.raises(Invalid, match="no files go by sms"):
        world.app.replying.reply(world.case().id, given, AGENT)


class Unsure:
    """A mailer whose answers get lost; the mail goes out if there is one behind it."""

    def __init__(self, behind: object) -> None:
        self.behind = behind

    def send(self, raw: bytes, **arguments: object) -> str:
        if self.behind is not None:
            self.behind.send(raw, **arguments)  # type: ignore[attr-defined]
        raise SendUnknown("ReadTimeoutError")


def reply(world: World, text: str) -> Message:
    world.clock.forward(seconds=1)
    return world.app.replying.reply(world.case().id, ReplyInput(text=text), AGENT)


def outbound(world: World) -> Delivery:
    """Where the newest outbound message stands."""
    return [m.delivery for m in world.timeline(world.case()) if m.delivery][-1]
