"""Articles for agents and for the public, answers to questions, suggestions for a case."""

from __future__ import annotations

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.errors import Invalid
from chalicelib.flows.answering import (
    Asked,
    HandoverInput,
    Outcome,
    OutcomeInput,
    Replied,
)
from chalicelib.flows.authoring import FoundArticles, PublicArticle
from chalicelib.flows.lacking import MissingArticle
from chalicelib.flows.suggesting import Suggestions
from chalicelib.handlers.http import Call, Reply, bounded, route
from chalicelib.handlers.queries import PageQuery
from chalicelib.handlers.visitors import visitor
from chalicelib.knowledge.models import (
    Article,
    ArticlePatch,
    ArticleState,
    ArticleVersion,
    NewArticle,
    Vote,
    Votes,
)

routes = Blueprint(__name__)


class ArticleQuery(PageQuery):
    """`state` takes several, separated by commas; without it all are listed."""

    state: str | None = Field(default=None, max_length=60)


class ArticlePage(Model):
    """Articles, newest first."""

    items: tuple[Article, ...]
    cursor: str | None = None


class ArticleView(Article):
    """An article with its history and what readers said; `versions` and `comments` newest first."""

    versions: tuple[ArticleVersion, ...]
    votes: Votes
    comments: tuple[Vote, ...]


class MissingQuery(Model):
    limit: int = Field(default=25, ge=1, le=100)


class MissingList(Model):
    """What customers ask and no article answers, most asked first."""

    items: tuple[MissingArticle, ...]


class HelpArticleQuery(Model):
    """`q` is what is looked for, in the customer's words."""

    q: str = Field(default="", max_length=500)
    language: str | None = Field(default=None, pattern=r"^[a-z]{2}$")
    product: str | None = Field(default=None, max_length=60)
    limit: int = Field(default=10, ge=1, le=50)


class LanguageQuery(Model):
    language: str | None = Field(default=None, pattern=r"^[a-z]{2}$")


class VoteInput(Model):
    """Whether an article helped. A comment reaches its owner."""

    helpful: bool
    comment: str = Field(default="", max_length=2_000)


@route(routes, "GET", "/v1/articles", query=ArticleQuery, answer=ArticlePage)
def list_articles(call: Call, query: ArticleQuery) -> Reply:
    """Articles in any state, newest first."""
    part = call.app.article_service.find(_states(query.state), query.limit, query.cursor)
    return Reply(ArticlePage(items=part.articles, cursor=part.cursor))


@route(
    routes,
    "POST",
    "/v1/articles",
    body=NewArticle,
    answer=ArticleView,
    status=201,
    example={"from_case": "C-7K2M9Q", "products": ["app"]},
    also=(404, 409),
)
def write_article(call: Call, body: NewArticle) -> Reply:
    """Write an article, or make one from a solved case: what the customer asked and what an agent
    answered, without the customer's data. It begins as a draft."""
    bounded(body.model_dump_json(), "texts")
    if body.from_case:
        call.sight.check(body.from_case)
    article = call.app.authoring.write(body, call.who.email)
    return _one(call, article.slug, 201, {"Location": f"articles/{article.slug}"})


@route(routes, "GET", "/v1/articles/missing", query=MissingQuery, answer=MissingList)
def missing_articles(call: Call, query: MissingQuery) -> Reply:
    """Articles that are missing: questions without an answer, grouped by what they ask."""
    found = call.app.lacking.missing(query.limit, call.sight.among)
    return Reply(MissingList(items=tuple(found)))


@route(routes, "GET", "/v1/articles/{slug}", answer=ArticleView)
def get_article(call: Call, slug: str) -> Reply:
    """One article with its versions and their differences, votes and comments."""
    return _one(call, slug)


