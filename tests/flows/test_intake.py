"""From the raw event to the case: what joins, what opens, what is refused."""

from __future__ import annotations

import pytest

from chalicelib.cases import rules
from chalicelib.cases.models import CasePatch, CaseStatus
from chalicelib.channels.models import Channel
from chalicelib.flows.timeline import whole
from tests.support import World


def test_a_new_mail_opens_a_case_for_a_new_customer(world: World) -> None:
    world.mail("Where is my parcel?", subject="Parcel 4711")
    world.settle()
    case = world.case()
    customer = world.app.customers.get(case.customer_id)
    assert (case.subject, case.channel) == ("Parcel 4711", Channel.EMAIL)
    assert customer.name == "Ana Ortiz"
    assert [i.value for i in customer.identities] == ["ana@example.org"]
    assert "Where is my parcel?" in world.texts(case)


def test_the_same_mail_twice_changes_nothing(world: World) -> None:
    world.mail(message_id="once@example.org")
    world.settle()
    before = world.case()
    world.mail(message_id="once@example.org")
    world.settle()
    assert world.case() == before
    assert len(world.aws.ses.accepted) == 1


def test_an_answer_to_a_message_joins_its_case(world: World) -> None:
    first = world.mail()
    world.settle()
    world.mail("It came, thank you", subject="Re: My parcel", headers={"In-Reply-To": f"<{first}>"})
    world.settle()
    assert "It came, thank you" in world.texts(world.case())


def test_an_answer_to_the_acknowledgement_joins_by_its_token(world: World) -> None:
    world.mail()
    world.settle()
    (sent,) = world.aws.ses.accepted
    reply_to = dict(sent.headers)["Reply-To"]
    world.mail("One more thing", sender="Ana <ana.private@example.net>", to=reply_to, subject="")
    world.settle()
    assert "One more thing" in world.texts(world.case())


def test_an_answer_joins_by_the_message_id_that_the_provider_chose(world: World) -> None:
    world.mail()
    world.settle()
    (sent,) = world.aws.ses.accepted
    reference = f"<{sent.id}@email.amazonses.com>"
    world.mail("And another", subject="x", headers={"References": reference})
    world.settle()
    assert "And another" in world.texts(world.case())


def test_a_reference_in_the_subject_joins_for_a_participant(world: World) -> None:
    world.mail()
    world.settle()
    world.mail("More about it", subject=f"About {world.case().reference}")
    world.settle()
    assert "More about it" in world.texts(world.case())


def test_a_stranger_who_quotes_a_reference_gets_a_case_of_their_own(world: World) -> None:
    world.mail()
    world.settle()
    first = world.case()
    world.mail("Let me in", sender="eve@example.net", subject=f"Re: {first.reference}")
    world.settle()
    old, new = world.cases()
    assert "Let me in" not in world.texts(old)
    assert new.related == (first.id,)


def test_a_forged_sender_does_not_join(world: World) -> None:
    first = world.mail()
    world.settle()
    world.mail("Forged", headers={"In-Reply-To": f"<{first}>"}, verdicts={"dmarc": "FAIL"})
    world.settle()
    assert len(world.cases()) == 2
    assert "Forged" not in world.texts(world.cases()[0])


def test_a_reply_reopens_a_resolved_case(world: World) -> None:
    first = world.mail()
    world.settle()
    resolve(world)
    world.clock.forward(days=3)
    world.mail("Not solved", headers={"In-Reply-To": f"<{first}>"})
    world.settle()
    assert world.case().status == CaseStatus.OPEN


def test_a_reply_long_after_the_end_opens_a_follow_up(world: World) -> None:
    first = world.mail()
    world.settle()
    resolve(world)
    world.clock.forward(days=30)
    world.mail("It broke again", headers={"In-Reply-To": f"<{first}>"})
    world.settle()
    old, new = world.cases()
    assert old.status == CaseStatus.RESOLVED
    assert new.related == (old.id,)


