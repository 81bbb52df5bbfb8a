"""A small Mastodon server: the part of its API that a support account needs, over one memory.

Somebody mentions us by `POST /local/mastodon/mentions`; the application finds it under
/local/mastodon/api/v1/notifications, and what it posts fills the outbox (channel social). Answers
are those of docs.joinmastodon.org: methods/notifications, methods/statuses, entities/Status.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from infra.local.memory import Delivered, Memory

TOKEN = "token-of-this-machine"
ACCOUNT = "support"
CHARACTERS = 500
VISIBILITIES = ("public", "unlisted", "private", "direct")
STATUS, NOTIFICATION, KEY = "mastodon:status", "mastodon:notification", "mastodon:key"
COUNTER = "mastodon:counter"
HANDLE = re.compile(r"@?[A-Za-z0-9_.-]+(?:@[A-Za-z0-9.:-]+)?")
MENTION = re.compile(r"@[A-Za-z0-9_.-]+(?:@[A-Za-z0-9.:-]+)?")


class Unacceptable(Exception):
    """The API refuses: `status` is that of its answer."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class MastodonDoor:
    """One instance with one account of ours, `@support`."""

    def __init__(self, memory: Memory, url: str, clock: Callable[[], float] = time.time) -> None:
        self._memory = memory
        self._url = url
        self._clock = clock

    def mention(
        self, sender: str, text: str, visibility: str = "public", answers: str = ""
    ) -> dict[str, Any]:
        """Somebody writes to @support; returns the status. Raises Unacceptable."""
        if visibility not in VISIBILITIES:
            raise Unacceptable(422, "Validation failed: Visibility is not included in the list")
        handle = sender.removeprefix("@")
        said = text if f"@{ACCOUNT}" in text else f"@{ACCOUNT} {text}"
        status = self._status(handle, said, visibility, answers)
        identifier = self._next()
        notification = {
            "id": identifier,
            "type": "mention",
            "created_at": status["created_at"],
            "account": status["account"],
            "status": status,
        }
        self._memory.put(NOTIFICATION, _sortable(identifier), notification)
        return status

    def notifications(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Newest first; with `min_id` those right behind it, with `since_id` the newest ones."""
        limit = min(int(query.get("limit") or 40), 80)
        after = query.get("min_id") or query.get("since_id") or ""
        found = [n for n in self._memory.all(NOTIFICATION) if int(n["id"]) > int(after or 0)]
        part = found[:limit] if query.get("min_id") else found[-limit:]
        return part[::-1]

    def post(self, given: Mapping[str, str], key: str) -> dict[str, Any]:
        """Our account writes; the same key gives the same status again. Raises Unacceptable."""
        if key and (known := self._memory.get(KEY, key)):
            return known
        text, visibility = given.get("status") or "", given.get("visibility") or "public"
        if not text.strip():
            raise Unacceptable(422, "Validation failed: Text can't be blank")
        if len(text) > CHARACTERS:
            raise Unacceptable(
                422, f"Validation failed: Text character limit of {CHARACTERS} exceeded"
            )
        answers = given.get("in_reply_to_id") or ""
        if answers and self._memory.get(STATUS, answers) is None:
            words = "The post you are trying to reply to does not appear to exist."
            raise Unacceptable(404, words)
        if visibility not in VISIBILITIES:
            raise Unacceptable(422, "Validation failed: Visibility is not included in the list")
        status = self._status(ACCOUNT, text, visibility, answers)
        if key:
            self._memory.put(KEY, key, status)
        self._memory.keep([self._delivered(status, text, key)], [])
        return status

    def account(self, handle: str) -> dict[str, Any]:
        """The entity Account; a handle without a host is one of this instance."""
        name = handle.partition("@")[0]
        return {
            "id": str(int.from_bytes(handle.encode()[-6:], "big")),
            "username": name,
            "acct": handle,
            "display_name": name.replace("_", " ").replace(".", " ").title(),
            "url": f"{self._url}/@{handle}",
            "followers_count": 120,
            "locked": False,
            "bot": False,
        }

    def _status(self, handle: str, text: str, visibility: str, answers: str) -> dict[str, Any]:
        identifier = self._next()
        at = datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        lines = [html.escape(line) for line in text.split("\n")]
        status: dict[str, Any] = {
            "id": identifier,
            "created_at": at,
            "in_reply_to_id": answers or None,
            "sensitive": False,
            "spoiler_text": "",
            "visibility": visibility,
            "language": None,
            "uri": f"{self._url}/statuses/{identifier}",
            "url": f"{self._url}/@{handle}/{identifier}",
            "content": "<p>" + MENTION.sub(self._link, "<br />".join(lines)) + "</p>",
            "account": self.account(handle),
            "media_attachments": [],
            "mentions": [],
            "tags": [],
            "emojis": [],
        }
        self._memory.put(STATUS, identifier, status)
        return status

    def _link(self, match: re.Match[str]) -> str:
        name = match[0].removeprefix("@")
        link = f'<a href="{self._url}/@{name}" class="u-url mention">'
        return f'<span class="h-card">{link}@<span>{name.partition("@")[0]}</span></a></span>'

    def _delivered(self, status: Mapping[str, Any], text: str, key: str) -> Delivered:
        to = MENTION.search(text)
        headers = {"visibility": status["visibility"], "url": status["url"]}
        if status["in_reply_to_id"]:
            headers["in_reply_to_id"] = status["in_reply_to_id"]
        if key:
            headers["Idempotency-Key"] = key
        return Delivered(
            id=status["id"],
            channel="social",
            recipient=to[0].lower() if to else "",
            sender=f"@{ACCOUNT}",
            subject="",
            text=text,
            case_reference=None,
            at=status["created_at"],
            headers=headers,
        )

    def _next(self) -> str:
        """Ids that grow, as those of Mastodon do."""
        last = (self._memory.get(COUNTER, "last") or {"id": 0})["id"]
        self._memory.put(COUNTER, "last", {"id": last + 1})
        return str(last + 1)


def _sortable(identifier: str) -> str:
    return identifier.rjust(20, "0")
