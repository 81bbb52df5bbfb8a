"""An answer worded by a model from the passages that were found, where one is set up.

Never needed: whatever goes wrong (no right, throttled, slow, words that the passages do not bear
out) ends with the passage itself. What it took is counted in tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.errors import WordingFailed
from chalicelib.knowledge import citing
from chalicelib.knowledge.citing import Passage
from chalicelib.knowledge.models import HelpSettings
from chalicelib.observability import logger
from chalicelib.ports import Worder

if TYPE_CHECKING:
    from chalicelib.store.settings import SettingsStore


class Worded(Model):
    """`text` is "" where the passage is to be shown as it is."""

    text: str = ""
    cited: tuple[str, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True)
class Wording:
    settings: SettingsStore
    worder: Callable[[], Worder]

    def word(self, question: str, passages: Sequence[Passage], language: str) -> Worded:
        """The passages as an answer to the question, or nothing; never raises for a model."""
        wanted = self.settings.read("help", HelpSettings).wording
        if not wanted.model or not passages:
            return Worded()
        try:
            said = self.worder().converse(
                model=wanted.model,
                system=citing.INSTRUCTIONS,
                text=citing.asked(question, passages, language),
                most_tokens=wanted.most_tokens,
            )
        except WordingFailed as failed:
            logger().warning("an answer was not worded", extra={"reason": failed.reason})
            return Worded()
        held = citing.checked(said.text, passages, language)
        if held.refused or not said.complete:
            why = held.refused or "it was cut off"
            logger().warning("a worded answer was refused", extra={"reason": why})
            return Worded(tokens_in=said.tokens_in, tokens_out=said.tokens_out)
        return Worded(
            text=held.text,
            cited=held.cited,
            tokens_in=said.tokens_in,
            tokens_out=said.tokens_out,
        )
