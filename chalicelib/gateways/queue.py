"""Messages on SQS queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.errors import Contended

BATCH = 10  # entries of one SendMessageBatch
LIMIT = 250_000  # bytes of one call; SQS takes 1 MiB, we stay well below


class SqsQueue:
    """See ports.Queue. `urls` maps our names to queue URLs."""

    def __init__(self, client: Any, urls: Mapping[str, str]) -> None:
        self._client = client
        self._urls = urls

    def send(self, queue: str, bodies: Sequence[str], delay: int = 0) -> None:
        """Raises Contended where SQS did not take an entry: the caller repeats the whole."""
        for part in _parts(bodies):
            wait = {"DelaySeconds": delay} if delay else {}
            entries = [{"Id": str(n), "MessageBody": body, **wait} for n, body in enumerate(part)]
            answer = self._client.send_message_batch(QueueUrl=self._urls[queue], Entries=entries)
            if answer.get("Failed"):
                raise Contended(f"{len(answer['Failed'])} messages were not taken by {queue}")


def _parts(bodies: Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = []
    size = 0
    for body in bodies:
        weight = len(body.encode())
        if not parts or len(parts[-1]) == BATCH or size + weight > LIMIT:
            parts.append([])
            size = 0
        parts[-1].append(body)
        size += weight
    return parts
