"""Text messages: AWS End User Messaging SMS (API `pinpoint-sms-voice-v2`, JSON 1.0), locally.

Outgoing: SendTextMessage fills the outbox and publishes the events of the configuration set.
Incoming: `TextDoor.receive` publishes what the two-way topic would carry, and does with STOP and
HELP what AWS does unless opt-outs are self-managed: lists the number and answers by itself.
A message without a configuration set is reported to the stack's DeliveryTopic, standing in for an
event destination of the account. Source: AWS End User Messaging SMS user guide, "Example event
data", "Two-way SMS messaging" and "Required opt-out keywords"; API reference.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from infra.local.amazon import ACCOUNT, REGION
from infra.local.memory import Delivered, Memory, Notice
from infra.local.protocol import AwsError, TargetService
from infra.local.ses.events import iso
from infra.local.ses.mail import CASE_REFERENCE

SET, DESTINATION, OPTED_OUT = "sms:set", "sms:destination", "sms:opted-out"
DEFAULT_TOPIC, INBOUND_TOPIC = "DeliveryTopicArn", "SmsTopicArn"  # stack outputs
DEFAULT_LIST = "Default"
MAX_CHARACTERS = 1600
FAILING = "+14254147167"  # simulator number that never gets a message
STOP_WORDS = {
    "ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE",
}  # fmt: skip
STOP_ANSWER = "You have opted out and will receive no further messages. Reply HELP for help."
HELP_ANSWER = "Reply STOP to receive no further messages. Message and data rates may apply."
NUMBER = re.compile(r"^\+[1-9][0-9]{6,14}$")
_API_NUMBER = re.compile(r"^\+?[1-9][0-9]{1,18}$")
_GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


class TextDoor:
    """Both directions, over one memory. `number` is the company's own."""

    def __init__(self, memory: Memory, number: str, clock: Callable[[], float] = time.time) -> None:
        self._memory = memory
        self._number = number
        self._clock = clock

    def service(self) -> TargetService:
        """The API's operations."""
        return TargetService(
            "PinpointSMSVoiceV2",
            "1.0",
            {
                "SendTextMessage": self.send,
                "DescribePhoneNumbers": self._describe_numbers,
                "CreateConfigurationSet": self._create_set,
                "DescribeConfigurationSets": self._describe_sets,
                "CreateEventDestination": self._create_destination,
                "PutOptedOutNumber": self._put_opted_out,
                "DeleteOptedOutNumber": self._delete_opted_out,
                "DescribeOptedOutNumbers": self._describe_opted_out,
            },
        )

    def receive(self, sender: str, to: str, text: str) -> str:
        """A customer's text arrives; returns its inbound message id."""
        message_id = str(uuid.uuid4())
        word = text.strip().upper()
        at = self._clock()
        answers: list[Delivered] = []
        if word in STOP_WORDS:
            self._memory.put(OPTED_OUT, sender, _opted_out(sender, at, end_user=True))
            answers = [_item(str(uuid.uuid4()), sender, to, STOP_ANSWER, at)]
        elif word == "HELP":
            answers = [_item(str(uuid.uuid4()), sender, to, HELP_ANSWER, at)]
        body = {
            "originationNumber": sender,
            "destinationNumber": to,
            "messageKeyword": f"KEYWORD_{ACCOUNT}",
            "messageBody": text,
            "inboundMessageId": message_id,
            "previousPublishedMessageId": self._last_sent_to(sender),
        }
        notice = Notice(INBOUND_TOPIC, json.dumps(body, ensure_ascii=False), at)
        self._memory.keep(answers, [notice])
        return message_id

    def send(self, body: dict[str, Any]) -> dict[str, Any]:
        """SendTextMessage."""
        to, text = self._checked(body)
        message_id = str(uuid.uuid4())
        if body.get("DryRun"):
            return {"MessageId": message_id}
        at = self._clock()
        fails = to == FAILING
        event = delivery_event(
            message_id=message_id,
            origin=self._number,
            to=to,
            text=text,
            at=at,
            delivered=not fails,
            kind=body.get("MessageType") or "TRANSACTIONAL",
            context=body.get("Context") or {},
        )
        topics = self._topics(body.get("ConfigurationSetName") or "", event["eventType"])
        notices = [Notice(topic, json.dumps(event), at + 0.3) for topic in topics]
        item = _item(message_id, to, self._number, text, at, body.get("Context"))
        self._memory.keep([] if fails else [item], notices)
        return {"MessageId": message_id}

    def _checked(self, body: Mapping[str, Any]) -> tuple[str, str]:
        to, text = str(body.get("DestinationPhoneNumber") or ""), body.get("MessageBody") or ""
        if not _API_NUMBER.match(to):
            raise _invalid("DestinationPhoneNumber", "INVALID_PARAMETER", "is not a phone number")
        if not isinstance(text, str) or not text:
            raise _invalid("MessageBody", "INVALID_PARAMETER", "is empty")
        if len(text) > MAX_CHARACTERS:
            raise _invalid("MessageBody", "INVALID_PARAMETER", "is longer than 1600 characters")
        if body.get("MessageType") not in {None, "TRANSACTIONAL", "PROMOTIONAL"}:
            raise _invalid("MessageType", "INVALID_PARAMETER", "is not a message type")
        origin = str(body.get("OriginationIdentity") or "")
        if origin.startswith("+") and origin != self._number:
            raise _not_found("phone-number", origin)
        name = body.get("ConfigurationSetName")
        if name and self._memory.get(SET, name) is None:
            raise _not_found("configuration-set", str(name))
        to = to if to.startswith("+") else f"+{to}"
        if self._memory.get(OPTED_OUT, to):
            raise AwsError(
                "ConflictException",
                "The destination phone number has opted out.",
                409,
                Reason="DESTINATION_PHONE_NUMBER_OPTED_OUT",
                ResourceType="opt-out-list",
                ResourceId=DEFAULT_LIST,
            )
        return to, text

    def _topics(self, name: str, kind: str) -> Iterable[str]:
        if not name:
            return [DEFAULT_TOPIC]
        return [
            destination["SnsDestination"]["TopicArn"]
            for destination in self._memory.all(DESTINATION)
            if destination["ConfigurationSetName"] == name
            and {"ALL", "TEXT_ALL", kind} & set(destination["MatchingEventTypes"])
        ]

    def _last_sent_to(self, number: str) -> str:
        sent = self._memory.outbox(channel="sms", to=number, limit=1)
        return sent[0].id if sent else ""

    def _describe_numbers(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"PhoneNumbers": [_phone_number(self._number)]}

    def _create_set(self, body: dict[str, Any]) -> dict[str, Any]:
        name = str(body.get("ConfigurationSetName") or "")
        if not name:
            raise _invalid("ConfigurationSetName", "INVALID_PARAMETER", "is empty")
        if self._memory.get(SET, name):
            raise _exists("configuration-set", name)
        self._memory.put(SET, name, {"ConfigurationSetName": name})
        return {
            "ConfigurationSetName": name,
            "ConfigurationSetArn": _arn("configuration-set", name),
        }

    def _describe_sets(self, body: dict[str, Any]) -> dict[str, Any]:
        names = body.get("ConfigurationSetNames") or self._memory.names(SET)
        for name in names:
            if self._memory.get(SET, name) is None:
                raise _not_found("configuration-set", name)
        found = [
            {
                "ConfigurationSetName": name,
                "ConfigurationSetArn": _arn("configuration-set", name),
                "EventDestinations": [
                    destination["Event"]
                    for destination in self._memory.all(DESTINATION)
                    if destination["ConfigurationSetName"] == name
                ],
                "CreatedTimestamp": 0,
            }
            for name in names
        ]
        return {"ConfigurationSets": found}

    def _create_destination(self, body: dict[str, Any]) -> dict[str, Any]:
        set_name = str(body.get("ConfigurationSetName") or "")
        name = str(body.get("EventDestinationName") or "")
        if self._memory.get(SET, set_name) is None:
            raise _not_found("configuration-set", set_name)
        if self._memory.get(DESTINATION, f"{set_name}/{name}"):
            raise _exists("event-destination", name)
        sns = body.get("SnsDestination") or {}
        if not str(sns.get("TopicArn", "")).startswith("arn:aws:sns:"):
            raise _invalid("SnsDestination", "INVALID_PARAMETER", "is not a topic")
        event = {
            "EventDestinationName": name,
            "Enabled": True,
            "MatchingEventTypes": body.get("MatchingEventTypes") or [],
            "SnsDestination": sns,
        }
        stored = {**event, "ConfigurationSetName": set_name, "Event": event}
        self._memory.put(DESTINATION, f"{set_name}/{name}", stored)
        return {"ConfigurationSetName": set_name, "EventDestination": event}

    def _put_opted_out(self, body: dict[str, Any]) -> dict[str, Any]:
        number = str(body.get("OptedOutNumber") or "")
        if not _API_NUMBER.match(number):
            raise _invalid("OptedOutNumber", "INVALID_PARAMETER", "is not a phone number")
        stored = _opted_out(number, self._clock(), end_user=False)
        self._memory.put(OPTED_OUT, number, stored)
        return {"OptOutListName": DEFAULT_LIST, **stored}

    def _delete_opted_out(self, body: dict[str, Any]) -> dict[str, Any]:
        number = str(body.get("OptedOutNumber") or "")
        found = self._memory.get(OPTED_OUT, number)
        if found is None:
            raise _not_found("opted-out-number", number)
        self._memory.remove(OPTED_OUT, number)
        return {"OptOutListName": DEFAULT_LIST, **found}

    def _describe_opted_out(self, body: dict[str, Any]) -> dict[str, Any]:
        wanted = body.get("OptedOutNumbers")
        found = self._memory.all(OPTED_OUT)
        if wanted:
            found = [item for item in found if item["OptedOutNumber"] in wanted]
            if len(found) < len(set(wanted)):
                raise _not_found("opted-out-number", wanted[0])
        return {"OptOutListName": DEFAULT_LIST, "OptedOutNumbers": found}