@route(
    routes,
    "PATCH",
    "/v1/articles/{slug}",
    body=ArticlePatch,
    answer=ArticleView,
    if_match=True,
    example={"state": "published"},
    also=(409,),
)
def patch_article(call: Call, slug: str, body: ArticlePatch) -> Reply:
    """Change an article: its texts, its state, its owner, when to review it. Needs If-Match."""
    bounded(body.model_dump_json(), "texts")
    call.app.article_service.patch(slug, call.version(), body, call.who.email)
    return _one(call, slug)


@route(routes, "GET", "/v1/cases/{id}/suggestions", answer=Suggestions)
def suggestions(call: Call, id: str) -> Reply:
    """What may help with a case: solved cases like it with what solved them, articles, macros.

    Each has a score and why it is there. Other open contacts of the same customer about the same
    come first, marked as duplicates.
    """
    return Reply(call.app.suggesting.suggest(id, call.who.email, call.sight.sees))


@route(routes, "GET", "/v1/help/articles", query=HelpArticleQuery, answer=FoundArticles)
def search_articles(call: Call, query: HelpArticleQuery) -> Reply:
    """Search the published articles: by words, their forms, synonyms, typos and meaning."""
    found = call.app.authoring.search(query.q.strip(), query.language, query.product, query.limit)
    return Reply(found)


@route(routes, "GET", "/v1/help/articles/{slug}", query=LanguageQuery, answer=PublicArticle)
def read_article(call: Call, slug: str, query: LanguageQuery) -> Reply:
    """A published article, in the language that was asked for where it has it."""
    return Reply(call.app.authoring.read(slug, query.language))


@route(
    routes,
    "POST",
    "/v1/help/articles/{slug}/votes",
    body=VoteInput,
    answer=Votes,
    status=201,
    example={"helpful": True, "comment": "The third step is the one."},
    also=(429,),
)
def vote(call: Call, slug: str, body: VoteInput) -> Reply:
    """Say whether an article helped."""
    call.app.answering.allow("vote", call.address)
    return Reply(call.app.article_service.vote(slug, body.helpful, body.comment), 201)


@route(
    routes,
    "POST",
    "/v1/help/questions",
    body=Asked,
    answer=Replied,
    example={"question": "Why was my card charged twice?"},
    also=(404, 409, 429),
)
def ask_question(call: Call, body: Asked) -> Reply:
    """Ask: the answer is a passage of an article, one question back, or a person.

    Nothing is made up. Send `session` to go on. Where nothing answers, a case is opened at once if
    the question came with an address; else see /handover.
    """
    return Reply(call.app.answering.ask(body, call.address, visitor(call)))


@route(
    routes,
    "POST",
    "/v1/help/questions/{session}/handover",
    body=HandoverInput,
    answer=Replied,
    example={"email": "ada@example.com", "name": "Ada Byron"},
    also=(409, 429),
)
def hand_over(call: Call, session: str, body: HandoverInput) -> Reply:
    """Give a conversation to a person: a case with all that was said."""
    answering = call.app.answering
    return Reply(answering.hand_over(session, body, call.address, visitor(call)))


@route(
    routes,
    "POST",
    "/v1/help/questions/{session}/outcome",
    body=OutcomeInput,
    answer=Outcome,
    example={"solved": True},
    also=(409,),
)
def question_outcome(call: Call, session: str, body: OutcomeInput) -> Reply:
    """Did this solve it? It is kept, and counts as a vote on the article."""
    return Reply(call.app.answering.outcome(session, body))


def _one(call: Call, slug: str, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    detail = call.app.article_service.detail(slug)
    view = ArticleView(
        **dict(detail.article),
        versions=detail.versions,
        votes=detail.votes,
        comments=detail.comments,
    )
    return Reply(view, status, headers or {}, version=detail.article.version)


def _states(listed: str | None) -> list[ArticleState]:
    if not listed:
        return sorted(ArticleState)
    try:
        return sorted({ArticleState(name.strip()) for name in listed.split(",")})
    except ValueError as error:
        known = ", ".join(ArticleState)
        raise Invalid.field("state", f"is one or more of {known}, with commas between") from error
