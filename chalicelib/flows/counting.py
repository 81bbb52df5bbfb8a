"""Cases are counted by cell and hour, each once, and moved when they are corrected.

What a contact is counted under beside its topic (product, version, region, channel) is taken from
the case and the customer when it is counted first, and kept beside the case: people buy and move,
but the count stays what it was in that hour, and a recount from the cases gives it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.cases.models import Case, Direction, Message, MessageKind
from chalicelib.errors import Contended
from chalicelib.ports import Clock
from chalicelib.store import items
from chalicelib.store.counts import Counted, NewWords, hour_name
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused
from chalicelib.trends.cells import cells_of, facts_of
from chalicelib.trends.models import Facts
from chalicelib.trends.wording import telling
from chalicelib.understanding.pii import redact
from chalicelib.understanding.telling_words import FUNCTION_WORDS

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.counts import CountStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

ATTEMPTS = 8
READ_AGAIN = timedelta(hours=46)  # less than what the detector takes as not yet settled
FIRST_MESSAGES = 5  # of a case, among which is what the customer wrote
Mark = tuple[str, str, str]
Place = tuple[str, str]


class Difference(Model):
    """Where the stored counts are not what the cases say; (cases, customers) each."""

    cell: str
    hour: str
    stored: tuple[int, int]
    wanted: tuple[int, int]


@dataclass(frozen=True)
class Counting:
    table: Table
    cases: CaseStore
    customers: CustomerStore
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

    def recount(self, case_ids: Iterable[str], hours: Iterable[str]) -> list[Difference]:
        """Where the counts of those hours are not those of the cases; nothing is changed.

        `case_ids` are all cases that came in those hours; others among them do no harm.
        """
        asked = set(hours)
        wanted: dict[Place, list[str]] = {}
        for case in self.cases.some(case_ids).values():
            counted = self._wanted(case, self.counts.counted(case.id))
            if counted.hour in asked:
                for cell in counted.cells:
                    wanted.setdefault((cell, counted.hour), []).append(counted.customer_id)
        stored = {
            (cell.cell, hour): (cell.cases, cell.customers)
            for hour in asked
            for cell in self.counts.hour(hour)
        }
        told = {place: (len(people), len(set(people))) for place, people in wanted.items()}
        return [
            Difference(
                cell=cell,
                hour=hour,
                stored=stored.get((cell, hour), (0, 0)),
                wanted=told.get((cell, hour), (0, 0)),
            )
            for cell, hour in sorted(stored.keys() | told.keys())
            if stored.get((cell, hour)) != told.get((cell, hour))
        ]

    def _count(self, reaction: Reaction) -> None:
        case = self.cases.get(reaction.case_id)
        before = self.counts.counted(case.id)
        after = self._wanted(case, before)
        old, new = _marks(before), _marks(after)
        if old == new and before is not None:
            self.table.commit(self.reactions.done(reaction))
            return
        writes = [self.counts.mark(case.id, after), *self._steps(case.id, old, new)]
        writes += self._words(case, before, after)
        self.table.commit(self.reactions.done(reaction), *writes)

    def _late(self, sums: Mapping[Place, tuple[int, int]]) -> list[Write]:
        """Who reads the counts reads the running hour and the one before it in any case, earlier
        ones where they are marked, and of those long ago only what changed."""
        now = self.clock()
        (hour,) = {hour for _, hour in sums} or {hour_name(now)}
        if hour >= hour_name(now - timedelta(hours=1)):
            return []
        if hour >= hour_name(now - READ_AGAIN):
            return [self.counts.late(hour, now)]
        changed = [(cell, people) for (cell, _), (_, people) in sums.items() if people]
        return [self.counts.very_late(cell, hour, people, now) for cell, people in changed]

    def _words(self, case: Case, before: Counted | None, after: Counted) -> list[Write]:
        """Its words are kept once, and taken away where it turns out to be no contact at all."""
        if before is not None:
            gone = before.cells and not after.cells
            return [self.counts.drop_words(after.hour, case.id)] if gone else []
        told = telling(redact(self._text(case)).text, FUNCTION_WORDS) if after.cells else []
        if not told:
            return []
        words = NewWords(
            case_id=case.id,
            customer_id=after.customer_id,
            at=case.created_at,
            words=" ".join(told),
        )
        return [self.counts.keep_words(words, self.clock())]

    def _text(self, case: Case) -> str:
        """What the customer wrote first."""
        page = self.cases.messages(case.id, FIRST_MESSAGES, None)
        for stored in page.items:
            message = items.model(Message, stored)
            theirs = message.direction is Direction.INBOUND
            if theirs and message.kind is MessageKind.MESSAGE:
                return f"{message.subject}\n{message.text}"
        return case.subject

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
        return writes + self._late({place: more for place, more in sums.items() if any(more)})

    def _wanted(self, case: Case, before: Counted | None) -> Counted:
        facts = before.facts if before else self._facts(case)
        none = case.spam or case.merged_into
        return Counted(
            hour=hour_name(case.created_at),
            cells=() if none else cells_of(case.topic.label, facts),
            # Whoever it probably is: one person who fills in the form again and again is one.
            customer_id=case.likely_match.customer_id if case.likely_match else case.customer_id,
            facts=facts,
            version=before.version + 1 if before else 1,
        )

    def _facts(self, case: Case) -> Facts:
        return facts_of(case, self.customers.some([case.customer_id]).get(case.customer_id))


def _marks(counted: Counted | None) -> set[Mark]:
    if counted is None:
        return set()
    return {(cell, counted.hour, counted.customer_id) for cell in counted.cells}
