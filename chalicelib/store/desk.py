"""Who is in which case at present, and what agents have begun to write."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from chalicelib.base import Instant, Model
from chalicelib.errors import StaleVersion
from chalicelib.store import items, keys
from chalicelib.store.table import Table, WriteRefused, delete, put

PRESENT_FOR = timedelta(seconds=20)
DRAFTS_KEPT = timedelta(days=60)


class Doing(StrEnum):
    LOOKING = "looking"
    REPLYING = "replying"
    NOTING = "noting"
    AWAY = "away"


class Presence(Model):
    """Somebody in a case; it lasts twenty seconds unless it is said again."""

    case_id: str
    email: str
    name: str = ""
    doing: Doing
    at: Instant


class DraftFile(Model):
    """A file of a draft: the id of its upload, and how it is shown."""

    id: str = Field(max_length=3_000)
    name: str = Field(max_length=255)
    bytes: int = Field(default=0, ge=0)


class DraftArticle(Model):
    """An article that a draft cites."""

    slug: str = Field(max_length=80)
    title: str = Field(default="", max_length=300)


class Draft(Model):
    """What an agent has begun to write in a case. `version` counts how often it was saved.

    `key` is the Idempotency-Key under which it will be sent, so that it is sent once from
    wherever that is tried. `cc` is None where nobody changed who gets a copy.
    """

    case_id: str
    mode: str
    text: str = ""
    to: str = ""
    cc: tuple[str, ...] | None = None
    subject: str = ""
    channel: str = ""
    attachments: tuple[DraftFile, ...] = ()
    articles: tuple[DraftArticle, ...] = ()
    key: str = ""
    saved_at: Instant
    version: int = 1


class DeskStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def appear(self, presence: Presence) -> None:
        key = keys.present(presence.case_id, presence.email)
        expires = int((presence.at + PRESENT_FOR).timestamp())
        self._table.commit(put("present", items.item(key, "present", presence, expires=expires)))

    def leave(self, case_id: str, email: str) -> None:
        self._table.commit(delete("present", keys.present(case_id, email)))

    def present(self, now: datetime, case_id: str = "") -> list[Presence]:
        """Who is there, everywhere or in one case; what outlived its time is left out."""
        prefix = f"{case_id}#" if case_id else ""
        found = self._table.query_all(keys.PRESENT, prefix=prefix)
        alive = (items.model(Presence, one) for one in found if one["expires"] > now.timestamp())
        return sorted(alive, key=lambda one: (one.case_id, one.at))

    def draft(self, email: str, case_id: str, mode: str) -> Draft | None:
        stored = self._table.get(keys.draft(email, case_id, mode))
        return items.model(Draft, stored) if stored else None

    def drafts(self, email: str, now: datetime) -> list[Draft]:
        """All that somebody has begun and not sent, newest first."""
        found = self._table.query_all(keys.agent(email)[0], prefix=keys.DRAFTS)
        kept = (items.model(Draft, one) for one in found if one["expires"] > now.timestamp())
        return sorted(kept, key=lambda one: one.saved_at, reverse=True)

    def keep(self, email: str, draft: Draft, read: int | None) -> None:
        """Save a draft in place of the version `read`; raises StaleVersion with the newest."""
        key = keys.draft(email, draft.case_id, draft.mode)
        expires = int((draft.saved_at + DRAFTS_KEPT).timestamp())
        item = items.item(key, "draft", draft, expires=expires)
        condition = "" if read is None else "attribute_not_exists(pk) OR version = :read"
        values = {} if read is None else {"read": read}
        try:
            self._table.commit(put("draft", item, condition, **values))
        except WriteRefused as refused:
            newest = self.draft(email, draft.case_id, draft.mode)
            current = newest.model_dump(mode="json") if newest else {}
            raise StaleVersion("it was changed elsewhere", current=current) from refused

    def forget(self, email: str, case_id: str, mode: str) -> None:
        self._table.commit(delete("draft", keys.draft(email, case_id, mode)))
