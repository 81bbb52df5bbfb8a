from __future__ import annotations

import pytest
from pydantic import ValidationError

from chalicelib.understanding.defaults import DEFAULT_RULES, PrioritySettings
from chalicelib.understanding.models import Priority, PriorityFacts, PriorityRule, SentimentLabel
from chalicelib.understanding.priority import decide_priority

NEGATIVE = SentimentLabel.NEGATIVE


def test_the_reason_names_the_mood_and_the_words() -> None:
    facts = PriorityFacts(
        text="You charged twice for one order!",
        language="en",
        sentiment=NEGATIVE,
        sentiment_score=0.83,
    )
    decision = decide_priority(facts, DEFAULT_RULES)
    assert decision.priority is Priority.HIGH
    assert decision.reason == "high because sentiment negative (0.83) and 'charged twice'"


@pytest.mark.parametrize(
    ("text", "language", "priority"),
    [
        ("The kettle caught fire and my son is injured", "en", Priority.URGENT),
        ("Ich habe meinen Anwalt eingeschaltet", "de", Priority.URGENT),
        ("Je ne peux pas payer : impossible de payer par carte", "fr", Priority.URGENT),
        ("Es bastante urgente", "es", Priority.HIGH),
        ("This is not urgent, take your time", "en", Priority.NORMAL),
        ("I was charged twice, could you have a look?", "en", Priority.NORMAL),
        ("We adored the fireplace brand", "en", Priority.NORMAL),  # "Brand" is a fire in German
        ("Es gab einen Brand", "und", Priority.URGENT),
        ("Which colours do you have?", "en", Priority.NORMAL),
    ],
)
def test_words_speak_in_their_own_language(text: str, language: str, priority: Priority) -> None:
    facts = PriorityFacts(text=text, language=language)
    assert decide_priority(facts, DEFAULT_RULES).priority is priority


def test_praise_is_low_unless_something_else_speaks_for_more() -> None:
    praise = PriorityFacts(
        text="Thank you, lovely!",
        language="en",
        sentiment=SentimentLabel.POSITIVE,
        sentiment_score=0.98,
    )
    assert decide_priority(praise, DEFAULT_RULES).priority is Priority.LOW
    pressed = praise.model_copy(update={"promise_at_stake": True})
    assert decide_priority(pressed, DEFAULT_RULES).priority is Priority.HIGH


def test_every_kind_of_condition_of_a_rule_must_hold() -> None:
    rule = PriorityRule(
        name="r", priority=Priority.URGENT, tiers=("gold",), words={"ja": ("返金",)}
    )
    gold = PriorityFacts(text="早く返金してください", language="ja", tier="Gold")
    assert decide_priority(gold, [rule]).priority is Priority.URGENT
    other = gold.model_copy(update={"tier": "basic"})
    assert decide_priority(other, [rule]).priority is Priority.NORMAL


def test_a_rule_without_condition_or_with_a_wrong_language_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least one condition"):
        PrioritySettings.model_validate({"rules": [{"name": "x", "priority": "high"}]})
    with pytest.raises(ValidationError, match="'english' is not a language"):
        PriorityRule(name="x", priority=Priority.HIGH, words={"english": ("a",)})
