"""Mastodon through its maintained client, Mastodon.py. Imported only where an account is set up.

API: docs.joinmastodon.org, methods/statuses (Idempotency-Key: the same key gives the same status
for an hour), methods/notifications (min_id: those right behind it, oldest kept for the next page).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mastodon import Mastodon
from mastodon.errors import (
    MastodonAPIError,
    MastodonError,
    MastodonNetworkError,
    MastodonRatelimitError,
    MastodonServerError,
)

from chalicelib.errors import SendRefused, SendThrottled, SendUnknown
from chalicelib.ports import Post

PATIENCE = 10  # seconds that an answer may take
PAGE = 80  # the most that the API gives


class MastodonNetwork:
    """See ports.Network."""

    def __init__(self, instance: str, token: str) -> None:
        self._api = Mastodon(
            access_token=token,
            api_base_url=instance,
            ratelimit_method="throw",  # our own queue waits
            request_timeout=PATIENCE,
            version_check_mode="none",
            user_agent="custops",
        )

    def publish(self, post: Post) -> str:
        with _meaning():
            status = self._api.status_post(
                post.text,
                in_reply_to_id=post.in_reply_to or None,
                visibility=post.visibility or ("public" if post.public else "direct"),
                idempotency_key=post.key,
            )
        return str(status["id"])

    def mentions(self, after: str) -> list[dict[str, Any]]:
        """Notifications of mentions behind that id, oldest first; without an id the newest ones.

        Raises SendRefused where the token does not hold, SendThrottled, SendUnknown.
        """
        with _meaning():
            found = self._api.notifications(types=["mention"], min_id=after or None, limit=PAGE)
        plain = [_plain(entry) for entry in found]
        return sorted(plain, key=lambda entry: (len(str(entry["id"])), str(entry["id"])))


@contextmanager
def _meaning() -> Iterator[None]:
    try:
        yield
    except (MastodonRatelimitError, MastodonServerError) as error:
        # 5xx and 429: the key makes another try harmless.
        raise SendThrottled(type(error).__name__) from error
    except MastodonNetworkError as error:
        raise SendUnknown(type(error).__name__) from error
    except MastodonAPIError as error:
        words = [str(word) for word in error.args if word]
        raise SendRefused(": ".join(words) or type(error).__name__) from error
    except MastodonError as error:
        raise SendRefused(type(error).__name__) from error


def _plain(entry: Any) -> dict[str, Any]:
    """The client's own types as plain JSON values, times as RFC 3339 text."""
    plain: dict[str, Any] = json.loads(json.dumps(entry, default=_text))
    return plain


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
