"""SNS: topics that copy what is published to the queues that subscribed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.simulation.aws.errors import AwsError
from tests.simulation.aws.naming import Naming
from tests.simulation.aws.sqs import ACCOUNT, Sqs

Request = dict[str, Any]


class Sns:
    """All topics of the account. Only queues can subscribe: nothing else here is retried."""

    def __init__(self, clock: Callable[[], float], sqs: Sqs, naming: Naming) -> None:
        self._clock = clock
        self._sqs = sqs
        self._naming = naming
        self.subscriptions: dict[str, list[tuple[str, bool]]] = {}  # topic -> (queue ARN, raw)

    def create_topic(self, request: Request) -> Request:
        arn = f"arn:aws:sns:us-east-1:{ACCOUNT}:{request['Name']}"
        self.subscriptions.setdefault(arn, [])
        return {"TopicArn": arn}

    def subscribe(self, request: Request) -> Request:
        if request["Protocol"] != "sqs":
            raise NotImplementedError("the model delivers from topics to queues only")
        raw = request.get("Attributes", {}).get("RawMessageDelivery", "false") == "true"
        self._topic(request["TopicArn"]).append((request["Endpoint"], raw))
        return {"SubscriptionArn": f"{request['TopicArn']}:{len(self.subscriptions)}"}

    def publish(self, request: Request) -> Request:
        topic = request["TopicArn"]
        identifier = self._naming.of(topic, request["Message"])
        for queue, raw in self._topic(topic):
            body = request["Message"] if raw else self._envelope(request, identifier)
            url = self._sqs.queue(queue).url
            self._sqs.send_message({"QueueUrl": url, "MessageBody": body})
        return {"MessageId": identifier}

    def _envelope(self, request: Request, identifier: str) -> str:
        """The JSON around a message for a subscriber without raw delivery (AWS: SNS guide)."""
        at = datetime.fromtimestamp(self._clock(), UTC)
        envelope = {
            "Type": "Notification",
            "MessageId": identifier,
            "TopicArn": request["TopicArn"],
            "Message": request["Message"],
            "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
            "SignatureVersion": "1",
            "Signature": "c2ltdWxhdGVk",
            "SigningCertURL": "https://sns.us-east-1.amazonaws.com/simulated.pem",
            "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        }
        if "Subject" in request:
            envelope["Subject"] = request["Subject"]
        if "MessageAttributes" in request:
            envelope["MessageAttributes"] = {
                name: {"Type": one["DataType"], "Value": one.get("StringValue", "")}
                for name, one in request["MessageAttributes"].items()
            }
        return json.dumps(envelope)

    def _topic(self, arn: str) -> list[tuple[str, bool]]:
        try:
            return self.subscriptions[arn]
        except KeyError:
            raise AwsError("NotFound", "Topic does not exist", status=404) from None
