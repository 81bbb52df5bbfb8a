"""Cases are counted by cell and hour, each once, and moved when they are corrected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.cases.models import Case
from chalicelib.errors import Contended
from chalicelib.ports import Clock
from chalicelib.store.counts import Counted, hour_name
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused
from chalicelib.trends.cells import cells_of

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.counts import CountStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

ATTEMPTS = 8
Mark = tuple[str, str, str]


@dataclass(frozen=True)
class Counting:
    table: Table
    cases: CaseStore
    counts: CountStore
    reactions: ReactionStore
    clock: Clock

    def count(self, reaction: Reaction) -> None:
        """Bring the counts in line with what the case is now; raises Contended."""
        for _ in range(ATTEMPTS):
            try:
                self._count(reaction)
            except WriteRefused as refused:
                if "done" in refused.names and not self.reactions.exists(reaction):
                    return  # somebody was faster
            except Contended:
                continue
            else:
                return
        raise Contended(f"counting lost {ATTEMPTS} races")

    def _count(self, reaction: Reaction) -> None:
        case = self.cases.get(reaction.case_id)
        before = self.counts.counted(case.id)
        after = self._wanted(case, before)
        old, new = _marks(before), _marks(after)
        if old == new and before is not None:
            self.table.commit(self.reactions.done(reaction))
            return
        writes = self._steps(case.id, old, new)
        self.table.commit(self.reactions.done(reaction), self.counts.mark(case.id, after), *writes)

    def _steps(self, case_id: str, old: set[Mark], new: set[Mark]) -> list[Write]:
        """Writes that take the case out of the old marks and into the new ones.

        A case that goes from one customer to another stays in its cell and hour: what changes there
        is added up, since a transaction may touch an item only once.
        """
        present = self.counts.present(old ^ new)
        writes: list[Write] = []
        sums: dict[tuple[str, str], tuple[int, int]] = {}
        for mark in sorted(old ^ new):
            known = present.get(mark, set())
            wanted = known | {case_id} if mark in new else known - {case_id}
            if wanted == known:
                continue
            writes.append(self.counts.seen(mark, known, wanted, self.clock()))
            cases, customers = sums.get(mark[:2], (0, 0))
            cases += len(wanted) - len(known)
            customers += bool(wanted) - bool(known)
            sums[mark[:2]] = cases, customers
        writes += [self.counts.add(*place, *more) for place, more in sums.items() if any(more)]
        return writes

    def _wanted(self, case: Case, before: Counted | None) -> Counted:
        return Counted(
            hour=hour_name(case.created_at),
            cells=() if case.spam or case.merged_into else cells_of(case.topic.label),
            # Whoever it probably is: one person who fills in the form again and again is one.
            customer_id=case.likely_match.customer_id if case.likely_match else case.customer_id,
            version=before.version + 1 if before else 1,
        )


def _marks(counted: Counted | None) -> set[Mark]:
    if counted is None:
        return set()
    return {(cell, counted.hour, counted.customer_id) for cell in counted.cells}
