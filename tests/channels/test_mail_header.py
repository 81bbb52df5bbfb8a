"""The header of a mail: who, about what, which one, and whether a person or a machine."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.channels.mail import parse_mail
from chalicelib.channels.models import Disposition, Envelope, InboundMessage, Verdicts

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
HEAD = (
    "From: Ann <ann@example.org>\nTo: help@example.com\nSubject: s\nMessage-ID: <1@example.org>\n"
)


def read(
    mail: str | bytes, own: frozenset[str] = frozenset(), envelope: Envelope | None = None
) -> InboundMessage:
    raw = mail if isinstance(mail, bytes) else mail.encode("utf-8")
    return parse_mail(raw, received_at=NOW, own_addresses=own, envelope=envelope)


def typed(kind: str, body: str) -> str:
    return f"{HEAD}MIME-Version: 1.0\nContent-Type: {kind}\n\n{body}"


def parts(kind: str, *sections: str) -> str:
    inside = "".join(f"--B\n{section}\n" for section in sections)
    return typed(f"{kind}; boundary=B", f"preamble\n{inside}--B--\nepilogue\n")


# --- names and people ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "name", "address"),
    [
        ('"Doe, John" <j@Example.ORG>', "Doe, John", "j@example.org"),
        ("=?utf-8?Q?Doe=2C_J=C3=B6?= <j@example.org>", "Doe, Jö", "j@example.org"),
        ('"=?iso-8859-1?q?J=F6rg?=" <j@example.org>', "Jörg", "j@example.org"),
        ("=?utf-8?B?SsO2cmcgPGpAZXhhbXBsZS5vcmc+?=", "Jörg", "j@example.org"),
        ("j@example.org (John Doe)", "John Doe", "j@example.org"),
        ("John Doe <j@example.org", "John Doe", "j@example.org"),
        ("j@other.example <j@example.org>", "j@other.example", "j@example.org"),
        ("Jürgen <jürgen@exämple.org>", "Jürgen", "jürgen@exämple.org"),
        ("Team: a@example.org, b@example.org;", "", "a@example.org"),
        ("A <a@example.org>, B <b@example.org>", "A", "a@example.org"),
        ("=?utf-8?q?broken", "", ""),
        ("undisclosed-recipients:;", "", ""),
    ],
)
def test_senders_are_read_however_they_are_written(field: str, name: str, address: str) -> None:
    found = read(f"From: {field}\nSubject: s\n\nx").sender
    assert (found.name, found.address) == (name, address)


def test_the_envelope_names_the_sender_when_the_header_does_not() -> None:
    found = read("Subject: s\n\nx", envelope=Envelope(sender="ann@example.org"))
    assert found.sender.address == "ann@example.org"
    assert "no From" in found.defects


def test_our_own_web_form_is_answered_to_the_customer() -> None:
    mail = "From: help@example.com\nReply-To: Ann <ann@example.org>\nSubject: form\n\nx"
    found = read(mail, own=frozenset({"help@example.com"}))
    assert (found.sender.address, found.disposition) == ("ann@example.org", Disposition.MESSAGE)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("=?utf-8?B?w4TDtg==?= =?utf-8?B?w7w=?=", "Äöü"),
        ("=?utf-8?B?w4Q?= =?utf-8?q?=C3?= =?utf-8?q?=BC?=", "Äü"),
        ("=?utf-8?q?What=3F_Yes?=", "What? Yes"),
        ("=?utf-8?q?na=C3=AFve caf=C3=A9?= end", "naïve café end"),
        ("=?nonsense?q?abc?=", "abc"),
        ("Grüße", "Grüße"),
        ("a\u202egnp.exe", "agnp.exe"),
    ],
)
def test_subjects_are_decoded_leniently(subject: str, text: str) -> None:
    assert read(f"From: a@example.org\nSubject: {subject}\n\nx").subject == text


def test_references_are_cleaned_bounded_and_end_with_the_parent() -> None:
    ids = " ".join(f"<{i}@x.example>" for i in range(500))
    found = read(f"{HEAD}References: junk {ids}\nIn-Reply-To: Your mail of <499@x.example>\n\nx")
    assert len(found.references) == 50
    assert (found.references[0], found.references[-1]) == ("0@x.example", "499@x.example")


# --- kinds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (failure)",
        "X-Autoreply: yes",
        "X-Autorespond: ",
        "X-Auto-Response-Suppress: All",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "List-Id: News <news.example.net>",
        "List-Unsubscribe: <https://example.net/u>",
        "Return-Path: <>",
        "X-Loop: help@example.com",
        "From: MAILER-DAEMON@example.net",
        "From: no-reply@example.net",
        "From: Shop <shop-noreply@example.net>",
        "From: help@example.com",
        "Subject: Automatische Antwort: Ihre Anfrage",
        "Subject: Out of Office: back on Monday",
        "Subject: 自動返信: ご連絡",
    ],
)
def test_machines_are_recognised(field: str) -> None:
    name = field.partition(":")[0].lower()
    mail = "".join(line for line in HEAD.splitlines(True) if not line.lower().startswith(name))
    found = read(f"{field}\n{mail}\nx", own=frozenset({"help@example.com"}))
    if field.endswith(": "):
        assert found.disposition is Disposition.MESSAGE
    else:
        assert found.disposition is Disposition.AUTOMATIC
        assert found.reason


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: no",
        "List-Id: <help.example.com>\nPrecedence: list\nList-Unsubscribe: <https://example.com>",
        "From: noreply@forms.example\nReply-To: ann@example.org",
        "Subject: Your automatic reply is wrong",
        "Subject: Re: Out of office hours",
    ],
)
def test_people_are_not_taken_for_machines(field: str) -> None:
    found = read(f"{field}\n{HEAD}\nx", own=frozenset({"help@example.com"}))
    assert found.disposition is Disposition.MESSAGE


def test_a_delivery_report_names_recipient_status_and_our_mail() -> None:
    found = read(
        "From: MAILER-DAEMON@mx.example\n"
        + parts(
            "multipart/report; report-type=delivery-status",
            "Content-Type: text/plain\n\nIt failed.",
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
            "Final-Recipient: rfc822; Bob@Example.net\nAction: failed\nStatus: 5.1.1\n"
            "Diagnostic-Code: smtp; 550 5.1.1\n no such user",
            "Content-Type: text/rfc822-headers\n\nMessage-ID: <ours@example.com>",
        )
    )
    (report,) = found.reports
    assert found.disposition is Disposition.BOUNCE
    assert (report.recipient, report.action, report.status) == (
        "Bob@example.net",
        "failed",
        "5.1.1",
    )
    assert report.diagnostic == "550 5.1.1 no such user"
    assert report.original_message_id == "ours@example.com"


def test_a_bounce_in_prose_is_understood() -> None:
    found = read(
        "From: MAILER-DAEMON@qmail.example\nSubject: failure notice\n\n"
        "Hi. This is the qmail-send program.\n\n<bob@example.net>:\n"
        "user does not exist (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n"
        "Message-ID: <ours@example.com>\nTo: other@example.net\n"
    )
    (report,) = found.reports
    assert found.disposition is Disposition.BOUNCE
    assert (report.recipient, report.status) == ("bob@example.net", "5.1.1")
    assert report.original_message_id == "ours@example.com"


def test_a_complaint_is_recorded() -> None:
    found = read(
        parts(
            "multipart/report; report-type=feedback-report",
            "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
            "Original-Rcpt-To: bob@example.net",
            "Content-Type: message/rfc822\n\nMessage-ID: <ours@example.com>\n\nx",
        )
    )
    (report,) = found.reports
    assert (report.feedback_type, report.recipient) == ("abuse", "bob@example.net")
    assert report.original_message_id == "ours@example.com"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\x00\xff" * 50, "no header"),
        (b"hello\n\nworld", "no header"),
        (b"Subject:\n\n", "neither"),
    ],
)
def test_what_is_no_mail_goes_to_quarantine_with_a_reason(raw: bytes, words: str) -> None:
    found = read(raw)
    assert found.disposition is Disposition.QUARANTINE
    assert words in found.reason


def test_a_virus_goes_to_quarantine() -> None:
    infected = Envelope(verdicts=Verdicts(virus="FAIL"))
    assert read(HEAD + "\nx", envelope=infected).disposition is Disposition.QUARANTINE


# --- identity ------------------------------------------------------------------------------------


def test_the_same_mail_by_another_way_has_the_same_identity() -> None:
    mail = f"Received: from a\nX-Spam: 1\n{HEAD}\nhello\n"
    other = f"Received: from b\n{HEAD}\nhello\n\n--\nFooter\n".replace("\n", "\r\n")
    assert read(mail).external_id == read(other).external_id
    bare = mail.replace("Message-ID: <1@example.org>\n", "")
    assert read(bare).external_id == read(bare.replace("from a", "from c")).external_id


def test_one_message_id_for_two_texts_makes_two_identities() -> None:
    assert read(f"{HEAD}\nhello").external_id != read(f"{HEAD}\ngoodbye").external_id
