"""Priority, team and agent are decided again when something changes that they rest on.

A new message, a correction of topic, team or priority, a case that comes back, another tier of the
customer: each writes, with itself, a reaction that asks to look again (store/reactions.py). It is
asked for no paid service. What a person set stays; what changes is told in the timeline, and a
second look finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.cases import rules
from chalicelib.cases.models import Case
from chalicelib.cases.rules import UNSOLVED
from chalicelib.errors import Contended, NotFound, StaleVersion
from chalicelib.flows.assigning import Assigned
from chalicelib.flows.facts import facts
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids
from chalicelib.store import items
from chalicelib.store.reactions import AGAIN, Reaction
from chalicelib.store.table import Tally, Write, WriteRefused
from chalicelib.understanding.language import identify_language
from chalicelib.understanding.models import UNKNOWN_LANGUAGE

if TYPE_CHECKING:
    from chalicelib.flows.assigning import Assigning
    from chalicelib.flows.placing import Placing
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

GRACE = timedelta(minutes=2)
ATTEMPTS = 5
PAGE = 50
MOST = 200  # newest cases of a customer among which the open ones are looked for
BACK = "reopened"
CAUSES = {
    BACK: "it came back",
    "message": "the customer wrote again",
    "changed": "it was changed",
    "tier": "the customer's tier changed",
    "promise": "a promise is at stake",
}


@dataclass(frozen=True)
class Rerouting:
    table: Table
    cases: CaseStore
    customers: CustomerStore
    reactions: ReactionStore
    placing: Placing
    assigning: Assigning
    clock: Clock
    ids: Ids

    def reroute(self, reaction: Reaction) -> None:
        """Look again at a case, or at all open cases of a customer; raises Contended."""
        if not self.reactions.exists(reaction):
            return
        why = reaction.data[AGAIN]
        if not reaction.owner.startswith("CUST#"):
            self._look(reaction.case_id, why, reaction)
            return
        for case in self._open_cases(reaction.owner.removeprefix("CUST#")):
            self._look(case.id, why, None)
        self._done(reaction)

    def _look(self, case_id: str, why: str, reaction: Reaction | None) -> None:
        for attempt in range(ATTEMPTS):
            try:  # a case that loses its races for an agent waits in the queue
                self._again(self.cases.get(case_id), why, reaction, attempt < ATTEMPTS - 2)
            except (StaleVersion, Contended):
                continue
            except NotFound:
                self._done(reaction)  # deleted meanwhile, with its customer
                return
            except WriteRefused as refused:
                if "done" in refused.names:
                    return  # somebody was faster
                if "load" not in refused.names:
                    raise
            else:
                return
        raise Contended(f"looking again lost {ATTEMPTS} races")

    def _again(self, case: Case, why: str, reaction: Reaction | None, assign: bool) -> None:
        if case.merged_into or case.spam or case.status not in UNSOLVED or not case.understood_by:
            self._done(reaction)
            return
        given = self._decided(case, why, reaction, assign)
        changes = _changes(case, given.case)
        if not changes:
            self._done(reaction)
            return
        now = self.clock()
        after = rules.touch(given.case, now)
        note = event(after, self.ids.new(), now, _told(case, after, why), changes)
        writes: list[Write | Tally] = [self.cases.new_message(note), *given.condition]
        writes += facts(self.cases, self.reactions, after, note, now)
        if reaction:
            writes.append(self.reactions.done(reaction))
        self.cases.save(after, *writes)

    def _decided(self, case: Case, why: str, reaction: Reaction | None, assign: bool) -> Assigned:
        first = self._text(case, case.understood_by or "")
        new = self._text(case, (reaction.data if reaction else {}).get("message", ""))
        text = first if new == first else f"{first}\n{new}"
        customer = self.customers.final(case.customer_id)
        placed = self.placing.place(_in_language(case, new), customer, text).case
        if not assign:
            return Assigned(placed)
        return self.assigning.assign(placed, returned=why == BACK)

    def _text(self, case: Case, message_sk: str) -> str:
        """What a message says; "" where it went into another case."""
        if not message_sk:
            return ""
        try:
            message = self.cases.message(case.id, message_sk)
        except NotFound:
            return ""
        return f"{message.subject}\n{message.text}" if message.subject else message.text

    def _open_cases(self, customer_id: str) -> Iterator[Case]:
        start: dict[str, str] | None = None
        for _ in range(MOST // PAGE):
            page = self.customers.cases(customer_id, PAGE, start)
            cases = (items.model(Case, stored) for stored in page.items)
            yield from (case for case in cases if case.status in UNSOLVED)
            start = page.last
            if start is None:
                return

    def _done(self, reaction: Reaction | None) -> None:
        if reaction is None:
            return
        try:
            self.table.commit(self.reactions.done(reaction))
        except WriteRefused:
            return  # somebody was faster


def _in_language(case: Case, text: str) -> Case:
    """The case in the language of a new message, where nobody knew it before."""
    if not text or (case.language or UNKNOWN_LANGUAGE) != UNKNOWN_LANGUAGE:
        return case
    language = identify_language(text)
    if not language.known:
        return case
    reasons = {**case.reasons, "language": language.reason}
    return case.model_copy(update={"language": language.code, "reasons": reasons})


def _changes(before: Case, after: Case) -> dict[str, list[str]]:
    pairs: Mapping[str, tuple[object, object]] = {
        "language": (before.language, after.language),
        "priority": (before.priority, after.priority),
        "team": (before.team, after.team),
        "assignee": (before.assignee, after.assignee),
        "tags": (", ".join(before.tags), ", ".join(after.tags)),
    }
    return {
        name: [str(old or ""), str(new or "")] for name, (old, new) in pairs.items() if old != new
    }


def _told(before: Case, after: Case, why: str) -> str:
    """What changed and why, in words."""
    said = []
    if before.team != after.team:
        moved = f"moved from {before.team or 'no team'} to {after.team}"
        said.append(f"{moved}: {after.reasons.get('team', '')}")
    if before.priority != after.priority:
        said.append(f"priority {after.reasons.get('priority', '')}")
    if before.assignee != after.assignee:
        to = f"assigned to {after.assignee}" if after.assignee else "in the team's queue"
        said.append(f"{to}: {after.reasons.get('assignee', '')}")
    return "; ".join([f"looked at again because {CAUSES.get(why, why)}", *said])
