"""The help centre: search and articles. Public; all of it works without a script."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.errors import NotFound
from chalicelib.handlers import pages
from chalicelib.handlers.forms import fields
from chalicelib.handlers.http import FORM, Call, Reply, route
from chalicelib.problems.models import PublicState

routes = Blueprint(__name__)
LISTED = 12  # articles on the first page
MOST = 60  # in a list that somebody asked for
SHARED: dict[str, Any] = {"media_type": pages.HTML, "on_error": pages.refused}
COMMENT = 2_000  # characters


class HomeQuery(Model):
    """`q` is what is looked for; `product` narrows it; `all` asks for more than the newest."""

    q: str = Field(default="", max_length=500)
    product: str | None = Field(default=None, max_length=60)
    all: str = Field(default="", max_length=3)
    lang: str | None = Field(default=None, max_length=5)


class IssueQuery(Model):
    lang: str | None = Field(default=None, max_length=5)


class ArticlePageQuery(Model):
    """`q` is what led here; `voted` says that a vote has just been given."""

    q: str = Field(default="", max_length=500)
    voted: str | None = Field(default=None, max_length=3)
    lang: str | None = Field(default=None, max_length=5)


@route(routes, "GET", "/", head=True, query=HomeQuery, **SHARED)
def home(call: Call, query: HomeQuery) -> Reply:
    """Search, what is known to be broken, and the articles."""
    asked = query.q.strip()
    spoken = pages.spoken(call).language
    whole = bool(asked or query.product or query.all)
    search = call.app.authoring.search
    found = search(asked, None, query.product, MOST, spoken)
    everything = search(asked, None, None, MOST, spoken) if query.product else found
    items = found.items if asked else sorted(found.items, key=lambda a: a.language != spoken)
    articles = items if whole else items[:LISTED]
    return pages.page(
        call,
        "home.html",
        asked=asked,
        product=query.product or "",
        all=bool(query.all),
        found=found,
        facets=everything.facets["product"],
        articles=articles,
        more=len(found.items) > len(articles),
        known=call.app.issues.known() if not asked else (),
        settings=call.app.settings,
        texts=("answer.", "article.", "page.write") if asked else (),
        listed=not asked,
    )


@route(routes, "GET", "/issues/{id}", query=IssueQuery, **SHARED)
def issue(call: Call, id: str, query: IssueQuery) -> Reply:
    """A known issue: what is broken, what helps until it is mended, and what was said so far."""
    shown = call.app.issues.one(id)
    return pages.page(call, "issue.html", issue=shown, states=list(PublicState), listed=True)


@route(routes, "GET", "/a/{slug}", query=ArticlePageQuery, **SHARED)
def article(call: Call, slug: str, query: ArticlePageQuery) -> Reply:
    """An article, and whether it helped. Reading it changes nothing."""
    shown = call.app.authoring.read(slug, pages.spoken(call).language)
    return pages.page(
        call, "article.html", article=shown, asked=query.q, voted=query.voted, listed=True
    )


@route(
    routes,
    "POST",
    "/a/{slug}",
    takes=(FORM,),
    status=303,
    example="helpful=yes&comment=The+third+step+is+the+one.",
    also=(429,),
    **SHARED,
)
def article_vote(call: Call, slug: str) -> Reply:
    """Whether the article helped. Who was not helped is led on to a person."""
    call.app.answering.allow("vote", call.address)
    given = fields(call)
    answer = given.get("helpful", "")
    if answer not in ("yes", "no"):
        raise NotFound("nothing was answered")
    call.app.article_service.vote(slug, answer == "yes", given.get("comment", "")[:COMMENT])
    asked = given.get("q", "").strip()[:500]
    kept = f"&{urlencode({'q': asked})}" if asked else ""
    return pages.redirect(f"{slug}?voted={answer}{kept}")
