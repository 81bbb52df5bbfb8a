"""The mail stack: its template, and what the deployer does around it."""

from __future__ import annotations

from typing import Any

import pytest

from infra import mail
from infra.console import Failure
from infra.package import lint_template
from infra.yamlfile import load
from tests.infra.clouds import FakeCloudFormation, FakeSes, FakeSms

MAIN = {"BucketName": "b", "MailTopicArn": "m", "DeliveryTopicArn": "d", "SmsTopicArn": "s"}


def deploy(
    ses: FakeSes,
    cloud: FakeCloudFormation | None = None,
    sms: FakeSms | None = None,
    number: str | None = None,
) -> tuple[dict[str, str], list[str]]:
    """Returns the parameters of the stack and what was told."""
    told: list[str] = []
    cloud = cloud or FakeCloudFormation(outputs={"RuleSetName": "custops-prod"})
    clients: dict[str, Any] = {"cloudformation": cloud, "ses": ses, "sesv2": ses}
    clients["pinpoint-sms-voice-v2"] = sms
    wishes = mail.Wishes(stage="prod", domain="example.com", sms_number=number)
    mail.deploy(wishes, clients.__getitem__, "https://template", MAIN, told.append)
    sent = cloud.requests[-1][1]["Parameters"]
    return {p["ParameterKey"]: p.get("ParameterValue", "kept") for p in sent}, told


def test_the_mail_template_lints_clean() -> None:
    lint_template(mail.TEMPLATE)


def test_one_rule_scans_stores_tells_and_stops() -> None:
    resources = load(mail.TEMPLATE)["Resources"]
    [rule] = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::SES::ReceiptRule"]
    assert rule["Rule"]["ScanEnabled"] is True
    assert rule["Rule"]["TlsPolicy"] == "Optional"
    store, stop = rule["Rule"]["Actions"]
    assert store["S3Action"]["ObjectKeyPrefix"] == "mail/"
    assert store["S3Action"]["TopicArn"] == {"Ref": "MailTopicArn"}
    assert stop == {"StopAction": {"Scope": "RuleSet"}}


def test_send_events_come_back_to_settle_what_is_ambiguous() -> None:
    events = load(mail.TEMPLATE)["Resources"]["DeliveryEvents"]["Properties"]["EventDestination"]
    assert {"SEND", "DELIVERY", "BOUNCE", "COMPLAINT"} <= set(events["MatchingEventTypes"])
    assert events["SnsDestination"] == {"TopicARN": {"Ref": "DeliveryTopicArn"}}


def test_an_empty_account_gets_identity_and_an_active_rule_set() -> None:
    ses = FakeSes()
    parameters, _ = deploy(ses)
    assert ses.active == "custops-prod"
    assert not {"SharedRuleSet", "CreateIdentity"} & set(parameters)


def test_what_the_account_has_is_used_and_not_replaced() -> None:
    ses = FakeSes(active="house", identities=["example.com"])
    cloud = FakeCloudFormation(outputs={"RuleSetName": "house"})
    parameters, _ = deploy(ses, cloud)
    assert parameters["SharedRuleSet"] == "house"
    assert parameters["CreateIdentity"] == "no"
    assert ses.active == "house"


def test_what_was_found_first_is_kept_on_updates() -> None:
    """The second time the identity is there because the stack made it: it must not drop it."""
    ses = FakeSes()
    cloud = FakeCloudFormation(wanted=["CreateIdentity"], outputs={"RuleSetName": "custops-prod"})
    deploy(ses, cloud)
    ses.identities.add("example.com")
    parameters, _ = deploy(ses, cloud)
    assert parameters.get("CreateIdentity", "kept") == "kept"


def test_a_rule_set_that_another_has_displaced_is_told_of() -> None:
    ses = FakeSes()
    cloud = FakeCloudFormation(outputs={"RuleSetName": "custops-prod"})
    deploy(ses, cloud)
    ses.active = "other"
    with pytest.raises(Failure, match="rule set other is active now"):
        deploy(ses, cloud)


def test_a_sandboxed_account_is_told_in_words() -> None:
    ses = FakeSes()
    ses.production = False
    _, told = deploy(ses)
    assert [line for line in told if "sandbox" in line]


def test_text_messages_to_an_own_number_reach_our_topic() -> None:
    sms = FakeSms("+15550100", "+15550199")
    parameters, _ = deploy(FakeSes(), sms=sms, number="+15550199")
    [update] = sms.updates
    assert update["PhoneNumberId"] == "phone-+15550199"
    assert update["TwoWayChannelArn"] == MAIN["SmsTopicArn"]
    assert parameters["TextMessages"] == "yes"


def test_a_number_of_somebody_else_is_refused() -> None:
    with pytest.raises(Failure, match="no number"):
        deploy(FakeSes(), sms=FakeSms("+15550100"), number="+15550111")
