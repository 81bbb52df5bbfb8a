"""The table's stream is the outbox: each new reaction goes on the queue of those who react.

The event source hands over only inserts of reactions; the check here is for clouds that ignore the
filter. Sending twice is harmless, so a failure of any part raises and the batch comes again whole.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from chalice import Blueprint

from chalicelib import bootstrap
from chalicelib.observability import logger
from chalicelib.store.codec import decode_item
from chalicelib.store.keys import REACT
from chalicelib.store.reactions import HOLD, from_item

events = Blueprint(__name__)


@events.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:::table/Table/stream/-",
    batch_size=100,
    starting_position="TRIM_HORIZON",
)
def forward(event: Any) -> None:
    """Put the batch's reactions on their queues, ten a call."""
    bodies: dict[tuple[str, int], list[str]] = defaultdict(list)
    for record in event.to_dict()["Records"]:
        image = record["dynamodb"].get("NewImage", {})
        if record["eventName"] == "INSERT" and image["sk"]["S"].startswith(REACT):
            reaction = from_item(decode_item(image))
            bodies[reaction.kind, int(reaction.data.get(HOLD, 0))].append(reaction.body())
    queue = bootstrap.get().queue
    told: Counter[str] = Counter()
    for (kind, delay), waiting in bodies.items():
        queue.send(kind, waiting, delay)
        told[kind] += len(waiting)
    logger().info("forwarded", extra=dict(told))
