"""The port behind which topics are decided, whoever decides them."""

from __future__ import annotations

from typing import Protocol

from chalicelib.understanding.models import TopicDecision


class TopicEngine(Protocol):
    """Decides the topic of a text. Pure once it is built; safe to keep between calls."""

    @property
    def model_version(self) -> str:
        """What distinguishes this engine's state from any other that decided differently."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The topics that it can name."""
        ...

    def decide(self, text: str, language: str) -> TopicDecision:
        """The topic of `text` (subject and what was newly written), whose language is an ISO 639-1
        code or "und"; label None when the engine does not know."""
        ...
