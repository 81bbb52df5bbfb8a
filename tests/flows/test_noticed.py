"""Customers answer a notice: by its link, by a word, in words of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.campaigns.models import Campaign, Said
from chalicelib.channels.models import Channel
from chalicelib.customers.models import ConsentStatus
from chalicelib.errors import Forbidden
from chalicelib.flows.audience import answer_address, answer_token, prefs_token
from chalicelib.flows.noticed_words import word_of
from tests.flows.outreach_world import Outreaching, customer, outreaching
from tests.support import SUPPORT

PHONE = "+4915112345678"


@pytest.fixture
def o() -> Iterator[Outreaching]:
    with outreaching() as made:
        yield made


def token(o: Outreaching, campaign: Campaign, number: int = 1) -> str:
    return answer_token(o.app.signer, campaign, o.app.customers.get(f"K{number:06d}"))


def told(o: Outreaching, **given: object) -> Campaign:
    o.knows(customer(1))
    campaign = o.approved(topic="router", problem_id="01PROBLEM", **given)
    o.settle()
    return campaign


def test_the_newest_word_of_each_customer_is_counted(o: Outreaching) -> None:
    campaign = told(o)
    mine = token(o, campaign)
    assert f"/n/{mine}" in o.world.aws.ses.accepted[0].text
    assert o.app.noticed.show(mine).said is None
    o.app.noticed.say(mine, Said.SOLVED)
    o.app.noticed.say(mine, Said.SOLVED)
    assert o.progress(campaign).answers == {"solved": 1}
    o.app.noticed.say(mine, Said.NOT_ME)
    assert o.progress(campaign).answers == {"not_me": 1}
    assert o.app.noticed.show(mine).said == Said.NOT_ME
    with pytest.raises(Forbidden):
        o.app.noticed.say(mine.replace("K000001", "K000002"), Said.SOLVED)


def test_still_broken_opens_one_case_linked_to_problem_and_campaign(o: Outreaching) -> None:
    campaign = told(o)
    mine = token(o, campaign)
    o.app.noticed.say(mine, Said.STILL_BROKEN, "Since the update.")
    o.app.noticed.say(mine, Said.STILL_BROKEN, "Since the update.")
    o.settle()
    o.world.settle()
    case = o.world.case()
    assert (case.customer_id, case.problem_id) == ("K000001", "01PROBLEM")
    assert (case.campaign_id, case.topic.label) == (campaign.id, "router")
    assert o.world.texts(case)[0] == "Since the update."


def test_still_broken_adds_to_the_case_that_there_is(o: Outreaching) -> None:
    campaign = told(o)
    mine = token(o, campaign)
    o.app.noticed.say(mine, Said.STILL_BROKEN, "Since the update.")
    o.settle()
    o.app.noticed.say(mine, Said.SOLVED)
    o.app.noticed.say(mine, Said.STILL_BROKEN, "No, again.")
    o.settle()
    o.world.settle()
    assert "No, again." in o.world.texts(o.world.case())


def test_an_answer_by_mail_becomes_a_case_of_that_customer(o: Outreaching) -> None:
    campaign = told(o)
    to = answer_address(o.app.signer, SUPPORT, campaign.id)
    o.world.mail("Mine too!", sender="c1@example.org", to=to, verdicts={"dmarc": "PASS"})
    o.world.settle()
    case = o.world.case()
    assert (case.customer_id, case.campaign_id) == ("K000001", campaign.id)
    assert case.problem_id == "01PROBLEM"
    assert o.progress(campaign).answers == {"replies": 1}


def test_an_answer_that_only_refers_to_the_notice_is_known_too(o: Outreaching) -> None:
    campaign = told(o)
    notice = o.world.aws.ses.accepted[0].id
    headers = {"In-Reply-To": f"<{notice}@email.amazonses.com>"}
    o.world.mail("Mine too!", sender="c1@example.org", headers=headers)
    o.world.settle()
    assert o.world.case().campaign_id == campaign.id


def test_a_text_message_answers_the_last_notice_of_the_last_days(o: Outreaching) -> None:
    o.knows(customer(1, email="", phone=PHONE))
    campaign = o.approved(topic="router")
    o.settle()
    assert o.world.aws.sms.accepted[0].text.endswith("Reply SOLVED, BROKEN or NOT ME.")
    o.world.text_message("Solved!", sender=PHONE)
    o.world.settle()
    assert o.world.case().campaign_id == campaign.id
    assert o.progress(campaign).answers == {"solved": 1, "replies": 1}
    o.world.text_message("Not me", sender=PHONE)  # into the same conversation
    o.world.settle()
    assert o.progress(campaign).answers == {"not_me": 1, "replies": 2}
    o.world.clock.forward(days=20)
    o.world.text_message("Another matter", sender=PHONE)
    o.world.settle()
    newest = max(o.world.cases(), key=lambda case: case.created_at)
    assert newest.campaign_id is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SOLVED", Said.SOLVED),
        ("not me.", Said.NOT_ME),
        ("Gelöst!", Said.SOLVED),
        ("KAPUTT", Said.STILL_BROKEN),
        ("solved? no, it is worse", None),
        ("", None),
    ],
)
def test_only_the_bare_word_counts(text: str, said: Said | None) -> None:
    assert word_of(text) is said


def test_preferences_are_kept_as_they_are_ticked(o: Outreaching) -> None:
    o.knows(customer(1, phone=PHONE))
    link = prefs_token(o.app.signer, "K000001")
    before = {choice.name: choice.wanted for choice in o.app.preferences.show(link)}
    assert before == {
        "service.email": True,
        "service.sms": True,
        "marketing.email": False,
        "marketing.sms": False,
    }
    ticked = {"service.email", "marketing.email"}
    o.app.preferences.save(link, ticked)
    version = o.app.customers.get("K000001").version
    o.app.preferences.save(link, ticked)
    kept = o.app.customers.get("K000001")
    assert kept.version == version
    assert kept.consent[Channel.SMS].status == ConsentStatus.OPTED_OUT
    assert kept.marketing[Channel.EMAIL].status == ConsentStatus.OPTED_IN
    assert Channel.EMAIL not in kept.consent  # it was so before: nothing was said
    with pytest.raises(Forbidden):
        o.app.preferences.save(link.replace("K000001", "K000002"), ticked)
