"""What can be found out about a new message, before anything is written.

1. `draft`: language, topic and whether its sentiment is worth a paid call. What the engine costs is
   paid here.
2. Sentiment: one call a message (`finish`), or one for all of a batch that share a language
   (`moods`), where several messages came together.
3. `finish`: the sentiment, key phrases where they are switched on, and what all that cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.cases.models import Case, Message
from chalicelib.customers.models import Customer
from chalicelib.flows.deciding import Decided
from chalicelib.flows.learning import text_of
from chalicelib.ports import Clock, Comprehend
from chalicelib.understanding.costs import Paid, PaidKind, paid
from chalicelib.understanding.defaults import PrioritySettings
from chalicelib.understanding.engines import EnginesSettings, Opinion, said
from chalicelib.understanding.language import identify_language
from chalicelib.understanding.models import (
    Language,
    PriorityFacts,
    SentimentDecision,
    SentimentLabel,
    SentimentSettings,
    TopicDecision,
)
from chalicelib.understanding.phrases import bounded
from chalicelib.understanding.sentiment import (
    SENTIMENT_LANGUAGES,
    comprehend_language,
    sentiment_text,
    worth_asking,
)

if TYPE_CHECKING:
    from chalicelib.flows.deciding import Deciding
    from chalicelib.store.settings import SettingsStore

Mood = tuple[str, float]  # sentiment, score


class Asked(NamedTuple):
    """What Comprehend is asked the sentiment of, in which of its languages."""

    text: str
    language: str


@dataclass(frozen=True)
class Draft:
    """What is known before the sentiment is. `asked` None: it is not worth a call, `why_not`."""

    language: Language
    decided: Decided
    text: str
    short: str
    asked: Asked | None
    why_not: str = ""
    mood: Mood | None = None


@dataclass(frozen=True)
class Understood:
    """All that was found out about a message before anything is written."""

    language: Language
    sentiment: SentimentDecision
    topic: TopicDecision
    text: str
    key_phrases: tuple[str, ...] = ()
    opinion: Opinion | None = None
    paid: tuple[Paid, ...] = ()


@dataclass(frozen=True)
class Understanding:
    settings: SettingsStore
    deciding: Deciding
    comprehend: Callable[[], Comprehend]
    clock: Clock

    def draft(self, case: Case, message: Message, customer: Customer) -> Draft:
        """The first step; see the module."""
        newly = message.text or message.subject
        text = f"{message.subject}\n{message.text}" if message.subject else message.text
        language = identify_language(newly)
        decided = self.deciding.decide(text_of(message), language.code)
        facts = PriorityFacts(
            text=text[:20_000],
            language=language.code,
            tier=customer.tier,
            channel=str(case.channel),
            topic=decided.topic.label or "",
        )
        wanted = self.settings.read("sentiment", SentimentSettings)
        priorities = self.settings.read("priorities", PrioritySettings)
        worth = worth_asking(language, newly, wanted, facts, priorities.rules)
        short = sentiment_text(newly)
        asked = Asked(short, comprehend_language(language, short)) if worth.ask else None
        return Draft(language, decided, text, short, asked, worth.reason)

    def moods(self, drafts: Sequence[Draft]) -> list[Draft]:
        """The drafts with their sentiments, one call a language; those that share theirs with no
        other, or whose call failed, stay as they are: each is asked by itself later."""
        found = list(drafts)
        waiting: dict[str, list[int]] = {}
        for at, draft in enumerate(drafts):
            if draft.asked:
                waiting.setdefault(draft.asked.language, []).append(at)
        for language, places in waiting.items():
            if len(places) < 2:
                continue
            texts = [asked.text for at in places if (asked := drafts[at].asked)]
            try:
                moods = self.comprehend().sentiments(texts, language)
            except Exception:  # each tries by itself, and says there what was wrong
                continue
            for at, mood in zip(places, moods, strict=True):
                found[at] = replace(drafts[at], mood=mood)
        return found

    def finish(self, case: Case, draft: Draft, last_try: bool) -> Understood:
        """The last step; `last_try` goes on without a sentiment service that fails."""
        sentiment, cost = self._sentiment(draft, last_try)
        phrases, for_phrases = self._key_phrases(draft)
        return Understood(
            language=draft.language,
            sentiment=sentiment,
            topic=draft.decided.topic,
            text=draft.text,
            key_phrases=phrases,
            opinion=self._opinion(case, draft.decided),
            paid=(*draft.decided.paid, *cost, *for_phrases),
        )

    def _sentiment(
        self, draft: Draft, last_try: bool
    ) -> tuple[SentimentDecision, tuple[Paid, ...]]:
        asked = draft.asked
        if asked is None:
            return SentimentDecision(label=None, reason=f"not asked: {draft.why_not}"), ()
        try:
            mood = draft.mood or self.comprehend().sentiment(asked.text, asked.language)
        except Exception as error:
            if not last_try:
                raise
            reason = f"the sentiment service did not answer ({type(error).__name__})"
            return SentimentDecision(label=None, reason=reason), ()
        label, score = mood
        decided = SentimentDecision(
            label=SentimentLabel(label),
            score=score,
            reason=f"Comprehend on the first {len(asked.text)} characters: {label} ({score:.2f})",
            source="comprehend",
        )
        return decided, (paid(PaidKind.SENTIMENT, asked.text),)

    def _key_phrases(self, draft: Draft) -> tuple[tuple[str, ...], tuple[Paid, ...]]:
        """Nothing where they are switched off, or the service does not know the language, or does
        not answer: no case waits for them."""
        wanted = self.settings.read("engines", EnginesSettings).key_phrases
        if not wanted or draft.language.code not in SENTIMENT_LANGUAGES or not draft.short:
            return (), ()
        code = comprehend_language(draft.language, draft.short)
        try:
            found = self.comprehend().key_phrases(draft.short, code)
        except Exception:
            return (), ()
        return bounded(found), (paid(PaidKind.KEY_PHRASES, draft.short),)

    def _opinion(self, case: Case, decided: Decided) -> Opinion | None:
        engines = self.settings.read("engines", EnginesSettings)
        if decided.other is None or not engines.shadow:
            return None
        return Opinion(
            case_id=case.id,
            customer_id=case.customer_id,
            own=said(decided.own),
            other=said(decided.other),
            decided=engines.topic,
            at=self.clock(),
        )
