"""SQS: standard queues with visibility, receive counts and dead-letter queues."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.aws.errors import AwsError

Request = dict[str, Any]
ACCOUNT = "123456789012"
MAX_BODY_BYTES = 1024 * 1024
MAX_BATCH = 10


@dataclass
class Message:
    id: str
    body: str
    attributes: Request
    sent_at: float
    visible_at: float
    receipt: str = ""
    received: int = 0  # how often it was given out
    first_received_at: float = 0.0


@dataclass
class Queue:
    name: str
    visibility: float = 30.0
    delay: float = 0.0
    dead_letters: str = ""  # name of the queue for what was received too often
    max_receives: int = 0
    messages: list[Message] = field(default_factory=list)

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{self.name}"

    @property
    def url(self) -> str:
        return f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{self.name}"


class Sqs:
    """All queues of the account. `woken` hears of each moment at which a queue has work."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.queues: dict[str, Queue] = {}
        self.woken: Callable[[str, float], None] | None = None
        self._count = 0

    def queue(self, url_or_arn: str) -> Queue:
        try:
            return self.queues[url_or_arn.replace("/", ":").rsplit(":", 1)[-1]]
        except KeyError:
            raise AwsError(
                "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
            ) from None

    def bodies(self, name: str) -> list[str]:
        """What lies in a queue, seen or unseen, oldest first (for assertions)."""
        return [message.body for message in self.queue(name).messages]

    def create_queue(self, request: Request) -> Request:
        attributes = request.get("Attributes", {})
        redrive = json.loads(attributes.get("RedrivePolicy", "{}"))
        queue = Queue(
            request["QueueName"],
            visibility=float(attributes.get("VisibilityTimeout", 30)),
            delay=float(attributes.get("DelaySeconds", 0)),
            dead_letters=redrive.get("deadLetterTargetArn", "").rsplit(":", 1)[-1],
            max_receives=int(redrive.get("maxReceiveCount", 0)),
        )
        return {"QueueUrl": self.queues.setdefault(queue.name, queue).url}

    def get_queue_url(self, request: Request) -> Request:
        return {"QueueUrl": self.queue(request["QueueName"]).url}

    def send_message(self, request: Request) -> Request:
        queue = self.queue(request["QueueUrl"])
        message = self._add(queue, request)
        return {
            "MessageId": message.id,
            "MD5OfMessageBody": _digest(message.body),
        }

    def send_message_batch(self, request: Request) -> Request:
        queue = self.queue(request["QueueUrl"])
        entries = _batch(request)
        if sum(len(entry["MessageBody"].encode()) for entry in entries) > MAX_BODY_BYTES:
            raise AwsError(
                "AWS.SimpleQueueService.BatchRequestTooLong",
                "Batch requests cannot be longer than 1048576 bytes.",
            )
        done = []
        for entry in entries:
            message = self._add(queue, entry)
            done.append(
                {
                    "Id": entry["Id"],
                    "MessageId": message.id,
                    "MD5OfMessageBody": _digest(message.body),
                }
            )
        return {"Successful": done}

    def receive_message(self, request: Request) -> Request:
        queue, now = self.queue(request["QueueUrl"]), self.clock()
        wanted = request.get("MaxNumberOfMessages", 1)
        if not 1 <= wanted <= MAX_BATCH:
            raise AwsError("InvalidParameterValue", "MaxNumberOfMessages must be between 1 and 10")
        visibility = float(request.get("VisibilityTimeout", queue.visibility))
        given: list[Request] = []
        for message in list(queue.messages):
            if len(given) == wanted:
                break
            if message.visible_at > now:
                continue
            if queue.max_receives and message.received >= queue.max_receives:
                self._bury(queue, message)
                continue
            given.append(self._give(queue, message, now, visibility))
        return {"Messages": given} if given else {}

    def delete_message(self, request: Request) -> Request:
        queue = self.queue(request["QueueUrl"])
        queue.messages = [m for m in queue.messages if m.receipt != request["ReceiptHandle"]]
        return {}

    def delete_message_batch(self, request: Request) -> Request:
        for entry in _batch(request):
            self.delete_message({"QueueUrl": request["QueueUrl"], **entry})
        return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}

    def change_message_visibility(self, request: Request) -> Request:
        queue = self.queue(request["QueueUrl"])
        for message in queue.messages:
            if message.receipt == request["ReceiptHandle"]:
                message.visible_at = self.clock() + request["VisibilityTimeout"]
                self._wake(queue, message.visible_at)
                return {}
        raise AwsError("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")

    def purge_queue(self, request: Request) -> Request:
        self.queue(request["QueueUrl"]).messages.clear()
        return {}

    def list_queues(self, request: Request) -> Request:
        prefix = request.get("QueueNamePrefix", "")
        return {"QueueUrls": [q.url for name, q in self.queues.items() if name.startswith(prefix)]}

    def get_queue_attributes(self, request: Request) -> Request:
        queue, now = self.queue(request["QueueUrl"]), self.clock()
        hidden = [m for m in queue.messages if m.visible_at > now]
        attributes = {
            "QueueArn": queue.arn,
            "VisibilityTimeout": str(int(queue.visibility)),
            "ApproximateNumberOfMessages": str(len(queue.messages) - len(hidden)),
            "ApproximateNumberOfMessagesNotVisible": str(sum(1 for m in hidden if m.received)),
            "ApproximateNumberOfMessagesDelayed": str(sum(1 for m in hidden if not m.received)),
        }
        if queue.dead_letters:
            attributes["RedrivePolicy"] = json.dumps(
                {
                    "deadLetterTargetArn": self.queue(queue.dead_letters).arn,
                    "maxReceiveCount": queue.max_receives,
                }
            )
        wanted = request.get("AttributeNames", [])
        if "All" in wanted:
            return {"Attributes": attributes}
        return {"Attributes": {name: attributes[name] for name in wanted if name in attributes}}

    def _add(self, queue: Queue, request: Request) -> Message:
        body = request["MessageBody"]
        if len(body.encode()) > MAX_BODY_BYTES:
            raise AwsError(
                "InvalidParameterValue",
                "One or more parameters are invalid. Reason: Message must be shorter "
                "than 1048576 bytes.",
            )
        now = self.clock()
        self._count += 1
        message = Message(
            id=f"{self._count:08x}-0000-4000-8000-000000000000",
            body=body,
            attributes=request.get("MessageAttributes", {}),
            sent_at=now,
            visible_at=now + float(request.get("DelaySeconds", queue.delay)),
        )
        queue.messages.append(message)
        self._wake(queue, message.visible_at)
        return message

    def _give(self, queue: Queue, message: Message, now: float, visibility: float) -> Request:
        self._count += 1
        message.receipt = f"receipt-{self._count}"
        message.received += 1
        message.first_received_at = message.first_received_at or now
        message.visible_at = now + visibility
        self._wake(queue, message.visible_at)
        given = {
            "MessageId": message.id,
            "ReceiptHandle": message.receipt,
            "Body": message.body,
            "MD5OfBody": _digest(message.body),
            "Attributes": {
                "ApproximateReceiveCount": str(message.received),
                "SentTimestamp": str(int(message.sent_at * 1000)),
                "ApproximateFirstReceiveTimestamp": str(int(message.first_received_at * 1000)),
                "SenderId": ACCOUNT,
            },
        }
        if message.attributes:
            given["MessageAttributes"] = dict(message.attributes)
        return given

    def _bury(self, queue: Queue, message: Message) -> None:
        queue.messages.remove(message)
        target = self.queue(queue.dead_letters)
        message.received, message.receipt, message.visible_at = 0, "", self.clock()
        target.messages.append(message)
        self._wake(target, message.visible_at)

    def _wake(self, queue: Queue, at: float) -> None:
        if self.woken is not None:
            self.woken(queue.name, at)


def _digest(body: str) -> str:
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def _batch(request: Request) -> list[Request]:
    entries: list[Request] = request["Entries"]
    if not entries:
        raise AwsError(
            "AWS.SimpleQueueService.EmptyBatchRequest",
            "There should be at least one entry in the request.",
        )
    if len(entries) > MAX_BATCH:
        raise AwsError(
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {MAX_BATCH}. You have sent {len(entries)}.",
        )
    if len({entry["Id"] for entry in entries}) < len(entries):
        raise AwsError(
            "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            "Two or more batch entries in the request have the same Id.",
        )
    return entries
