"""What SES makes of a received mail."""

from __future__ import annotations

import json
from typing import Any

from infra.local.receipt import EICAR, GTUBE, notice, stored_mime, verdicts
from infra.local.spool import Envelope

ENVELOPE = Envelope("abc", "ann@example.net", ("support@example.com", "x@example.com"), 1.8e9)
MAIL = (
    b"From: =?utf-8?q?Ann_M=C3=BCller?= <ann@example.net>\r\nTo: support@example.com\r\n"
    b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\nMessage-ID: <1@example.net>\r\n"
    b"X-Long: one\r\n two\r\n\r\nHello\r\n"
)


def told(mime: bytes) -> dict[str, Any]:
    text = notice(mime, ENVELOPE, bucket="b", topic="arn:t", handled_at=1.8e9 + 0.25)
    value: dict[str, Any] = json.loads(text)
    return value


def test_notice_names_object_envelope_and_decoded_headers() -> None:
    said = told(MAIL)
    assert said["notificationType"] == "Received"
    assert said["mail"]["messageId"] == "abc"
    assert said["mail"]["source"] == "ann@example.net"
    assert said["mail"]["destination"] == ["support@example.com", "x@example.com"]
    assert said["mail"]["commonHeaders"] == {
        "returnPath": "ann@example.net",
        "from": ["Ann Müller <ann@example.net>"],
        "to": ["support@example.com"],
        "subject": "Grüße",
        "messageId": "<1@example.net>",
    }
    assert {"name": "X-Long", "value": "one two"} in said["mail"]["headers"]
    assert said["receipt"]["processingTimeMillis"] == 250
    assert said["receipt"]["action"] == {
        "type": "S3",
        "topicArn": "arn:t",
        "bucketName": "b",
        "objectKeyPrefix": "mail/",
        "objectKey": "mail/abc",
    }
    assert said["receipt"]["dmarcVerdict"] == {"status": "PASS"}


def test_chosen_verdicts_are_obeyed_and_leave_no_trace() -> None:
    mime = b"X-Local-Verdicts: spf=FAIL\r\n dmarc=GRAY nonsense=1 spam=WHAT\r\n" + MAIL
    found = verdicts(mime)
    assert (found["spf"], found["dmarc"], found["spam"]) == ("FAIL", "GRAY", "PASS")
    assert b"X-Local-Verdicts" not in stored_mime(mime, ENVELOPE)
    assert "X-Local-Verdicts" not in json.dumps(told(mime))


def test_verdict_header_in_a_body_is_only_text() -> None:
    mime = MAIL + b"X-Local-Verdicts: spf=FAIL\r\n"
    assert verdicts(mime)["spf"] == "PASS"
    assert stored_mime(mime, ENVELOPE).endswith(b"X-Local-Verdicts: spf=FAIL\r\n")


def test_scanner_test_strings_fail() -> None:
    assert verdicts(MAIL + EICAR)["virus"] == "FAIL"
    assert verdicts(MAIL + GTUBE)["spam"] == "FAIL"


def test_long_headers_are_cut_and_said_to_be() -> None:
    said = told(b"A: b\r\nX-Big: " + b"x" * 20_000 + b"\r\n\r\n")
    assert said["mail"]["headersTruncated"] is True
    assert [header["name"] for header in said["mail"]["headers"]] == ["A"]


def test_original_bytes_stay_below_the_added_headers() -> None:
    for mime in (MAIL, b"no headers at all", b"", b"\xff\xfe\x00: \x80\n\nx"):
        stored = stored_mime(mime, ENVELOPE)
        assert stored.startswith(b"Return-Path: <ann@example.net>\r\n")
        assert stored.rstrip(b"\r\n").endswith(mime.rstrip(b"\r\n"))
        told(mime)
