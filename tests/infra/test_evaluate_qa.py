"""The figures of the search for answers, on a handful of questions."""

from __future__ import annotations

import json
from pathlib import Path

from infra.evaluate_qa import main

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
    assert main([str(questions), str(articles), str(out)]) == 0
    figures = json.loads(out.read_text())
    assert (figures["questions"], figures["unknown"], figures["articles"]) == (3, 1, 3)
    assert figures["search"]["at_1"] == 1.0
    assert figures["bm25"]["at_1"] < 1.0


def test_it_says_how_it_is_called() -> None:
    assert main([]) == 2
