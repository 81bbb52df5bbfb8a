"""Snoozed cases come back by themselves.

The list of snoozed cases is ordered by when they come back; a run reads only what is due. A case
and the entry in its history are one transaction: a death before it leaves the case due, a second
run finds it awake. Its promises ran on all the time (flows/reminding.py speaks of them as ever).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.cases import rules
from chalicelib.errors import Contended, CustOpsError, StaleVersion
from chalicelib.flows.timeline import event
from chalicelib.observability import logger
from chalicelib.ports import Clock, Ids

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore

ATTEMPTS = 4
MOST = 400  # cases a run; the next one goes on


class Woken(Model):
    """What a run did."""

    woken: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Snoozing:
    cases: CaseStore
    clock: Clock
    ids: Ids

    def wake(self) -> Woken:
        """Bring back what is due. One case that fails is in nobody's way."""
        woken = failed = 0
        for case_id in list(islice(self.cases.waking(self.clock()), MOST)):
            try:
                woken += self.look(case_id)
            except CustOpsError as error:
                failure = {"case": case_id, "error": str(error)}
                logger().error("a snoozed case was not brought back", extra=failure)
                failed += 1
        return Woken(woken=woken, failed=failed)

    def look(self, case_id: str) -> bool:
        """Bring the case back if its time has come; raises Contended after lost races."""
        for _ in range(ATTEMPTS):
            case, now = self.cases.get(case_id), self.clock()
            if case.snoozed_until is None or case.snoozed_until > now:
                return False
            after = rules.touch(rules.awake(case), now)
            changes = rules.differences(case, after, ())
            note = event(after, self.ids.new(), now, "back from its snooze", changes)
            try:
                self.cases.save(after, self.cases.new_message(note))
            except StaleVersion:
                continue  # somebody changed the case: look again
            return True
        raise Contended("a snoozed case lost its races")
