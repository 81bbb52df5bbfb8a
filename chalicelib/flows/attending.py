"""What agents need to know of each other: which cases changed, who is in them, what was begun.

A poll costs two Queries however many cases there are. Clocks of functions differ, and an index
lags behind: a poll looks a little further back than it did, and the cursor carries what it saw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import Field

from chalicelib.base import Model, iso
from chalicelib.errors import Malformed
from chalicelib.ports import Clock
from chalicelib.store.cases import Change
from chalicelib.store.desk import Doing, Draft, Presence

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.cursors import Cursors
    from chalicelib.store.desk import DeskStore

OVERLAP = timedelta(seconds=10)
MOST = 200  # changes in one answer
HIDDEN = 5  # times as many are read where some are not shown
SCOPE = "changes"
Among = Callable[[Collection[str]], Collection[str]]


class DraftMode(StrEnum):
    REPLY = "reply"
    NOTE = "note"


class DraftInput(Model):
    """What was begun; `version` is the one that it goes on from, without it the last write wins."""

    text: str = Field(max_length=50_000)
    to: str = Field(default="", max_length=320)
    cc: tuple[str, ...] = Field(default=(), max_length=20)
    subject: str = Field(default="", max_length=500)
    version: int | None = Field(default=None, ge=0)


class Changes(Model):
    """Cases that changed since the cursor, oldest first, and who is where. `more` says that there
    are further ones: ask again with the new cursor."""

    cursor: str
    items: tuple[Change, ...]
    presence: tuple[Presence, ...]
    more: bool

    @property
    def tag(self) -> str:
        """The same for two answers that say the same, whenever they were given."""
        who = [f"{one.case_id} {one.email} {one.doing}" for one in self.presence]
        text = "\n".join((self.cursor, *(f"{c.case_id} {c.version}" for c in self.items), *who))
        return f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'


@dataclass(frozen=True)
class Attending:
    cases: CaseStore
    desk: DeskStore
    cursors: Cursors
    clock: Clock

    def changes(self, since: str | None, among: Among | None = None) -> Changes:
        """What is new since the cursor; without one only where to begin. Raises Malformed.

        `among` picks the cases that whoever asks may see. Others leave no trace, in the cursor
        either; only where very many of them changed at once does it move on.
        """
        now = self.clock()
        before = self.cursors.read(SCOPE, since)
        seen = _seen(before)
        start = (datetime.fromisoformat(before["at"]) if before else now) - OVERLAP
        most = MOST * (HIDDEN if among else 1) + len(seen)
        found, here = self.cases.changed(start, now + OVERLAP, most), self.desk.present(now)
        passed = found[-1].at + OVERLAP if among and len(found) >= most else None
        if among:
            open_to = among({*(one.case_id for one in found), *(one.case_id for one in here)})
            found = [one for one in found if one.case_id in open_to]
            here = [one for one in here if one.case_id in open_to]
        new = [one for one in found if one.version > seen.get(one.case_id, 0)]
        fresh, more = new[:MOST], len(new) > MOST
        stays = since and not fresh and passed is None
        at = max((one.at for one in fresh), default=passed or now)
        return Changes(
            cursor=since if since and stays else self._cursor(at, before, found, fresh),
            items=tuple(fresh if before else []),
            presence=tuple(here),
            more=more or passed is not None,
        )

    def appear(self, case_id: str, doing: Doing, email: str) -> tuple[Presence, ...]:
        """Say what one does in a case; returns who else is there. Raises NotFound."""
        now = self.clock()
        case = self.cases.get(case_id)
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
        """Save one's own draft; raises NotFound, StaleVersion with the newest."""
        case = self.cases.get(case_id)
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
