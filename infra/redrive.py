"""What landed in dead-letter queues: `python -m infra.redrive --stage S [--queue Mail]`.

Without --queue it lists how many messages each dead-letter queue holds. With it, those of that
queue go back to where they came from, after a fix: each is sent first and removed then, so none is
lost, and one that goes twice does no harm, since all that is done about a message is done once.
No more are moved than were there at the beginning: what fails again is not moved in a circle.

Mails that could not be taken in stand in quarantine (`GET /v1/quarantine`), where a person decides;
here is what no quarantine could hold: notices that are not JSON, functions that died five times.
The endpoint is AWS_ENDPOINT_URL when that is set, as boto3 reads it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.console import Failure, Say, progress
from infra.functions import FUNCTIONS

Client = Callable[[str], Any]
"""Makes the boto3 client of a service."""

QUEUES: Final = tuple(function.queue for function in FUNCTIONS if function.queue)
BATCH: Final = 10  # messages of one call; SQS takes no more
HIDDEN: Final = 60  # seconds that a received message is ours


def main(arguments: list[str] | None = None) -> int:
    """The command. Exit status 1 with the reason in words when it failed."""
    parser = argparse.ArgumentParser(prog="python -m infra.redrive", description=__doc__)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--queue", default="", type=str.lower, help=", ".join(QUEUES))
    options = parser.parse_args(arguments)
    say = progress("redrive ")
    try:
        session = boto3.Session()
        if options.queue:
            redrive(session.client, options.stage, options.queue, say)
        else:
            tell(session.client, options.stage, say)
    except (Failure, ClientError, BotoCoreError) as error:
        print(f"redrive: {error}", file=sys.stderr)
        return 1
    return 0


def tell(client: Client, stage: str, say: Say) -> dict[str, int]:
    """How many messages each dead-letter queue holds, about."""
    urls = _urls(client("cloudformation"), stage)
    held = {name: _held(client("sqs"), urls[f"{name}DeadLetters"]) for name in QUEUES}
    for name, number in held.items():
        say(f"{name}: {number}")
    return held


def redrive(client: Client, stage: str, queue: str, say: Say) -> int:
    """Send the dead letters of a queue back to it; returns how many. Raises Failure."""
    name = next((known for known in QUEUES if known.lower() == queue), None)
    if name is None:
        raise Failure(f"there is no queue {queue!r}: it is one of {', '.join(QUEUES)}")
    urls = _urls(client("cloudformation"), stage)
    sqs, dead, alive = client("sqs"), urls[f"{name}DeadLetters"], urls[f"{name}Queue"]
    left, moved = _held(sqs, dead), 0
    while left > 0 and (number := _move(sqs, dead, alive, min(left, BATCH))):
        left, moved = left - number, moved + number
    say(f"{name}: {moved} sent again")
    return moved


def _move(sqs: Any, dead: str, alive: str, most: int) -> int:
    got = sqs.receive_message(
        QueueUrl=dead, MaxNumberOfMessages=most, VisibilityTimeout=HIDDEN, WaitTimeSeconds=1
    )
    messages = got.get("Messages", [])
    for message in messages:
        sqs.send_message(QueueUrl=alive, MessageBody=message["Body"])
        sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
    return len(messages)


def _held(sqs: Any, url: str) -> int:
    names = ["ApproximateNumberOfMessages"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return int(answer["Attributes"][names[0]])


def _urls(cloudformation: Any, stage: str) -> dict[str, str]:
    """Logical id → URL of each queue of the stack; raises Failure."""
    found: dict[str, str] = {}
    pages = cloudformation.get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=f"custops-{stage}"):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == "AWS::SQS::Queue":
                found[resource["LogicalResourceId"]] = resource["PhysicalResourceId"]
    missing = {f"{q}{kind}" for q in QUEUES for kind in ("Queue", "DeadLetters")} - found.keys()
    if missing:
        raise Failure(f"the stack custops-{stage} has no {', '.join(sorted(missing))}")
    return found


if __name__ == "__main__":
    sys.exit(main())
