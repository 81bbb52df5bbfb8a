"""The learned model and the administrator's definitions, as one engine.

The model knows what people corrected; the definitions know topics that are newer than the model,
and languages that it never met. So the model decides where it knows, unless a topic that it never
saw fits better; where it does not know, the definitions decide, unless a model that was trained on
enough to know its limits thinks of another topic.
"""

from __future__ import annotations

from chalicelib.understanding.engine import TopicEngine
from chalicelib.understanding.learned import LearnedEngine
from chalicelib.understanding.models import TopicDecision


class CombinedEngine:
    """A `TopicEngine`; see the module's description."""

    def __init__(self, learned: LearnedEngine, definitions: TopicEngine) -> None:
        self._learned = learned
        self._definitions = definitions
        defined, known = set(definitions.labels), set(learned.labels)
        self._new = defined - known
        self._gone = known - defined if defined else set()
        self._mature = learned.about.calibration.floor is not None

    @property
    def model_version(self) -> str:
        return f"{self._learned.model_version}+{self._definitions.model_version}"

    @property
    def labels(self) -> tuple[str, ...]:
        learned = [label for label in self._learned.labels if label not in self._gone]
        return tuple(dict.fromkeys((*learned, *self._definitions.labels)))

    def decide(self, text: str, language: str) -> TopicDecision:
        """See `TopicEngine`."""
        learned = self._learned.decide(text, language)
        defined = self._definitions.decide(text, language)
        if learned.guess in self._gone:
            return defined
        if learned.label is not None:
            newer = defined.label in self._new and defined.confidence >= learned.confidence
            return defined if newer else learned
        if defined.label is None:
            return learned
        agreed = defined.label == learned.guess or defined.label in self._new
        return defined if agreed or not self._mature or not learned.why else learned
