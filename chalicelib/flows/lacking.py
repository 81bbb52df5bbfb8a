"""Articles that are missing: what customers ask and no article answers, grouped and named.

Questions are kept without personal data as far as rules find it (understanding/pii.py). A group is
called by the words that tell it from the others; it counts conversations, so that one person who
asks ten times is one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.base import Instant, Model
from chalicelib.flows.library import embed
from chalicelib.knowledge import gathering
from chalicelib.knowledge.gathering import Text
from chalicelib.knowledge.models import QuestionSession
from chalicelib.understanding.pii import redact

if TYPE_CHECKING:
    from chalicelib.store.questions import QuestionStore

LISTED = 400  # unanswered questions that are grouped
EXAMPLES = 5
Among = Callable[[Collection[str]], Collection[str]]
"""Those of some cases' ids that whoever asks may see."""


class MissingArticle(Model):
    """Questions that ask the same and that no article answers. `name` are the words that tell them
    from the others; `count` are conversations, `people` those who are known to be different."""

    question: str
    name: str = ""
    count: int
    people: int = 0
    language: str
    examples: tuple[str, ...]
    newest_at: Instant


@dataclass(frozen=True)
class Lacking:
    questions: QuestionStore

    def missing(self, limit: int, among: Among) -> list[MissingArticle]:
        """What customers ask and no article answers, most asked first; what was asked in cases only
        where whoever looks may see them."""
        asked = [s for s in self.questions.unanswered(LISTED) if s.turns]
        seen = among({session.case_id for session in asked if session.case_id})
        sessions = [s for s in asked if not s.case_id or s.case_id in seen]
        texts = [_text(session) for session in sessions]
        groups = gathering.groups(texts)
        names = gathering.names(texts, groups)
        return [
            _group([sessions[n] for n in group], texts, group, name)
            for group, name in zip(groups[:limit], names, strict=False)
        ]


def _text(session: QuestionSession) -> Text:
    asked = redact(session.turns[-1 if session.shown else 0].question).text
    return gathering.read(asked, session.language, embed(asked, session.language))


def _group(
    sessions: list[QuestionSession], texts: list[Text], group: list[int], name: str
) -> MissingArticle:
    asked = [texts[n].text for n in group]
    people = {session.caller or session.id for session in sessions}
    return MissingArticle(
        question=asked[0],
        name=name,
        count=len({session.id for session in sessions}),
        people=len(people),
        language=sessions[0].language,
        examples=tuple(dict.fromkeys(asked))[:EXAMPLES],
        newest_at=max(session.created_at for session in sessions),
    )
