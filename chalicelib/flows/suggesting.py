"""What may help with a case: solved cases like it, articles, macros, and its duplicates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chalicelib.base import Instant, Model, iso
from chalicelib.cases.macros import Macro, text_for
from chalicelib.cases.models import Case, CaseStatus, Message
from chalicelib.cases.rules import UNSOLVED
from chalicelib.flows.indexing import first_asked, suggestible
from chalicelib.flows.library import ARTICLE_WORDS, embed
from chalicelib.knowledge import rules, search
from chalicelib.knowledge.index import Entry, Index, Writer
from chalicelib.knowledge.models import ArticleState
from chalicelib.knowledge.search import Found
from chalicelib.knowledge.stemming import terms
from chalicelib.store import items
from chalicelib.store.articles import ARTICLES, CASES

if TYPE_CHECKING:
    from chalicelib.flows.library import Library
    from chalicelib.flows.macros import MacroWork
    from chalicelib.flows.meanings import Meanings
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.case_lists import CaseLists
    from chalicelib.store.cases import CaseStore

SHOWN = 5
ENOUGH = 80  # characters that say what somebody wants
LOOKED_AT = 20  # the best of the index, of which some may have changed since
OF_TOPIC = 0.5  # what a macro's own topic adds, times how sure we are of it
SAME_TOPIC = 0.15  # what the same topic adds, times how sure we are of it
LEAST = 0.3  # a score below says nothing
DUPLICATE = 0.55  # share of stems, or cosine, from which two contacts are about one matter


class SimilarCase(Model):
    """A solved case like this one, or (`duplicate`) another contact of its customer about it."""

    id: str
    reference: str
    subject: str
    status: CaseStatus
    score: float
    why: str
    solved_with: str
    duplicate: bool = False
    created_at: Instant


class SuggestedArticle(Model):
    slug: str
    title: str
    language: str
    score: float
    why: str


class SuggestedMacro(Model):
    """`name` is its id: POST /v1/cases/{id}/macros/{name} uses it."""

    name: str
    title: str
    score: float
    why: str


class Suggestions(Model):
    """Each list best first."""

    cases: tuple[SimilarCase, ...]
    articles: tuple[SuggestedArticle, ...]
    macros: tuple[SuggestedMacro, ...]


@dataclass
class Suggesting:
    library: Library
    meanings: Meanings
    articles: ArticleStore
    cases: CaseStore
    lists: CaseLists
    macro_work: MacroWork
    _macros: tuple[tuple[Macro, ...], str, Index] | None = field(default=None)

    def suggest(self, case_id: str, by: str, sees: Callable[[Case], bool]) -> Suggestions:
        """What may help with a case, of what the agent `sees`; raises NotFound."""
        case = self.cases.final(case_id)
        page = self.cases.messages(case.id, 20, None)
        entries = [items.model(Message, stored) for stored in page.items]
        text = f"{case.subject}\n{_matter(entries) or case.last_message}"
        language = case.language or "und"
        duplicates = self._duplicates(case, text, language, sees)
        taken = {duplicate.id for duplicate in duplicates}
        alike = self._similar(case, text, language, sees)
        similar = [found for found in alike if found.id not in taken]
        return Suggestions(
            cases=(*duplicates, *similar[:SHOWN]),
            articles=tuple(self._suggested(text, language)),
            macros=tuple(self._kept_ready(case, text, language, by)),
        )

    def _similar(
        self, case: Case, text: str, language: str, sees: Callable[[Case], bool]
    ) -> list[SimilarCase]:
        index = self.library.index(CASES)
        kept = self.meanings.of(case.id) if index and index.sentences.dimensions else None
        hits = self.library.find(
            CASES,
            text,
            language,
            LOOKED_AT,
            lambda index, n: index.keys[n] != case.id,
            meaning=kept,
        )
        known = self.cases.some(hit.key for hit in hits)
        solved = self.articles.solved(hit.key for hit in hits)
        found = []
        for hit in hits:
            other, how = known.get(hit.key), solved.get(hit.key)
            if other is None or how is None or not suggestible(other) or not sees(other):
                continue
            same = bool(case.topic.label) and case.topic.label == other.topic.label
            score = hit.score + (SAME_TOPIC * case.topic.confidence if same else 0.0)
            if score < LEAST:
                continue
            why = _why(hit, [f"the same topic: {case.topic.label}"] if same else [])
            found.append(_shown(other, score, why, how.solved_with))
        return sorted(found, key=lambda similar: -similar.score)

    def _duplicates(
        self, case: Case, text: str, language: str, sees: Callable[[Case], bool]
    ) -> list[SimilarCase]:
        """Other open cases of the same customer that say the same."""
        page = self.lists.page(
            customer_ids=(case.customer_id,),
            assignee="",
            team=None,
            statuses=(),
            aside="",
            limit=LOOKED_AT,
            positions=None,
            keep=None,
        )
        others = [case for case in (items.model(Case, one) for one in page.items) if sees(case)]
        stems, vector = frozenset(terms(text, language)), embed(text, language)
        found = []
        for other in others:
            if other.id == case.id or other.status not in UNSOLVED or other.merged_into:
                continue
            said = f"{other.subject}\n{other.last_message}"
            theirs = frozenset(terms(said, other.language or language))
            share = len(stems & theirs) / max(1, min(len(stems), len(theirs)))
            near = _cosine(vector, embed(said, other.language or "und"))
            score = max(share, near)
            if score >= DUPLICATE:
                why = f"the same customer wrote much the same on {iso(other.created_at)[:10]}"
                found.append(_shown(other, score, why, "", duplicate=True))
        return sorted(found, key=lambda similar: -similar.score)[:SHOWN]

    def _suggested(self, text: str, language: str) -> Iterable[SuggestedArticle]:
        hits = self.library.find(ARTICLES, text, language, LOOKED_AT, words_weight=ARTICLE_WORDS)
        best: dict[str, Found] = {}
        for hit in hits:
            if hit.score >= LEAST:
                best.setdefault(hit.key.partition("#")[0], hit)
        known = self.articles.some(list(best)[:SHOWN])
        for slug, hit in list(best.items())[:SHOWN]:
            article = known.get(slug)
            if article is None or article.state != ArticleState.PUBLISHED:
                continue
            shown = rules.best_language(article, language)
            yield SuggestedArticle(
                slug=slug,
                title=article.texts[shown].title,
                language=shown,
                score=round(hit.score, 3),
                why=_why(hit, []),
            )

    def _kept_ready(self, case: Case, text: str, language: str, by: str) -> list[SuggestedMacro]:
        """The macros that this agent sees, by the case's words, and by its topic."""
        macros = tuple(self.macro_work.seen_by(by))
        if not macros:
            return []
        if self._macros is None or self._macros[:2] != (macros, language):
            self._macros = (macros, language, _macro_index(macros, language))
        index = self._macros[2]
        question = self.library.ask(index, text, language)
        hits = search.search(index, question, len(macros), words_weight=ARTICLE_WORDS)
        found = {hit.key: hit for hit in hits}
        listed = []
        for macro in macros:
            fits = bool(case.topic.label) and case.topic.label in macro.topics
            hit = found.get(macro.name)
            score = (hit.score if hit else 0.0) + (OF_TOPIC * case.topic.confidence * fits)
            if score >= LEAST:
                why = [f"for the topic {case.topic.label}"] if fits else []
                why_all = _why(hit, why) if hit else "; ".join(why)
                listed.append(
                    SuggestedMacro(
                        name=macro.name, title=macro.title, score=round(score, 3), why=why_all
                    )
                )
        return sorted(listed, key=lambda entry: (-entry.score, entry.name))[:SHOWN]


