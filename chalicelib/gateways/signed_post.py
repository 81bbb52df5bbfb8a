"""What goes to an address of another system: posted as JSON, signed as Standard Webhooks says.

`webhook-id` is the same for every try of the same thing, so that the receiver makes one of it.
"""

from __future__ import annotations

import json
from datetime import UTC

import urllib3

from chalicelib.channels.webhooks import signature
from chalicelib.errors import SendRefused, SendThrottled, SendUnknown
from chalicelib.ports import Clock, Post

PATIENCE = urllib3.Timeout(connect=3, read=10)  # seconds


class SignedEvents:
    """See ports.Webhooks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pool = urllib3.PoolManager(retries=False, timeout=PATIENCE)

    def deliver(self, url: str, secret: str, identifier: str, body: bytes) -> bytes:
        stamp = str(int(self._clock().astimezone(UTC).timestamp()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": identifier,
            "webhook-timestamp": stamp,
            "webhook-signature": signature(secret, identifier, stamp, body),
        }
        try:
            answer = self._pool.request("POST", url, body=body, headers=headers, redirect=False)
        except urllib3.exceptions.NewConnectionError as error:
            raise SendThrottled("the service could not be reached") from error
        except urllib3.exceptions.HTTPError as error:
            raise SendUnknown(type(error).__name__) from error
        if answer.status in (408, 425, 429) or answer.status >= 500:
            raise SendThrottled(f"it answered {answer.status}")
        if answer.status >= 300:
            raise SendRefused(f"it answered {answer.status}")
        return bytes(answer.data)


class SignedPosts:
    """See ports.Network: answers to a source that came in by a signed webhook."""

    def __init__(self, url: str, secret: str, clock: Clock) -> None:
        self._url = url
        self._secret = secret
        self._events = SignedEvents(clock)

    def publish(self, post: Post) -> str:
        body = json.dumps({**post.model_dump(exclude={"key"}), "id": post.key}).encode()
        said = self._events.deliver(self._url, self._secret, post.key, body)
        return _identifier(said) or post.key


def _identifier(body: bytes) -> str:
    """What the source calls the post, where its answer says so: {"id": "…"}."""
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    return str(said.get("id", ""))[:500] if isinstance(said, dict) else ""
