"""Finds similar cases among labelled texts: right is what has the same label as the question.

The training texts are indexed as solved cases are, the test texts in scope are asked: of plain
BM25, of the search as it ships, with the semantic layer where it was made, and of either "as
suggested": as the desk shows it, where cases of the topic that the engine decided come a little
ahead (flows/suggesting.py).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

from chalicelib.base import Model
from chalicelib.flows.suggesting import LOOKED_AT, SAME_TOPIC
from chalicelib.knowledge.index import Entry, Index, Sentences, Writer
from chalicelib.knowledge.search import ask, search
from chalicelib.knowledge.stemming import terms
from chalicelib.understanding.engine import TopicEngine
from chalicelib.understanding.training import Example
from chalicelib.understanding.vectors import Embedder, Vector
from infra.evaluate_topics import share, standard_error
from infra.plain import bm25

MOST_ASKED = 1_500

Found = Callable[[Example], list[str]]


class Recall(Model):
    """Shares from 0 to 1 of the questions of which the first found, or one of five, is right."""

    at_1: float
    at_5: float
    standard_error: float  # of the first
    milliseconds: float  # a question


class SimilarEvaluation(Model):
    questions: int
    cases: int
    index_megabytes: float
    layered_index_megabytes: float | None
    bm25: Recall
    search: Recall
    suggested: Recall
    layered_search: Recall | None
    layered_suggested: Recall | None


def evaluate_similar(
    training: Sequence[Example],
    test: Sequence[Example],
    table: Embedder,
    lean: TopicEngine,
    model: Embedder | None,
    layered: TopicEngine | None,
    tell: Callable[[str], None],
) -> SimilarEvaluation:
    """Indexes `training` and asks for what is like the texts in `test`."""
    tell("similar cases")
    known = {example.label for example in training}
    asked = [example for example in test if example.label in known]
    asked = random.Random(1).sample(asked, min(MOST_ASKED, len(asked)))
    index = _index(training, table, model)
    plain = index if model is None else _index(training, table, None)
    labels = {str(number): example.label for number, example in enumerate(training)}
    words = bm25([(str(number), example.text) for number, example in enumerate(training)])

    def recall(find: Found) -> Recall:
        return _recall(asked, find, labels)

    shipped = _searching(plain, table, None)
    deep = _searching(index, table, model)
    return SimilarEvaluation(
        questions=len(asked),
        cases=len(training),
        index_megabytes=plain.bytes / 1e6,
        layered_index_megabytes=index.bytes / 1e6 if model else None,
        bm25=recall(lambda example: words(example.text)),
        search=recall(lambda example: [key for key, _ in shipped(example)[:5]]),
        suggested=recall(_suggesting(shipped, lean, labels)),
        layered_search=recall(lambda e: [key for key, _ in deep(e)[:5]]) if model else None,
        layered_suggested=recall(_suggesting(deep, layered, labels)) if model and layered else None,
    )


def _index(training: Sequence[Example], table: Embedder, model: Embedder | None) -> Index:
    told = [(example.text, example.language) for example in training]
    vectors = table.embed_all(told)
    meanings: list[Vector | None] = model.embed_all(told) if model else [None] * len(told)
    writer = Writer(None, Sentences(model.version, model.dimensions) if model else None)
    writer.add(
        Entry(str(number), 1, terms(e.text, e.language), vector, e.language, meaning)
        for number, (e, vector, meaning) in enumerate(zip(training, vectors, meanings, strict=True))
    )
    return Index(writer.finish({}))


def _searching(
    index: Index, table: Embedder, model: Embedder | None
) -> Callable[[Example], list[tuple[str, float]]]:
    def find(example: Example) -> list[tuple[str, float]]:
        text, language = example.text, example.language
        meaning = model.embed(text, language) if model else None
        question = ask(index, text, language, table.embed(text, language), (), meaning)
        return [(hit.key, hit.score) for hit in search(index, question, LOOKED_AT)]

    return find


def _suggesting(
    find: Callable[[Example], list[tuple[str, float]]],
    engine: TopicEngine,
    labels: dict[str, str],
) -> Found:
    def suggested(example: Example) -> list[str]:
        decision = engine.decide(example.text, example.language)
        more = SAME_TOPIC * decision.confidence
        hits = [(s + more * (labels[key] == decision.label), key) for key, s in find(example)]
        return [key for _, key in sorted(hits, key=lambda hit: -hit[0])[:5]]

    return suggested


def _recall(asked: Sequence[Example], find: Found, labels: dict[str, str]) -> Recall:
    started = time.process_time()
    found = [[labels[key] for key in find(example)] for example in asked]
    spent = 1_000 * (time.process_time() - started)
    first = share(one[:1] == [e.label] for one, e in zip(found, asked, strict=True))
    return Recall(
        at_1=first,
        at_5=share(e.label in one for one, e in zip(found, asked, strict=True)),
        standard_error=standard_error(first, len(asked)),
        milliseconds=spent / max(1, len(asked)),
    )


def lines(found: SimilarEvaluation) -> list[str]:
    """The figures for a person."""
    listed = {
        "plain BM25": found.bm25,
        "search": found.search,
        "as suggested": found.suggested,
        "search with layer": found.layered_search,
        "as suggested with layer": found.layered_suggested,
    }
    told = ["", f"similar cases: {found.questions:,} questions, {found.cases:,} cases"]
    for name, recall in listed.items():
        if recall:
            told.append(
                f"{name:24}R@1 {recall.at_1:.3f} ± {recall.standard_error:.3f}"
                f"  R@5 {recall.at_5:.3f}  {recall.milliseconds:.2f} ms"
            )
    return told
