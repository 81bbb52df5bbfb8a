"""One customer, one conversation: where answers go, what agents are told, what is set aside."""

from __future__ import annotations

from chalicelib.cases import rules
from chalicelib.cases.models import CasePatch
from chalicelib.cases.service import BUILT_IN
from chalicelib.channels.models import Channel
from chalicelib.customers.models import Consent, ConsentStatus, Customer, Identity
from chalicelib.flows.replying import ReplyInput
from tests.support import World

AGENT = "eva.berg@example.com"
NUMBER = "+4915112345678"


def test_an_answer_goes_to_the_channel_that_they_used_last(world: World) -> None:
    both(world)
    token_case = world.cases()[-1]
    assert token_case.reply_channel == Channel.SMS
    world.app.replying.reply(token_case.id, ReplyInput(text="By text, then"), AGENT)
    world.settle()
    assert world.aws.sms.accepted[-1].text == "By text, then"


def test_an_answer_goes_to_the_channel_that_they_chose(world: World) -> None:
    customer = both(world)
    save(world, customer, preferred_channel=Channel.EMAIL)
    world.app.replying.reply(world.cases()[-1].id, ReplyInput(text="By mail, then"), AGENT)
    world.settle()
    assert "By mail, then" in world.aws.ses.accepted[-1].text
    assert world.aws.ses.accepted[-1].to == ("ana@example.org",)


def test_when_a_mail_bounces_the_agent_is_told_and_a_consented_channel_is_offered(
    world: World,
) -> None:
    world.mail()
    world.settle()
    customer = world.app.customers.get(world.case().customer_id)
    number = Identity(channel=Channel.SMS, value=NUMBER)
    yes = Consent(status=ConsentStatus.OPTED_IN, at=world.clock())
    save(
        world,
        customer,
        identities=(*customer.identities, number),
        consent={Channel.SMS: yes},
    )
    world.provider_says("Bounce")
    assert world.case().alternative_channel == Channel.SMS
    told = next(m for m in world.timeline(world.case()) if "did not get" in m.text)
    assert told.offer == f"they can be reached by sms at {NUMBER}: answer there?"
    given = ReplyInput(text="So by text", channel=Channel.SMS)
    world.app.replying.reply(world.case().id, given, AGENT)
    assert world.case().alternative_channel is None


def test_without_consent_no_other_channel_is_offered(world: World) -> None:
    world.mail()
    world.settle()
    customer = world.app.customers.get(world.case().customer_id)
    number = Identity(channel=Channel.SMS, value=NUMBER)
    save(world, customer, identities=(*customer.identities, number))
    world.provider_says("Bounce")
    assert world.case().alternative_channel is None


def test_stop_and_start_during_a_conversation_stand_on_its_timeline(world: World) -> None:
    for text in ("My card does not work", "STOP", "start"):
        world.text_message(text)
        world.settle()
        world.clock.forward(minutes=1)
    told = [m.text for m in world.timeline(world.case()) if " sent " in m.text]
    assert [text.partition(":")[0] for text in told] == [
        f"{NUMBER} sent STOP",
        f"{NUMBER} sent START",
    ]


def test_spam_is_in_no_list_but_the_one_of_spam_and_comes_back_when_released(
    world: World,
) -> None:
    world.mail("Buy now", verdicts={"spam": "FAIL"})
    world.mail("Where is it?", subject="Second")
    world.settle()
    spam, ham = world.cases()
    assert listed(world, "all") == listed(world, "unsolved") == [ham.id]
    assert listed(world, "spam") == [spam.id]
    assert counted(world) == 1
    released = CasePatch(spam=False)
    world.app.casework.patch(spam.id, world.app.cases.get(spam.id).version, released, AGENT)
    world.settle()
    assert listed(world, "all") == [ham.id, spam.id]
    assert listed(world, "spam") == []
    assert counted(world) == 2
    assert len(world.aws.ses.accepted) == 1  # the other one's: nothing is acknowledged that late


def test_verdicts_and_what_is_dangerous_show_as_warnings_in_words(world: World) -> None:
    html = '<p><a href="https://evil.example/x">https://bank.example/login</a></p>'
    raw = (
        "From: ana@example.org\r\nTo: support@example.com\r\nSubject: Look\r\n"
        "Message-ID: <w@example.org>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/html\r\n\r\n{html}\r\n"
        '--b\r\nContent-Type: application/x-msdownload; name="run.exe"\r\n'
        'Content-Disposition: attachment; filename="run.exe"\r\n\r\nMZ\r\n--b--\r\n'
    )
    world.raw_mail(raw.encode(), verdicts={"dmarc": "FAIL", "spf": "FAIL", "dkim": "FAIL"})
    world.settle()
    (message,) = [m for m in world.timeline(world.case()) if m.direction == "inbound"]
    warnings = "\n".join(rules.warnings(message))
    for words in ("DMARC failed", "SPF failed", "DKIM failed", "attachment: run.exe"):
        assert words in warnings
    assert "misleading link: leads to evil.example" in warnings
    assert "malformed: no Date" in warnings
    assert message.verdicts.dmarc == "FAIL"


def both(world: World) -> Customer:
    """Somebody who wrote by mail, then by text message, and is one record."""
    world.mail()
    world.settle()
    world.clock.forward(minutes=1)
    world.text_message("My card does not work")
    world.settle()
    mail, text = world.cases()
    return world.app.people.merge(text.customer_id, mail.customer_id, AGENT)


def save(world: World, customer: Customer, **fields: object) -> None:
    version = customer.version + 1
    world.app.customers.save(customer.model_copy(update={**fields, "version": version}))


def listed(world: World, view: str) -> list[str]:
    return [c.id for c in world.app.case_service.find(BUILT_IN[view], 50, None, shown=None).cases]


def counted(world: World) -> int:
    day = world.clock().strftime("%Y-%m-%d")
    return sum(cell.cases for cell in world.app.counts.day(day) if cell.cell == "*")
