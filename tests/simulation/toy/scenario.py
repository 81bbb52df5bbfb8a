"""Mails come in at the toy application; afterwards its promises must hold."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from tests.simulation.toy.application import BUCKET, TABLE, Toy
from tests.simulation.world.invocation import Function
from tests.simulation.world.search import Violation
from tests.simulation.world.sources import TWICE
from tests.simulation.world.world import World

LIMIT = 3600.0  # virtual seconds


@cache
def clients() -> dict[str, Any]:
    """Made once for all runs. Sending is never repeated by the SDK."""
    made = {}
    for service in ("dynamodb", "sqs", "s3", "sesv2"):
        attempts = 1 if service == "sesv2" else 3
        retries = {"mode": "standard", "total_max_attempts": attempts}
        made[service] = boto3.client(
            service, region_name="us-east-1", config=Config(retries=retries)
        )
    return made


class ToyScenario:
    """So many mails in so many seconds, in half as many threads."""

    def __init__(self, messages: int, bug: str = "") -> None:
        self.messages = messages
        self.bugs = frozenset({bug} if bug else ())

    def play(self, world: World) -> list[Violation]:
        self.world = world
        with world.connected():
            self._build()
            for number in range(self.messages):
                self._write(number)
            settled = world.run(lambda: not self._open(), LIMIT)
        found = self._broken()
        if not settled:
            found.append(Violation("comes to rest", f"not within {LIMIT:.0f} s"))
        return found

    def _build(self) -> None:
        cloud = self.world.cloud
        cloud.s3.create_bucket({"Bucket": BUCKET})
        cloud.dynamodb.create_table(_table())
        for name in ("mail", "answer"):
            dead = cloud.sqs.create_queue({"QueueName": f"{name}-dead"})["QueueUrl"]
            policy = {
                "deadLetterTargetArn": cloud.sqs.queue(dead).arn,
                "maxReceiveCount": 6,
            }
            attributes = {"VisibilityTimeout": "60", "RedrivePolicy": json.dumps(policy)}
            cloud.sqs.create_queue({"QueueName": name, "Attributes": attributes})
        url = cloud.sqs.queue("answer").url
        toy = Toy(clients(), url, self.world.scheduler.clock, self.world.new_id, self.bugs)
        self.world.on_queue("mail", Function("receive", toy.receive))
        self.world.on_queue("answer", Function("answer", toy.answer))
        self.world.on_stream(
            cloud.dynamodb.table(TABLE),
            Function("forward", toy.forward),
            lambda change: change.event == "INSERT" and change.keys["sk"]["S"].startswith("MSG#"),
        )
        self.world.every(60.0, Function("sweep", toy.sweep))

    def _write(self, number: int) -> None:
        world, cloud = self.world, self.world.cloud
        thread = int(world.dice.share("thread", number) * max(1, self.messages // 2))
        mail = json.dumps({"id": f"mail-{number}", "thread": f"thread-{thread}"})

        def arrive() -> None:
            key = f"mail/{number}"
            cloud.s3.put_object({"Bucket": BUCKET, "Key": key, "Body": mail.encode()})
            body = json.dumps({"key": key})
            url = cloud.sqs.queue("mail").url
            twice = world.faults.decide(f"mail-{number}/notice", (TWICE,))
            for _ in range(2 if twice else 1):
                cloud.sqs.send_message({"QueueUrl": url, "MessageBody": body})

        world.scheduler.after(60.0 * world.dice.share("arrival", number), arrive)

    # --- what must hold ------------------------------------------------------------------

    def _broken(self) -> list[Violation]:
        items = list(self.world.cloud.dynamodb.table(TABLE).items.values())
        messages = [item for item in items if item["sk"]["S"].startswith("MSG#")]
        found = self._taken_in_once(messages)
        counted = next((int(i["n"]["N"]) for i in items if i["pk"]["S"] == "COUNT"), 0)
        if counted != len(messages):
            detail = f"{counted} counted, {len(messages)} there"
            found.append(Violation("counter equals recount", detail))
        return found + self._sent_once(items, messages)

    def _taken_in_once(self, messages: list[Any]) -> list[Violation]:
        times = Counter(message["mail"]["S"] for message in messages)
        return [
            Violation("taken in once", f"mail-{number}: {times[f'mail-{number}']} times")
            for number in range(self.messages)
            if times[f"mail-{number}"] != 1
        ]

    def _sent_once(self, items: list[Any], messages: list[Any]) -> list[Violation]:
        sent = Counter(mail.tags["message"] for mail in self.world.cloud.ses.accepted)
        standing = {
            item["pk"]["S"].removeprefix("OUT#"): item["standing"]["S"]
            for item in items
            if item["pk"]["S"].startswith("OUT#")
        }
        found = []
        for message in messages:
            name = message["sk"]["S"].removeprefix("MSG#")
            state, times = standing.get(name, "missing"), sent[name]
            detail = f"{name} is {state} and went out {times} times"
            if times > 1 or (state == "sent" and times != 1):
                found.append(Violation("sent once", detail))
            elif state not in ("sent", "ambiguous"):
                found.append(Violation("answered", detail))
            elif state == "ambiguous" and not self.world.faults.happened:
                found.append(Violation("no doubt without faults", detail))
        return found

    def _open(self) -> bool:
        table = self.world.cloud.dynamodb.table(TABLE)
        return any("gpk" in item for item in table.items.values())


def _table() -> dict[str, Any]:
    names = ("pk", "sk", "gpk", "gsk")
    keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    index = [
        {"AttributeName": "gpk", "KeyType": "HASH"},
        {"AttributeName": "gsk", "KeyType": "RANGE"},
    ]
    return {
        "TableName": TABLE,
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in names],
        "KeySchema": keys,
        "StreamSpecification": {"StreamEnabled": True},
        "GlobalSecondaryIndexes": [{"IndexName": "open", "KeySchema": index}],
    }
