"""Finding what to say to a question: a passage, one question back, or that a person is needed.

1. The articles in the asker's language, and in any other that shares its words or meaning.
2. Where none is near: the question's words in English, for articles that exist in English only.
   Such an answer says that it is in another language, and offers a person.
3. What an article says is said word for word; or, where a model is set up, worded by it from the
   passages that were found, with every citation checked (flows/wording.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.flows.library import ARTICLE_WORDS
from chalicelib.knowledge import deciding, rules
from chalicelib.knowledge.citing import Passage
from chalicelib.knowledge.deciding import Decision, Kind
from chalicelib.knowledge.glossary import gloss
from chalicelib.knowledge.models import Article, ArticleState, ArticleText
from chalicelib.knowledge.phrases import CLARIFY, PERSON_INSTEAD, elsewhere, phrase
from chalicelib.knowledge.search import Found
from chalicelib.store.articles import ARTICLES
from chalicelib.understanding.language import identify_language
from chalicelib.understanding.models import UNKNOWN_LANGUAGE

if TYPE_CHECKING:
    from chalicelib.flows.library import Library
    from chalicelib.flows.wording import Wording
    from chalicelib.store.articles import ArticleStore

SAME_LANGUAGE = 0.1  # what an article in the asker's language is ahead
UNDERSTOOD = 0.6  # share of a question's telling words that must be known in English
PASSAGES = 3  # that a model may word an answer from
LOOKED_AT = 12
CHOICES = {"1": 0, "2": 1, "3": 2}


class ArticleLink(Model):
    slug: str
    title: str
    language: str


class Answer(Model):
    """What was found. Of an answer `text` is what is said and `passage` the article's own words;
    `note` says that the article is in another language than the question. `shown` are the slugs
    that the customer gets to see, `tokens` what a model read and wrote."""

    kind: Kind
    text: str = ""
    passage: str | None = None
    article: ArticleLink | None = None
    options: tuple[ArticleLink, ...] = ()
    citations: tuple[ArticleLink, ...] = ()
    note: str = ""
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True)
class Shown:
    """An article that may be shown, in the language in which it is."""

    link: ArticleLink
    text: ArticleText


@dataclass(frozen=True)
class Finding:
    library: Library
    articles: ArticleStore
    wording: Callable[[], Wording]

    def answer(self, readings: Sequence[str], language: str, may_ask: bool) -> Answer:
        """What to say. `readings` are ways to take the question, the likeliest first: alone, or
        with what was said before."""
        for number, text in enumerate(readings):
            found = self.found(text, language)
            decision = deciding.decide(found, may_ask and number == 0)
            said = self._said(decision, found, text, language)
            if said.kind != Kind.HANDOVER:
                return said
        return self._elsewhere(readings[0], language, may_ask)

    def picked(self, offered: Sequence[str], said: str, language: str) -> Answer | None:
        """The answer of the article that somebody chose by its title or number, if they did."""
        if not offered:
            return None
        known = self._published(offered)
        wanted = " ".join(said.split()).strip(" \"'“”„.").casefold()
        for number, slug in enumerate(offered):
            if slug not in known:
                continue
            titles = {text.title.casefold() for text in known[slug].texts.values()}
            if wanted in titles or wanted == slug or CHOICES.get(wanted) == number:
                shown = _shown(known[slug], "", language)
                return self._given([shown], shown.text.title, language)
        return None

    def plainly(self, text: str, language: str, least: float) -> tuple[ArticleLink, str] | None:
        """(article, its passage) where one is meant beyond doubt, in the asker's language."""
        found = [hit for hit in self.found(text, language) if hit.key.endswith(f"#{language}")]
        key = deciding.plainly(found, least)
        slug = key.partition("#")[0]
        known = self._published([slug]) if key else {}
        if slug not in known or language not in known[slug].texts:
            return None
        shown = _shown(known[slug], language, language)
        return shown.link, rules.passage(shown.text, text, language)

    def found(self, text: str, language: str) -> list[Found]:
        """The best of each article, those in the asker's language a little ahead."""
        hits = self.library.find(ARTICLES, text, language, LOOKED_AT, words_weight=ARTICLE_WORDS)
        ahead = [
            hit._replace(score=hit.score + SAME_LANGUAGE * hit.key.endswith(f"#{language}"))
            for hit in hits
        ]
        ahead.sort(key=lambda hit: -hit.score)
        best: dict[str, Found] = {}
        for hit in ahead:
            best.setdefault(hit.key.partition("#")[0], hit)
        return list(best.values())

    def is_there_any(self) -> bool:
        """Whether there is an article at all that could answer."""
        index = self.library.index(ARTICLES)
        return index is not None and index.size > 0

    def language(self, text: str, before: str) -> str:
        """Which language a question is in; what cannot be told is as before, else English."""
        code = identify_language(text).code
        return (before or "en") if code == UNKNOWN_LANGUAGE else code

    # --- what is said --------------------------------------------------------------------

    def _said(self, decision: Decision, found: Sequence[Found], text: str, language: str) -> Answer:
        slugs = [key.partition("#")[0] for key in decision.keys]
        others = [hit.key.partition("#")[0] for hit in found[:PASSAGES]]
        known = self._published(dict.fromkeys([*slugs, *others]))
        shown = [
            _shown(known[slug], key.partition("#")[2], language)
            for slug, key in zip(slugs, decision.keys, strict=True)
            if slug in known
        ]
        if decision.kind == Kind.ANSWER and shown:
            beside = [
                _shown(known[hit.key.partition("#")[0]], hit.key.partition("#")[2], language)
                for hit in found[:PASSAGES]
                if hit.key.partition("#")[0] in known and deciding.is_sure(hit)
            ]
            first = shown[0].link.slug
            return self._given(
                [shown[0], *(s for s in beside if s.link.slug != first)], text, language
            )
        if decision.kind == Kind.CLARIFY and shown:
            options = tuple(one.link for one in shown)
            titles = " · ".join(f"“{option.title}”" for option in options)
            asked = phrase(CLARIFY, language, titles=titles)
            return Answer(kind=Kind.CLARIFY, text=asked, options=options)
        return Answer(kind=Kind.HANDOVER)

    def _given(self, shown: Sequence[Shown], question: str, language: str) -> Answer:
        """The passage of the first, worded from all of them where a model is set up."""
        passages = [
            Passage(
                slug=one.link.slug,
                title=one.link.title,
                text=rules.passage(one.text, question, one.link.language),
            )
            for one in shown
        ]
        first, passage = shown[0].link, passages[0].text
        note = ""
        if first.language != language:
            person = phrase(PERSON_INSTEAD, language)
            note = elsewhere(language, first.language)
            said = f"{note}\n\n“{first.title}”\n\n{passage}\n\n{person}"
            return Answer(kind=Kind.ANSWER, text=said, passage=passage, article=first, note=note)
        worded = self.wording().word(question, passages, language)
        links = {one.link.slug: one.link for one in shown}
        return Answer(
            kind=Kind.ANSWER,
            text=worded.text or passage,
            passage=passage,
            article=first,
            citations=tuple(links[slug] for slug in worded.cited),
            tokens_in=worded.tokens_in,
            tokens_out=worded.tokens_out,
        )

    def _elsewhere(self, text: str, language: str, may_ask: bool) -> Answer:
        """An English article for a question in another language, surely fitting or not at all."""
        english, understood = gloss(text, language)
        if understood < UNDERSTOOD:
            return Answer(kind=Kind.HANDOVER)
        found = [hit for hit in self.found(english, "en") if hit.key.endswith("#en")]
        decision = deciding.decide(found, may_ask)
        if decision.kind == Kind.CLARIFY and not deciding.is_sure(found[0]):
            return Answer(kind=Kind.HANDOVER)
        return self._said(decision, found, english, language)

    def _published(self, slugs: Sequence[str] | dict[str, None]) -> dict[str, Article]:
        known = self.articles.some(slugs)
        return {s: a for s, a in known.items() if a.state == ArticleState.PUBLISHED}


def _shown(article: Article, found_in: str, language: str) -> Shown:
    """The article in the reader's language, else in the one in which it was found."""
    code = language if language in article.texts else found_in
    code = code if code in article.texts else rules.best_language(article, language)
    text = article.texts[code]
    return Shown(ArticleLink(slug=article.slug, title=text.title, language=code), text)
