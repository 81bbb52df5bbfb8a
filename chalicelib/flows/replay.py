"""A message in quarantine is tried again, by a person's decision.

The original goes back on the queue that it came by. The entry is kept as `replayed`, so that it is
never lost, whatever becomes of the message; what fails again is back in quarantine under the same
id, with its new reason. What the virus scan caught is never let through: the raw mail alone does
not carry that verdict, so a second look at it would not find it again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chalicelib.base import Model, iso
from chalicelib.errors import Conflict
from chalicelib.ports import Queue
from chalicelib.store import items
from chalicelib.store.codec import encode
from chalicelib.store.quarantine import Quarantined
from chalicelib.store.table import WriteRefused

if TYPE_CHECKING:
    from chalicelib.store.cursors import Cursors
    from chalicelib.store.quarantine import QuarantineStore
    from chalicelib.store.table import Table

QUEUES = {"email": "mail"}  # where a raw event of a channel goes back to
REPLAYABLE = frozenset({"quarantine", "replayed"})


class QuarantinePart(Model):
    """A page of quarantine, and where the next one begins."""

    entries: tuple[Quarantined, ...]
    cursor: str | None


class Replayed(Model):
    """Where the message was put."""

    id: str
    queue: str


@dataclass(frozen=True)
class Replaying:
    table: Table
    quarantine: QuarantineStore
    cursors: Cursors
    queue: Queue

    def find(self, disposition: str, limit: int, cursor: str | None) -> QuarantinePart:
        """A page, newest first; raises Malformed."""
        scope = f"quarantine {disposition}"
        page = self.quarantine.listing(disposition, limit, self.cursors.read(scope, cursor))
        found = tuple(items.model(Quarantined, stored) for stored in page.items)
        return QuarantinePart(entries=found, cursor=self.cursors.write(scope, page.positions))

    def replay(self, identifier: str) -> Replayed:
        """Raises NotFound, Conflict for what was recorded and needs no second try."""
        entry = self.quarantine.get(identifier)
        refuse(entry)
        queue = "mail" if entry.raw_key else QUEUES[entry.channel]
        body = json.dumps({"replay": entry.raw_key}) if entry.raw_key else entry.raw
        self.queue.send(queue, [body])
        self._mark(entry)
        return Replayed(id=entry.id, queue=queue)

    def _mark(self, entry: Quarantined) -> None:
        """Only after the send: had we died before it, the entry would still be there to try."""
        kept = self.quarantine.add(entry.model_copy(update={"disposition": "replayed"}))
        unchanged = {
            "ConditionExpression": "created_at = :read",
            "ExpressionAttributeValues": {":read": encode(iso(entry.created_at))},
        }
        try:
            self.table.commit(replace(kept, body={**kept.body, **unchanged}))
        except WriteRefused:
            return  # it is back already, with its new reason


def refuse(entry: Quarantined) -> None:
    """Raises Conflict for what must not, need not or cannot be tried again."""
    if entry.disposition not in REPLAYABLE:
        raise Conflict(f"it was recorded as {entry.disposition}; there is nothing to repeat")
    if "virus" in entry.reason:
        raise Conflict("the virus scan caught it; it is never let through")
    if not entry.raw_key and not (entry.raw and entry.channel in QUEUES):
        raise Conflict(f"what came by {entry.channel} cannot be repeated: its original is not kept")


def replayable(entry: Quarantined) -> bool:
    """Whether a replay would be accepted."""
    try:
        refuse(entry)
    except Conflict:
        return False
    return True
