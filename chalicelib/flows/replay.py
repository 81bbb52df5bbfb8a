"""A message in quarantine is tried again or let in, by a person's decision.

- **replay**, after a fix: it is judged anew, by what was known when it came.
- **release**: a person has looked and says that somebody wrote it. It is taken in as a message,
  whatever else it looks like, and nothing answers it by itself.

The original goes back on the queue that it came by, with the verdicts and the envelope, which the
raw mail alone does not carry. The entry is kept as `replayed` or `released`, so that it is never
lost, whatever becomes of the message; what fails again is back in quarantine under the same id,
with its new reason. Doing either twice changes nothing: the message is claimed once. What the virus
scan caught is never let through, and its original is given to nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.base import Instant, Model, iso
from chalicelib.channels.models import Verdicts
from chalicelib.errors import Conflict, NotFound
from chalicelib.ports import Clock, Objects, Queue
from chalicelib.store import items
from chalicelib.store.codec import encode
from chalicelib.store.quarantine import Quarantined
from chalicelib.store.table import WriteRefused

if TYPE_CHECKING:
    from chalicelib.store.cursors import Cursors
    from chalicelib.store.quarantine import QuarantineStore
    from chalicelib.store.table import Table

ENVELOPE_TO = "x-envelope-to"  # the header in which the parser keeps the envelope's recipients
ORIGINAL_SECONDS = 300  # how long the link to an original works
QUEUES = {"email": "mail"}  # where a raw event of a channel goes back to
REPLAYABLE = frozenset({"quarantine", "replayed", "released"})


class Order(Model):
    """What goes on the mail queue for a second look; the sweep's orders have the key alone.

    Without `verdicts` nobody knows any more what the receiving service said.
    """

    replay: str  # key of the raw mail
    verdicts: Verdicts | None = None
    recipients: tuple[str, ...] = ()
    return_path: str | None = None
    received_at: Instant | None = None
    release: bool = False


class QuarantinePart(Model):
    """A page of quarantine, and where the next one begins."""

    entries: tuple[Quarantined, ...]
    cursor: str | None


class Replayed(Model):
    """Where the message was put."""

    id: str
    queue: str


class Original(Model):
    """A link to the raw mail (message/rfc822), which downloads it as plain text."""

    url: str
    expires: Instant


@dataclass(frozen=True)
class Replaying:
    table: Table
    quarantine: QuarantineStore
    cursors: Cursors
    queue: Queue
    objects: Callable[[], Objects]
    clock: Clock

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
        return self._again(entry, "replayed")

    def release(self, identifier: str) -> Replayed:
        """Raises NotFound, Conflict for a virus, and for what is no mail."""
        entry = self.quarantine.get(identifier)
        refuse_release(entry)
        return self._again(entry, "released")

    def original(self, identifier: str) -> Original:
        """The raw mail; raises NotFound where there is none, Conflict for a virus."""
        entry = self.quarantine.get(identifier)
        _refuse_virus(entry)
        if not entry.raw_key:
            raise NotFound("no original of it is kept")
        seconds = ORIGINAL_SECONDS
        url = self.objects().signed_url(entry.raw_key, "original.eml.txt", seconds, "text/plain")
        return Original(url=url, expires=self.clock() + timedelta(seconds=seconds))

    def _again(self, entry: Quarantined, disposition: str) -> Replayed:
        queue = "mail" if entry.raw_key else QUEUES[entry.channel]
        order = Order(
            replay=entry.raw_key,
            verdicts=entry.verdicts if entry.verdicts != Verdicts() else None,
            recipients=entry.recipients or tuple(entry.headers.get(ENVELOPE_TO, "").split()),
            return_path=entry.return_path,
            received_at=entry.created_at,
            release=disposition == "released",
        )
        body = order.model_dump_json(exclude_defaults=True) if entry.raw_key else entry.raw
        self.queue.send(queue, [body])
        self._mark(entry, disposition)
        return Replayed(id=entry.id, queue=queue)

    def _mark(self, entry: Quarantined, disposition: str) -> None:
        """Only after the send: had we died before it, the entry would still be there to try."""
        kept = self.quarantine.add(entry.model_copy(update={"disposition": disposition}))
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
        raise Conflict(f"it was recorded as {entry.disposition}; release it, if a person wrote it")
    _refuse_virus(entry)
    if not entry.raw_key and not (entry.raw and entry.channel in QUEUES):
        raise Conflict(f"what came by {entry.channel} cannot be repeated: its original is not kept")


def refuse_release(entry: Quarantined) -> None:
    """Raises Conflict for what must not or cannot be let in."""
    _refuse_virus(entry)
    if not entry.raw_key:
        raise Conflict("only mail can be released")


def _refuse_virus(entry: Quarantined) -> None:
    if entry.verdicts.virus == "FAIL" or "virus" in entry.reason:
        raise Conflict("the virus scan caught it; it is never let through")


def allowed(entry: Quarantined, check: Callable[[Quarantined], None]) -> bool:
    """Whether `refuse` or `refuse_release` would let it pass."""
    try:
        check(entry)
    except Conflict:
        return False
    return True
