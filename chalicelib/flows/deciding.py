"""Which engine decides topics: our own, or a classifier of Amazon Comprehend behind an endpoint.

Ours is the model in use together with the administrator's definitions. Its file is read when a
first topic is decided, and again when another model is in use. It speaks in any case, for it costs
nothing: where the endpoint decides and does not answer, ours stands, and the decision says so. An
endpoint that did not answer is left alone for half a minute, or a batch would wait for each of its
messages in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.errors import NotFound
from chalicelib.ports import Clock, Comprehend, Objects
from chalicelib.understanding.combined import CombinedEngine
from chalicelib.understanding.costs import Paid, PaidKind, paid
from chalicelib.understanding.engine import TopicEngine
from chalicelib.understanding.engines import (
    Engine,
    EnginesSettings,
    Scored,
    decision,
    explained,
)
from chalicelib.understanding.learned import LearnedEngine
from chalicelib.understanding.models import UNKNOWN_LANGUAGE, TopicDecision, TopicsSettings
from chalicelib.understanding.pii import redact
from chalicelib.understanding.sentences import embedders
from chalicelib.understanding.topics import TopicScorer

if TYPE_CHECKING:
    from chalicelib.store.models import ModelStore
    from chalicelib.store.settings import SettingsStore


LEFT_ALONE = timedelta(seconds=30)


class Decided(NamedTuple):
    """A topic, and where both engines spoke of it what each said; what that cost."""

    topic: TopicDecision
    own: TopicDecision
    other: TopicDecision | None = None
    paid: tuple[Paid, ...] = ()


@dataclass
class Deciding:
    settings: SettingsStore
    models: ModelStore
    objects: Callable[[], Objects]
    comprehend: Callable[[], Comprehend]
    clock: Clock
    _scorer: tuple[TopicsSettings, TopicScorer] | None = None
    _learned: tuple[str, LearnedEngine | None] = ("", None)
    _quiet_until: datetime | None = None

    def decide(self, text: str, language: str) -> Decided:
        """The topic of a text by the engine that the settings name; see the module."""
        own = self.engine().decide(text, language)
        engines = self.settings.read("engines", EnginesSettings)
        if not engines.asks_live or language not in (engines.language, UNKNOWN_LANGUAGE):
            return Decided(own, own)
        if self._quiet_until and self.clock() < self._quiet_until:
            return Decided(self._instead(own, engines, "it did not a moment ago"), own)
        shown = redact(text).text  # as the classifier's examples are
        try:
            classes = self.comprehend().classify(shown, engines.endpoint_arn)
            version = self.comprehend().endpoint_model(engines.endpoint_arn)
        except Exception as error:  # whatever it was: a case does not wait for an engine
            self._quiet_until = self.clock() + LEFT_ALONE
            return Decided(self._instead(own, engines, _named(error)), own)
        topics = [topic.label for topic in self.settings.read("topics", TopicsSettings).topics]
        other = decision(classes, engines.sure, version, topics)
        cost = (paid(PaidKind.CLASSIFY, shown),)
        decides = engines.topic is Engine.ENDPOINT and not _newer(own, other, classes)
        return Decided(explained(other, own) if decides else own, own, other, cost)

    def _instead(self, own: TopicDecision, engines: EnginesSettings, why: str) -> TopicDecision:
        """Our own engine's word, which says so where the endpoint should have decided."""
        if engines.topic is not Engine.ENDPOINT:
            return own
        reason = f"{own.reason}; our own engine, for the endpoint did not answer ({why})"
        return own.model_copy(update={"reason": reason})

    def engine(self) -> TopicEngine:
        """The engine for the present definitions and model; made again only when they changed."""
        scorer, learned = self.scorer(), self.learned()
        return CombinedEngine(learned, scorer) if learned else scorer

    def scorer(self) -> TopicScorer:
        """The definitions alone."""
        definitions = self.settings.read("topics", TopicsSettings)
        if self._scorer is None or self._scorer[0] != definitions:
            self._scorer = (definitions, TopicScorer.from_definitions(definitions.topics))
        return self._scorer[1]

    def learned(self) -> LearnedEngine | None:
        """The model in use; None where there is none, or where its file is gone or was written by
        another version of this code: the definitions then go on alone, as before there was one."""
        chosen = self.models.in_use()
        key = chosen.key if chosen else ""
        if self._learned[0] != key:
            self._learned = (key, self._read(key) if key else None)
        return self._learned[1]

    def _read(self, key: str) -> LearnedEngine | None:
        try:
            return LearnedEngine.from_bytes(self.objects().get(key), *embedders())
        except (NotFound, ValueError):
            return None


def _newer(own: TopicDecision, other: TopicDecision, classes: list[Scored]) -> bool:
    """Whether ours knows a topic that the classifier was never taught, and is as sure of it."""
    taught = {one.name for one in classes}
    surer = other.label is None or own.confidence >= other.confidence
    return own.label is not None and own.label not in taught and surer


def _named(error: Exception) -> str:
    """AWS's code of an error, else its type."""
    answer = getattr(error, "response", {})
    return str(answer.get("Error", {}).get("Code") or type(error).__name__)
