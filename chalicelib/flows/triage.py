"""A new case is understood: language, sentiment, topic, priority, team, each with its reason.

What a person has decided stays. The paid call (Comprehend) is made once for a message, and only
where the language is one that it knows and the answer can matter; when it keeps failing, the case
goes on without it and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.cases import rules
from chalicelib.cases.models import Case, Topic
from chalicelib.customers.models import Customer
from chalicelib.errors import Contended, StaleVersion
from chalicelib.flows.assigning import Assigned, Assigning
from chalicelib.flows.facts import facts
from chalicelib.flows.timeline import event
from chalicelib.flows.understanding import Draft, Understood
from chalicelib.ports import Clock, Ids
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Tally, Write, WriteRefused
from chalicelib.understanding.models import TopicDecision

if TYPE_CHECKING:
    from chalicelib.flows.meanings import Meanings
    from chalicelib.flows.placing import Placing
    from chalicelib.flows.understanding import Understanding
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.costs import CostStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.opinions import OpinionStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

GRACE = timedelta(minutes=2)
ATTEMPTS = 5


@dataclass(frozen=True)
class Ready:
    """A message with its case and customer, and what is known of it before its sentiment is."""

    case: Case
    customer: Customer
    draft: Draft


@dataclass(frozen=True)
class Triage:
    table: Table
    cases: CaseStore
    customers: CustomerStore
    reactions: ReactionStore
    understanding: Understanding
    meanings: Meanings
    placing: Placing
    assigning: Assigning
    costs: CostStore
    opinions: OpinionStore
    clock: Clock
    ids: Ids

    def triage(
        self, reaction: Reaction, last_try: bool = False, ready: Ready | None = None
    ) -> None:
        """Understand a case by its message; `last_try` goes on without a service that fails.
        `ready` is what `gather` said of it."""
        ready = ready or self._ready(reaction)
        if ready is None:
            return  # done before: ask no paid service again
        case, customer = ready.case, ready.customer
        understood = self.understanding.finish(case, ready.draft, last_try)
        self.meanings.keep(case.id, understood.text, understood.language.code)
        for attempt in range(ATTEMPTS):
            try:  # a case that loses its races for an agent waits in the queue
                self._write(case, customer, understood, reaction, attempt < ATTEMPTS - 2)
            except (StaleVersion, Contended):
                case = self.cases.get(case.id)
            except WriteRefused as refused:
                if "done" not in refused.names:
                    if "load" in refused.names:
                        continue  # whoever was to have it has got another, or went away
                    raise
                for write in self.costs.add(understood.paid, self.clock(), reaction.id):
                    self.table.commit(write)  # somebody was faster, but we have paid
                return
            else:
                return
        raise Contended("triage lost its races")

    def gather(self, reactions: Sequence[Reaction]) -> dict[str, Ready]:
        """By reaction id: those of several messages that can be prepared together, their sentiment
        asked for in one call. What is not in it, or fails here, is done by itself and fails there.
        """
        ready: dict[str, Ready] = {}
        for reaction in reactions:
            with suppress(Exception):
                found = self._ready(reaction)
                if found:
                    ready[reaction.id] = found
        drafts = self.understanding.moods([one.draft for one in ready.values()])
        return {
            identifier: replace(one, draft=draft)
            for (identifier, one), draft in zip(ready.items(), drafts, strict=True)
        }

    def _ready(self, reaction: Reaction) -> Ready | None:
        """None where the reaction was served before."""
        case = self.cases.get(reaction.case_id)
        message = self.cases.message(case.id, reaction.data["message"])
        customer = self.customers.final(case.customer_id)
        if not self.reactions.exists(reaction):
            return None
        return Ready(case, customer, self.understanding.draft(case, message, customer))

    # --- deciding and writing ------------------------------------------------------------

    def _write(
        self,
        before: Case,
        customer: Customer,
        understood: Understood,
        reaction: Reaction,
        assign: bool,
    ) -> None:
        decided = self._decided(before, customer, understood).model_copy(
            update={"understood_by": reaction.data["message"]}
        )
        given = self.assigning.assign(decided) if assign else Assigned(decided)
        now = self.clock()
        case = rules.touch(given.case, now)
        count = Reaction(owner=reaction.owner, kind="count", id=reaction.id)
        changes = {
            name: [str(old or ""), str(new or "")]
            for name, old, new in (
                ("topic", before.topic.label, case.topic.label),
                ("priority", before.priority, case.priority),
                ("team", before.team, case.team),
                ("assignee", before.assignee, case.assignee),
            )
            if old != new
        }
        note = event(case, self.ids.new(), now, "understood", changes)
        relate = count.model_copy(update={"kind": "relate"})
        writes: list[Write | Tally] = [
            self.reactions.done(reaction),
            self.reactions.new(count, now + GRACE),
        ]
        writes.append(self.reactions.new(relate, now + GRACE))
        if changes:
            writes.append(self.cases.new_message(note))
            writes += facts(self.cases, self.reactions, case, note, now)
        if understood.opinion:
            writes.append(self.opinions.keep(understood.opinion))
        writes += given.condition
        self.cases.save(case, *writes, *self.costs.add(understood.paid, now, case.id))

    def _decided(self, case: Case, customer: Customer, understood: Understood) -> Case:
        reasons = dict(case.reasons)
        fields: dict[str, Any] = {}
        if understood.language.known or not case.language:
            fields["language"] = understood.language.code
            reasons["language"] = understood.language.reason
        mood = understood.sentiment
        fields["sentiment"] = str(mood.label) if mood.label else case.sentiment
        fields["sentiment_score"] = mood.score if mood.label else case.sentiment_score
        reasons["sentiment"] = mood.reason
        if case.topic.source != "person":
            fields["topic"] = topic_of(understood.topic)
            reasons["topic"] = understood.topic.reason or fields["topic"].why
        if understood.key_phrases:
            fields["key_phrases"] = understood.key_phrases
        changed = case.model_copy(update={**fields, "reasons": reasons})
        return self.placing.place(changed, customer, understood.text).case


def topic_of(decision: TopicDecision) -> Topic:
    """A decision as the case keeps it."""
    return Topic(
        label=decision.label,
        confidence=round(decision.confidence, 4),
        source=decision.source,
        why=", ".join(decision.why[:8]),
        model_version=decision.model_version,
    )
