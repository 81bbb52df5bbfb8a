"""Texts with fields: what is refused before anybody approves it, and what customers read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from chalicelib.campaigns import texts
from chalicelib.campaigns.cost import sms_parts
from chalicelib.campaigns.models import CampaignInput, FieldSpec, Notice
from chalicelib.customers.models import Customer, Scalar
from chalicelib.errors import Invalid
from tests.campaigns.test_campaign_rules import NOW, campaign


def customer(name: str = "Ana Ortiz", **attributes: Scalar) -> Customer:
    return Customer(id="K1", name=name, attributes=attributes, created_at=NOW, updated_at=NOW)


def says(text: str) -> Notice:
    return Notice.model_validate({"email": {"subject": "About it", "text": text}})


def test_a_field_that_nobody_gives_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match=r"message.email.en.text: \{\{city\}\} is not a field"):
        texts.check(campaign(message=says("Trouble in {{city}}")))
    texts.check(campaign(message=says("{{city}}"), fields={"city": FieldSpec(value="Bonn")}))


@pytest.mark.parametrize("text", ["{{#if x}}", "{{Name}}", "{{name", "name}}", "{{a.b}}"])
def test_what_looks_like_a_field_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="a field is written"):
        texts.check(campaign(message=says(text)))


def test_a_channel_without_a_text_is_refused() -> None:
    with pytest.raises(Invalid, match="there is no text for sms"):
        texts.check(campaign(audience={"channels": ["sms"]}))


def test_the_default_language_must_have_a_text() -> None:
    with pytest.raises(ValidationError, match="no text in the default language"):
        Notice.model_validate({"email": {"de": {"subject": "s", "text": "t"}}})


def test_fields_come_from_the_customer_by_type() -> None:
    fields = {
        "plan": FieldSpec(source="attributes.plan"),
        "bill": FieldSpec(source="attributes.bill", type="number"),
        "day": FieldSpec(source="attributes.day", type="date"),
    }
    one = campaign(fields=fields)
    values = texts.field_values(
        one, customer(plan="pro\n", bill="12.50", day="2026-12-01T10:00"), "en", {}
    )
    assert (values["plan"], values["bill"], values["day"]) == ("pro", "12.5", "2026-12-01")
    with pytest.raises(texts.FieldMissing, match="day"):
        texts.field_values(one, customer(plan="pro", bill=1, day="soon"), "en", {})


def test_a_default_stands_in_for_a_missing_value() -> None:
    one = campaign(fields={"plan": FieldSpec(source="attributes.plan", default="basic")})
    assert texts.field_values(one, customer(), "en", {})["plan"] == "basic"


def test_a_nameless_customer_is_still_addressed() -> None:
    assert texts.field_values(campaign(), customer(name=" "), "fr", {})["name"] == "client"
    assert texts.field_values(campaign(), customer(), "en", {})["first_name"] == "Ana"


def test_a_name_cannot_break_out_of_its_line() -> None:
    values = texts.field_values(campaign(), customer(name="A\r\nBcc: x@example.org"), "en", {})
    assert "\n" not in values["name"]
    assert "\r" not in values["name"]


def test_the_way_out_is_added_once() -> None:
    added = texts.mail_template(says("Hello"), "en").text
    assert added.count("{{unsubscribe}}") == 1
    assert added.count("{{feedback}}") == 1
    own = "Hello. Enough? {{unsubscribe}} Or {{feedback}}"
    assert texts.mail_template(says(own), "en").text == own


def test_a_free_campaign_needs_a_text() -> None:
    with pytest.raises(Invalid, match="message"):
        texts.propose(CampaignInput(name="Free"), None)
    assert texts.propose(CampaignInput(), "login").email["de"].subject


@pytest.mark.parametrize(
    ("text", "parts"),
    [("a" * 160, 1), ("a" * 161, 2), ("€" * 80, 1), ("€" * 81, 2), ("ж" * 70, 1), ("😀" * 36, 2)],
)
def test_parts_of_a_text_message(text: str, parts: int) -> None:
    assert sms_parts(text) == parts


def test_all_fields_that_nobody_gives_are_named() -> None:
    with pytest.raises(Invalid) as refused:
        texts.check(campaign(message=says("Hello {{city}}, {{plan}} and {{name}}")))
    named = [one["reason"] for one in refused.value.extra["fields"]]
    assert named == [
        "{{city}} is not a field of this campaign",
        "{{plan}} is not a field of this campaign",
    ]
