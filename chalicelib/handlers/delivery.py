"""The providers say what became of messages that we sent (SNS → SQS)."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib import bootstrap
from chalicelib.channels.events import parse_event
from chalicelib.errors import Unprocessable
from chalicelib.flows.batches import Settled
from chalicelib.handlers.events import Failures, each_record, unwrap
from chalicelib.observability import count, described, logger

events = Blueprint(__name__)


@events.on_sqs_message(queue_arn="arn:aws:sqs:::DeliveryQueue", batch_size=10)
def receive_delivery(event: Any) -> Failures:
    """Apply the events of the batch: together where that can be, else one by one."""
    done = _together(event)
    return each_record(event, lambda body, _: _receive(body, done))


def _together(event: Any) -> Settled:
    found = []
    for record in event.to_dict()["Records"]:
        try:
            found += parse_event(unwrap(record["body"]))
        except Unprocessable:
            continue  # it is met again by itself, and put aside there
    try:
        return bootstrap.get().batches.settle(found)
    except Exception as error:  # whichever event it is, it will fail alone
        logger().warning("the batch is settled one by one", extra=described(error))
        return {}


def _receive(body: str, done: Settled) -> None:
    for happened in parse_event(unwrap(body)):
        ours = done.get(happened)
        if ours is None:
            ours = bootstrap.get().settling.settle(happened)
        count(f"Outbound{happened.status.capitalize()}")
        logger().info(
            "delivery event",
            extra={"status": happened.status, "send": happened.send_id, "ours": ours},
        )
