"""What triggers functions: queues, the table's stream, the clock. And how events misbehave.

An event may come late, come again while the first is at work, or come again although it was
processed; a batch may be cut anywhere. All of that is decided per event, by its content.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulation.aws.dynamodb.tables import Change, Table
from tests.simulation.aws.dynamodb.values import Item, Value
from tests.simulation.world.invocation import Function, Outcome, Records, content_label

if TYPE_CHECKING:
    from tests.simulation.world.world import World

LATE = "late"  # delivered later than others
TWICE = "twice"  # delivered a second time, perhaps at the same time
AGAIN = "again"  # processed, but not taken off the queue or stream
EVENT_RATES = {LATE: 0.05, TWICE: 0.08, AGAIN: 0.05}
WINDOW = 0.2  # seconds for a batch to gather


class QueueSource:
    """Reads a queue in batches, so many at once, and deletes what was not reported as failed."""

    def __init__(
        self,
        world: World,
        queue: str,
        function: Function,
        *,
        batch: int = 10,
        concurrency: int = 5,
    ) -> None:
        self.world = world
        self.queue = world.cloud.sqs.queue(queue)
        self.function = function
        self.batch = batch
        self.concurrency = concurrency
        self.at_work = 0
        self._next = float("inf")

    def wake(self, at: float) -> None:
        """There is, or will be, something on the queue."""
        when = max(at, self.world.scheduler.now) + WINDOW
        if when < self._next:
            self._next = when
            self.world.scheduler.at(when, lambda: self._poll(when))

    def _poll(self, when: float) -> None:
        if when != self._next:
            return  # an earlier poll has taken its place
        self._next = float("inf")
        while self.at_work < self.concurrency and self._receive():
            pass
        later = [m.visible_at for m in self.queue.messages]
        if later and self.at_work < self.concurrency:
            self.wake(min(later))

    def _receive(self) -> bool:
        most = 1 + self.world.dice.number("cut", self.world.nth(self.queue.name)) % self.batch
        answer = self.world.cloud.sqs.receive_message(
            {"QueueUrl": self.queue.url, "MaxNumberOfMessages": most}
        )
        messages = answer.get("Messages", [])
        prompt = [(m, label) for m in messages if (label := self._label(m)) is not None]
        if prompt:
            self._invoke([m for m, _ in prompt], [label for _, label in prompt])
        return bool(messages)

    def _label(self, message: Value) -> str | None:
        """The name of this delivery; None where it is held back for now."""
        world, content = self.world, content_label(message["Body"])
        place = world.nth(f"{self.function.name}/{content}")
        fault = world.faults.decide(f"{place}/event", (LATE, TWICE, AGAIN))
        if fault == LATE:
            wait = world.dice.between(1.0, 60.0, "late", place)
            self._hide(message, int(wait) + 1)
            return None
        if fault == TWICE:
            if world.dice.share("at once", place) < 0.7:
                self._send(message["Body"])  # the next batch has it, while this one is at work
            else:
                wait = world.dice.between(0.0, 60.0, "twice", place)
                world.scheduler.after(wait, lambda: self._send(message["Body"]))
        return place

    def _send(self, body: str) -> None:
        request = {"QueueUrl": self.queue.url, "MessageBody": body}
        self.world.cloud.sqs.send_message(request)

    def _hide(self, message: Value, seconds: int) -> None:
        request = {
            "QueueUrl": self.queue.url,
            "ReceiptHandle": message["ReceiptHandle"],
            "VisibilityTimeout": seconds,
        }
        self.world.cloud.sqs.change_message_visibility(request)

    def _invoke(self, messages: list[Value], labels: list[str]) -> None:
        self.at_work += 1
        records = [self._record(message) for message in messages]

        def done(outcome: Outcome) -> None:
            self.at_work -= 1
            failed = _failed(outcome, [message["MessageId"] for message in messages])
            for message, label in zip(messages, labels, strict=True):
                if message["MessageId"] not in failed:
                    self._delete(message, label)
            self.wake(self.world.scheduler.now)

        label = self.world.nth(f"{self.function.name}/batch-{min(labels)}")
        self.world.invoke(self.function, label, {"Records": Records(records, labels)}, done)

    def _delete(self, message: Value, label: str) -> None:
        if self.world.faults.happened.get(f"{label}/event") != AGAIN:
            receipt = {"QueueUrl": self.queue.url, "ReceiptHandle": message["ReceiptHandle"]}
            self.world.cloud.sqs.delete_message(receipt)

    def _record(self, message: Value) -> Value:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": message.get("MessageAttributes", {}),
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue.arn,
            "awsRegion": "us-east-1",
        }


class StreamSource:
    """Reads one shard in order; a failed batch is halved and comes again until it is given up."""

    def __init__(
        self,
        world: World,
        table: Table,
        function: Function,
        *,
        belongs: Callable[[Change], bool],
        batch: int = 100,
        tries: int = 20,
    ) -> None:
        self.world = world
        self.table = table
        self.function = function
        self.belongs = belongs
        self.batch = batch
        self.tries = tries
        self.waiting: list[Change] = []
        self.abandoned: list[Change] = []  # what the on-failure destination would be told of
        self.at_work = False
        self._failures = 0
        self._scheduled = False

    def add(self, change: Change) -> None:
        if self.belongs(change):
            self.waiting.append(change)
            self._poll_after(WINDOW)

    def _poll_after(self, seconds: float) -> None:
        if not self._scheduled:
            self._scheduled = True
            self.world.scheduler.after(seconds, self._poll)

    def _poll(self) -> None:
        self._scheduled = False
        if self.at_work or not self.waiting:
            return
        size = max(1, self.batch >> self._failures)
        changes = self.waiting[:size]
        labels = [self._label(change) for change in changes]
        self.at_work = True
        records = Records([stream_record(self.table, change) for change in changes], labels)
        label = self.world.nth(f"{self.function.name}/batch-{min(labels)}")
        self.world.invoke(
            self.function, label, {"Records": records}, lambda o: self._done(o, changes, labels)
        )

    def _label(self, change: Change) -> str:
        keys = "/".join(str(value) for key in change.keys.values() for value in key.values())
        return self.world.nth(f"{self.function.name}/{content_label(keys)}")

    def _done(self, outcome: Outcome, changes: list[Change], labels: list[str]) -> None:
        self.at_work = False
        failed = self._first_failed(outcome, changes)
        if failed is None:
            self._failures = 0
            if self.world.faults.decide(f"{labels[0]}/event", (AGAIN,)) != AGAIN:
                del self.waiting[: len(changes)]
            self._poll_after(WINDOW)
            return
        del self.waiting[:failed]
        self._failures = 0 if failed else self._failures + 1
        if self._failures > self.tries:
            self.abandoned.append(self.waiting.pop(0))
            self._failures = 0
        self._poll_after(min(30.0, 2.0**self._failures))

    def _first_failed(self, outcome: Outcome, changes: list[Change]) -> int | None:
        sequence = [_sequence(change) for change in changes]
        failed = _failed(outcome, sequence)
        return min((sequence.index(one) for one in failed), default=None)


def stream_record(table: Table, change: Change) -> Value:
    """A stream record as a Lambda function sees it (AWS: Using Lambda with DynamoDB streams)."""
    body: Value = {
        "ApproximateCreationDateTime": change.at,
        "Keys": _json_item(change.keys),
        "SequenceNumber": _sequence(change),
        "SizeBytes": 100,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    if change.new is not None:
        body["NewImage"] = _json_item(change.new)
    if change.old is not None:
        body["OldImage"] = _json_item(change.old)
    record: Value = {
        "eventID": f"{change.sequence:032x}",
        "eventName": change.event,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": body,
        "eventSourceARN": f"arn:aws:dynamodb:us-east-1:123456789012:table/{table.name}/stream/1",
    }
    if change.by_expiry:
        record["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    return record


def _sequence(change: Change) -> str:
    return f"{change.sequence:021d}"


def _json_item(item: Item) -> Item:
    return {name: _json(value) for name, value in item.items()}


def _json(value: Value) -> Value:
    """A copy of a value with bytes as base64, which is how they travel in JSON."""
    ((kind, content),) = value.items()
    if kind == "B":
        return {"B": base64.b64encode(content).decode()}
    if kind == "BS":
        return {"BS": [base64.b64encode(one).decode() for one in content]}
    if kind == "L":
        return {"L": [_json(one) for one in content]}
    if kind == "M":
        return {"M": _json_item(content)}
    return {kind: list(content) if isinstance(content, list) else content}


def _failed(outcome: Outcome, identifiers: list[str]) -> set[str]:
    """Those of a batch that come again; an unknown identifier fails the batch, as on AWS."""
    if outcome.kind != "ok":
        return set(identifiers)
    failures = (outcome.result or {}).get("batchItemFailures", [])
    named = {failure["itemIdentifier"] for failure in failures}
    return named if named <= set(identifiers) else set(identifiers)
