"""Holds what understands and finds against data whose answers are known (`make evaluate`).

    python -m infra.evaluate [--texts train.csv:test.csv] [--qa questions.csv:articles.csv]
                             [--out file.json]

Texts have the columns `text` and `category`, questions `question` and `article_id`, articles
`article_id`, `title` and `body`. Without any file the small ones in infra/data are taken, whose
sentences are our own. Beside each figure stands the same of a plain method from the same run. What
is measured is told in infra/evaluate_topics.py, evaluate_similar.py and evaluate_qa.py. The
semantic layer takes part where `make semantic` has made it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chalicelib.understanding.language import identify_language
from chalicelib.understanding.sentences import MODEL, SentenceVectors, solver
from chalicelib.understanding.training import Example
from chalicelib.understanding.vectors import shipped_table
from infra import evaluate_qa, evaluate_similar, evaluate_topics, tables

DATA = Path(__file__).parent / "data"
OWN_TEXTS = f"{DATA / 'texts_train.csv'}:{DATA / 'texts_test.csv'}"
OWN_QA = f"{DATA / 'questions.csv'}:{DATA / 'articles.csv'}"
LAYER = Path(__file__).parent.parent / ".build/semantic/sentence_model"
TEXT_COLUMNS = {
    "text": ("message", "sentence", "utterance", "body", "query"),
    "category": ("label", "intent", "topic", "class"),
}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="infra.evaluate", description=__doc__)
    parser.add_argument("--texts", default="", metavar="train.csv:test.csv")
    parser.add_argument("--qa", default="", metavar="questions.csv:articles.csv")
    parser.add_argument("--out", default="", metavar="file.json")
    parser.add_argument("--lean", action="store_true", help="without the layer, made or not")
    given = parser.parse_args(arguments)
    own = not given.texts and not given.qa
    model = None if given.lean else layer()
    figures: dict[str, Any] = {}
    if given.texts or own:
        figures |= topics(given.texts or OWN_TEXTS, model)
    if given.qa or own:
        figures |= answers(given.qa or OWN_QA, model)
    if given.out:
        Path(given.out).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def topics(files: str, model: SentenceVectors | None) -> dict[str, Any]:
    """Evaluates on "train.csv:test.csv" and prints; tells on standard error how far it is."""
    training, test = (read(path) for path in _two(files, "TEXTS", "train.csv:test.csv"))
    training = [example for example in training if example.label]
    tell = _Teller()
    table = shipped_table()
    try:
        engines = evaluate_topics.evaluate_topics(training, test, table, model, solver(), tell)
    except ValueError as error:
        raise SystemExit(f"{files.partition(':')[0]}: {error}") from error
    lean, layered = engines.lean, engines.layered
    similar = evaluate_similar.evaluate_similar(training, test, table, lean, model, layered, tell)
    tell.done()
    told = evaluate_topics.lines(engines.figures) + evaluate_similar.lines(similar)
    print("\n".join(told))
    _mention(model)
    return {"texts": engines.figures.model_dump(), "similar": similar.model_dump()}


def answers(files: str, model: SentenceVectors | None) -> dict[str, Any]:
    """Evaluates the search for answers on "questions.csv:articles.csv" and prints."""
    questions, articles = _two(files, "QA", "questions.csv:articles.csv")
    found = evaluate_qa.evaluate_qa(
        evaluate_qa.read_questions(questions), evaluate_qa.read_articles(articles), model
    )
    print("\n".join(["", *evaluate_qa.lines(found)]))
    return {"qa": found.model_dump()}


def read(path: Path) -> list[Example]:
    """The texts of a CSV with the columns `text` and `category`, in the language that they seem to
    be in; what has no text is left out."""
    listed = tables.rows(path, TEXT_COLUMNS)
    return [
        Example(
            text=row["text"],
            label=row["category"].strip(),
            language=identify_language(row["text"]).code,
        )
        for row in listed
        if row["text"].strip()
    ]


def layer() -> SentenceVectors | None:
    """The sentence model, where it was made and there is numpy to run it."""
    try:
        import numpy  # noqa: F401 - whether it can be
    except ImportError:
        return None
    return SentenceVectors(LAYER) if (LAYER / MODEL).is_file() else None


def _mention(model: SentenceVectors | None) -> None:
    if model is None:
        print("\nwithout the semantic layer, which `make semantic` makes", file=sys.stderr)


def _two(files: str, name: str, shape: str) -> tuple[Path, Path]:
    first, _, second = files.partition(":")
    if not first or not second:
        raise SystemExit(f"{name} takes two files: {shape}")
    return Path(first), Path(second)


class _Teller:
    """On a terminal the line in place of the one before; elsewhere what begins anew, or is long in
    coming."""

    def __init__(self) -> None:
        self._last, self._at = "", 0.0

    def __call__(self, line: str) -> None:
        began = line.partition(" epoch")[0] != self._last.partition(" epoch")[0]
        if sys.stderr.isatty():
            print(f"\r{line:78}", end="", file=sys.stderr, flush=True)
        elif began or time.monotonic() - self._at > 5:
            self._at = time.monotonic()
            print(line, file=sys.stderr, flush=True)
        self._last = line

    def done(self) -> None:
        print("\r" + 78 * " " + "\r" if sys.stderr.isatty() else "done", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
