"""Which engine decides topics: the model in use, together with the administrator's definitions.

The model's file is read when a first topic is decided, and again when another model is in use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.errors import NotFound
from chalicelib.ports import Objects
from chalicelib.understanding.combined import CombinedEngine
from chalicelib.understanding.engine import TopicEngine
from chalicelib.understanding.learned import LearnedEngine
from chalicelib.understanding.models import TopicsSettings
from chalicelib.understanding.topics import TopicScorer
from chalicelib.understanding.vectors import shipped_table

if TYPE_CHECKING:
    from chalicelib.store.models import ModelStore
    from chalicelib.store.settings import SettingsStore


@dataclass
class Deciding:
    settings: SettingsStore
    models: ModelStore
    objects: Callable[[], Objects]
    _scorer: tuple[TopicsSettings, TopicScorer] | None = None
    _learned: tuple[str, LearnedEngine | None] = ("", None)

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
        """The model in use; None where there is none, or where its file is gone: the definitions
        then go on alone, as before there was a model."""
        chosen = self.models.in_use()
        key = chosen.key if chosen else ""
        if self._learned[0] != key:
            self._learned = (key, self._read(key) if key else None)
        return self._learned[1]

    def _read(self, key: str) -> LearnedEngine | None:
        try:
            return LearnedEngine.from_bytes(self.objects().get(key), shipped_table())
        except NotFound:
            return None
