"""Holds the search for answers against questions whose article is known (`make evaluate QA=…`).

    python -m infra.evaluate_qa questions.csv articles.csv [OUT.json]

Columns: question, article_id; and article_id, title, body. Recall at 1 and at 5 of the search as it
ships, and beside it of plain BM25 in the same run: whole words in lower case, k1 1.2, b 0.75, no
stems, no vectors.
"""

from __future__ import annotations

import csv
import heapq
import json
import math
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from chalicelib.base import Model
from chalicelib.flows.library import ARTICLE_WORDS, embed
from chalicelib.knowledge.index import K1, B, Entry, Index, Writer
from chalicelib.knowledge.models import ArticleText
from chalicelib.knowledge.rules import whole_text
from chalicelib.knowledge.search import ask, search
from chalicelib.knowledge.stemming import terms
from chalicelib.understanding.language import identify_language


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
    milliseconds_per_question: float


class QaEvaluation(Model):
    questions: int
    unknown: int  # questions left out because no article has their id
    articles: int
    index_bytes: int
    index_seconds: float
    search: Recall
    bm25: Recall


def evaluate_qa(questions: Sequence[Asking], articles: Sequence[Answer]) -> QaEvaluation:
    """Index the articles and ask all questions, of this search and of plain BM25."""
    known = {article.article_id for article in articles}
    asked = [question for question in questions if question.article_id in known]
    started = time.perf_counter()
    data = _index(articles)
    seconds = time.perf_counter() - started
    index = Index(data)

    def shipped(question: str) -> list[str]:
        language = _language(question)
        wanted = ask(index, question, language, embed(question, language))
        return [hit.key for hit in search(index, wanted, 5, words_weight=ARTICLE_WORDS)]

    return QaEvaluation(
        questions=len(asked),
        unknown=len(questions) - len(asked),
        articles=len(articles),
        index_bytes=len(data),
        index_seconds=round(seconds, 3),
        search=_recall(asked, shipped),
        bm25=_recall(asked, _plain(articles)),
    )


def report(found: QaEvaluation) -> str:
    """The figures in lines for people."""
    lines = [f"{found.questions} questions, {found.articles} articles, {found.unknown} left out"]
    lines.append(f"index {found.index_bytes / 1e6:.2f} MB, built in {found.index_seconds:.1f} s")
    for name, recall in (("search", found.search), ("plain BM25", found.bm25)):
        speed = f"{recall.milliseconds_per_question:.2f} ms"
        lines.append(f"{name:<12} R@1 {recall.at_1:.3f}  R@5 {recall.at_5:.3f}  {speed}")
    return "\n".join(lines)


def read_questions(path: Path) -> list[Asking]:
    """Raises KeyError where a column is missing."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [
            Asking(question=row["question"], article_id=row["article_id"])
            for row in csv.DictReader(file)
        ]


def read_articles(path: Path) -> list[Answer]:
    """Raises KeyError where a column is missing."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [
            Answer(article_id=row["article_id"], title=row["title"], body=row["body"])
            for row in csv.DictReader(file)
        ]


def main(arguments: Sequence[str]) -> int:
    """Prints the figures; writes them to the third argument, if any."""
    if len(arguments) not in (2, 3):
        print("python -m infra.evaluate_qa questions.csv articles.csv [OUT.json]", file=sys.stderr)
        return 2
    csv.field_size_limit(10_000_000)
    found = evaluate_qa(read_questions(Path(arguments[0])), read_articles(Path(arguments[1])))
    print(report(found))
    if len(arguments) == 3:
        Path(arguments[2]).write_text(json.dumps(found.model_dump(), indent=2) + "\n")
    return 0


def _index(articles: Sequence[Answer]) -> bytes:
    writer = Writer()
    entries = []
    for article in articles:
        language = _language(f"{article.title}\n{article.body}")
        title = article.title.strip()[:200] or article.body.strip()[:200] or article.article_id
        text = ArticleText.model_construct(title=title, problem="", answer=article.body, steps=())
        stems = terms(whole_text(text), language)
        vector = embed(f"{article.title}\n{article.body}", language)
        entries.append(Entry(article.article_id, 1, stems, vector, language))
    writer.add(entries)
    return writer.finish({})


def _language(text: str) -> str:
    code = identify_language(text).code
    return "en" if code == "und" else code


def _recall(asked: Sequence[Asking], find: Callable[[str], list[str]]) -> Recall:
    started = time.perf_counter()
    found = [(find(question.question), question.article_id) for question in asked]
    spent = time.perf_counter() - started
    count = max(1, len(asked))
    return Recall(
        at_1=round(sum(keys[:1] == [right] for keys, right in found) / count, 4),
        at_5=round(sum(right in keys[:5] for keys, right in found) / count, 4),
        milliseconds_per_question=round(1_000 * spent / count, 3),
    )


def _plain(articles: Sequence[Answer]) -> Callable[[str], list[str]]:
    """BM25 as the textbooks have it."""
    texts = [_whole_words(f"{article.title}\n{article.body}") for article in articles]
    average = sum(map(len, texts)) / max(1, len(texts))
    postings: dict[str, list[tuple[int, float]]] = {}
    for number, text in enumerate(texts):
        longer = K1 * (1 - B + B * len(text) / max(1.0, average))
        for word, times in Counter(text).items():
            share = times * (K1 + 1) / (times + longer)
            postings.setdefault(word, []).append((number, share))

    def find(question: str) -> list[str]:
        scores: dict[int, float] = {}
        for word in set(_whole_words(question)):
            listed = postings.get(word, [])
            idf = math.log(1 + (len(texts) - len(listed) + 0.5) / (len(listed) + 0.5))
            for number, share in listed:
                scores[number] = scores.get(number, 0.0) + idf * share
        best = heapq.nlargest(5, scores.items(), key=lambda entry: (entry[1], -entry[0]))
        return [articles[number].article_id for number, _ in best]

    return find


def _whole_words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
