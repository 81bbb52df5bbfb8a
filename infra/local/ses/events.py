"""The events that a configuration set publishes, in SES's shapes. Pure.

Source: Amazon SES developer guide, "Examples of event data that Amazon SES publishes to Amazon
SNS". Local addresses behave as the mailbox simulator does; besides those, every address below the
reserved domain `.invalid` (RFC 2606) bounces, since no such domain can exist.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from infra.local.amazon import ACCOUNT, REGION
from infra.local.ses.mail import Mail

SIMULATOR = re.compile(r"^(success|bounce|complaint|suppressionlist|ooto)(\+[^@]*)?$", re.I)
SIMULATOR_DOMAIN = "simulator.amazonses.com"
SMTP_HOST = "a8-50.smtp-out.amazonses.com"
EVENTS = {
    "SEND": "Send",
    "DELIVERY": "Delivery",
    "BOUNCE": "Bounce",
    "COMPLAINT": "Complaint",
    "RENDERING_FAILURE": "Rendering Failure",
    "REJECT": "Reject",
}
"""Names in the API → names in the published JSON."""


class Fate(StrEnum):
    """What becomes of a mail to one address."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"  # delivered, then complained about
    SUPPRESSED = "suppressed"  # never tried: on the account's suppression list
    GLOBALLY_SUPPRESSED = "globally suppressed"
    ANSWERED = "answered"  # delivered, and an out-of-office reply comes back


def fate(address: str, suppressed: Iterable[str]) -> Fate:
    """What becomes of a mail to `address`, given the suppressed addresses in lower case."""
    if address.lower() in suppressed:
        return Fate.SUPPRESSED
    local, _, domain = address.rpartition("@")
    if domain.lower() == "invalid" or domain.lower().endswith(".invalid"):
        return Fate.BOUNCED
    found = SIMULATOR.match(local) if domain.lower() == SIMULATOR_DOMAIN else None
    return _SIMULATED[found[1].lower()] if found else Fate.DELIVERED


_SIMULATED = {
    "success": Fate.DELIVERED,
    "bounce": Fate.BOUNCED,
    "complaint": Fate.COMPLAINED,
    "suppressionlist": Fate.GLOBALLY_SUPPRESSED,
    "ooto": Fate.ANSWERED,
}


def envelope(mail: Mail, message_id: str, at: float, tags: Mapping[str, str]) -> dict[str, Any]:
    """The `mail` object that every event of one message carries."""
    source = _box(mail.sender)
    headers = [{"name": name, "value": value} for name, value in mail.headers]
    return {
        "timestamp": iso(at),
        "source": mail.sender,
        "sourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{source.rpartition('@')[2]}",
        "sendingAccountId": ACCOUNT,
        "messageId": message_id,
        "destination": list(mail.recipients),
        "headersTruncated": False,
        "headers": headers,
        "commonHeaders": {
            "from": [mail.sender],
            "to": list(mail.to),
            "messageId": message_id,
            "subject": mail.subject,
        },
        "tags": {
            "ses:configuration-set": [mail.configuration_set],
            "ses:source-ip": ["127.0.0.1"],
            "ses:from-domain": [source.rpartition("@")[2]],
            "ses:caller-identity": ["local"],
            **{name: [value] for name, value in tags.items()},
        },
    }


def send(mail: Mapping[str, Any]) -> dict[str, Any]:
    """SES accepted the message."""
    return {"eventType": EVENTS["SEND"], "mail": dict(mail), "send": {}}


def delivery(mail: Mapping[str, Any], recipients: Sequence[str], at: float) -> dict[str, Any]:
    """The recipients' server took it."""
    body = {
        "timestamp": iso(at),
        "processingTimeMillis": 200,
        "recipients": list(recipients),
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": SMTP_HOST,
    }
    return {"eventType": EVENTS["DELIVERY"], "mail": dict(mail), "delivery": body}


def bounce(mail: Mapping[str, Any], recipient: str, why: Fate, at: float) -> dict[str, Any]:
    """It came back for good, or was never tried because the address is suppressed."""
    subtype, diagnostic = _BOUNCES[why]
    body = {
        "feedbackId": f"0100{_hex(mail, recipient)}-000000",
        "bounceType": "Permanent",
        "bounceSubType": subtype,
        "bouncedRecipients": [
            {
                "emailAddress": recipient,
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": diagnostic,
            }
        ],
        "timestamp": iso(at),
        "reportingMTA": f"dsn; {SMTP_HOST}",
    }
    return {"eventType": EVENTS["BOUNCE"], "mail": dict(mail), "bounce": body}


_BOUNCES = {
    Fate.BOUNCED: ("General", "smtp; 550 5.1.1 user unknown"),
    Fate.SUPPRESSED: (
        "OnAccountSuppressionList",
        "Amazon SES did not send the message to this address because it is on the suppression "
        "list for your account.",
    ),
    Fate.GLOBALLY_SUPPRESSED: (
        "Suppressed",
        "Amazon SES has suppressed sending to this address because it has a recent history of "
        "bouncing as an invalid address.",
    ),
}


def complaint(mail: Mapping[str, Any], recipient: str, at: float) -> dict[str, Any]:
    """The recipient called it spam."""
    body = {
        "feedbackId": f"0100{_hex(mail, recipient)}-000000",
        "complaintSubType": None,
        "complainedRecipients": [{"emailAddress": recipient}],
        "timestamp": iso(at),
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": iso(at),
    }
    return {"eventType": EVENTS["COMPLAINT"], "mail": dict(mail), "complaint": body}


def rendering_failure(mail: Mapping[str, Any], template: str, why: str) -> dict[str, Any]:
    """A template could not be rendered; nothing was sent."""
    body = {"errorMessage": why, "templateName": template}
    return {"eventType": EVENTS["RENDERING_FAILURE"], "mail": dict(mail), "failure": body}


def iso(moment: float) -> str:
    """RFC 3339 with milliseconds, as SES writes it."""
    at = datetime.fromtimestamp(moment, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _box(sender: str) -> str:
    found = re.search(r"<([^<>]+)>\s*$", sender)
    return (found[1] if found else sender).strip()


def _hex(mail: Mapping[str, Any], recipient: str) -> str:
    return hashlib.sha256(f"{mail['messageId']} {recipient}".encode()).hexdigest()[:32]
