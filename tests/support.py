"""An installation for tests: the real handlers on a model of AWS, driven by hand.

    world = installation(aws, clock)
    world.mail(to="support@example.com", text="…")   # SES has received it
    world.settle()                                   # stream, queues, reactions, provider events

Every handler gets the raw event that Lambda would give it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import boto3

from chalicelib import bootstrap
from chalicelib.bootstrap import Application
from chalicelib.cases.models import Case, Message
from chalicelib.handlers import (
    campaign_events,
    delivery,
    forward,
    mail,
    problem_events,
    reactions,
    schedules,
    sms,
)
from chalicelib.settings import QUEUES, Settings
from chalicelib.store import items
from tests.simulation.aws import Cloud, memory_aws

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
TABLE = "custops"
BUCKET = "custops"
SUPPORT = "support@example.com"
EVENTS = {"mail": "MailQueue", "sms": "SmsQueue", "delivery": "DeliveryQueue"}
"""Queues that topics feed; the others are named after their reaction."""


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


class CountedIds:
    """Ids in order: deterministic, sortable, of the right form."""

    def __init__(self) -> None:
        self._next = 0

    def new(self) -> str:
        self._next += 1
        return f"01{self._next:024d}"

    def reference(self) -> str:
        self._next += 1
        return "C-" + f"{self._next:06d}"


class LazyClients:
    """boto3 clients by name, made inside the model's block."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = boto3.client(service, region_name="us-east-1")
        return self._made[service]


