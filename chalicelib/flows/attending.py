"""What agents need to know of each other: which cases changed, who is in them, what was begun.

A poll costs two Queries and a read of two items however many cases there are, and every other
minute a write: that somebody is there. Clocks of functions differ, and an index lags behind: a poll
looks a little further back than it did, and the cursor carries what it saw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from chalicelib.base import Instant, Model, iso
from chalicelib.cases.models import Case
from chalicelib.cases.rules import UNSOLVED, check_alive
from chalicelib.errors import Malformed
from chalicelib.notifications.models import Flash
from chalicelib.notifications.rules import within
from chalicelib.ports import Clock
from chalicelib.store.cases import Change
from chalicelib.store.desk import Doing, Draft, DraftArticle, DraftFile, Presence, Shown

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.cursors import Cursors
    from chalicelib.store.desk import DeskStore
    from chalicelib.store.notifications import NotificationStore

UNREAD_FOR = timedelta(days=14)
OVERLAP = timedelta(seconds=10)
MOST = 200  # changes in one answer
HIDDEN = 5  # times as many are read where some are not shown
SCOPE = "changes"
MOST_DRAFTS = 100  # in the list of one's own
FIRST_WORDS = 200  # characters of a draft in that list
MOST_FILES = 10
Among = Callable[[Collection[str]], Collection[str]]
"""Those of some cases' ids that whoever asks may see."""


class Beside(Model):
    """What a list shows beside a case. `unread` says that its customer wrote since one saw it."""

    customer_name: str = ""
    customer_tier: str = ""
    unread: bool = False


class DraftMode(StrEnum):
    REPLY = "reply"
    NOTE = "note"


class DraftInput(Model):
    """What was begun; `version` is the one that it goes on from, without it the last write wins."""

    text: str = Field(max_length=50_000)
    to: str = Field(default="", max_length=320)
    cc: tuple[Annotated[str, Field(max_length=254)], ...] | None = Field(
        default=None, max_length=49
    )
    subject: str = Field(default="", max_length=500)
    channel: str = Field(default="", max_length=20)
    attachments: tuple[DraftFile, ...] = Field(default=(), max_length=MOST_FILES)
    articles: tuple[DraftArticle, ...] = Field(default=(), max_length=5)
    key: str = Field(default="", max_length=255)
    version: int | None = Field(default=None, ge=0)


class DraftLine(Model):
    """A draft in the list of one's own: where it is, and its first words."""

    case_id: str
    reference: str
    case_subject: str
    mode: str
    text: str
    files: int
    saved_at: Instant


class DraftLines(Model):
    """One's own drafts, newest first."""

    items: tuple[DraftLine, ...]


class Changes(Model):
    """Cases that changed since the cursor, oldest first, and who is where. `more` says that there
    are further ones: ask again with the new cursor. `unread` is how many cases have news for
    whoever asks, `latest` are the newest of them."""

    cursor: str
    items: tuple[Change, ...]
    presence: tuple[Presence, ...]
    more: bool
    unread: int = 0
    latest: tuple[Flash, ...] = ()
    now: Instant = Field(description="By our clock; that of a browser may be wrong.")

    @property
    def tag(self) -> str:
        """The same for two answers that say the same, whenever they were given."""
        who = [f"{one.case_id} {one.email} {one.doing}" for one in self.presence]
        told = [f"{self.unread}", *(f"{one.case_id} {iso(one.at)}" for one in self.latest)]
        changed = (f"{c.case_id} {c.version}" for c in self.items)
        text = "\n".join((self.cursor, *changed, *who, *told))
        return f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'


