"""The providers say what became of messages that we sent (SNS → SQS)."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib import bootstrap
from chalicelib.channels.events import parse_event
from chalicelib.handlers.events import Failures, each_record, unwrap
from chalicelib.observability import count, logger

events = Blueprint(__name__)


@events.on_sqs_message(queue_arn="arn:aws:sqs:::DeliveryQueue", batch_size=10)
def receive_delivery(event: Any) -> Failures:
    """Apply each event of the batch."""
    return each_record(event, _receive)


def _receive(body: str, receipts: int) -> None:
    for happened in parse_event(unwrap(body)):
        ours = bootstrap.get().settling.settle(happened)
        count(f"Outbound{happened.status.capitalize()}")
        logger().info(
            "delivery event",
            extra={"status": happened.status, "send": happened.send_id, "ours": ours},
        )