@dataclass
class World:
    """The installation: `app` for its stores and flows, `aws` for what lies outside."""

    aws: Cloud
    clock: Clock
    app: Application
    clients: LazyClients = field(default_factory=LazyClients)
    _read: int = 0
    _mails: int = 0
    _texts: int = 0

    # --- what comes in -------------------------------------------------------------------

    def mail(
        self,
        text: str = "Where is my parcel?",
        sender: str = "Ana Ortiz <ana@example.org>",
        to: str = SUPPORT,
        subject: str = "My parcel",
        message_id: str | None = None,
        headers: dict[str, str] | None = None,
        verdicts: dict[str, str] | None = None,
    ) -> str:
        """SES has received a mail; returns its Message-ID."""
        self._mails += 1
        message = EmailMessage()
        message["From"] = sender
        message["To"] = to
        message["Subject"] = subject
        identifier = message_id or f"m{self._mails}@example.org"
        message["Message-ID"] = f"<{identifier}>"
        message["Date"] = self.clock().strftime("%a, %d %b %Y %H:%M:%S +0000")
        for name, value in (headers or {}).items():
            message[name] = value
        message.set_content(text)
        self.raw_mail(message.as_bytes(), [to.rpartition("<")[2].rstrip(">")], verdicts)
        return identifier

    def raw_mail(
        self,
        raw: bytes,
        recipients: list[str] | None = None,
        verdicts: dict[str, str] | None = None,
        notice: bool = True,
    ) -> str:
        """Any bytes as SES would store them; returns the key. Without `notice` it got lost."""
        self._mails += 1
        name = hashlib.sha256(f"{self._mails}".encode()).hexdigest()[:40]
        key = f"mail/{name}"
        self.clients["s3"].put_object(Bucket=BUCKET, Key=key, Body=raw)
        if notice:
            told = ses_notice(name, key, recipients or [SUPPORT], self.clock(), verdicts or {})
            self.publish("mail", told)
        return key

    def text_message(self, text: str, sender: str = "+4915112345678", number: int = 0) -> str:
        """A two-way text message; the same `number` is the same message again."""
        self._texts += 1
        identifier = f"sms-{number or self._texts}"
        payload = {
            "originationNumber": sender,
            "destinationNumber": "+15550100",
            "messageKeyword": "KEYWORD_1",
            "messageBody": text,
            "inboundMessageId": identifier,
            "previousPublishedMessageId": "",
        }
        self.publish("sms", payload)
        return identifier

    def publish(self, topic: str, content: dict[str, Any]) -> None:
        arn = f"arn:aws:sns:us-east-1:123456789012:{topic}"
        self.clients["sns"].publish(TopicArn=arn, Message=json.dumps(content))

    # --- what the cloud does -------------------------------------------------------------

    def settle(self, rounds: int = 50) -> None:
        """Let everything happen that is under way; fails where it does not come to rest."""
        for _ in range(rounds):
            if not (self._stream() | self._queues()):
                return
        raise AssertionError(f"still busy after {rounds} rounds")

    def deliver(self, queue: str) -> dict[str, Any]:
        """Give one batch of a queue to its handler; what fails stays in the queue."""
        url = self.clients["sqs"].get_queue_url(QueueName=queue)["QueueUrl"]
        got = self.clients["sqs"].receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        messages = got.get("Messages", [])
        if not messages:
            return {}
        answer: dict[str, Any] = HANDLERS[queue](sqs_event(queue, messages), None) or {}
        failed = {failure["itemIdentifier"] for failure in answer.get("batchItemFailures", [])}
        for message in messages:
            if message["MessageId"] not in failed:
                handle = message["ReceiptHandle"]
                self.clients["sqs"].delete_message(QueueUrl=url, ReceiptHandle=handle)
        return {"records": len(messages), "failed": len(failed)}

    def _queues(self) -> bool:
        done = [self.deliver(queue) for queue in HANDLERS]
        return any(batch.get("records", 0) > batch.get("failed", 0) for batch in done)

    def _stream(self) -> bool:
        changes = self.aws.dynamodb.table(TABLE).changes
        waiting, self._read = changes[self._read :], len(changes)
        records = [stream_record(change) for change in waiting]
        if records:
            forward.forward({"Records": records}, None)
        return bool(records)

    def sweep(self) -> None:
        """The scheduled sweep, and all that follows from it."""
        schedules.sweep(SCHEDULED, None)
        self.settle()

    def provider_says(self, kind: str, which: int = -1) -> None:
        """SES publishes an event about a mail that it accepted: Send, Delivery, Bounce, …"""
        self.aws.ses.publish(self.aws.ses.accepted[which], kind)
        self.settle()

    # --- what is there -------------------------------------------------------------------

    def cases(self) -> list[Case]:
        """All cases, oldest first, also those that are in no ordinary list."""
        lists = ("CASES", "SPAM", "MERGED")
        partitions = [p for name in lists for p in self.app.cases.partitions(name)]
        page = self.app.cases.listing(3, partitions, 100, None)
        return [items.model(Case, stored) for stored in reversed(page.items)]

    def case(self) -> Case:
        """The only case."""
        (case,) = self.cases()
        return case

    def timeline(self, case: Case) -> list[Message]:
        page = self.app.cases.messages(case.id, 100, None)
        return [items.model(Message, stored) for stored in page.items]

    def texts(self, case: Case) -> list[str]:
        """The texts of its messages, without events."""
        return [m.text.strip() for m in self.timeline(case) if m.kind != "event"]

    def waiting(self, queue: str) -> int:
        return len(self.aws.sqs.bodies(queue))


HANDLERS: dict[str, Callable[..., Any]] = {
    "MailQueue": mail.receive_mail,
    "SmsQueue": sms.receive_sms,
    "DeliveryQueue": delivery.receive_delivery,
    "triage": reactions.triage,
    "acknowledge": reactions.acknowledge,
    "count": reactions.count,
    "send": reactions.send,
    "plan": campaign_events.plan_campaign,
    "notify": campaign_events.notify,
    "train": reactions.train,
    "answer": reactions.answer,
    "relate": problem_events.relate,
    "handover": problem_events.hand_over,
}
SCHEDULED = {
    "version": "0",
    "account": "123456789012",
    "region": "us-east-1",
    "detail": {},
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "time": "2026-11-23T12:00:00Z",
    "id": "1",
    "resources": [],
}


@contextmanager
def installation(now: datetime = NOON, *, validate: bool = True) -> Iterator[World]:
    """An empty installation; the handlers use it until the block ends."""
    clock = Clock(now)
    with memory_aws(lambda: clock().timestamp(), validate=validate) as aws:
        clients = LazyClients()
        prepare(aws, clients)
        app = Application(settings(clients), clients, clock, CountedIds())  # type: ignore[arg-type]
        bootstrap.install(app)
        try:
            yield World(aws, clock, app, clients)
        finally:
            bootstrap.install(None)


