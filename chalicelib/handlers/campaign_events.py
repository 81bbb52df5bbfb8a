"""Campaigns under way: the audience is frozen and handed out, and its segments are told."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint
from pydantic import ValidationError

from chalicelib import bootstrap
from chalicelib.errors import Unprocessable
from chalicelib.handlers.events import Failures, each_record
from chalicelib.observability import correlated, count, logger
from chalicelib.store.reactions import parse

events = Blueprint(__name__)


@events.on_sqs_message(queue_arn="arn:aws:sqs:::PlanQueue", batch_size=1)
def plan_campaign(event: Any) -> Failures:
    """Run an errand of the planner: freeze, dispatch or watch."""
    return each_record(event, _plan)


@events.on_sqs_message(queue_arn="arn:aws:sqs:::NotifyQueue", batch_size=1)
def notify(event: Any) -> Failures:
    """Tell the customers of a segment."""
    return each_record(event, _notify)


def _plan(body: str, receipts: int) -> None:
    try:
        reaction = parse(body)
    except (ValueError, ValidationError) as error:
        raise Unprocessable("the body is no reaction") from error
    with correlated(campaign=reaction.owner, correlation_id=reaction.id) as log:
        bootstrap.get().planning.plan(reaction)
        log.info("planned", extra={"errand": reaction.data.get("do", "")})


def _notify(body: str, receipts: int) -> None:
    fate = bootstrap.get().notifying.notify(body)
    count("SegmentsTold", fate == "told")
    logger().info("segment", extra={"fate": fate})
