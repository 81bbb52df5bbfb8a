"""What people do with articles: list, write, change, vote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.errors import Conflict, Invalid, NotFound, StaleVersion
from chalicelib.knowledge import rules
from chalicelib.knowledge.models import (
    Article,
    ArticlePatch,
    ArticleState,
    ArticleVersion,
    NewArticle,
    Vote,
    Votes,
)
from chalicelib.ports import Clock, Ids
from chalicelib.store import items

if TYPE_CHECKING:
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.cursors import Cursors

RESERVED = frozenset({"missing"})  # /v1/articles/missing is a list
TRIES = 20  # of a slug made from a title that others have


class ArticlePart(Model):
    """A page of articles, and where the next one begins."""

    articles: tuple[Article, ...]
    cursor: str | None


class ArticleDetail(Model):
    """An article with how it came to be and how it is liked."""

    article: Article
    versions: tuple[ArticleVersion, ...]  # newest first
    votes: Votes
    comments: tuple[Vote, ...]  # newest first


@dataclass(frozen=True)
class ArticleService:
    articles: ArticleStore
    cursors: Cursors
    clock: Clock
    ids: Ids

    def find(self, states: Sequence[ArticleState], limit: int, cursor: str | None) -> ArticlePart:
        """A page of articles in those states, newest first; raises Malformed."""
        scope = f"articles {','.join(states)}"
        merged = self.articles.listing(states, limit, self.cursors.read(scope, cursor))
        found = tuple(items.model(Article, stored) for stored in merged.items)
        return ArticlePart(articles=found, cursor=self.cursors.write(scope, merged.positions))

    def detail(self, slug: str) -> ArticleDetail:
        """Raises NotFound."""
        return ArticleDetail(
            article=self.articles.get(slug),
            versions=tuple(self.articles.versions(slug)),
            votes=self.articles.votes(slug),
            comments=tuple(self.articles.comments(slug)),
        )

    def write(self, given: NewArticle, by: str) -> Article:
        """Add an article as a draft; raises Conflict where its slug is taken, Invalid."""
        if not given.texts:
            raise Invalid.field("texts", "is needed, in one language at least")
        now = self.clock()
        texts = given.texts
        title = texts.get("en", next(iter(texts.values()))).title
        article = Article(
            slug=given.slug or rules.slug_of(title),
            texts=texts,
            products=given.products,
            owner=given.owner or by,
            review_at=given.review_at,
            from_case=given.from_case,
            updated_by=by,
            created_at=now,
            updated_at=now,
        )
        for number in range(2, TRIES):
            try:
                if article.slug in RESERVED:
                    raise Conflict(f"no article can be called {article.slug}")
                self.articles.add(article, self._entry(None, article, by))
                return article
            except Conflict:
                if given.slug:
                    raise
                base = rules.slug_of(title)
                article = article.model_copy(update={"slug": f"{base}-{number}"})
        raise Conflict("many articles have this title; give a slug")

    def patch(self, slug: str, version: int, given: ArticlePatch, by: str) -> Article:
        """The article after a change, as it was where nothing is different.

        Raises NotFound, StaleVersion with the newest state, Conflict for a forbidden step.
        """
        article = self.articles.get(slug)
        if article.version != version:
            newest = article.model_dump(mode="json")
            raise StaleVersion(f"it is at version {article.version} by now", current=newest)
        changed = rules.patched(article, given, self.clock(), by)
        if changed is not article:
            self.articles.save(changed, self._entry(article, changed, by))
        return changed

    def vote(self, slug: str, helpful: bool, comment: str) -> Votes:
        """Keep a customer's word on a published article; raises NotFound."""
        if self.articles.get(slug).state != ArticleState.PUBLISHED:
            raise NotFound(f"there is no article {slug}")
        vote = Vote(helpful=helpful, comment=comment.strip(), at=self.clock())
        self.articles.vote(slug, vote, self.ids.new())
        return self.articles.votes(slug)

    def _entry(self, before: Article | None, after: Article, by: str) -> ArticleVersion:
        return ArticleVersion(
            version=after.version,
            by=by,
            at=after.updated_at,
            changes=rules.difference(before, after),
        )
