"""Delivery events of SES (event publishing) and End User Messaging, as DeliveryEvents.

Shapes: "Contents of event data that Amazon SES publishes to Amazon SNS" and "Event types for SMS"
of the AWS documentation. Unknown kinds of event give nothing; what is no event at all raises
Unprocessable.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.base import from_iso
from chalicelib.cases.models import DeliveryEvent, DeliveryStatus
from chalicelib.errors import Unprocessable

D = DeliveryStatus
SMS = {
    "TEXT_SENT": D.SENT,
    "TEXT_SUCCESSFUL": D.SENT,
    "TEXT_DELIVERED": D.DELIVERED,
    "TEXT_BLOCKED": D.FAILED,
    "TEXT_CARRIER_BLOCKED": D.FAILED,
    "TEXT_CARRIER_UNREACHABLE": D.FAILED,
    "TEXT_INVALID": D.BOUNCED,
    "TEXT_INVALID_MESSAGE": D.FAILED,
    "TEXT_SPAM": D.FAILED,
    "TEXT_TTL_EXPIRED": D.FAILED,
    "TEXT_UNKNOWN": D.FAILED,
    "TEXT_UNREACHABLE": D.FAILED,
    "TEXT_PROTECT_BLOCKED": D.FAILED,
}
SES = {
    "Send": D.SENT,
    "Delivery": D.DELIVERED,
    "Bounce": D.BOUNCED,
    "Complaint": D.COMPLAINED,
    "Reject": D.FAILED,
    "Rendering Failure": D.FAILED,
}


def parse_event(content: Mapping[str, Any]) -> list[DeliveryEvent]:
    """One event a recipient that it speaks of."""
    try:
        if "eventType" in content and "mail" in content:
            return _ses(content)
        if str(content.get("eventType", "")).startswith("TEXT_"):
            return _sms(content)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Unprocessable(f"a delivery event without {error}") from error
    raise Unprocessable("this is no delivery event")


def _ses(content: Mapping[str, Any]) -> list[DeliveryEvent]:
    kind = content["eventType"]
    if kind not in SES:
        return []  # opens, clicks, delays, subscriptions: nothing that a case hangs on
    mail = content["mail"]
    body = content.get({"Rendering Failure": "failure"}.get(kind, kind.lower()), {})
    common = {
        "status": SES[kind],
        "send_id": next(iter(mail.get("tags", {}).get("send_id", [])), ""),
        "provider_id": mail["messageId"],
        "at": from_iso(body.get("timestamp") or mail["timestamp"]),
    }
    if kind == "Bounce":
        permanent = body.get("bounceType") == "Permanent"
        return [
            DeliveryEvent(
                **common,
                recipient=who["emailAddress"].lower(),
                permanent=permanent,
                reason=who.get("diagnosticCode")
                or f"{body.get('bounceType', '')} bounce, {body.get('bounceSubType', '')}",
            )
            for who in body["bouncedRecipients"]
        ]
    if kind == "Complaint":
        reason = body.get("complaintFeedbackType") or "complaint"
        return [
            DeliveryEvent(
                **common, recipient=who["emailAddress"].lower(), permanent=True, reason=reason
            )
            for who in body["complainedRecipients"]
        ]
    reason = str(body.get("reason") or body.get("errorMessage") or "")
    return [DeliveryEvent(**common, reason=reason)]


def _sms(content: Mapping[str, Any]) -> list[DeliveryEvent]:
    kind = content["eventType"]
    if kind not in SMS:
        return []  # queued, pending: not settled yet
    status = SMS[kind]
    at = content.get("eventTimestamp")
    return [
        DeliveryEvent(
            status=status,
            send_id=(content.get("context") or {}).get("send_id", ""),
            provider_id=content.get("messageId", ""),
            recipient=content.get("destinationPhoneNumber", ""),
            permanent=status == D.BOUNCED,
            reason=content.get("messageStatusDescription", kind)
            if status in (D.FAILED, D.BOUNCED)
            else "",
            at=datetime.fromtimestamp(at / 1000, UTC)
            if isinstance(at, int | float)
            else from_iso(str(at)),
        )
    ]