def _macro_index(macros: Sequence[Macro], language: str) -> Index:
    writer = Writer()
    texts = {macro.name: _spoken(macro, language) for macro in macros}
    writer.add(
        Entry(name, 1, terms(text, language), embed(text, language), language)
        for name, text in texts.items()
    )
    return Index(writer.finish({}))


def _matter(entries: Sequence[Message]) -> str:
    """What the customer is about: their first words, and in a chat, where those are a greeting,
    as many more as say something."""
    first = first_asked(list(entries))
    if first is None:
        return ""
    said = [first.text]
    for entry in entries[entries.index(first) + 1 :]:
        if sum(map(len, said)) >= ENOUGH:
            break
        if entry.direction == first.direction and entry.kind == first.kind and not entry.automatic:
            said.append(entry.text)
    return "\n".join(said)


def _spoken(macro: Macro, language: str) -> str:
    return f"{macro.title}\n{macro.title}\n{text_for(macro, language)}"


def _shown(
    case: Case, score: float, why: str, solved_with: str, duplicate: bool = False
) -> SimilarCase:
    return SimilarCase(
        id=case.id,
        reference=case.reference,
        subject=case.subject,
        status=case.status,
        score=round(score, 3),
        why=why,
        solved_with=solved_with,
        duplicate=duplicate,
        created_at=case.created_at,
    )


def _why(hit: Found, more: list[str]) -> str:
    reasons = list(more)
    if hit.matched:
        reasons.append(f"words in common: {', '.join(hit.matched)}")
    if hit.meaning > 0:
        reasons.append(f"meaning alike ({hit.meaning:.2f})")
    return "; ".join(reasons)


def _cosine(one: Sequence[float] | None, other: Sequence[float] | None) -> float:
    if one is None or other is None:
        return 0.0
    return sum(a * b for a, b in zip(one, other, strict=True))