def test_a_text_message_joins_the_open_conversation(world: World) -> None:
    world.text_message("My card does not work")
    world.settle()
    world.text_message("It says code 51")
    world.settle()
    assert world.texts(world.case())[-1] == "It says code 51"


def test_the_same_text_message_twice_is_one(world: World) -> None:
    world.text_message("My card does not work", number=7)
    world.text_message("My card does not work", number=7)
    world.settle()
    assert world.case().message_count == 1


def test_stop_ends_text_messages_and_opens_no_case(world: World) -> None:
    world.text_message("STOP")
    world.settle()
    assert world.cases() == []
    (customer,) = world.app.customers.everyone()
    assert customer.consent[Channel.SMS].status == "opted_out"
    world.text_message("start")
    world.settle()
    (customer,) = world.app.customers.everyone()
    assert customer.consent[Channel.SMS].status == "opted_in"


def test_a_virus_ends_in_quarantine_with_its_reason(world: World) -> None:
    world.mail(verdicts={"virus": "FAIL"})
    world.settle()
    assert world.cases() == []
    (entry,) = world.app.quarantine.listing("quarantine", 10, None).items
    assert "virus" in entry["reason"].lower()


def test_spam_is_kept_but_not_answered(world: World) -> None:
    world.mail(verdicts={"spam": "FAIL"})
    world.settle()
    assert world.case().spam
    assert world.aws.ses.accepted == []


def test_an_automatic_mail_is_recorded_and_never_answered(world: World) -> None:
    world.mail("I am on holiday", headers={"Auto-Submitted": "auto-replied"})
    world.settle()
    assert world.cases() == []
    assert world.aws.ses.accepted == []
    (entry,) = world.app.quarantine.listing("automatic", 10, None).items
    assert entry["sender"] == "ana@example.org"


def test_an_out_of_office_reply_neither_reopens_nor_answers(world: World) -> None:
    first = world.mail()
    world.settle()
    resolve(world)
    away = {"Auto-Submitted": "auto-replied", "In-Reply-To": f"<{first}>"}
    world.mail("I am on holiday", headers=away)
    world.settle()
    assert world.case().status == CaseStatus.RESOLVED
    assert len(world.aws.ses.accepted) == 1


@pytest.mark.parametrize(
    "body", ["not json", "[]", '{"Type": "Notification", "Message": "{"}', "{}"]
)
def test_an_event_that_is_not_ours_stops_nobody(world: World, body: str) -> None:
    url = world.app.settings.queues["mail"]
    world.clients["sqs"].send_message(QueueUrl=url, MessageBody=body)
    world.mail("A good mail behind a bad event")
    for _ in range(8):
        world.deliver("MailQueue")
    assert world.texts(world.case()) == ["A good mail behind a bad event"]
    assert world.waiting("MailQueue-dead") == 1


def test_a_mail_whose_notice_was_lost_is_taken_in_by_the_sweep(world: World) -> None:
    raw = b"From: ana@example.org\nTo: support@example.com\nSubject: Lost\n\nHello?\n"
    world.raw_mail(raw, notice=False)
    world.clock.forward(minutes=5)
    world.sweep()
    assert world.case().subject == "Lost"


def test_a_long_body_lies_in_the_bucket_and_comes_back_whole(world: World) -> None:
    world.mail("A very long story. " * 5000)
    world.settle()
    (first,) = [m for m in world.timeline(world.case()) if m.direction == "inbound"]
    assert len(first.text) < 5000
    assert len(whole(world.app.objects, first).text) > 90_000


def resolve(world: World) -> None:
    patch = CasePatch(status=CaseStatus.RESOLVED)
    changed = rules.apply(world.case(), patch, world.clock(), "agent@example.com").case
    world.app.cases.save(changed)


def test_another_mail_under_a_message_id_that_was_used_before_joins_and_is_not_lost(
    world: World,
) -> None:
    world.mail("The first", message_id="same@shop.example")
    world.settle()
    world.mail("Quite another matter", message_id="same@shop.example")
    world.settle()
    assert sorted(t for t in world.texts(world.case()) if len(t) < 30) == [
        "Quite another matter",
        "The first",
    ]
