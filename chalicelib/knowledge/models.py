"""Articles: what is known about a trouble, in the customer's words, and how it is solved."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from chalicelib.base import Instant, Model

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=80)]
Code = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
"""ISO 639-1."""
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Step = Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"\S")]
Product = Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S")]
Steps = Annotated[tuple[Step, ...], Field(max_length=50)]
Products = Annotated[tuple[Product, ...], Field(max_length=30)]


class ArticleState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class ArticleText(Model):
    """An article in one language. `problem` is worded as customers word it."""

    title: Line
    problem: str = Field(default="", max_length=5_000)
    answer: str = Field(default="", max_length=20_000)
    steps: Steps = ()


Texts = Annotated[dict[Code, ArticleText], Field(min_length=1, max_length=10)]


class Article(Model):
    slug: str
    state: ArticleState = ArticleState.DRAFT
    texts: dict[str, ArticleText]
    products: tuple[str, ...] = ()
    owner: str = ""
    review_at: Instant | None = None  # when somebody should look whether it still holds
    from_case: str | None = None  # reference of the solved case that it was made from
    published_at: Instant | None = None
    updated_by: str = ""
    created_at: Instant
    updated_at: Instant
    version: int = 1


class ArticleVersion(Model):
    """What one change did: lines of a unified diff by field."""

    version: int
    by: str
    at: Instant
    changes: dict[str, str]


class Vote(Model):
    """Whether an article helped; a comment is feedback to its owner."""

    helpful: bool
    comment: str = ""
    at: Instant


class Votes(Model):
    helpful: int = 0
    unhelpful: int = 0


class NewArticle(Model):
    """An article that is written, or made from a solved case: `from_case` is its id or reference,
    and whatever else is given goes before what the case says. Without a slug it is made from the
    title."""

    slug: Slug | None = None
    texts: Texts | None = None
    products: Products = ()
    owner: str = Field(default="", max_length=254)
    review_at: Instant | None = None
    from_case: str | None = Field(default=None, min_length=1, max_length=64)


class ArticlePatch(Model):
    """Fields left out stay. `texts` replaces the languages that it names."""

    state: ArticleState | None = None
    texts: Texts | None = None
    products: Products | None = None
    owner: str | None = Field(default=None, max_length=254)
    review_at: Instant | None = None


Expression = Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S")]


class SynonymsSettings(Model):
    """The document `synonyms`: groups of expressions that mean the same to a search."""

    groups: tuple[Annotated[tuple[Expression, ...], Field(min_length=2, max_length=20)], ...] = (
        Field(default=(), max_length=500)
    )


class WordingSettings(Model):
    """Which model of Amazon Bedrock words answers; none does where `model` is empty.

    The stack's parameter AnswerModel gives the right to call it. Prices are US dollars a million
    tokens, for the figures alone.
    """

    model: str = Field(default="", max_length=200, pattern=r"^[A-Za-z0-9.:/_-]*$")
    most_tokens: int = Field(default=300, ge=50, le=1_000)
    input_price: float = Field(default=0.0, ge=0, le=1_000)
    output_price: float = Field(default=0.0, ge=0, le=1_000)


class HelpSettings(Model):
    """The document `help`: what is answered by articles, and how.

    `answer_mail` adds the article that is surely meant to the acknowledgement of a mail or form,
    where the match reaches `mail_confidence`: on banking77 with an article for every second topic
    7 % of all mails got one at 1.1, 97 % of them the right one (at 1.0, 12 % and 88 %). That is
    one company's mail and not yours: look at the figures before. `learn_wordings` lets
    questions that an article solved become words by which it is found.
    """

    answer_mail: bool = False
    mail_confidence: float = Field(default=1.1, ge=0.8, le=1.3)
    learn_wordings: bool = True
    wording: WordingSettings = WordingSettings()


class Asker(StrEnum):
    """Where a question was asked."""

    HELP = "help"
    CHAT = "chat"
    MAIL = "mail"


class Wording(Model):
    """How somebody asked for what an article solved: the words, without personal data."""

    text: str
    language: str
    by: str  # "agent", or a keyed digest of the customer who asked
    at: Instant


class Learnt(Model):
    """How an article was asked for, newest first."""

    slug: str
    wordings: tuple[Wording, ...] = ()
    version: int = 0


class Turn(Model):
    """One question and what was said to it."""

    question: str
    reply: str


class QuestionState(StrEnum):
    ANSWERED = "answered"
    CLARIFYING = "clarifying"
    UNANSWERED = "unanswered"
    HANDED_OVER = "handed_over"


class QuestionSession(Model):
    """A conversation with the help centre, kept for the outcome and as training data."""

    id: str
    state: QuestionState
    language: str
    turns: tuple[Turn, ...]
    asker: Asker = Asker.HELP
    article: str | None = None  # the slug of the article that was shown last
    shown: tuple[str, ...] = ()  # slugs of all that were shown
    offered: tuple[str, ...] = ()  # slugs among which they were asked to choose
    solved: bool | None = None  # the customer's word
    reference: str | None = None  # of the case that it was handed over to, or is a part of
    case_id: str | None = None  # of chat and mail: the case in which it was asked
    caller: str = ""  # a keyed digest of who asked
    followed: bool = False  # they wrote to us within three days, in whatever matter
    why: str = ""  # it was handed over
    tokens_in: int = 0  # of a model that worded the answers
    tokens_out: int = 0
    created_at: Instant
    updated_at: Instant
    version: int = 1

    @property
    def asked(self) -> str:
        """All that was asked, for a search."""
        return "\n".join(turn.question for turn in self.turns)
