"""What SES does with a mail it accepted: who gets it, what is told about it.

1. Checks that SES makes before it accepts: addresses, sender identity, configuration set, tags.
2. A message id; from here on the request succeeds.
3. Each recipient's fate: delivered ones go to the outbox.
4. Events for the destinations of the configuration set, due in the order in which they happen.
Steps 3 and 4 are stored as one step.
"""

from __future__ import annotations

import json
import re
import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from infra.local.memory import Delivered, Memory, Notice
from infra.local.protocol import AwsError
from infra.local.ses import events
from infra.local.ses.events import Fate
from infra.local.ses.mail import Mail, case_reference, header_dict, stamped

IDENTITY, SET, DESTINATION = "ses:identity", "ses:set", "ses:destination"
SUPPRESSED, TEMPLATE = "ses:suppressed", "ses:template"
MAX_RECIPIENTS = 50
MAX_BYTES = 40 * 1024 * 1024
DELIVERY_AFTER, COMPLAINT_AFTER = 0.3, 0.6  # seconds after acceptance
_ADDRESS = re.compile(r"^[^\s@<>,;:\"]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$")
_TAG_NAME = re.compile(r"^[A-Za-z0-9_-]{1,256}$")
_TAG_VALUE = re.compile(r"^[A-Za-z0-9_.@-]{1,256}$")

AutoReply = Callable[[str, Mail], None]


class Office:
    """SES's sending side, over one memory."""

    def __init__(
        self,
        memory: Memory,
        clock: Callable[[], float] = time.time,
        auto_reply: AutoReply = lambda address, mail: None,
    ) -> None:
        self.memory = memory
        self.clock = clock
        self._auto_reply = auto_reply

    def accept(self, mail: Mail) -> str:
        """Take a mail and return its message id. Raises AwsError as SES would."""
        self._check(mail)
        at = self.clock()
        message_id = new_message_id(at)
        mail = stamped(mail, message_id, at)
        suppressed = {name.lower() for name in self.memory.names(SUPPRESSED)}
        fates = {box: events.fate(box, suppressed) for box in mail.recipients}
        reached = {Fate.DELIVERED, Fate.COMPLAINED, Fate.ANSWERED}
        items = [_item(mail, message_id, box, at) for box, fate in fates.items() if fate in reached]
        self.memory.keep(items, self._events(mail, message_id, fates, at))
        for box, fate in fates.items():
            if fate in {Fate.BOUNCED, Fate.COMPLAINED}:
                self.suppress(box, "BOUNCE" if fate is Fate.BOUNCED else "COMPLAINT")
            elif fate is Fate.ANSWERED:
                self._auto_reply(box, mail)
        return message_id

    def fail_rendering(self, mail: Mail, template: str, why: str) -> str:
        """Take a mail whose template cannot be rendered: only an event comes of it."""
        self._check(mail)
        at = self.clock()
        message_id = new_message_id(at)
        about = events.envelope(mail, message_id, at, mail.tags)
        failure = events.rendering_failure(about, template, why)
        self.memory.keep([], self._to_destinations(mail, "RENDERING_FAILURE", failure, at))
        return message_id

    def suppress(self, address: str, reason: str) -> None:
        """Put an address on the account's suppression list."""
        body = {"EmailAddress": address, "Reason": reason, "LastUpdateTime": self.clock()}
        self.memory.put(SUPPRESSED, address.lower(), body)

    def _check(self, mail: Mail) -> None:
        if not mail.recipients:
            raise AwsError("BadRequestException", "Missing required field: Destination.")
        if len(mail.recipients) > MAX_RECIPIENTS:
            raise AwsError("BadRequestException", f"Recipient count exceeds {MAX_RECIPIENTS}.")
        if mail.bytes > MAX_BYTES:
            raise AwsError(
                "MessageRejected", f"Message length is more than {MAX_BYTES} bytes long."
            )
        for box in mail.recipients:
            if not _ADDRESS.match(box):
                raise AwsError("BadRequestException", f"Invalid email address<{box}>.")
        self._check_sender(mail)
        self._check_tags(mail.tags)
        if mail.configuration_set and self.memory.get(SET, mail.configuration_set) is None:
            missing = f"Configuration set <{mail.configuration_set}> does not exist."
            raise AwsError("NotFoundException", missing, 404)

    def _check_sender(self, mail: Mail) -> None:
        found = re.search(r"<([^<>]*)>\s*$", mail.sender)
        box = (found[1] if found else mail.sender).strip()
        if not _ADDRESS.match(box):
            raise AwsError("BadRequestException", "Missing or malformed From address.")
        domain = box.rpartition("@")[2].lower()
        parents = [domain.split(".", n)[-1] for n in range(domain.count(".") + 1)]
        if not any(self.memory.get(IDENTITY, name) for name in (box.lower(), *parents)):
            raise AwsError(
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in "
                f"region US-EAST-1: {box}",
            )

    @staticmethod
    def _check_tags(tags: Mapping[str, str]) -> None:
        if len(tags) > MAX_RECIPIENTS:
            raise AwsError("BadRequestException", "The number of tags exceeds 50.")
        for name, value in tags.items():
            if not _TAG_NAME.match(name) or name.lower().startswith("ses:"):
                raise AwsError("BadRequestException", f"Invalid tag name <{name}>.")
            if not _TAG_VALUE.match(value):
                raise AwsError("BadRequestException", f"Invalid tag value <{value}>.")

    def _events(
        self, mail: Mail, message_id: str, fates: Mapping[str, Fate], at: float
    ) -> list[Notice]:
        about = events.envelope(mail, message_id, at, mail.tags)
        then, later = at + DELIVERY_AFTER, at + COMPLAINT_AFTER
        found = self._to_destinations(mail, "SEND", events.send(about), at)
        for box, fate in fates.items():
            if fate in {Fate.BOUNCED, Fate.SUPPRESSED, Fate.GLOBALLY_SUPPRESSED}:
                event = events.bounce(about, box, fate, then)
                found += self._to_destinations(mail, "BOUNCE", event, then)
                continue
            event = events.delivery(about, [box], then)
            found += self._to_destinations(mail, "DELIVERY", event, then)
            if fate is Fate.COMPLAINED:
                event = events.complaint(about, box, later)
                found += self._to_destinations(mail, "COMPLAINT", event, later)
        return found

    def _to_destinations(
        self, mail: Mail, kind: str, event: Mapping[str, Any], due_at: float
    ) -> list[Notice]:
        text = json.dumps(event, ensure_ascii=False)
        return [Notice(topic, text, due_at) for topic in self._topics(mail.configuration_set, kind)]

    def _topics(self, configuration_set: str, kind: str) -> Iterable[str]:
        for destination in self.memory.all(DESTINATION):
            if destination["ConfigurationSetName"] != configuration_set:
                continue
            topic = destination.get("SnsDestination", {}).get("TopicArn", "")
            if topic and destination["Enabled"] and kind in destination["MatchingEventTypes"]:
                yield topic


