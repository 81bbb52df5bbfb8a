"""SESv2: accepts mail, keeps what it accepted, tells a topic what became of it.

Every acceptance is kept, also of the same mail twice: that is what the promise "sent once" is
measured by. Events are published only when somebody calls `publish`, since on AWS they come later,
in any order and sometimes twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from tests.simulation.aws.errors import AwsError
from tests.simulation.aws.naming import Naming
from tests.simulation.aws.sns import Sns

Request = dict[str, Any]
MAX_RECIPIENTS = 50
MAX_BULK_ENTRIES = 50


@dataclass(frozen=True)
class Sent:
    """One acceptance: this mail went out to these addresses."""

    id: str
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    raw: bytes
    tags: dict[str, str]
    configuration_set: str
    at: float  # seconds since 1970
    headers: tuple[tuple[str, str], ...] = field(default=())


class Ses:
    """`accepted` is the outbox; `heard` is called for each acceptance."""

    def __init__(self, clock: Callable[[], float], sns: Sns, naming: Naming) -> None:
        self._clock = clock
        self._sns = sns
        self._naming = naming
        self.accepted: list[Sent] = []
        self.heard: Callable[[Sent], None] | None = None
        self.topics: dict[str, str] = {}  # configuration set -> topic ARN of its events
        self.templates: dict[str, Request] = {}
        self.identities: dict[str, Request] = {}  # domain -> what GetEmailIdentity says of it
        self.suppressed: dict[str, str] = {}
        self.refused: set[str] = set()  # recipients for whom a send is rejected

    def send_email(self, request: Request) -> Request:
        content, to = request["Content"], _recipients(request.get("Destination", {}))
        if "Raw" in content:
            raw = bytes(content["Raw"]["Data"])
            mail = _parsed(raw)
            to = to or tuple(_addresses(mail))
            subject, text = str(mail.get("Subject", "")), _text(mail)
        elif "Simple" in content:
            raw, mail = b"", None
            subject = content["Simple"]["Subject"]["Data"]
            text = content["Simple"]["Body"].get("Text", {}).get("Data", "")
        else:
            raw, mail = b"", None
            subject, text = self._filled(content["Template"])
        self._check(to)
        sender = request.get("FromEmailAddress") or (str(mail["From"]) if mail else "")
        headers = tuple((n, str(v)) for n, v in mail.items()) if mail else ()
        return {"MessageId": self._accept(request, sender, to, subject, text, raw, headers)}

    def send_bulk_email(self, request: Request) -> Request:
        entries = request["BulkEmailEntries"]
        if len(entries) > MAX_BULK_ENTRIES:
            raise AwsError("BadRequestException", "Too many entries")
        return {"BulkEmailEntryResults": [self._bulk_entry(request, entry) for entry in entries]}

    def get_email_identity(self, request: Request) -> Request:
        name = request["EmailIdentity"]
        if name not in self.identities:
            raise AwsError(
                "NotFoundException", f"Email identity {name} does not exist.", status=404
            )
        return self.identities[name]

    def create_email_template(self, request: Request) -> Request:
        if request["TemplateName"] in self.templates:
            raise AwsError("AlreadyExistsException", "Template already exists")
        self.templates[request["TemplateName"]] = request["TemplateContent"]
        return {}

    def update_email_template(self, request: Request) -> Request:
        self._template(request["TemplateName"])
        self.templates[request["TemplateName"]] = request["TemplateContent"]
        return {}

    def get_email_template(self, request: Request) -> Request:
        name = request["TemplateName"]
        return {"TemplateName": name, "TemplateContent": self._template(name)}

    def delete_email_template(self, request: Request) -> Request:
        self.templates.pop(request["TemplateName"], None)
        return {}

    def put_suppressed_destination(self, request: Request) -> Request:
        self.suppressed[request["EmailAddress"].lower()] = request["Reason"]
        return {}

    def delete_suppressed_destination(self, request: Request) -> Request:
        self.suppressed.pop(request["EmailAddress"].lower(), None)
        return {}

    def get_suppressed_destination(self, request: Request) -> Request:
        address = request["EmailAddress"]
        if address.lower() not in self.suppressed:
            raise AwsError(
                "NotFoundException",
                "Email address does not exist on your suppression list.",
                status=404,
            )
        return {
            "SuppressedDestination": {
                "EmailAddress": address,
                "Reason": self.suppressed[address.lower()],
                "LastUpdateTime": datetime.fromtimestamp(self._clock(), UTC),
            }
        }

    def publish(self, sent: Sent, kind: str) -> None:
        """Publish an event of a mail: Send, Delivery, Bounce, Complaint, Reject, DeliveryDelay."""
        topic = self.topics.get(sent.configuration_set)
        if topic is not None:
            body = json.dumps(event(sent, kind, self._clock()))
            self._sns.publish({"TopicArn": topic, "Message": body})

    def _bulk_entry(self, request: Request, entry: Request) -> Request:
        template = dict(request["DefaultContent"]["Template"])
        replaced = entry.get("ReplacementEmailContent", {}).get("ReplacementTemplate", {})
        data = json.loads(template.get("TemplateData") or "{}")
        data |= json.loads(replaced.get("ReplacementTemplateData") or "{}")
        try:
            subject, text = self._filled({**template, "TemplateData": json.dumps(data)})
            to = _recipients(entry["Destination"])
            self._check(to)
        except AwsError as error:
            missing = error.code == "NotFoundException"
            return {
                "Status": "TEMPLATE_NOT_FOUND" if missing else "MESSAGE_REJECTED",
                "Error": error.message,
            }
        headers = tuple(
            (one["Name"], one["Value"])
            for one in [*template.get("Headers", []), *entry.get("ReplacementHeaders", [])]
        )
        tags = {
            "EmailTags": entry.get("ReplacementTags") or request.get("DefaultEmailTags", []),
            "ConfigurationSetName": request.get("ConfigurationSetName", ""),
        }
        sender = request.get("FromEmailAddress", "")
        identifier = self._accept(tags, sender, to, subject, text, b"", headers)
        return {"Status": "SUCCESS", "MessageId": identifier}

    def _accept(
        self,
        request: Request,
        sender: str,
        to: tuple[str, ...],
        subject: str,
        text: str,
        raw: bytes,
        headers: tuple[tuple[str, str], ...],
    ) -> str:
        tags = {one["Name"]: one["Value"] for one in request.get("EmailTags", [])}
        identifier = self._naming.of("ses", ",".join(to), subject, repr(sorted(tags.items())))
        sent = Sent(
            identifier,
            sender,
            to,
            subject,
            text,
            raw,
            tags,
            request.get("ConfigurationSetName", ""),
            self._clock(),
            headers,
        )
        self.accepted.append(sent)
        if self.heard is not None:
            self.heard(sent)
        return identifier

    def _check(self, to: tuple[str, ...]) -> None:
        if not to:
            raise AwsError("BadRequestException", "Missing final recipient")
        if len(to) > MAX_RECIPIENTS:
            raise AwsError("BadRequestException", "Recipient count exceeds 50")
        if self.refused.intersection(to):
            raise AwsError("MessageRejected", "Email address is not verified.")

    def _template(self, name: str) -> Request:
        try:
            return self.templates[name]
        except KeyError:
            raise AwsError(
                "NotFoundException", f"Template {name} does not exist", status=404
            ) from None

    def _filled(self, template: Request) -> tuple[str, str]:
        """Subject and text of a template with its {{fields}} replaced."""
        content = template.get("TemplateContent") or self._template(template["TemplateName"])
        data = json.loads(template.get("TemplateData") or "{}")

        def fill(text: str) -> str:
            return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda m: str(data.get(m[1], "")), text)

        return fill(content.get("Subject", "")), fill(content.get("Text", ""))


def event(sent: Sent, kind: str, at: float) -> Request:
    """What a configuration set publishes (AWS: SES, "Event record formats for SNS")."""
    stamp = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    to = list(sent.to)
    details: dict[str, Request] = {
        "Send": {},
        "Delivery": {
            "timestamp": stamp,
            "recipients": to,
            "smtpResponse": "250 ok",
            "processingTimeMillis": 1000,
            "reportingMTA": "a8-1.smtp-out.amazonses.com",
        },
        "Bounce": {
            "timestamp": stamp,
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "feedbackId": sent.id,
            "bouncedRecipients": [{"emailAddress": one, "status": "5.1.1"} for one in to],
        },
        "Complaint": {
            "timestamp": stamp,
            "feedbackId": sent.id,
            "complaintFeedbackType": "abuse",
            "complainedRecipients": [{"emailAddress": one} for one in to],
        },
        "Reject": {"reason": "Bad content"},
        "DeliveryDelay": {
            "timestamp": stamp,
            "delayType": "MailboxFull",
            "delayedRecipients": [{"emailAddress": one} for one in to],
        },
    }
    mail = {
        "timestamp": datetime.fromtimestamp(sent.at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "source": sent.sender,
        "messageId": sent.id,
        "destination": to,
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in sent.headers],
        "commonHeaders": {"from": [sent.sender], "to": to, "subject": sent.subject},
        "tags": {
            "ses:configuration-set": [sent.configuration_set],
            **{name: [value] for name, value in sent.tags.items()},
        },
    }
    return {"eventType": kind, "mail": mail, kind[0].lower() + kind[1:]: details[kind]}


def _recipients(destination: Request) -> tuple[str, ...]:
    names = ("ToAddresses", "CcAddresses", "BccAddresses")
    return tuple(address for name in names for address in destination.get(name, []))


def _parsed(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def _addresses(mail: EmailMessage) -> list[str]:
    return [
        one.addr_spec for name in ("To", "Cc", "Bcc") if mail[name] for one in mail[name].addresses
    ]


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain", "html"))
    return str(body.get_content()) if body is not None else ""
