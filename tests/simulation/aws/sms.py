"""pinpoint-sms-voice-v2: accepts text messages and tells a topic what became of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulation.aws.errors import AwsError
from tests.simulation.aws.naming import Naming
from tests.simulation.aws.sns import Sns

Request = dict[str, Any]


@dataclass(frozen=True)
class Text:
    """One acceptance of a text message."""

    id: str
    sender: str
    to: str
    text: str
    context: dict[str, str]
    configuration_set: str
    at: float  # seconds since 1970


class Sms:
    """`accepted` is the outbox; `heard` is called for each acceptance."""

    def __init__(self, clock: Callable[[], float], sns: Sns, naming: Naming) -> None:
        self._clock = clock
        self._sns = sns
        self._naming = naming
        self.accepted: list[Text] = []
        self.heard: Callable[[Text], None] | None = None
        self.topics: dict[str, str] = {}  # configuration set -> topic ARN of its events
        self.opted_out: set[str] = set()

    def send_text_message(self, request: Request) -> Request:
        to = request["DestinationPhoneNumber"]
        if to in self.opted_out:
            raise AwsError(
                "ConflictException",
                "The destination phone number is opted out",
                fields={"Reason": "DESTINATION_PHONE_NUMBER_OPTED_OUT"},
            )
        context = request.get("Context", {})
        text = request.get("MessageBody", "")
        identifier = self._naming.of("sms", to, text, repr(sorted(context.items())))
        sent = Text(
            identifier,
            request.get("OriginationIdentity", ""),
            to,
            text,
            dict(context),
            request.get("ConfigurationSetName", ""),
            self._clock(),
        )
        self.accepted.append(sent)
        if self.heard is not None:
            self.heard(sent)
        return {"MessageId": identifier}

    def publish(self, sent: Text, kind: str) -> None:
        """Publish an event of a text: TEXT_SENT, TEXT_DELIVERED, TEXT_UNREACHABLE, …"""
        topic = self.topics.get(sent.configuration_set)
        if topic is not None:
            body = json.dumps(event(sent, kind, self._clock()))
            self._sns.publish({"TopicArn": topic, "Message": body})


def event(sent: Text, kind: str, at: float) -> Request:
    """What the service publishes of a text (AWS: End User Messaging SMS, "Event types")."""
    status = kind.removeprefix("TEXT_")
    return {
        "eventType": kind,
        "eventVersion": "1.0",
        "eventTimestamp": int(at * 1000),
        "isFinal": kind not in ("TEXT_SENT", "TEXT_QUEUED", "TEXT_PENDING"),
        "originationPhoneNumber": sent.sender,
        "destinationPhoneNumber": sent.to,
        "isoCountryCode": "US",
        "messageId": sent.id,
        "messageRequestTimestamp": int(sent.at * 1000),
        "messageEncoding": "GSM" if sent.text.isascii() else "Unicode",
        "messageType": "TRANSACTIONAL",
        "messageStatus": status,
        "messageStatusDescription": status.capitalize(),
        "context": sent.context,
        "totalMessageParts": 1,
        "totalMessagePrice": 0.00645,
        "totalCarrierFee": 0.003,
    }
