"""A text message came in (AWS End User Messaging → SNS → SQS)."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib import bootstrap
from chalicelib.handlers.events import Failures, each_record, unwrap
from chalicelib.observability import count, logger

events = Blueprint(__name__)


@events.on_sqs_message(queue_arn="arn:aws:sqs:::SmsQueue", batch_size=10)
def receive_sms(event: Any) -> Failures:
    """Take in each text message of the batch."""
    return each_record(event, _receive)


def _receive(body: str, receipts: int) -> None:
    receipt = bootstrap.get().texting.receive(unwrap(body))
    count(f"Sms{receipt.fate.capitalize()}")
    logger().info(
        "text message taken in",
        extra={
            "fate": receipt.fate,
            "case": receipt.reference,
            "correlation_id": receipt.message_id,
        },
    )
