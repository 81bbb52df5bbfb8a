"""Snippets: short texts that are written often, each behind a word such as ;regards. Pure.

Those of everybody are the settings document `snippets`; each agent has their own beside them. A
snippet is only text: what also changes a case, or is filled in, is a macro (cases/macros.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field, model_validator

from chalicelib.base import Model

Word = Annotated[str, Field(pattern=r"^[\w-]{1,30}$")]
Text = Annotated[str, Field(min_length=1, max_length=4_000)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
LARGEST = 200_000  # bytes of all snippets of one agent: they are one item of the table


class Snippet(Model):
    """A text behind a word."""

    word: Word
    text: Text


class SharedSnippet(Snippet):
    """One that everybody has, or the teams in `visible_to`. `text` is for every language that
    `texts` does not have."""

    texts: dict[Language, Text] = Field(default={}, max_length=20)
    visible_to: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field(
        default=(), max_length=50
    )


class SnippetsSettings(Model):
    """The document `snippets`."""

    snippets: tuple[SharedSnippet, ...] = Field(default=(), max_length=500)

    @model_validator(mode="after")
    def _words_differ(self) -> Self:
        different(self.snippets)
        return self


class OwnSnippets(Model):
    """An agent's own; `version` counts how often they were saved."""

    items: tuple[Snippet, ...] = Field(default=(), max_length=200)
    version: int = 0

    @model_validator(mode="after")
    def _words_differ(self) -> Self:
        different(self.items)
        if sum(len(snippet.text.encode()) for snippet in self.items) > LARGEST:
            raise ValueError(f"all texts together may have {LARGEST} bytes")
        return self


def different(snippets: Iterable[Snippet]) -> None:
    """Raises ValueError where two have the same word."""
    words = [snippet.word.casefold() for snippet in snippets]
    if len(set(words)) < len(words):
        raise ValueError("two snippets have the same word; words must differ")


def visible(snippets: Iterable[SharedSnippet], teams: frozenset[str]) -> tuple[SharedSnippet, ...]:
    """The shared ones that somebody in those teams has."""
    return tuple(s for s in snippets if not s.visible_to or teams & frozenset(s.visible_to))
