"""Who is in which case at present, what agents saw, and what they have begun to write."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from chalicelib.base import Instant, Model, iso
from chalicelib.errors import Contended, StaleVersion
from chalicelib.store import items, keys
from chalicelib.store.table import Table, Write, WriteRefused, delete, put, put_new, put_version

PRESENT_FOR = timedelta(seconds=20)
DRAFTS_KEPT = timedelta(days=60)
SEEN_KEPT = timedelta(days=60)
ATTEMPTS = 4
MOST_SEEN = 150  # cases of which it is kept until when an agent saw them: 8 KB


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


class Seen(Model):
    """Until when an agent saw each of the cases that they opened last.

    What is no longer kept one by one, and what is as old as that, counts as seen (`since`).
    """

    cases: dict[str, Instant] = {}
    since: Instant | None = None
    version: int = 0

    def until(self, case_id: str) -> datetime | None:
        """Up to when they saw that case; None where they never did."""
        known = [at for at in (self.cases.get(case_id), self.since) if at]
        return max(known, default=None)

    def marked(self, case_id: str, at: datetime) -> Seen:
        """With one case more; the one whose news are oldest makes room."""
        cases = {**self.cases, case_id: max(at, self.cases.get(case_id, at))}
        since = self.since
        if len(cases) > MOST_SEEN:
            oldest = min(cases, key=lambda one: cases[one])
            since = max(cases.pop(oldest), since or cases[case_id])
        return Seen(cases=cases, since=since, version=self.version + 1)


class Shown(NamedTuple):
    """What a list shows of a case's customer."""

    name: str = ""
    tier: str = ""


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

    def beside(self, email: str, customers: Iterable[str]) -> tuple[dict[str, Shown], Seen]:
        """What a page of cases needs beside them, in one call: the customers, and what that agent
        saw."""
        places = {keys.customer(one): one for one in customers}
        mine = keys.seen_cases(email)
        fields = ("name", "tier", "cases", "since", "version")
        found = self._table.batch_get([*places, mine], fields, consistent=False)
        shown = {
            places[key]: Shown(stored.get("name", ""), stored.get("tier", ""))
            for key, stored in found.items()
            if key in places
        }
        return shown, items.model(Seen, found[mine]) if mine in found else Seen()

    def mark_seen(self, email: str, case_id: str, at: datetime, now: datetime) -> None:
        """Keep until when somebody saw a case; two windows of theirs do not undo each other."""
        key = keys.seen_cases(email)
        for _ in range(ATTEMPTS):
            stored = self._table.get(key)
            before = items.model(Seen, stored) if stored else Seen()
            if (known := before.until(case_id)) and known >= at:
                return
            after = before.marked(case_id, at)
            item = items.item(key, "seen", after, expires=int((now + SEEN_KEPT).timestamp()))
            write = put_version("seen", item, before.version) if stored else put_new("seen", item)
            try:
                self._table.commit(write)
                return
            except WriteRefused:
                continue
        raise Contended("what was seen changed too often")

    def draft(self, email: str, case_id: str, mode: str) -> Draft | None:
        stored = self._table.get(keys.draft(email, case_id, mode))
        return items.model(Draft, stored) if stored else None

    def drafts(self, email: str, now: datetime) -> list[Draft]:
        """All that somebody has begun and not sent, newest first."""
        found = self._table.query_all(keys.agent(email)[0], prefix=keys.DRAFTS)
        kept = (items.model(Draft, one) for one in found if one["expires"] > now.timestamp())
        return sorted(kept, key=lambda one: one.saved_at, reverse=True)

    def begun(self, case_id: str) -> list[tuple[str, str]]:
        """(e-mail, mode) of the drafts that there are, or were, in a case."""
        found = self._table.query_all(keys.case(case_id)[0], prefix=keys.BEGUN, consistent=True)
        named = (str(one["sk"]).removeprefix(keys.BEGUN).partition("#") for one in found)
        return [(email, mode) for mode, _, email in named]

    def keep(self, email: str, draft: Draft, read: int | None) -> None:
        """Save a draft in place of the version `read`; raises StaleVersion with the newest.

        With the first version the case says who writes there: what goes with it is found by that.
        """
        key = keys.draft(email, draft.case_id, draft.mode)
        expires = int((draft.saved_at + DRAFTS_KEPT).timestamp())
        item = items.item(key, "draft", draft, expires=expires)
        condition = "" if read is None else "attribute_not_exists(pk) OR version = :read"
        values = {} if read is None else {"read": read}
        writes = [put("draft", item, condition, **values)]
        if draft.version == 1:
            pk, sk = keys.begun(email, draft.case_id, draft.mode)
            writes.append(put("begun", {"pk": pk, "sk": sk, "type": "begun"}))
        try:
            self._table.commit(*writes)
        except WriteRefused as refused:
            newest = self.draft(email, draft.case_id, draft.mode)
            current = newest.model_dump(mode="json") if newest else {}
            raise StaleVersion("it was changed elsewhere", current=current) from refused

    def follow(self, email: str, case_id: str, at: datetime) -> Write:
        """Beside the case that names its followers."""
        pk, sk = keys.follow(email, case_id)
        return put("follow", {"pk": pk, "sk": sk, "type": "follow", "created_at": iso(at)})

    def unfollow(self, email: str, case_id: str) -> Write:
        return delete("follow", keys.follow(email, case_id))

    def forget(self, email: str, case_id: str, mode: str) -> None:
        places = (keys.draft(email, case_id, mode), keys.begun(email, case_id, mode))
        self._table.commit(*(delete(f"draft {n}", place) for n, place in enumerate(places)))
