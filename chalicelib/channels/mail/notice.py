"""The notice that SES publishes when its S3 action has stored a mail.

It arrives raw or inside an SNS envelope, and promises little: mail without Subject, Date, To or
Message-ID is notified with these absent, verdicts may be missing, headers may be cut. Read is only
what intake needs; everything else in it may change without harm. Source: Amazon SES developer
guide, "Contents of notifications for Amazon SES email receiving".
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from chalicelib.base import Instant, Model, from_iso
from chalicelib.channels.models import Envelope, Verdicts
from chalicelib.errors import Unprocessable

_MAX_WRAPPINGS = 3


class MailNotice(Model):
    """Where a received mail lies, and what SES knows about it."""

    bucket: str
    key: str
    ses_message_id: str
    source: str | None = None  # "" is the null return path; None: not said
    recipients: tuple[str, ...] = ()
    verdicts: Verdicts = Verdicts()
    received_at: Instant | None = None
    headers_truncated: bool = False

    @property
    def envelope(self) -> Envelope:
        """What `parse_mail` wants to know beside the bytes."""
        return Envelope(sender=self.source, recipients=self.recipients, verdicts=self.verdicts)


def parse_notice(body: str) -> MailNotice:
    """The notice in an SQS record's body; raises Unprocessable when it is not one of ours."""
    notice = _unwrapped(body)
    mail, receipt = _object(notice, "mail"), _object(notice, "receipt")
    action = _object(receipt, "action")
    bucket, key = _text(action, "bucketName"), _text(action, "objectKey")
    if not bucket or not key:
        kind = _text(notice, "notificationType") or _text(notice, "Type") or "unknown"
        raise Unprocessable(f"not a notice of a stored mail (type {kind[:40]!r})")
    source = mail.get("source")
    return MailNotice(
        bucket=bucket,
        key=key,
        ses_message_id=_text(mail, "messageId") or key.rpartition("/")[2],
        source=_return_path(source),
        recipients=_texts(receipt.get("recipients")) or _texts(mail.get("destination")),
        verdicts=_verdicts(receipt),
        received_at=_moment(_text(receipt, "timestamp")) or _moment(_text(mail, "timestamp")),
        headers_truncated=mail.get("headersTruncated") is True,
    )


def _unwrapped(body: str) -> dict[str, Any]:
    """The innermost JSON object: SQS body, SNS envelope, SES record."""
    value: Any = body
    for _ in range(_MAX_WRAPPINGS + 1):
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError) as error:
                raise Unprocessable("the notice is not JSON") from error
        if not isinstance(value, dict):
            raise Unprocessable("the notice is not a JSON object")
        if "receipt" in value or "mail" in value:
            return value
        records = value.get("Records")
        if isinstance(records, list) and len(records) == 1 and isinstance(records[0], dict):
            value = records[0].get("ses") or _object(records[0], "Sns")
            continue
        if "Message" not in value:
            return value
        value = value["Message"]
    raise Unprocessable("the notice is wrapped too often")


def _return_path(source: Any) -> str | None:
    if not isinstance(source, str):
        return None
    return source.strip().strip("<>").strip()


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(v for v in value if isinstance(v, str) and v) if isinstance(value, list) else ()


def _verdicts(receipt: dict[str, Any]) -> Verdicts:
    names = ("spam", "virus", "spf", "dkim", "dmarc")
    found = {n: _text(_object(receipt, f"{n}Verdict"), "status").upper()[:30] for n in names}
    return Verdicts(**found)


def _moment(text: str) -> datetime | None:
    try:
        return from_iso(text) if text else None
    except ValueError:
        return None


_ADDED = re.compile(
    rb"(?im)^(x-ses-(?:spam|virus)-verdict|return-path|authentication-results):(.*)$"
)
_METHOD = re.compile(r"\b(spf|dkim|dmarc)=(\w+)")


def remembered(notice: MailNotice, raw: bytes) -> MailNotice:
    """A notice that knows nothing but the key, with what SES wrote above the mail itself.

    Only the first header of a name counts, and only an Authentication-Results of SES: whatever a
    sender wrote stands below. Source: Amazon SES developer guide, "Viewing email headers".
    """
    head = raw[:16_384].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    first: dict[str, str] = {}
    for name, value in _ADDED.findall(head.replace(b"\n ", b" ").replace(b"\n\t", b" ")):
        first.setdefault(name.decode("ascii").lower(), value.decode("ascii", "replace").strip())
    found = {
        "spam": first.get("x-ses-spam-verdict", ""),
        "virus": first.get("x-ses-virus-verdict", ""),
    }
    server, _, results = first.get("authentication-results", "").partition(";")
    if server.strip().lower() == "amazonses.com":
        found |= {method: _STATES.get(word, "GRAY") for method, word in _METHOD.findall(results)}
    source = first.get("return-path")
    return notice.model_copy(
        update={
            "verdicts": Verdicts(**{name: word.upper() for name, word in found.items()}),
            "source": source.strip("<> ") if source is not None else None,
        }
    )


_STATES = {"pass": "PASS", "fail": "FAIL", "softfail": "FAIL", "none": "GRAY", "neutral": "GRAY"}
