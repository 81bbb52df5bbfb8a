from __future__ import annotations

import pytest

from chalicelib.understanding.defaults import DEFAULT_RULES
from chalicelib.understanding.models import Language, PriorityFacts, SentimentSettings
from chalicelib.understanding.sentiment import comprehend_language, sentiment_text, worth_asking


def language(code: str) -> Language:
    return Language(code=code, confidence=0.9, reason="test")


def test_the_text_ends_at_a_word_border_within_three_hundred_characters() -> None:
    cut = sentiment_text("  lots\n of   words " * 40)
    assert 240 <= len(cut) <= 300
    assert cut.split()[-1] in {"lots", "of", "words"}
    assert "  " not in cut


def test_text_without_spaces_is_cut_but_never_inside_an_emoji() -> None:
    assert len(sentiment_text("返" * 400)) == 300
    family = sentiment_text("x" * 299 + "👩\u200d👧 and more")
    assert family == "x" * 299 + "👩" or family == "x" * 299
    assert len(sentiment_text("👍" * 400).encode()) <= 5_000


@pytest.mark.parametrize(
    ("code", "text", "settings", "ask"),
    [
        ("en", "I am angry", SentimentSettings(), True),
        ("en", "I am angry", SentimentSettings(enabled=False), False),
        ("pl", "Jestem zły", SentimentSettings(), False),
        ("und", "asdf qwer", SentimentSettings(), False),
        ("en", "12345 ?!", SentimentSettings(), False),
        ("de", "Ich bin sauer", SentimentSettings(languages=("en",)), False),
    ],
)
def test_nobody_is_paid_for_what_cannot_be_answered(
    code: str, text: str, settings: SentimentSettings, ask: bool
) -> None:
    worth = worth_asking(language(code), text, settings)
    assert worth.ask is ask
    assert worth.reason


def test_nobody_is_paid_for_what_cannot_change_the_priority() -> None:
    settings = SentimentSettings(only_when_it_decides=True)
    fire = PriorityFacts(text="it caught fire", language="en")
    plain = PriorityFacts(text="my order", language="en")
    assert not worth_asking(language("en"), fire.text, settings, fire, DEFAULT_RULES).ask
    assert worth_asking(language("en"), plain.text, settings, plain, DEFAULT_RULES).ask


def test_traditional_chinese_has_a_code_of_its_own() -> None:
    assert comprehend_language(language("zh"), "請問我的訂單什麼時候到") == "zh-TW"
    assert comprehend_language(language("zh"), "请问我的订单什么时候到") == "zh"
