"""States, differences, passages, and what is taken out of a case's words."""

from __future__ import annotations

import pytest

from chalicelib.errors import Conflict
from chalicelib.knowledge import rules
from chalicelib.knowledge.deciding import Kind, decide
from chalicelib.knowledge.models import Article, ArticlePatch, ArticleState, ArticleText
from chalicelib.knowledge.search import Found
from tests.support import NOON

TEXT = ArticleText(
    title="Charged twice",
    problem="You charged my card twice.",
    answer="A reservation looks like a charge.\n\nA double charge is refunded within three days.",
)
ARTICLE = Article(slug="charged-twice", texts={"en": TEXT}, created_at=NOON, updated_at=NOON)


def test_an_archived_article_goes_back_to_draft_only() -> None:
    archived = ARTICLE.model_copy(update={"state": ArticleState.ARCHIVED})
    with pytest.raises(Conflict):
        rules.patched(archived, ArticlePatch(state=ArticleState.PUBLISHED), NOON, "a")
    draft = rules.patched(archived, ArticlePatch(state=ArticleState.DRAFT), NOON, "a")
    assert (draft.state, draft.version) == ("draft", 2)


def test_nothing_is_published_without_an_answer() -> None:
    empty = ARTICLE.model_copy(update={"texts": {"en": ArticleText(title="x")}})
    with pytest.raises(Conflict):
        rules.patched(empty, ArticlePatch(state=ArticleState.PUBLISHED), NOON, "a")


def test_a_change_shows_its_lines_and_none_is_no_version() -> None:
    text = TEXT.model_copy(update={"answer": "A reservation looks like a charge."})
    after = rules.patched(ARTICLE, ArticlePatch(texts={"en": text}), NOON, "a")
    changes = rules.difference(ARTICLE, after)
    assert list(changes) == ["en.answer"]
    assert "-A double charge is refunded within three days." in changes["en.answer"]
    assert rules.patched(ARTICLE, ArticlePatch(texts={"en": TEXT}), NOON, "a") is ARTICLE


def test_the_passage_is_the_paragraph_that_was_asked_for_word_for_word() -> None:
    passage = rules.passage(TEXT, "When will the double charge be refunded?", "en")
    assert passage == "A double charge is refunded within three days."


def test_names_greeting_and_farewell_are_taken_out() -> None:
    text = "Dear Ana,\n\nplease reset it, Ms Ortiz.\n\nKind regards\nTom Smith"
    assert rules.without_people(text, ["Ana Ortiz"]) == "please reset it, Ms [name]."


@pytest.mark.parametrize(
    ("title", "slug"),
    [("Charged twice?", "charged-twice"), ("Über uns", "uber-uns"), ("支払い", "article")],
)
def test_a_title_becomes_an_address(title: str, slug: str) -> None:
    assert rules.slug_of(title) == slug


def hit(key: str, words: float, meaning: float, matched: tuple[str, ...] = ("x",)) -> Found:
    return Found(key, meaning + words, words, meaning, matched)


@pytest.mark.parametrize(
    ("found", "may_ask", "kind"),
    [
        ([hit("a", 0.6, 0.7)], True, Kind.ANSWER),
        ([hit("a", 0.6, 0.7), hit("b", 0.6, 0.7)], True, Kind.CLARIFY),
        ([hit("a", 0.6, 0.7), hit("b", 0.6, 0.7)], False, Kind.ANSWER),
        ([hit("a", 0.3, 0.5)], True, Kind.CLARIFY),
        ([hit("a", 0.3, 0.5)], False, Kind.HANDOVER),
        ([hit("a", 0.0, 0.9, ())], True, Kind.HANDOVER),
        ([hit("a", 0.5, 0.1)], False, Kind.HANDOVER),
        ([hit("a", 0.5, 0.0)], True, Kind.ANSWER),  # a language without vectors
        ([], True, Kind.HANDOVER),
    ],
)
def test_it_answers_asks_once_or_hands_over(found: list[Found], may_ask: bool, kind: Kind) -> None:
    assert decide(found, may_ask).kind == kind