def new_message_id(at: float) -> str:
    """An id in the form that SES gives to sent mail: time, a UUID, a counter."""
    return f"{round(at * 1000):016x}-{uuid.UUID(bytes=secrets.token_bytes(16))}-000000"


def _item(mail: Mail, message_id: str, box: str, at: float) -> Delivered:
    return Delivered(
        id=f"{message_id}/{box}",
        channel="email",
        recipient=box,
        sender=mail.sender,
        subject=mail.subject,
        text=mail.text,
        headers=header_dict(mail),
        case_reference=case_reference(mail),
        at=events.iso(at),
        files=tuple(asdict(file) for file in mail.files),
    )


def with_request(mail: Mail, body: Mapping[str, Any]) -> Mail:
    """The mail with what the request itself says: destination, configuration set, tags."""
    destination = body.get("Destination") or {}
    boxes = [
        box for kind in ("To", "Cc", "Bcc") for box in destination.get(f"{kind}Addresses") or []
    ]
    tags = {tag.get("Name", ""): tag.get("Value", "") for tag in body.get("EmailTags") or []}
    return replace(
        mail,
        sender=body.get("FromEmailAddress") or mail.sender,
        recipients=tuple(dict.fromkeys(map(_bare, boxes))) or mail.recipients,
        configuration_set=body.get("ConfigurationSetName") or mail.configuration_set,
        tags={**mail.tags, **tags},
    )


def _bare(address: str) -> str:
    found = re.search(r"<([^<>]*)>\s*$", address)
    return (found[1] if found else address).strip()
