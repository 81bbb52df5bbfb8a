"""The net under everything: what should have happened by now and did not.

1. Reactions that are overdue go on their queue again; whoever reacts does so once.
2. Mails in the bucket without a fate (a lost notice, a function that died) are taken in again, and
   end in quarantine with a reason when that fails time after time.

Both may run at any time and twice at once. A run reads one page of the bucket and goes on from
there in the next, so that its cost does not grow with the bucket.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.ports import Clock, Objects, Queue
from chalicelib.store.quarantine import Quarantined
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import WriteRefused

if TYPE_CHECKING:
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.quarantine import QuarantineStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

MOST = 500  # reactions a run
AGAIN = timedelta(minutes=3)  # before the same reaction is asked after once more
SETTLED = timedelta(minutes=2)  # a younger mail may still be on its way
TOO_OLD = timedelta(days=14)  # a notice lives no longer in its queue either
TRIES = 4
MAIL = "mail/"


class Swept(Model):
    """What a run did."""

    reactions: int = 0
    mails: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class Sweeping:
    table: Table
    ledger: Ledger
    reactions: ReactionStore
    quarantine: QuarantineStore
    objects: Objects
    queue: Queue
    clock: Clock

    def sweep(self) -> Swept:
        now = self.clock()
        mails, quarantined = self._mails(now)
        return Swept(reactions=self._reactions(now), mails=mails, quarantined=quarantined)

    def _reactions(self, now: datetime) -> int:
        by_kind: dict[str, list[Reaction]] = {}
        for reaction in islice(self.reactions.overdue(now), MOST):
            by_kind.setdefault(reaction.kind, []).append(reaction)
        for kind, waiting in by_kind.items():
            self.queue.send(kind, [reaction.body() for reaction in waiting])
            for reaction in waiting:
                self._postpone(reaction, now)
        return sum(len(waiting) for waiting in by_kind.values())

    def _postpone(self, reaction: Reaction, now: datetime) -> None:
        try:
            self.table.commit(self.reactions.postpone(reaction, now + AGAIN))
        except WriteRefused:
            return  # done meanwhile

    def _mails(self, now: datetime) -> tuple[int, int]:
        start = self.ledger.sweep_position()
        page, position = self.objects.page(MAIL, start)
        waiting = [key for key, modified in page if SETTLED <= now - modified <= TOO_OLD]
        known = self.ledger.mails(waiting)
        lost = [key for key in waiting if key not in known]
        again = []
        quarantined = 0
        for key in lost:
            if self.ledger.attempt(key, now) <= TRIES:
                again.append(json.dumps({"replay": key}))
            else:
                self._give_up(key, now)
                quarantined += 1
        self.queue.send("mail", again)
        if position != start:
            self.ledger.keep_sweep_position(position)
        return len(again), quarantined

    def _give_up(self, key: str, now: datetime) -> None:
        entry = Quarantined(
            id=key.removeprefix(MAIL),
            channel="email",
            reason=f"taking it in failed {TRIES} times; the logs of receive_mail say how",
            raw_key=key,
            created_at=now,
        )
        self.table.commit(
            self.quarantine.add(entry),
            self.ledger.mail(key, "quarantine", now, quarantine_id=entry.id),
        )