@dataclass(frozen=True)
class Attending:
    cases: CaseStore
    desk: DeskStore
    notifications: NotificationStore
    cursors: Cursors
    clock: Clock

    def changes(self, since: str | None, email: str, among: Among | None) -> Changes:
        """What is new since the cursor; without one only where to begin. Raises Malformed.

        `among` picks the cases that whoever asks may see, None is all. Others leave no trace, in
        the cursor either; only where very many of them changed at once does it move on.
        """
        now = self.clock()
        before = self.cursors.read(SCOPE, since)
        seen = _seen(before)
        start = (datetime.fromisoformat(before["at"]) if before else now) - OVERLAP
        most = MOST * (HIDDEN if among else 1) + len(seen)
        found, here = self.cases.changed(start, now + OVERLAP, most), self.desk.present(now)
        passed = found[-1].at + OVERLAP if among and len(found) >= most else None
        bell = self.notifications.asked(email, now)
        if among:
            told = {one.case_id for one in bell.latest}
            open_to = among(told | {one.case_id for one in found} | {one.case_id for one in here})
            found = [one for one in found if one.case_id in open_to]
            here = [one for one in here if one.case_id in open_to]
            bell = within(bell, open_to)
        new = [one for one in found if one.version > seen.get(one.case_id, 0)]
        fresh, more = new[:MOST], len(new) > MOST
        stays = since and not fresh and passed is None
        at = max((one.at for one in fresh), default=passed or now)
        return Changes(
            cursor=since if since and stays else self._cursor(at, before, found, fresh),
            items=tuple(fresh if before else []),
            presence=tuple(here),
            more=more or passed is not None,
            unread=bell.unread,
            latest=bell.latest,
            now=now,
        )

    def beside(self, cases: Sequence[Case], email: str) -> list[Beside]:
        """What a list shows beside each of them, in their order: one call for a page.

        Unsolved cases are unread where the customer had the last word and one has not seen it;
        what is older than two weeks counts as read.
        """
        oldest = self.clock() - UNREAD_FOR
        customers, seen = self.desk.beside(email, {case.customer_id for case in cases})
        found = []
        for case in cases:
            told = case.last_direction == "inbound" and case.status in UNSOLVED
            until = max(seen.until(case.id) or oldest, oldest)
            name, tier = customers.get(case.customer_id, Shown())
            unread = told and case.last_message_at > until
            found.append(Beside(customer_name=name, customer_tier=tier, unread=unread))
        return found

    def appear(
        self, case_id: str, doing: Doing, email: str, seen: datetime | None = None
    ) -> tuple[Presence, ...]:
        """Say what one does in a case, and until when one saw it; returns who else is there.
        Raises NotFound."""
        now = self.clock()
        case = self.cases.get(case_id)
        if seen:
            self.desk.mark_seen(email, case.id, min(seen, now), now)
        if doing == Doing.AWAY:
            self.desk.leave(case.id, email)
        else:
            name = email.partition("@")[0].replace(".", " ").title()
            here = Presence(case_id=case.id, email=email, name=name, doing=doing, at=now)
            self.desk.appear(here)
        return tuple(one for one in self.desk.present(now, case.id) if one.email != email)

    def draft(self, case_id: str, mode: DraftMode, email: str) -> Draft:
        """One's own draft; an empty one, of version 0, where there is none."""
        empty = Draft(case_id=case_id, mode=mode, saved_at=self.clock(), version=0)
        return self.desk.draft(email, case_id, mode) or empty

    def keep(self, case_id: str, mode: DraftMode, given: DraftInput, email: str) -> Draft:
        """Save one's own draft; raises NotFound, StaleVersion with the newest, Conflict where the
        customer was erased."""
        case = self.cases.get(case_id)
        check_alive(case)
        before = self.desk.draft(email, case.id, mode)
        draft = Draft(
            case_id=case.id,
            mode=mode,
            **given.model_dump(exclude={"version"}),
            saved_at=self.clock(),
            version=(before.version if before else 0) + 1,
        )
        self.desk.keep(email, draft, given.version)
        return draft

    def begun(self, email: str, sees: Callable[[Case], bool]) -> DraftLines:
        """What one has begun to write and not sent, in whatever case one `sees`."""
        drafts = self.desk.drafts(email, self.clock())[:MOST_DRAFTS]
        known = self.cases.some(draft.case_id for draft in drafts)
        cases = {case_id: case for case_id, case in known.items() if sees(case)}
        return DraftLines(
            items=tuple(
                DraftLine(
                    case_id=draft.case_id,
                    reference=cases[draft.case_id].reference,
                    case_subject=cases[draft.case_id].subject,
                    mode=draft.mode,
                    text=draft.text[:FIRST_WORDS],
                    files=len(draft.attachments),
                    saved_at=draft.saved_at,
                )
                for draft in drafts
                if draft.case_id in cases
            )
        )

    def forget(self, case_id: str, mode: DraftMode, email: str) -> None:
        self.desk.forget(email, case_id, mode)

    def _cursor(
        self,
        newest: datetime,
        before: dict[str, Any] | None,
        found: list[Change],
        fresh: list[Change],
    ) -> str:
        """Where the next poll goes on: the newest change that was told, and what lies about it."""
        known = {**_seen(before), **{one.case_id: one.version for one in fresh}}
        around = {
            one.case_id: known[one.case_id]
            for one in found
            if one.at >= newest - OVERLAP and one.case_id in known
        }
        written = self.cursors.write(SCOPE, {"at": iso(newest), "seen": around})
        if written is None:
            raise Malformed("there is no cursor")
        return written


def _seen(before: dict[str, Any] | None) -> dict[str, int]:
    return dict(before["seen"]) if before else {}
