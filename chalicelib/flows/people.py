"""Records of one person become one, and two again; what an agent decides of a likely match.

1. One transaction: both records, the addresses that move, the history of both, and a reaction.
2. The cases are re-pointed one by one, each with its history and its count. Every one of these
   transactions also checks that the merge still stands, so merge and unmerge may overlap.
3. The reaction ends when none is left; whatever dies in between, it goes on from there.

Until then a list of the customer's cases reads the partitions of all their records.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from chalicelib.cases import rules as case_rules
from chalicelib.cases.models import Case
from chalicelib.customers import merging
from chalicelib.customers.models import Customer, HistoryEntry
from chalicelib.customers.rules import check_alive, touch
from chalicelib.errors import Conflict, Contended, Invalid, NotFound
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

ATTEMPTS = 5
GRACE = timedelta(minutes=2)
AT_ONCE = 50  # cases that a request re-points itself
IN_ONE_GO = 400  # and a reaction, before it gives way to others


@dataclass(frozen=True)
class People:
    table: Table
    customers: CustomerStore
    cases: CaseStore
    reactions: ReactionStore
    clock: Clock
    ids: Ids

    def merge(self, customer_id: str, into: str, by: str) -> Customer:
        """The other customer, with this one in them; raises NotFound, Invalid, Conflict."""
        reaction = self._again(lambda: self._merge(customer_id, into, by))
        if reaction:
            self._repoint(reaction, AT_ONCE)
        return self.customers.final(customer_id)

    def unmerge(self, customer_id: str, by: str) -> Customer:
        """This customer as they were before; raises NotFound, Conflict."""
        reaction = self._again(lambda: self._unmerge(customer_id, by))
        if reaction:
            self._repoint(reaction, AT_ONCE)
        return self.customers.get(customer_id)

    def confirm(self, customer_id: str, by: str) -> Customer:
        """They are whom the likely match names; raises NotFound, Conflict where there is none."""
        customer = self.customers.get(customer_id)
        if customer.merged_into:
            return self.customers.final(customer_id)
        if customer.likely_match is None:
            raise Conflict("there is no likely match to confirm")
        return self.merge(customer_id, customer.likely_match.customer_id, by)

    def reject(self, customer_id: str, by: str) -> Customer:
        """They are somebody else than the likely match names; raises NotFound, Conflict."""
        self._again(lambda: self._reject(customer_id, by))
        for case in self.customers.every_case(customer_id):
            self._again(partial(self._own, case.id))
        return self.customers.get(customer_id)

    def repoint(self, reaction: Reaction) -> None:
        """Go on re-pointing the cases of a merge that has been decided; safe to call again."""
        self._repoint(reaction, IN_ONE_GO)

    def _again(self, work: Callable[[], Reaction | None]) -> Reaction | None:
        for _ in range(ATTEMPTS):
            try:
                return work()
            except (WriteRefused, Contended):
                continue
        raise Contended(f"lost {ATTEMPTS} races")

    # --- records -------------------------------------------------------------------------

    def _merge(self, customer_id: str, into: str, by: str) -> Reaction | None:
        source = self.customers.get(customer_id)
        try:
            target = self.customers.final(into)
        except NotFound as error:
            raise Invalid.field("into", "there is no such customer") from error
        if source.merged_into and source.merged_into == target.id:
            return None
        now = self.clock()
        gone, whole = merging.merge(source, target, by, now)
        reaction = _reaction(source.id, target.id, self.ids.new(), back=False)
        assert gone.merge is not None
        self.table.commit(
            self.customers.change(gone),
            self.customers.change(whole),
            *(self.customers.move(i, source.id, target.id) for i in gone.merge.identities),
            self._note(source.id, now, by, f"merged into {target.name or target.id}"),
            self._note(target.id, now, by, f"{source.name or source.id} was merged into this one"),
            self.reactions.new(reaction, now + GRACE),
        )
        return reaction

    def _unmerge(self, customer_id: str, by: str) -> Reaction | None:
        source = self.customers.get(customer_id)
        if not source.merged_into:
            raise Conflict("they are not a part of another customer")
        check_alive(source)
        target = self.customers.get(source.merged_into)
        now = self.clock()
        back, left = merging.unmerge(source, target, now)
        reaction = _reaction(source.id, target.id, self.ids.new(), back=True)
        self.table.commit(
            self.customers.change(back),
            self.customers.change(left),
            *(self.customers.move(i, target.id, source.id) for i in back.identities),
            self._note(source.id, now, by, f"taken out of {target.name or target.id} again"),
            self._note(target.id, now, by, f"{source.name or source.id} was taken out again"),
            self.reactions.new(reaction, now + GRACE),
        )
        return reaction

    def _reject(self, customer_id: str, by: str) -> None:
        customer = self.customers.get(customer_id)
        if customer.merged_into:
            raise Conflict("they were merged: undo that first")
        check_alive(customer)
        if customer.likely_match is None:
            return
        now = self.clock()
        other = customer.likely_match.customer_id
        own = customer.model_copy(update={"likely_match": None, "provisional": False})
        self.table.commit(
            self.customers.change(touch(own, now)),
            self._note(customer.id, now, by, f"is not {other}, said {by}"),
        )

    def _note(self, customer_id: str, now: datetime, by: str, text: str) -> Write:
        entry = HistoryEntry(id=self.ids.new(), at=now, by=by, text=text)
        return self.customers.note(customer_id, entry)

    # --- cases ---------------------------------------------------------------------------

    def _repoint(self, reaction: Reaction, most: int) -> None:
        """Re-point up to so many cases; ends the reaction where none is left."""
        source, target = reaction.owner.removeprefix("CUST#"), reaction.data["other"]
        back = reaction.data["back"] == "yes"
        for done, case in enumerate(self.customers.every_case(target if back else source)):
            if done == most:
                return self._later(reaction)
            if not self._turn(case, source, target, back):
                break  # the opposite was decided meanwhile
        try:
            self.table.commit(self.reactions.done(reaction))
        except WriteRefused:
            return None  # somebody else came to the end

    def _later(self, reaction: Reaction) -> None:
        """Leave the rest to the sweep, which puts the reaction on its queue again."""
        try:
            self.table.commit(self.reactions.postpone(reaction, self.clock()))
        except WriteRefused:
            return  # somebody else came to the end

    def _turn(self, case: Case, source: str, target: str, back: bool) -> bool:
        """Bring one case in line; False where the merge does not stand as it was decided."""
        for _ in range(ATTEMPTS):
            changed = _turned(case, source, target, back)
            if changed is None:
                return True
            try:
                self._write(changed, self.customers.is_part_of(source, "" if back else target))
            except WriteRefused as refused:
                if "merged" in refused.names:
                    return False
            except Contended:
                pass
            else:
                return True
            case = self.cases.get(case.id)
        raise Contended(f"a case lost {ATTEMPTS} races")

    def _write(self, case: Case, *conditions: Write) -> None:
        now = self.clock()
        count = Reaction(owner=f"CASE#{case.id}", kind="count", id=self.ids.new())
        text = f"its customer is {case.customer_id} now"
        note = event(case, self.ids.new(), now, text, {})
        self.table.commit(
            self.cases.change(case_rules.touch(case, now)),
            self.cases.new_message(note),
            self.reactions.new(count, now + GRACE),
            *conditions,
        )

    def _own(self, case_id: str) -> None:
        """A case whose customer is not whom they seemed to be."""
        case = self.cases.get(case_id)
        if case.likely_match:
            self._write(case.model_copy(update={"likely_match": None}))


def _turned(case: Case, source: str, target: str, back: bool) -> Case | None:
    """The case with its other customer; None where it is right already, or not theirs."""
    if back:
        if case.customer_id != target or case.former_customers[-1:] != (source,):
            return None
        fields = {"customer_id": source, "former_customers": case.former_customers[:-1]}
        return case.model_copy(update=fields)
    if case.customer_id != source:
        return None
    former = (*case.former_customers, source)
    return case.model_copy(
        update={"customer_id": target, "former_customers": former, "likely_match": None}
    )


def _reaction(source: str, target: str, identifier: str, back: bool) -> Reaction:
    """It goes the way of counts: both bring in line what is said of a case elsewhere."""
    data = {"other": target, "back": "yes" if back else "no"}
    return Reaction(owner=f"CUST#{source}", kind="count", id=identifier, data=data)
