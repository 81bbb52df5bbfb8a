"""Articles that agents send, and whether they helped.

An article that goes along with a reply is counted as sent, together with a reaction that is due in
three days. If the case is solved by then, and stayed so, the article is credited. Where an agent
says outright which article solved a case, that is credited at once, and how the customer asked
becomes a wording of the article.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.cases.models import AuthorType, Case, CaseStatus, Message
from chalicelib.errors import Contended
from chalicelib.flows.given import CREDIT, STAYS
from chalicelib.flows.indexing import cleaned, first_asked
from chalicelib.knowledge import learned
from chalicelib.ports import Clock
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.outcomes import Outcomes
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.questions import QuestionStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

PATIENCE: Final = timedelta(days=30)  # after which nobody looks any more
SOLVED = frozenset({CaseStatus.RESOLVED, CaseStatus.CLOSED})
FIRST = 10  # entries of a timeline among which the customer's first words are


@dataclass(frozen=True)
class Crediting:
    table: Table
    cases: CaseStore
    questions: QuestionStore
    reactions: ReactionStore
    outcomes: Outcomes
    clock: Clock

    def look(self, reaction: Reaction) -> None:
        """See whether the case of an article that was sent is solved; safe to repeat."""
        slug, sent_at = (
            reaction.data[CREDIT],
            self.cases.message(reaction.case_id, reaction.data["message"]).created_at,
        )
        now = self.clock()
        if now < sent_at + STAYS:
            return  # the stream told of it at once; the sweep comes when it is due
        case = self.cases.final(reaction.case_id)
        solved = case.status in SOLVED
        ended = case.resolved_at or case.updated_at
        writes: list[Write]
        if solved and now - ended >= STAYS:
            done = self.reactions.done(reaction)
            writes = [done, *self.questions.credit(now, slug, case.id)]
        elif now >= sent_at + PATIENCE:
            writes = [self.reactions.done(reaction)]
        else:
            later = ended + STAYS if solved else now + STAYS
            writes = [self.reactions.postpone(reaction, later)]
        try:
            self.table.commit(*writes)
        except WriteRefused as refused:
            if "credit" in refused.names:  # an agent has said so since
                self._finish(reaction)

    def _finish(self, reaction: Reaction) -> None:
        try:
            self.table.commit(self.reactions.done(reaction))
        except WriteRefused:
            return  # somebody was faster

    def taught(self, reaction: Reaction) -> None:
        """Learn from an agent's word on what solved a case; the same word again changes nothing."""
        if "event" not in reaction.data or not self.reactions.exists(reaction):
            return
        case = self.cases.get(reaction.case_id)
        entry = self.cases.message(case.id, reaction.data["event"])
        slug = entry.changes.get("article", ["", ""])[1]
        if entry.author.type is not AuthorType.AGENT or not slug:
            return
        writes = self.questions.credit(entry.created_at, slug, case.id)
        try:
            self.table.commit(*writes, *self._wording(case, slug, entry))
        except WriteRefused as refused:
            if "credit" not in refused.names:
                raise Contended("an article learnt from two at once") from refused

    def _wording(self, case: Case, slug: str, entry: Message) -> list[Write]:
        asked = first_asked(self.cases.messages_after(case.id, "", FIRST))
        if asked is None:
            return []
        names = [person.name for person in case.participants] + [asked.author.name]
        text = cleaned(f"{case.subject}\n{asked.text}", names)[: learned.LONGEST]
        language = case.language if case.language and len(case.language) == 2 else "en"
        at = entry.created_at
        return self.outcomes.wording(slug, text, language, learned.AGENT, at)
