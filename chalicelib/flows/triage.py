"""A new case is understood: language, sentiment, topic, priority, team, each with its reason.

What a person has decided stays. The paid call (Comprehend) is made once for a message, and only
where the language is one that it knows and the answer can matter; when it keeps failing, the case
goes on without it and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.cases import rules
from chalicelib.cases.models import Case, Message, Topic
from chalicelib.customers.models import Customer
from chalicelib.errors import Contended, StaleVersion
from chalicelib.flows.learning import text_of
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Comprehend, Ids
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import WriteRefused
from chalicelib.understanding.defaults import PrioritySettings
from chalicelib.understanding.language import identify_language
from chalicelib.understanding.models import (
    Language,
    PriorityFacts,
    SentimentDecision,
    SentimentLabel,
    SentimentSettings,
    TopicDecision,
)
from chalicelib.understanding.sentiment import comprehend_language, sentiment_text, worth_asking

if TYPE_CHECKING:
    from chalicelib.flows.deciding import Deciding
    from chalicelib.flows.placing import Placing
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

GRACE = timedelta(minutes=2)
ATTEMPTS = 5


@dataclass(frozen=True)
class Understood:
    """All that was found out about a message before anything is written."""

    language: Language
    sentiment: SentimentDecision
    topic: TopicDecision
    text: str


@dataclass(frozen=True)
class Triage:
    table: Table
    cases: CaseStore
    customers: CustomerStore
    reactions: ReactionStore
    settings: SettingsStore
    deciding: Deciding
    placing: Placing
    comprehend: Callable[[], Comprehend]
    clock: Clock
    ids: Ids

    def triage(self, reaction: Reaction, last_try: bool = False) -> None:
        """Understand a case by its message; `last_try` goes on without a service that fails."""
        case = self.cases.get(reaction.case_id)
        message = self.cases.message(case.id, reaction.data["message"])
        customer = self.customers.final(case.customer_id)
        if not self.reactions.exists(reaction):
            return  # done before: ask no paid service again
        understood = self._understand(case, message, customer, last_try)
        for _ in range(ATTEMPTS):
            try:
                self._write(case, customer, understood, reaction)
            except (StaleVersion, Contended):
                case = self.cases.get(case.id)
            except WriteRefused as refused:
                if "done" not in refused.names:
                    raise
                return
            else:
                return
        raise Contended("triage lost its races")

    # --- finding out ---------------------------------------------------------------------

    def _understand(
        self, case: Case, message: Message, customer: Customer, last_try: bool
    ) -> Understood:
        text = f"{message.subject}\n{message.text}" if message.subject else message.text
        language = identify_language(message.text or message.subject)
        topic = self.deciding.engine().decide(text_of(message), language.code)
        facts = self._facts(case, customer, text, language.code, topic.label or "")
        sentiment = self._sentiment(message.text or message.subject, language, facts, last_try)
        return Understood(language, sentiment, topic, text)

    def _sentiment(
        self, text: str, language: Language, facts: PriorityFacts, last_try: bool
    ) -> SentimentDecision:
        wanted = self.settings.read("sentiment", SentimentSettings)
        priorities = self.settings.read("priorities", PrioritySettings)
        worth = worth_asking(language, text, wanted, facts, priorities.rules)
        if not worth.ask:
            return SentimentDecision(label=None, reason=f"not asked: {worth.reason}")
        short = sentiment_text(text)
        try:
            label, score = self.comprehend().sentiment(short, comprehend_language(language, short))
        except Exception as error:
            if not last_try:
                raise
            reason = f"the sentiment service did not answer ({type(error).__name__})"
            return SentimentDecision(label=None, reason=reason)
        return SentimentDecision(
            label=SentimentLabel(label),
            score=score,
            reason=f"Comprehend on the first {len(short)} characters: {label} ({score:.2f})",
            source="comprehend",
        )

    def _facts(
        self, case: Case, customer: Customer, text: str, language: str, topic: str
    ) -> PriorityFacts:
        return PriorityFacts(
            text=text[:20_000],
            language=language,
            tier=customer.tier,
            channel=str(case.channel),
            topic=topic,
        )

    # --- deciding and writing ------------------------------------------------------------

    def _write(
        self, before: Case, customer: Customer, understood: Understood, reaction: Reaction
    ) -> None:
        case = self._decided(before, customer, understood)
        now = self.clock()
        case = rules.touch(case, now)
        count = Reaction(owner=reaction.owner, kind="count", id=reaction.id)
        changes = {
            name: [str(old or ""), str(new or "")]
            for name, old, new in (
                ("topic", before.topic.label, case.topic.label),
                ("priority", before.priority, case.priority),
                ("team", before.team, case.team),
            )
            if old != new
        }
        note = event(case, self.ids.new(), now, "understood", changes)
        writes = [self.reactions.done(reaction), self.reactions.new(count, now + GRACE)]
        if changes:
            writes.append(self.cases.new_message(note))
        self.cases.save(case, *writes)

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
            fields["topic"] = _topic(understood.topic)
            reasons["topic"] = understood.topic.reason or fields["topic"].why
        changed = case.model_copy(update={**fields, "reasons": reasons})
        return self.placing.place(changed, customer, understood.text).case


def _topic(decision: TopicDecision) -> Topic:
    return Topic(
        label=decision.label,
        confidence=round(decision.confidence, 4),
        source=decision.source,
        why=", ".join(decision.why[:8]),
        model_version=decision.model_version,
    )
