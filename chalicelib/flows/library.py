"""The indexes as a function has them: loaded when first asked for, exchanged when there are newer.

Which file is in use stands in the table, not at a fixed address in the bucket: a reader never meets
half of a change, and a file that does not exist yet is no error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.errors import NotFound
from chalicelib.knowledge import search
from chalicelib.knowledge.index import Index, OtherFormat
from chalicelib.knowledge.models import SynonymsSettings
from chalicelib.knowledge.search import Found, Question, Synonyms
from chalicelib.knowledge.stemming import terms
from chalicelib.ports import Clock, Objects
from chalicelib.understanding.sentences import layered
from chalicelib.understanding.vectors import Vector, shipped_table

if TYPE_CHECKING:
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.settings import SettingsStore

FRESH = timedelta(seconds=20)  # how long a file counts as the newest without asking
ARTICLE_WORDS = 0.6  # of an article the words count more: it is longer than what is asked


def embed(text: str, language: str) -> Vector | None:
    """The vector of a text, where the shipped table knows its language."""
    return shipped_table().embed(text, language)


def meant(text: str, language: str, version: str) -> Vector | None:
    """The vector by that version of the sentence model, where this function has it."""
    model = layered()
    return model.embed(text, language) if model and model.version == version else None


class Meaning(NamedTuple):
    """A vector by a sentence model of that version."""

    version: str
    vector: Vector


@dataclass
class Library:
    articles: ArticleStore
    settings: SettingsStore
    objects: Callable[[], Objects]
    clock: Clock
    _loaded: dict[str, tuple[datetime, str, Index]] = field(default_factory=dict)

    def index(self, name: str) -> Index | None:
        """The newest index of that name, None where none was built yet, or none that this version
        of the code can read."""
        now = self.clock()
        asked, key, index = self._loaded.get(name, (None, "", None))
        if index is not None and asked is not None and now - asked < FRESH:
            return index
        pointer = self.articles.pointer(name)
        if pointer is None:
            return None
        if pointer.key != key or index is None:
            try:
                index = Index(self.objects().get(pointer.key))
            except OtherFormat:  # the indexing of the same version replaces it within minutes
                return None
            except NotFound:  # exchanged twice since we read the pointer
                pointer = self.articles.pointer(name) or pointer
                index = Index(self.objects().get(pointer.key))
        self._loaded[name] = (now, pointer.key, index)
        return index

    def ask(
        self, index: Index, text: str, language: str, meaning: Vector | None = None
    ) -> Question:
        """A question for that index, with the synonyms of the settings. `meaning` is its vector by
        the sentence model of the index, where it is known; here it can be made only in a function
        with the layer."""
        if meaning is None and index.sentences.dimensions:
            meaning = meant(text, language, index.sentences.version)
        synonyms = self.synonyms(language)
        return search.ask(index, text, language, embed(text, language), synonyms, meaning)

    def find(
        self,
        name: str,
        text: str,
        language: str,
        limit: int,
        keep: Callable[[Index, int], bool] | None = None,
        words_weight: float = search.WORDS_WEIGHT,
        meaning: Meaning | None = None,
    ) -> list[Found]:
        """The best documents of an index; none where it was not built yet. `meaning` is what is
        kept of the text's vector by a sentence model."""
        index = self.index(name)
        if index is None or not index.keys:
            return []
        fits = meaning is not None and meaning.version == index.sentences.version
        question = self.ask(index, text, language, meaning.vector if meaning and fits else None)
        kept = (lambda number: keep(index, number)) if keep else None
        return search.search(index, question, limit, kept, words_weight)

    def synonyms(self, language: str) -> Synonyms:
        groups: Sequence[Sequence[str]] = self.settings.read("synonyms", SynonymsSettings).groups
        return [[terms(expression, language) for expression in group] for group in groups]
