"""People who are copied in: they take part, see what is public, and are answered."""

from __future__ import annotations

import pytest

from chalicelib.cases.models import DeliveryEvent, DeliveryStatus, Message, MessageKind
from chalicelib.flows.replying import ReplyInput
from tests.support import World

AGENT = "eva.berg@example.com"


@pytest.fixture
def copied(world: World) -> World:
    """A case of Ana's in which Bob and Cy are copied."""
    world.mail(headers={"Cc": "Bob <bob@example.net>, cy@example.net"})
    world.settle()
    return world


def test_the_acknowledgement_goes_to_the_sender_alone(copied: World) -> None:
    assert [sent.to for sent in copied.aws.ses.accepted] == [("ana@example.org",)]


def test_an_answer_goes_to_the_sender_and_to_all_who_were_copied_in(copied: World) -> None:
    reply(copied, ReplyInput(text="It is on its way."))
    assert recipients(copied) == {"ana@example.org", "bob@example.net", "cy@example.net"}


def test_copies_that_are_named_go_to_those_and_an_empty_list_to_nobody(copied: World) -> None:
    reply(copied, ReplyInput(text="Only to you", cc=()))
    assert recipients(copied) == {"ana@example.org"}
    reply(copied, ReplyInput(text="And to Dora", cc=("dora@example.net",)))
    assert recipients(copied) == {"ana@example.org", "dora@example.net"}


def test_who_is_copied_in_gets_no_note(copied: World) -> None:
    before = len(copied.aws.ses.accepted)
    reply(copied, ReplyInput(kind=MessageKind.NOTE, text="Careful."))
    assert len(copied.aws.ses.accepted) == before


def test_an_answer_of_somebody_who_was_copied_in_joins_and_the_sender_stays_the_one_answered(
    copied: World,
) -> None:
    token = dict(copied.aws.ses.accepted[0].headers)["Reply-To"]
    copied.mail("Mine too", sender="bob@example.net", to=token, subject="Re: My parcel")
    copied.settle()
    assert copied.case().reply_to == "ana@example.org"
    reply(copied, ReplyInput(text="Both are on their way."))
    assert recipients(copied) == {"ana@example.org", "bob@example.net", "cy@example.net"}


def test_a_copy_that_bounces_is_left_out_and_does_not_fail_the_message(copied: World) -> None:
    sent = reply(copied, ReplyInput(text="It is on its way."))
    bounce(copied, sent, "bob@example.net")
    case = copied.case()
    delivery = next(m.delivery for m in copied.timeline(case) if m.id == sent.id)
    assert delivery is not None
    assert delivery.status == "sent"
    assert any("bob@example.net (copied in)" in m.text for m in copied.timeline(case))
    reply(copied, ReplyInput(text="One more word."))
    assert recipients(copied) == {"ana@example.org", "cy@example.net"}


def test_an_address_of_ours_that_is_in_no_setting_is_not_copied_in(world: World) -> None:
    world.mail(to="Help <help@example.com>")
    world.settle()
    reply(world, ReplyInput(text="It is on its way."))
    assert recipients(world) == {"ana@example.org"}


def test_a_mail_has_at_most_fifty_recipients(world: World) -> None:
    many = ", ".join(f"p{number}@example.net" for number in range(80))
    world.mail(headers={"Cc": many})
    world.settle()
    reply(world, ReplyInput(text="To all of you."))
    assert len(recipients(world)) <= 50


def reply(world: World, given: ReplyInput) -> Message:
    world.clock.forward(seconds=1)
    sent = world.app.replying.reply(world.case().id, given, AGENT)
    world.settle()
    return sent


def recipients(world: World) -> set[str]:
    return set(world.aws.ses.accepted[-1].to)


def bounce(world: World, message: Message, address: str) -> None:
    """The provider says that one recipient of the message does not exist."""
    stored = next(m for m in world.timeline(world.case()) if m.id == message.id)
    assert stored.delivery is not None
    said = DeliveryEvent(
        status=DeliveryStatus.BOUNCED,
        send_id=stored.delivery.send_id,
        recipient=address,
        permanent=True,
        reason="550 no such user",
        at=world.clock(),
    )
    for _ in range(2):  # events may come twice
        world.app.settling.settle(said)
