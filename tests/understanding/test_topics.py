from __future__ import annotations

import time

import pytest
from pydantic import ValidationError

from chalicelib.understanding.engine import TopicEngine
from chalicelib.understanding.models import TopicDefinition, TopicsSettings
from chalicelib.understanding.topics import TopicScorer

LATE = TopicDefinition(
    label="late-delivery",
    name="Late delivery",
    words=("parcel", "courier", "tracking"),
    examples=(
        "My parcel has not arrived yet.",
        "Where is my order? It should have been here on Monday.",
        "The tracking has not moved for a week.",
    ),
    team="logistics",
)
DOUBLE = TopicDefinition(
    label="double-charge",
    name="Charged twice",
    examples=(
        "I was charged twice for the same order.",
        "You took the money two times from my card.",
        "There is a double payment on my bank statement.",
    ),
)
LOGIN = TopicDefinition(
    label="login",
    name="Cannot log in",
    examples=(
        "I cannot log in to my account.",
        "The app says my password is wrong but it is not.",
        "Ich kann mich nicht anmelden, das Passwort wird nicht angenommen.",
        "パスワードを忘れてログインできません",
    ),
)
LONG_MAIL = """Dear Sir or Madam,

I have been a customer of yours since 2015 and I have always been happy. This time I have to
complain. I placed an order for a garden table on 3 May. Although your shop promised delivery
within five days, it has not arrived. We had to eat standing, and nobody could tell me anything.

Kind regards,
E. Miller"""


@pytest.fixture(scope="module")
def scorer() -> TopicEngine:
    return TopicScorer.from_definitions([LATE, DOUBLE, LOGIN])


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Hi, I orderd a kettle two weeks ago and my parcell still hasnt arived.", LATE),
        (LONG_MAIL, LATE),
        ("Hello,\nI see on my statement that the amount was taken twice.\nBob", DOUBLE),
        ("why was my credit card charged 2 times??", DOUBLE),
        ("I've been billed twice this month!", DOUBLE),
        ("password reset mail never comes", LOGIN),
        ("Mein Passwort geht nicht mehr, ich kann mich nicht anmelden", LOGIN),
        ("ログインできない", LOGIN),
    ],
)
def test_three_examples_sort_what_is_worded_otherwise(
    scorer: TopicEngine, text: str, label: TopicDefinition
) -> None:
    decision = scorer.decide(text, "und")
    assert decision.label == label.label, decision
    assert decision.why


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?!",
        "What are your opening hours on Sunday?",
        "The kettle is leaking water",
        "Thank you so much for your help!",
        "Can I change the colour of my order?",
        "Gibt es den Tisch auch in Eiche?",
    ],
)
def test_it_says_dont_know_instead_of_guessing(scorer: TopicEngine, text: str) -> None:
    decision = scorer.decide(text, "en")
    assert decision.label is None, decision
    assert decision.reason


def test_one_topic_is_enough_and_none_is_no_error() -> None:
    one = TopicScorer.from_definitions([LATE])
    assert one.decide("the parcel never arrived", "en").label == "late-delivery"
    assert one.decide("how do I bake a cake", "en").label is None
    assert TopicScorer.from_definitions([]).decide("anything", "en").label is None


def test_a_topics_word_speaks_for_it_and_is_named() -> None:
    scorer = TopicScorer.from_definitions([LATE, DOUBLE, LOGIN])
    decision = scorer.score("When does the courier come?", "en")
    assert decision.label == "late-delivery"
    assert decision.why[0] == "courier"


def test_a_changed_definition_changes_the_version() -> None:
    before = TopicScorer.from_definitions([LATE]).model_version
    renamed = LATE.model_copy(update={"name": "Too late"})
    assert TopicScorer.from_definitions([renamed]).model_version != before
    assert TopicScorer.from_definitions([LATE]).model_version == before


def test_hostile_text_is_read_in_bounded_time(scorer: TopicEngine) -> None:
    started = time.process_time()
    for text in ("a" * 1_000_000, "a. " * 300_000, "\n" * 1_000_000, "word " * 200_000):
        scorer.decide(text, "en")
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"label": "Late Delivery", "name": "x", "words": ["a"]}, "lower-case letters"),
        ({"label": "late", "name": "x"}, "at least one example"),
        ({"label": "late", "name": "x", "examples": ["  "]}, "at least one example"),
    ],
)
def test_a_definition_that_cannot_work_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TopicsSettings.model_validate({"topics": [wrong]})


def test_two_topics_cannot_share_a_label() -> None:
    with pytest.raises(ValidationError, match="labels must differ"):
        TopicsSettings(topics=(LATE, LATE))
