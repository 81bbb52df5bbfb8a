"""The figures of the search for answers, on a handful of questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra import evaluate, evaluate_qa

ARTICLES = """article_id,title,body
a,Refunds,"You get a refund within three days after we cancelled the order."
b,Password,"Reset your password under Settings."
c,Delivery,"A parcel takes two days."
"""
QUESTIONS = """question,article_id
How can I be refunded?,a
forgot my pasword,b
When is my package delivered?,c
Who knows?,nobody
"""


def test_the_search_is_held_against_plain_bm25(tmp_path: Path) -> None:
    questions, articles, out = (tmp_path / name for name in ("q.csv", "a.csv", "out.json"))
    questions.write_text(QUESTIONS)
    articles.write_text(ARTICLES)
    evaluate.main(["--qa", f"{questions}:{articles}", "--out", str(out)])
    figures = json.loads(out.read_text())["qa"]
    assert (figures["questions"], figures["unknown"], figures["articles"]) == (3, 1, 3)
    assert figures["search"]["at_1"] == 1.0
    assert figures["bm25"]["at_1"] < 1.0
    done = figures["deflection"]
    assert done.pop("wrongly_unanswerable") == 0.0
    assert sum(done.values()) == pytest.approx(1.0, abs=0.001)


def test_columns_may_be_in_any_order_and_separated_otherwise(tmp_path: Path) -> None:
    articles = tmp_path / "a.csv"
    articles.write_text('Body;ID;Title\n"two\nlines; one cell";7;Name\n;;\n')
    (answer,) = evaluate_qa.read_articles(articles)
    assert (answer.article_id, answer.title, answer.body) == ("7", "Name", "two\nlines; one cell")


def test_one_file_alone_is_refused_in_words() -> None:
    with pytest.raises(SystemExit, match="QA takes two files"):
        evaluate.main(["--qa", "questions.csv"])
