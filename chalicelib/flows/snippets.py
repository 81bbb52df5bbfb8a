"""The short texts that an agent can write with a word: their own, and those of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.cases.snippets import (
    OwnSnippets,
    SharedSnippet,
    Snippet,
    SnippetsSettings,
    visible,
)
from chalicelib.settings_documents import TeamsSettings

if TYPE_CHECKING:
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.snippets import SnippetStore


class Snippets(Model):
    """`items` are one's own, `shared` those of all: one's own goes before where both have a word.
    `version` is that of one's own."""

    items: tuple[Snippet, ...]
    shared: tuple[SharedSnippet, ...]
    version: int


@dataclass(frozen=True)
class SnippetWork:
    snippets: SnippetStore
    settings: SettingsStore

    def of(self, login: str) -> Snippets:
        return self._with_shared(self.snippets.own(login), login)

    def keep(self, given: OwnSnippets, login: str) -> Snippets:
        """Save one's own; raises StaleVersion where they were changed elsewhere."""
        return self._with_shared(self.snippets.keep(login, given), login)

    def _with_shared(self, own: OwnSnippets, login: str) -> Snippets:
        teams = self.settings.read("teams", TeamsSettings).teams
        mine = frozenset(team.name for team in teams if login in team.members)
        listed = self.settings.read("snippets", SnippetsSettings).snippets
        return Snippets(items=own.items, shared=visible(listed, mine), version=own.version)
