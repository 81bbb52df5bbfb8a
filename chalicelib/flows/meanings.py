"""What a case means, kept by the function that has the sentence model for those that have not.

The desk asks for similar cases through the API, whose functions carry no model: they start while a
person waits. So the vector of what a customer asked is kept beside the case when it is triaged.
"""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.flows.library import Meaning
from chalicelib.store.articles import CaseMeaning
from chalicelib.understanding.sentences import layered

if TYPE_CHECKING:
    from chalicelib.store.articles import ArticleStore


@dataclass(frozen=True)
class Meanings:
    articles: ArticleStore

    def keep(self, case_id: str, text: str, language: str) -> None:
        """Keep the vector of what was asked; nothing in a function without the model, or where the
        model does not know the language. Safe to repeat; a search goes on without it."""
        model = layered()
        vector = model.embed(text, language) if model else None
        if model is None or vector is None:
            return
        small = array("b", [round(127 * value) for value in vector])
        kept = b64encode(small.tobytes()).decode()
        self.articles.keep_meaning(
            CaseMeaning(case_id=case_id, sentences=model.version, vector=kept)
        )

    def of(self, case_id: str) -> Meaning | None:
        """What was kept of a case."""
        kept = self.articles.meaning(case_id)
        if kept is None:
            return None
        small = array("b", b64decode(kept.vector))
        return Meaning(kept.sentences, tuple(value / 127 for value in small))
