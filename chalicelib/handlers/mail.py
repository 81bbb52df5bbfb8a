"""SES put a mail into the bucket and said so (SES → SNS → SQS)."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib import bootstrap
from chalicelib.handlers.events import Failures, each_record
from chalicelib.observability import count, logger

events = Blueprint(__name__)


@events.on_sqs_message(queue_arn="arn:aws:sqs:::MailQueue", batch_size=5)
def receive_mail(event: Any) -> Failures:
    """Take in each mail of the batch."""
    return each_record(event, _receive)


def _receive(body: str, receipts: int) -> None:
    receipt = bootstrap.get().mail_in.receive(body, receipts)
    count(f"Mail{receipt.fate.capitalize()}")
    logger().info(
        "mail taken in",
        extra={
            "fate": receipt.fate,
            "case": receipt.reference,
            "correlation_id": receipt.message_id,
        },
    )
