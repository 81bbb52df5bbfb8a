"""The notice of a stored mail, complete, bare, wrapped, or not ours at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.channels.mail import parse_notice
from chalicelib.errors import Unprocessable


def notice(**changes: Any) -> dict[str, Any]:
    receipt = {
        "timestamp": "2026-11-22T20:00:00.000Z",
        "recipients": ["help@example.com"],
        "spamVerdict": {"status": "PASS"},
        "virusVerdict": {"status": "FAIL"},
        "dmarcVerdict": {"status": "gray"},
        "action": {"type": "S3", "bucketName": "mail", "objectKey": "inbound/abc"},
    }
    mail = {"messageId": "abc", "source": "ann@example.org", "headersTruncated": True}
    return {"notificationType": "Received", "receipt": receipt, "mail": mail, **changes}


def enveloped(message: Any) -> str:
    return json.dumps({"Type": "Notification", "Message": json.dumps(message)})


@pytest.mark.parametrize("body", [json.dumps(notice()), enveloped(notice())])
def test_place_and_verdicts_are_read(body: str) -> None:
    found = parse_notice(body)
    assert (found.bucket, found.key, found.ses_message_id) == ("mail", "inbound/abc", "abc")
    assert found.recipients == ("help@example.com",)
    assert found.verdicts.virus == "FAIL"
    assert (found.verdicts.dmarc, found.verdicts.spf) == ("GRAY", "")
    assert found.headers_truncated
    assert found.envelope.sender == "ann@example.org"


def test_a_notice_with_nothing_but_the_place_is_enough() -> None:
    action = {"bucketName": "mail", "objectKey": "inbound/xyz"}
    found = parse_notice(json.dumps({"receipt": {"action": action}}))
    assert (found.ses_message_id, found.source, found.received_at) == ("xyz", None, None)


def test_the_null_return_path_is_told_from_an_unknown_one() -> None:
    assert parse_notice(json.dumps(notice(mail={"source": "<>"}))).source == ""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not JSON"),
        ("[1]", "not a JSON object"),
        (enveloped("hello"), "not a JSON object"),
        (json.dumps({"notificationType": "Bounce", "mail": {}}), "type 'Bounce'"),
        (json.dumps({"Type": "SubscriptionConfirmation"}), "SubscriptionConfirmation"),
    ],
)
def test_what_is_not_a_notice_is_refused_with_a_reason(body: str, reason: str) -> None:
    with pytest.raises(Unprocessable, match=reason):
        parse_notice(body)