def delivery_event(
    *,
    message_id: str,
    origin: str,
    to: str,
    text: str,
    at: float,
    delivered: bool,
    kind: str,
    context: Mapping[str, str],
) -> dict[str, Any]:
    """The event that ends a text message's life. Prices are of one US part, in US dollars."""
    parts = part_count(text)
    word = "DELIVERED" if delivered else "CARRIER_UNREACHABLE"
    said = "Message has been accepted by phone" if delivered else "Carrier was unreachable"
    return {
        "eventType": f"TEXT_{word}",
        "eventVersion": "1.0",
        "eventTimestamp": round((at + 0.3) * 1000),
        "isFinal": True,
        "originationPhoneNumber": origin,
        "destinationPhoneNumber": to,
        "isoCountryCode": "US",
        "messageId": message_id,
        "messageRequestTimestamp": round(at * 1000),
        "messageEncoding": "GSM" if set(text) <= _GSM else "Unicode",
        "messageType": kind,
        "messageStatus": word,
        "messageStatusDescription": said,
        "context": dict(context),
        "totalMessageParts": parts,
        "totalMessagePrice": round(0.00581 * parts, 5),
        "totalCarrierFee": round(0.003 * parts, 5),
    }


def part_count(text: str) -> int:
    """Parts that a text is sent as: 160 or 153 GSM characters, else 70 or 67 UTF-16 units."""
    if set(text) <= _GSM:
        size = sum(2 if char in "^{}\\[~]|€" else 1 for char in text)
        return 1 if size <= 160 else -(-size // 153)
    size = len(text.encode("utf-16-le")) // 2
    return 1 if size <= 70 else -(-size // 67)


def _item(
    message_id: str,
    to: str,
    sender: str,
    text: str,
    at: float,
    context: Mapping[str, str] | None = None,
) -> Delivered:
    found = CASE_REFERENCE.search(text)
    return Delivered(
        id=message_id,
        channel="sms",
        recipient=to,
        sender=sender,
        subject="",
        text=text,
        headers=dict(context or {}),
        case_reference=found[0] if found else None,
        at=iso(at),
    )


def _phone_number(number: str) -> dict[str, Any]:
    name = f"phone-{uuid.uuid5(uuid.NAMESPACE_URL, number).hex}"
    return {
        "PhoneNumber": number,
        "PhoneNumberId": name,
        "PhoneNumberArn": _arn("phone-number", name),
        "Status": "ACTIVE",
        "IsoCountryCode": "US",
        "MessageType": "TRANSACTIONAL",
        "NumberCapabilities": ["SMS"],
        "NumberType": "TEN_DLC",
        "MonthlyLeasingPrice": "1.00",
        "TwoWayEnabled": True,
        "SelfManagedOptOutsEnabled": False,
        "OptOutListName": DEFAULT_LIST,
        "DeletionProtectionEnabled": False,
        "CreatedTimestamp": 0,
    }


def _opted_out(number: str, at: float, *, end_user: bool) -> dict[str, Any]:
    return {"OptedOutNumber": number, "OptedOutTimestamp": at, "EndUserOptedOut": end_user}


def _arn(kind: str, name: str) -> str:
    return f"arn:aws:sms-voice:{REGION}:{ACCOUNT}:{kind}/{name}"


def _invalid(field: str, reason: str, words: str) -> AwsError:
    fields = [{"Name": field, "Message": words}]
    return AwsError("ValidationException", f"{field} {words}", Reason=reason, Fields=fields)


def _not_found(kind: str, name: str) -> AwsError:
    words = f"The {kind} {name} was not found."
    return AwsError("ResourceNotFoundException", words, 404, ResourceType=kind, ResourceId=name)


def _exists(kind: str, name: str) -> AwsError:
    return AwsError(
        "ConflictException",
        f"The {kind} {name} already exists.",
        409,
        Reason="RESOURCE_ALREADY_EXISTS",
        ResourceType=kind,
        ResourceId=name,
    )
