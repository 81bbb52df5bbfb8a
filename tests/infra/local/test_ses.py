"""The sending side of SES v2, through a real boto3 client."""

from __future__ import annotations

import json
from email.message import EmailMessage
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import Aws

TOPIC = "arn:aws:sns:us-east-1:000000000000:delivery"
KINDS = ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "RENDERING_FAILURE"]


@pytest.fixture
def ses(aws: Aws) -> Any:
    client = aws.client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    client.create_configuration_set(ConfigurationSetName="custops-local")
    client.create_configuration_set_event_destination(
        ConfigurationSetName="custops-local",
        EventDestinationName="all",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": KINDS,
            "SnsDestination": {"TopicArn": TOPIC},
        },
    )
    return client


def raw_mail(to: str = "ann@example.net") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Support <support@example.com>", to
    mail["Subject"], mail["Message-ID"] = "Grüße zu C-7K2M9Q", "<own@example.com>"
    mail["Bcc"] = "hidden@example.net"
    mail.set_content("Hällo\n")
    mail.add_alternative("<p>Hällo</p>", subtype="html")
    return mail.as_bytes()


def send_raw(ses: Any, to: str, **more: Any) -> str:
    answer = ses.send_email(
        FromEmailAddress="Support <support@example.com>",
        Destination={"ToAddresses": [to]},
        Content={"Raw": {"Data": raw_mail(to)}},
        ConfigurationSetName="custops-local",
        EmailTags=[{"Name": "send-id", "Value": "S1"}],
        **more,
    )
    return str(answer["MessageId"])


def events(aws: Aws) -> list[dict[str, Any]]:
    assert {topic for topic, _ in aws.events()} <= {TOPIC}
    return [json.loads(message) for _, message in aws.events()]


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_raw_mail_reaches_the_outbox_as_ses_would_send_it(aws: Aws, ses: Any) -> None:
    message_id = send_raw(ses, "ann@example.net")
    [item] = aws.memory.outbox(channel="email", to="ANN@example.net", limit=10)
    assert item.subject == "Grüße zu C-7K2M9Q"
    assert item.text == "Hällo\n"
    assert item.case_reference == "C-7K2M9Q"
    assert item.headers["Message-ID"] == f"<{message_id}@email.amazonses.com>"
    assert "Bcc" not in item.headers


def test_events_carry_our_tag_in_the_order_in_which_things_happen(aws: Aws, ses: Any) -> None:
    message_id = send_raw(ses, "ann@example.net")
    sent, delivered = events(aws)
    assert [sent["eventType"], delivered["eventType"]] == ["Send", "Delivery"]
    assert sent["mail"]["messageId"] == message_id
    assert sent["mail"]["tags"]["send-id"] == ["S1"]
    assert sent["mail"]["tags"]["ses:configuration-set"] == ["custops-local"]
    assert delivered["delivery"]["recipients"] == ["ann@example.net"]


def test_hard_bounce_is_told_and_suppresses_the_address(aws: Aws, ses: Any) -> None:
    send_raw(ses, "bounce@simulator.amazonses.com")
    bounce = events(aws)[1]["bounce"]
    assert (bounce["bounceType"], bounce["bounceSubType"]) == ("Permanent", "General")
    assert aws.memory.outbox(channel="", to="", limit=10) == []
    listed = ses.get_suppressed_destination(EmailAddress="bounce@simulator.amazonses.com")
    assert listed["SuppressedDestination"]["Reason"] == "BOUNCE"
    send_raw(ses, "bounce@simulator.amazonses.com")
    assert events(aws)[-1]["bounce"]["bounceSubType"] == "OnAccountSuppressionList"


def test_complaint_comes_after_delivery(aws: Aws, ses: Any) -> None:
    send_raw(ses, "complaint+x@simulator.amazonses.com")
    assert [event["eventType"] for event in events(aws)] == ["Send", "Delivery", "Complaint"]


def test_absent_person_answers(aws: Aws, ses: Any) -> None:
    send_raw(ses, "ooto@simulator.amazonses.com")
    assert aws.replies == ["ooto@simulator.amazonses.com"]


def test_suppression_list_can_be_edited(ses: Any) -> None:
    ses.put_suppressed_destination(EmailAddress="Ann@Example.net", Reason="COMPLAINT")
    found = ses.list_suppressed_destinations()["SuppressedDestinationSummaries"]
    assert [entry["EmailAddress"] for entry in found] == ["Ann@Example.net"]
    ses.delete_suppressed_destination(EmailAddress="ann@example.net")
    with pytest.raises(ClientError) as error:
        ses.get_suppressed_destination(EmailAddress="ann@example.net")
    assert code_of(error) == "NotFoundException"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"FromEmailAddress": "me@elsewhere.example"}, "MessageRejected"),
        ({"Destination": {"ToAddresses": ["nobody"]}}, "BadRequestException"),
        ({"Destination": {"ToAddresses": [f"x{i}@b.example" for i in range(51)]}},
         "BadRequestException"),
        ({"ConfigurationSetName": "other"}, "NotFoundException"),
        ({"EmailTags": [{"Name": "a b", "Value": "x"}]}, "BadRequestException"),
        ({"Content": {"Template": {"TemplateName": "none", "TemplateData": "{}"}}},
         "NotFoundException"),
    ],
)  # fmt: skip
def test_refusals_are_those_of_ses(aws: Aws, ses: Any, change: dict[str, Any], code: str) -> None:
    request = {
        "FromEmailAddress": "support@example.com",
        "Destination": {"ToAddresses": ["ann@example.net"]},
        "Content": {"Raw": {"Data": raw_mail()}},
        **change,
    }
    with pytest.raises(ClientError) as error:
        ses.send_email(**request)
    assert code_of(error) == code
    assert aws.memory.outbox(channel="", to="", limit=10) == []


