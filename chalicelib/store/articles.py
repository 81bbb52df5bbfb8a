"""Articles with their versions and votes, and which indexes are in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from chalicelib.base import Instant, Model, iso
from chalicelib.errors import Conflict, NotFound, StaleVersion
from chalicelib.knowledge.models import (
    Article,
    ArticleState,
    ArticleVersion,
    Vote,
    Votes,
)
from chalicelib.store import items, keys
from chalicelib.store.cursors import Merged, merge
from chalicelib.store.table import (
    Table,
    Write,
    WriteRefused,
    check,
    put,
    put_new,
    put_version,
    update,
)

ARTICLES, CASES = "articles", "cases"  # names of indexes


class Solved(Model):
    """What solved a case, without its customer's data: read when the case is suggested."""

    case_id: str
    stamp: int  # version of the case
    language: str
    text: str
    solved_with: str


class CaseMeaning(Model):
    """The vector of what a customer asked, by that version of the sentence model: one signed byte
    a dimension, in base64."""

    case_id: str
    sentences: str
    vector: str


class IndexPointer(Model):
    """The file of an index that is in use. The file is never changed: a new one gets a new key."""

    name: str
    key: str
    before: str = ""  # the file that readers may still have to load
    documents: int
    bytes: int
    built_at: Instant
    made_for: str = ""  # format, and sentence model where one was used
    newer: str = ""  # the mark of changes (see `newer`) that it has in it
    walked_to: str = ""  # how far the walk through all that is old has come
    checked: int = 0  # how many of its documents were checked in this round


class ArticleStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    # --- articles ------------------------------------------------------------------------

    def get(self, slug: str) -> Article:
        """Raises NotFound."""
        stored = self._table.get(keys.article(slug))
        if stored is None:
            raise NotFound(f"there is no article {slug}")
        return items.model(Article, stored)

    def some(self, slugs: Iterable[str]) -> dict[str, Article]:
        """Those that exist."""
        found = self._table.batch_get([keys.article(slug) for slug in slugs])
        return {stored["slug"]: items.model(Article, stored) for stored in found.values()}

    def all(self) -> Iterator[Article]:
        """Every article, by state; a Query a megabyte."""
        for state in ArticleState:
            for stored in self._table.query_all(f"{keys.ARTICLES}#{state}", index="gsi2"):
                yield items.model(Article, stored)

    def listing(
        self, states: Iterable[ArticleState], limit: int, positions: dict[str, Any] | None
    ) -> Merged:
        partitions = [f"{keys.ARTICLES}#{state}" for state in states]
        return merge(self._table, 2, partitions, limit, positions)

    def add(self, article: Article, entry: ArticleVersion) -> None:
        """Raises Conflict where the slug is taken."""
        try:
            self._table.commit(
                put_new("article", _item(article)), _version(article.slug, entry), _newer(article)
            )
        except WriteRefused as refused:
            raise Conflict(f"there is an article {article.slug} already") from refused

    def save(self, article: Article, entry: ArticleVersion) -> None:
        """Store an article that is one version on; raises StaleVersion after a lost race."""
        change = put_version("article", _item(article), article.version - 1)
        try:
            self._table.commit(change, _version(article.slug, entry), _newer(article))
        except WriteRefused as refused:
            newest = self.get(article.slug)
            raise StaleVersion(
                f"it is at version {newest.version} by now", current=newest.model_dump(mode="json")
            ) from refused

    def versions(self, slug: str, limit: int = 50) -> list[ArticleVersion]:
        """Newest first."""
        pk = keys.article(slug)[0]
        page = self._table.query(pk, prefix=keys.VERSIONS, newest_first=True, limit=limit)
        return [items.model(ArticleVersion, stored) for stored in page.items]

    # --- votes ---------------------------------------------------------------------------

    def vote(self, slug: str, vote: Vote, identifier: str) -> None:
        """Keep a vote and count it, in one transaction; raises NotFound."""
        try:
            self._table.commit(
                check("article", keys.article(slug), "attribute_exists(pk)"),
                *self.vote_writes(slug, vote, identifier),
            )
        except WriteRefused as refused:
            raise NotFound(f"there is no article {slug}") from refused

    def vote_writes(self, slug: str, vote: Vote, identifier: str) -> list[Write]:
        """A vote and its count, as a part of a transaction."""
        field = "helpful" if vote.helpful else "unhelpful"
        counted = update("votes", keys.votes(slug), f"ADD {field} :one", one=1)
        key = keys.vote(slug, vote.at, identifier)
        return [counted, put_new("vote", items.item(key, "vote", vote))]

    def votes(self, slug: str) -> Votes:
        stored = self._table.get(keys.votes(slug))
        return items.model(Votes, stored) if stored else Votes()

    def comments(self, slug: str, limit: int = 50) -> list[Vote]:
        """The newest votes that say something, newest first."""
        pk = keys.article(slug)[0]
        page = self._table.query(pk, prefix=keys.VOTE, newest_first=True, limit=4 * limit)
        found = [items.model(Vote, stored) for stored in page.items]
        return [vote for vote in found if vote.comment][:limit]

    # --- indexes and what is behind them -------------------------------------------------

    def pointer(self, name: str) -> IndexPointer | None:
        stored = self._table.get(keys.index_pointer(name), consistent=False)
        return items.model(IndexPointer, stored) if stored else None

    def newer(self, name: str) -> str:
        """A mark that is another after each change of what the index is made from."""
        stored = self._table.get(keys.index_newer(name))
        return str(stored["mark"]) if stored else ""

    def point(self, pointer: IndexPointer) -> None:
        self._table.commit(
            put("index", items.item(keys.index_pointer(pointer.name), "index", pointer))
        )

    def keep_solved(self, entries: Iterable[Solved]) -> None:
        self._table.batch_put(
            [items.item(keys.solved(entry.case_id), "solved", entry) for entry in entries]
        )

    def solved(self, case_ids: Iterable[str]) -> dict[str, Solved]:
        """What solved those of the cases that are indexed."""
        found = self._table.batch_get([keys.solved(case_id) for case_id in case_ids])
        return {stored["case_id"]: items.model(Solved, stored) for stored in found.values()}

    def keep_meaning(self, meaning: CaseMeaning) -> None:
        """In place of the one that was kept before."""
        key = keys.meaning(meaning.case_id)
        self._table.batch_put([items.item(key, "meaning", meaning)])

    def meaning(self, case_id: str) -> CaseMeaning | None:
        key = keys.meaning(case_id)
        stored = self._table.batch_get([key]).get(key)
        return items.model(CaseMeaning, stored) if stored else None


def _item(article: Article) -> dict[str, Any]:
    listed = items.by_time(article.created_at, article.slug)
    return items.item(
        keys.article(article.slug),
        "article",
        article,
        **keys.index(2, f"{keys.ARTICLES}#{article.state}", listed),
    )


def _version(slug: str, entry: ArticleVersion) -> Write:
    return put_new(
        "version", items.item(keys.article_version(slug, entry.version), "version", entry)
    )


def _newer(article: Article) -> Write:
    pk, sk = keys.index_newer(ARTICLES)
    mark = f"{article.slug} {article.version} {iso(article.updated_at)}"
    return put("newer", {"pk": pk, "sk": sk, "type": "newer", "mark": mark})
