"""An agent's notifications, as they read them, and what they prefer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from chalicelib.base import Instant, Model
from chalicelib.cases.models import Case, MessageKind
from chalicelib.cases.rules import preview
from chalicelib.errors import Contended, Invalid
from chalicelib.flows.agent_letters import name
from chalicelib.notifications import rules
from chalicelib.notifications.models import Bell, Kind, Notification, Preferences
from chalicelib.ports import Clock
from chalicelib.store import items
from chalicelib.store.table import WriteRefused
from chalicelib.words import languages

if TYPE_CHECKING:
    from chalicelib.store.cursors import Cursors
    from chalicelib.store.notifications import NotificationStore
    from chalicelib.store.table import Table

ATTEMPTS = 6
AT_ONCE = 50  # lines of one transaction
SCOPE = "notifications"


class NotificationView(Model):
    """What happened in a case: why one is told, how often since one looked, and the words of the
    entry. `id` is the case's."""

    id: str
    kind: Kind
    count: int
    reference: str
    subject: str
    by: str
    by_name: str
    message_id: str
    text: str
    at: Instant
    read: bool


class Inbox(Model):
    """A page of notifications, newest first; `unread` is how many there are in all."""

    items: tuple[NotificationView, ...]
    cursor: str | None
    unread: int


class ReadInput(Model):
    """Which notifications were seen: those of `ids`, of one `case`, or `all`."""

    ids: tuple[str, ...] = Field(default=(), max_length=100)
    case: str = Field(default="", max_length=64)
    all: bool = False


@dataclass(frozen=True)
class Inboxes:
    table: Table
    notifications: NotificationStore
    cursors: Cursors
    clock: Clock

    def page(
        self, email: str, limit: int, cursor: str | None, sees: Callable[[Case], bool]
    ) -> Inbox:
        """Raises Malformed. What is no longer there, or no longer for them, is left out."""
        scope = f"{SCOPE} {email}"
        page = self.notifications.page(email, limit, self.cursors.read(scope, cursor))
        lines = [items.model(Notification, stored) for stored in page.items]
        cases, entries = self.notifications.sources(lines) if lines else ({}, {})
        shown, hidden = [], 0
        for line in lines:
            case, entry = cases.get(line.case_id), entries.get(line.message)
            if case is None or not sees(case):
                hidden += line.read_at is None
                continue
            words = entry.text if entry and entry.kind != MessageKind.EVENT else ""
            shown.append(
                NotificationView(
                    id=line.case_id,
                    kind=line.kind,
                    count=line.count,
                    reference=case.reference,
                    subject=case.subject,
                    by=line.by,
                    by_name=name(line.by),
                    message_id=entry.id if entry else "",
                    text=preview(words),
                    at=line.at,
                    read=line.read_at is not None,
                )
            )
        further = self.cursors.write(scope, page.last)
        bell = self.notifications.bell(email)
        return Inbox(items=tuple(shown), cursor=further, unread=max(0, bell.unread - hidden))

    def read(self, email: str, given: ReadInput) -> Bell:
        """Note that they were seen; what comes at that moment stays unread. Raises Contended."""
        if not (given.all or given.ids or given.case):
            raise Invalid.field("ids", "say which: ids, a case, or all")
        wanted = {*given.ids, *([given.case] if given.case else [])}
        for _ in range(ATTEMPTS):
            try:
                return self._read(email, None if given.all else wanted)
            except (WriteRefused, Contended):
                continue
        raise Contended(f"reading notifications lost {ATTEMPTS} races")

    def _read(self, email: str, wanted: set[str] | None) -> Bell:
        if wanted is None:
            lines = list(self.notifications.unread(email))
        else:
            lines = list(self.notifications.lines(email, wanted).values())
        unread = [line for line in lines if line.read_at is None]
        bell = self.notifications.bell(email, consistent=True)
        now = self.clock()
        for start in range(0, len(unread), AT_ONCE):
            part = unread[start : start + AT_ONCE]
            bell = rules.hushed(bell, [line.case_id for line in part])
            seen = [
                line.model_copy(update={"read_at": now, "version": line.version + 1})
                for line in part
            ]
            writes = [self.notifications.write(email, line) for line in seen]
            self.table.commit(*writes, self.notifications.ring(email, bell))
        return bell

    # --- preferences ---------------------------------------------------------------------

    def preferences(self, email: str) -> tuple[Preferences, int]:
        """What they prefer, and its version."""
        return self.notifications.preferences(email)

    def prefer(self, email: str, given: Preferences, read: int | None) -> int:
        """Keep what they prefer; raises Invalid for a language that there are no texts of, and
        StaleVersion."""
        if given.language and given.language not in languages():
            raise Invalid.field("language", f"is one of {', '.join(languages())}")
        return self.notifications.prefer(email, given, read)