def settings(clients: Any) -> Settings:
    urls = {
        name: clients["sqs"].get_queue_url(QueueName=EVENTS.get(name, name))["QueueUrl"]
        for name in QUEUES
    }
    return Settings(
        stage="test",
        table=TABLE,
        bucket=BUCKET,
        configuration_set="custops",
        support_address=SUPPORT,
        parameter_path="/custops/test",
        classifier_role="arn:aws:iam::123456789012:role/classifier",
        queues=urls,
    )


def prepare(aws: Cloud, clients: Any) -> None:
    """What the template makes: table, bucket, queues with dead letters, topics, parameters."""
    names = ["pk", "sk", *(f"gsi{n}{part}" for n in range(1, 10) for part in ("pk", "sk"))]
    clients["dynamodb"].create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
        KeySchema=_keys("pk", "sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": f"gsi{n}",
                "KeySchema": _keys(f"gsi{n}pk", f"gsi{n}sk"),
                "Projection": {"ProjectionType": "ALL"},
            }
            for n in range(1, 10)
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    clients["s3"].create_bucket(Bucket=BUCKET)
    for name in {*EVENTS.values(), *QUEUES} - {"mail"}:
        dead = clients["sqs"].create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        arn = aws.sqs.queue(dead).arn
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "5"})
        clients["sqs"].create_queue(
            QueueName=name, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"}
        )
    for topic, queue in EVENTS.items():
        arn = clients["sns"].create_topic(Name=topic)["TopicArn"]
        endpoint = aws.sqs.queue(queue).arn
        clients["sns"].subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint)
        if topic == "delivery":
            aws.ses.topics["custops"] = arn
    for name, value in {
        "signing-key": base64.b64encode(b"k" * 32).decode(),
        "public-url": "https://help.example.com",
    }.items():
        clients["ssm"].put_parameter(
            Name=f"/custops/test/{name}", Value=value, Type="SecureString", Overwrite=True
        )


def ses_notice(
    name: str, key: str, recipients: list[str], now: datetime, verdicts: dict[str, str]
) -> dict[str, Any]:
    """The notice of SES's S3 action ("Contents of notifications for Amazon SES receiving")."""
    at = now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    kinds = ("spam", "virus", "spf", "dkim", "dmarc")
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": at,
            "source": "ana@example.org",
            "messageId": name,
            "destination": recipients,
            "headersTruncated": True,
            "headers": [],
            "commonHeaders": {},
        },
        "receipt": {
            "timestamp": at,
            "processingTimeMillis": 5,
            "recipients": recipients,
            **{f"{kind}Verdict": {"status": verdicts.get(kind, "PASS")} for kind in kinds},
            "action": {
                "type": "S3",
                "topicArn": "arn:aws:sns:us-east-1:123456789012:mail",
                "bucketName": BUCKET,
                "objectKeyPrefix": "mail/",
                "objectKey": key,
            },
        },
    }


def sqs_event(queue: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The event that Lambda makes of received SQS messages."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message.get("Attributes")
                or {"ApproximateReceiveCount": str(message.get("received", 1))},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue}",
                "awsRegion": "us-east-1",
            }
            for message in messages
        ]
    }


def stream_record(change: Any) -> dict[str, Any]:
    """The record that Lambda makes of a change in the table."""
    body: dict[str, Any] = {
        "Keys": change.keys,
        "SequenceNumber": str(change.sequence),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
        "ApproximateCreationDateTime": change.at,
    }
    if change.new is not None:
        body["NewImage"] = change.new
    if change.old is not None:
        body["OldImage"] = change.old
    return {
        "eventID": str(change.sequence),
        "eventName": change.event,
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": body,
        "eventSourceARN": f"arn:aws:dynamodb:us-east-1:123456789012:table/{TABLE}/stream/1",
    }


def _keys(first: str, second: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": first, "KeyType": "HASH"},
        {"AttributeName": second, "KeyType": "RANGE"},
    ]