def test_simple_mail_is_composed(aws: Aws, ses: Any) -> None:
    ses.send_email(
        FromEmailAddress="support@example.com",
        Destination={"ToAddresses": ["ann@example.net"], "BccAddresses": ["b@example.net"]},
        ReplyToAddresses=["reply@example.com"],
        Content={
            "Simple": {
                "Subject": {"Data": "Hi"},
                "Body": {"Html": {"Data": "<p>One<br>two</p>"}},
                "Headers": [{"Name": "X-CustOps-Case", "Value": "C-AAAAAA"}],
            }
        },
    )
    bcc, to = aws.memory.outbox(channel="email", to="", limit=10)
    assert (to.recipient, bcc.recipient) == ("ann@example.net", "b@example.net")
    assert (to.text, to.case_reference) == ("One\ntwo", "C-AAAAAA")
    assert to.headers["Reply-To"] == "reply@example.com"
    assert aws.events() == []


def test_bulk_mail_has_a_result_an_entry(aws: Aws, ses: Any) -> None:
    ses.create_email_template(
        TemplateName="news",
        TemplateContent={"Subject": "For {{name}}", "Text": "{{word}} {{name}}"},
    )
    answer = ses.send_bulk_email(
        FromEmailAddress="support@example.com",
        ConfigurationSetName="custops-local",
        DefaultEmailTags=[{"Name": "campaign", "Value": "K1"}],
        DefaultContent={"Template": {"TemplateName": "news", "TemplateData": '{"word": "Hi"}'}},
        BulkEmailEntries=[
            {
                "Destination": {"ToAddresses": ["ann@example.net"]},
                "ReplacementTags": [{"Name": "send-id", "Value": "S1"}],
                "ReplacementEmailContent": {
                    "ReplacementTemplate": {"ReplacementTemplateData": '{"name": "Ann"}'}
                },
                "ReplacementHeaders": [{"Name": "List-Unsubscribe", "Value": "<https://x>"}],
            },
            {"Destination": {"ToAddresses": ["no-name@example.net"]}},
            {"Destination": {"ToAddresses": ["broken"]}},
        ],
    )["BulkEmailEntryResults"]
    assert [entry["Status"] for entry in answer] == ["SUCCESS", "SUCCESS", "INVALID_PARAMETER"]
    [item] = aws.memory.outbox(channel="email", to="", limit=10)
    assert (item.subject, item.text) == ("For Ann", "Hi Ann")
    assert item.headers["List-Unsubscribe"] == "<https://x>"
    told = {event["eventType"]: event for event in events(aws)}
    assert told["Rendering Failure"]["failure"]["templateName"] == "news"
    assert told["Send"]["mail"]["tags"]["send-id"] == ["S1"]
    assert told["Send"]["mail"]["tags"]["campaign"] == ["K1"]


def test_bulk_mail_takes_no_more_than_fifty(ses: Any) -> None:
    entry = {"Destination": {"ToAddresses": ["ann@example.net"]}}
    with pytest.raises(ClientError) as error:
        ses.send_bulk_email(
            FromEmailAddress="support@example.com",
            DefaultContent={"Template": {"TemplateContent": {"Subject": "x", "Text": "y"}}},
            BulkEmailEntries=[entry] * 51,
        )
    assert code_of(error) == "BadRequestException"


def test_templates_are_kept_changed_and_removed(ses: Any) -> None:
    ses.create_email_template(TemplateName="t", TemplateContent={"Subject": "a", "Text": "b"})
    with pytest.raises(ClientError) as error:
        ses.create_email_template(TemplateName="t", TemplateContent={"Subject": "a"})
    assert code_of(error) == "AlreadyExistsException"
    ses.update_email_template(TemplateName="t", TemplateContent={"Subject": "{{x}}", "Text": "c"})
    assert ses.get_email_template(TemplateName="t")["TemplateContent"]["Text"] == "c"
    shown = ses.test_render_email_template(TemplateName="t", TemplateData='{"x": "y"}')
    assert shown["RenderedTemplate"].startswith("Subject: y")
    ses.delete_email_template(TemplateName="t")
    assert ses.list_email_templates()["TemplatesMetadata"] == []


def test_account_and_sets_can_be_read(ses: Any) -> None:
    assert ses.get_account()["ProductionAccessEnabled"] is True
    assert ses.get_email_identity(EmailIdentity="example.com")["VerifiedForSendingStatus"] is True
    found = ses.get_configuration_set_event_destinations(ConfigurationSetName="custops-local")
    assert found["EventDestinations"][0]["SnsDestination"]["TopicArn"] == TOPIC
