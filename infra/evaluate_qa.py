"""Holds the search for answers against questions whose article is known (`make evaluate QA=…`).

Columns: question, article_id; and article_id, title, body. Recall at 1 and at 5 of the search as it
ships, of the same with the semantic layer where it was made (as agents' suggestions use it; the
help centre answers in a function without it), and of plain BM25. Then what the help centre would
do with each question: answer, ask back with titles to choose from, or hand over to a person.
Questions whose article is not there have no answer: to hand them over is right.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from chalicelib.base import Model
from chalicelib.flows.library import ARTICLE_WORDS, embed
from chalicelib.knowledge.deciding import Kind, decide
from chalicelib.knowledge.index import Entry, Index, Sentences, Writer
from chalicelib.knowledge.models import ArticleText
from chalicelib.knowledge.rules import whole_text
from chalicelib.knowledge.search import Found, ask, search
from chalicelib.knowledge.stemming import terms
from chalicelib.understanding.language import identify_language
from chalicelib.understanding.vectors import Embedder
from infra import tables
from infra.evaluate_topics import share, standard_error
from infra.plain import bm25


class Asking(Model):
    question: str
    article_id: str


class Answer(Model):
    article_id: str
    title: str
    body: str


class Recall(Model):
    """Shares from 0 to 1 of the questions whose article came first, or among the first five."""

    at_1: float
    at_5: float
    standard_error: float  # of the first
    milliseconds_per_question: float


class Deflection(Model):
    """Shares of the questions that an article answers: what the help centre would do at once, and
    `wrongly_unanswerable`, of those without an article, how many would get one (None: no such)."""

    answered_rightly: float
    answered_wrongly: float
    asked_back_rightly: float  # the right title is among those to choose from
    asked_back_wrongly: float
    handed_over: float
    wrongly_unanswerable: float | None


class QaEvaluation(Model):
    questions: int
    unknown: int  # questions whose article is not there
    articles: int
    index_bytes: int
    index_seconds: float
    search: Recall
    layered: Recall | None
    bm25: Recall
    deflection: Deflection


def evaluate_qa(
    questions: Sequence[Asking], articles: Sequence[Answer], model: Embedder | None = None
) -> QaEvaluation:
    """Index the articles and ask all questions."""
    known = {article.article_id for article in articles}
    asked = [question for question in questions if question.article_id in known]
    others = [question for question in questions if question.article_id not in known]
    started = time.perf_counter()
    index = _index(articles, None)
    seconds = time.perf_counter() - started
    deep = _index(articles, model) if model else None

    def shipped(question: str) -> list[Found]:
        return _search(index, question, None)

    texts = [(article.article_id, f"{article.title}\n{article.body}") for article in articles]
    return QaEvaluation(
        questions=len(asked),
        unknown=len(others),
        articles=len(articles),
        index_bytes=index.bytes,
        index_seconds=round(seconds, 3),
        search=_recall(asked, lambda q: [hit.key for hit in shipped(q)]),
        layered=_recall(asked, lambda q: [hit.key for hit in _search(deep, q, model)])
        if deep
        else None,
        bm25=_recall(asked, bm25(texts)),
        deflection=_deflection(asked, others, shipped),
    )


def read_questions(path: Path) -> list[Asking]:
    """Raises SystemExit, in words, where a column is missing."""
    wanted = {"question": ("text", "query"), "article_id": ("id", "article")}
    return [
        Asking(question=row["question"], article_id=row["article_id"].strip())
        for row in tables.rows(path, wanted)
        if row["question"].strip()
    ]


def read_articles(path: Path) -> list[Answer]:
    """Likewise. Of articles with the same id the last one stands."""
    wanted = {
        "article_id": ("id", "article"),
        "title": ("name", "heading"),
        "body": ("text", "answer", "content"),
    }
    listed = [Answer(**row) for row in tables.rows(path, wanted)]
    kept = {one.article_id.strip(): one for one in listed}
    return [one.model_copy(update={"article_id": key}) for key, one in kept.items()]


def _index(articles: Sequence[Answer], model: Embedder | None) -> Index:
    writer = Writer(None, Sentences(model.version, model.dimensions) if model else None)
    entries = []
    for article in articles:
        whole = f"{article.title}\n{article.body}"
        language = _language(whole)
        title = article.title.strip()[:200] or article.body.strip()[:200] or article.article_id
        text = ArticleText.model_construct(title=title, problem="", answer=article.body, steps=())
        stems = terms(whole_text(text), language)
        meaning = model.embed(whole, language) if model else None
        vector = embed(whole, language)
        entries.append(Entry(article.article_id, 1, stems, vector, language, meaning))
    writer.add(entries)
    return Index(writer.finish({}))


def _search(index: Index, question: str, model: Embedder | None) -> list[Found]:
    language = _language(question)
    meaning = model.embed(question, language) if model else None
    wanted = ask(index, question, language, embed(question, language), (), meaning)
    return search(index, wanted, 5, words_weight=ARTICLE_WORDS)


def _language(text: str) -> str:
    code = identify_language(text).code
    return "en" if code == "und" else code


def _recall(asked: Sequence[Asking], find: Callable[[str], list[str]]) -> Recall:
    started = time.perf_counter()
    found = [(find(question.question), question.article_id) for question in asked]
    spent = time.perf_counter() - started
    first = share(keys[:1] == [right] for keys, right in found)
    return Recall(
        at_1=round(first, 4),
        at_5=round(share(right in keys[:5] for keys, right in found), 4),
        standard_error=round(standard_error(first, len(asked)), 4),
        milliseconds_per_question=round(1_000 * spent / max(1, len(asked)), 3),
    )


def _deflection(
    asked: Sequence[Asking], others: Sequence[Asking], find: Callable[[str], list[Found]]
) -> Deflection:
    done = [(decide(find(q.question), True), q.article_id) for q in asked]
    answered = [d.keys == (right,) for d, right in done if d.kind is Kind.ANSWER]
    offered = [right in d.keys for d, right in done if d.kind is Kind.CLARIFY]
    count = max(1, len(done))
    wrong = [decide(find(q.question), True).kind is Kind.ANSWER for q in others]
    return Deflection(
        answered_rightly=round(sum(answered) / count, 4),
        answered_wrongly=round((len(answered) - sum(answered)) / count, 4),
        asked_back_rightly=round(sum(offered) / count, 4),
        asked_back_wrongly=round((len(offered) - sum(offered)) / count, 4),
        handed_over=round((len(done) - len(answered) - len(offered)) / count, 4),
        wrongly_unanswerable=round(share(wrong), 4) if others else None,
    )


def lines(found: QaEvaluation) -> list[str]:
    """The figures for people."""
    told = [
        f"{found.questions} questions, {found.articles} articles,"
        f" {found.unknown} questions without an article;"
        f" index {found.index_bytes / 1e6:.2f} MB, built in {found.index_seconds:.1f} s"
    ]
    listed = {"plain BM25": found.bm25, "search": found.search, "with layer": found.layered}
    for name, recall in listed.items():
        if recall:
            told.append(
                f"{name:<12} R@1 {recall.at_1:.3f} ± {recall.standard_error:.3f}"
                f"  R@5 {recall.at_5:.3f}  {recall.milliseconds_per_question:.2f} ms"
            )
    done = found.deflection
    told.append(
        f"help centre  answered rightly {done.answered_rightly:.3f}, wrongly"
        f" {done.answered_wrongly:.3f}; asked back {done.asked_back_rightly:.3f} rightly,"
        f" {done.asked_back_wrongly:.3f} wrongly; handed over {done.handed_over:.3f}"
    )
    if done.wrongly_unanswerable is not None:
        told.append(
            f"             of those without an article answered {done.wrongly_unanswerable:.3f}"
        )
    return told
