"""Articles that go along with an agent's reply: counted as sent, and looked after in three days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.cases.models import Message
from chalicelib.errors import Invalid
from chalicelib.store import keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write

if TYPE_CHECKING:
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.questions import QuestionStore
    from chalicelib.store.reactions import ReactionStore

CREDIT: Final = "credit"  # of a reaction's data: the article that an agent sent
STAYS: Final = timedelta(days=3)  # solved so long after the reply counts as solved
ARTICLES: Final = "articles"  # of a message's source: slugs with spaces between


def check(articles: ArticleStore, slugs: Sequence[str]) -> None:
    """Raises Invalid for an article that does not exist."""
    known = articles.some(slugs) if slugs else {}
    for number, slug in enumerate(slugs):
        if slug not in known:
            raise Invalid.field(f"articles.{number}", "there is no such article")


def noted(message: Message, slugs: Sequence[str]) -> Message:
    """The message with what goes along with it."""
    if not slugs:
        return message
    listed = " ".join(dict.fromkeys(slugs))
    return message.model_copy(update={"source": {**message.source, ARTICLES: listed}})


def sent(
    questions: QuestionStore, reactions: ReactionStore, message: Message, message_sk: str
) -> list[Write]:
    """Writes beside a reply with articles (see flows/crediting.py)."""
    writes = []
    for slug in str(message.source.get(ARTICLES, "")).split():
        writes.append(questions.count(message.created_at, slug, f"{message.id} {slug}", "sent"))
        reaction = Reaction(
            owner=keys.case(message.case_id)[0],
            kind="answer",
            id=f"{message.id}-{slug}",
            data={CREDIT: slug, "message": message_sk},
        )
        writes.append(reactions.new(reaction, message.created_at + STAYS))
    return writes
