"""An article from a solved case in one call, and what the public reads of articles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.base import Instant, Model
from chalicelib.cases.models import AuthorType, Case, Direction, Message, MessageKind
from chalicelib.errors import Conflict, NotFound
from chalicelib.flows.indexing import cleaned, first_asked
from chalicelib.flows.library import ARTICLE_WORDS
from chalicelib.knowledge import rules
from chalicelib.knowledge.models import Article, ArticleState, ArticleText, NewArticle, Votes
from chalicelib.store import items
from chalicelib.store.articles import ARTICLES
from chalicelib.understanding.language import identify_language

if TYPE_CHECKING:
    from chalicelib.flows.library import Library
    from chalicelib.knowledge.service import ArticleService
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.cases import CaseStore

CANDIDATES = 60
LEAST = 0.2


class PublicArticle(Model):
    """An article as the public reads it, in one language."""

    slug: str
    language: str
    languages: tuple[str, ...]
    title: str
    problem: str
    answer: str
    steps: tuple[str, ...]
    products: tuple[str, ...]
    votes: Votes
    updated_at: Instant


class FoundArticle(Model):
    """`snippet` is the sentence that has most of what was asked for."""

    slug: str
    language: str
    title: str
    snippet: str
    products: tuple[str, ...]
    score: float


class FoundArticles(Model):
    """`facets` count what was found by product and by language."""

    items: tuple[FoundArticle, ...]
    facets: dict[str, dict[str, int]]
    corrected: dict[str, str] = {}  # what was taken for a misspelt word


@dataclass(frozen=True)
class Authoring:
    library: Library
    articles: ArticleStore
    service: ArticleService
    cases: CaseStore

    def write(self, given: NewArticle, by: str) -> Article:
        """Add an article; raises NotFound, Conflict where the case has no answer, Invalid."""
        if given.from_case:
            case = self.cases.final(given.from_case)
            texts = {**self._texts(case), **(given.texts or {})}
            more = {"texts": texts, "from_case": case.reference}
            given = given.model_copy(update=more)
        return self.service.write(given, by)

    def _texts(self, case: Case) -> dict[str, ArticleText]:
        """What the customer asked and what an agent answered last, without the customer's data."""
        page = self.cases.messages(case.id, 100, None)
        entries = [items.model(Message, stored) for stored in page.items]
        asked = first_asked(entries)
        answers = [
            m
            for m in entries
            if m.direction == Direction.OUTBOUND
            and m.kind == MessageKind.MESSAGE
            and m.author.type == AuthorType.AGENT
        ]
        if asked is None or not answers:
            raise Conflict("this case has no question that an agent answered")
        names = [p.name for p in case.participants] + [m.author.name for m in (asked, *answers)]
        problem = cleaned(asked.text, names)[:5_000]
        subject = cleaned(rules.bare_subject(case.subject), names)
        title = subject or problem.partition("\n")[0] or "Untitled"
        language = case.language or identify_language(asked.text).code
        code = language if len(language) == 2 else "en"
        answer = "\n\n".join(dict.fromkeys(cleaned(m.text, names) for m in answers[-3:]))
        text = ArticleText(title=title[:200], problem=problem, answer=answer[:20_000])
        return {code: text}

    # --- the public ----------------------------------------------------------------------

    def read(self, slug: str, language: str | None) -> PublicArticle:
        """A published article; raises NotFound for any other."""
        article = self.articles.get(slug)
        if article.state != ArticleState.PUBLISHED:
            raise NotFound(f"there is no article {slug}")
        shown = rules.best_language(article, language or "en")
        text = article.texts[shown]
        return PublicArticle(
            slug=article.slug,
            language=shown,
            languages=tuple(sorted(article.texts)),
            **text.model_dump(),
            products=article.products,
            votes=self.articles.votes(slug),
            updated_at=article.updated_at,
        )

    def search(
        self, text: str, language: str | None, product: str | None, limit: int, reader: str = ""
    ) -> FoundArticles:
        """Published articles that say what is asked for; without a question the newest, in the
        language of `reader` where they have it. `language` leaves out those that do not."""
        code = language or (identify_language(text).code if text else reader or "en")
        index = self.library.index(ARTICLES)
        corrected: dict[str, str] = {}
        scores: dict[tuple[str, str], float] = {}
        if text and index and index.keys:
            asked = self.library.ask(index, text, "en" if code == "und" else code)
            corrected = asked.corrections
            hits = self.library.find(
                ARTICLES,
                text,
                "en" if code == "und" else code,
                CANDIDATES,
                (lambda i, n: i.languages[n] == language) if language else None,
                ARTICLE_WORDS,
            )
            for hit in hits:
                slug, _, found_in = hit.key.partition("#")
                if hit.matched or hit.meaning >= LEAST * 2:
                    scores[slug, found_in] = hit.score
        elif not text:
            newest = self.service.find([ArticleState.PUBLISHED], CANDIDATES, None).articles
            for article in newest:
                shown = rules.best_language(article, code)
                if language in (None, shown):
                    scores[article.slug, shown] = 0.0
        return self._found(scores, text, product, limit, corrected)

    def _found(
        self,
        scores: dict[tuple[str, str], float],
        text: str,
        product: str | None,
        limit: int,
        corrected: dict[str, str],
    ) -> FoundArticles:
        known = self.articles.some(dict.fromkeys(slug for slug, _ in scores))
        found: list[FoundArticle] = []
        seen: set[str] = set()
        for (slug, language), score in scores.items():
            article = known.get(slug)
            if article is None or article.state != ArticleState.PUBLISHED or slug in seen:
                continue
            if language not in article.texts or (product and product not in article.products):
                continue
            seen.add(slug)
            found.append(
                FoundArticle(
                    slug=slug,
                    language=language,
                    title=article.texts[language].title,
                    snippet=rules.snippet(article.texts[language], text, language),
                    products=article.products,
                    score=round(score, 3),
                )
            )
        products = Counter(product for entry in found for product in entry.products)
        languages = Counter(entry.language for entry in found)
        return FoundArticles(
            items=tuple(found[:limit]),
            facets={"product": dict(products), "language": dict(languages)},
            corrected=corrected,
        )
