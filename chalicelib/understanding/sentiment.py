"""When to ask for a message's sentiment, and with which text. Pure.

Comprehend charges per 100 characters with a minimum of three units, so 300 characters cost as much
as one (Amazon Comprehend pricing, "Natural Language Processing" requests).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from chalicelib.understanding.models import (
    Language,
    PriorityFacts,
    PriorityRule,
    SentimentLabel,
    SentimentSettings,
    Worth,
)
from chalicelib.understanding.priority import decide_priority

SENTIMENT_LANGUAGES = frozenset(["de", "en", "es", "it", "pt", "fr", "ja", "ko", "hi", "ar", "zh"])
"""ISO 639-1 codes for which DetectSentiment works (Amazon Comprehend, "Languages supported")."""

CHARACTERS = 300
BYTES = 5_000
_LOOK_BACK = 60  # how many characters may be given up to end at a word border
_MIN_LETTERS = 3

# Frequent characters that exist in one way of writing Chinese only.
_TRADITIONAL = frozenset(
    "們這說為會國個來時對經發動種學過還沒問東書車長門開見現讓錢電話單訂費請幫嗎麼謝應該無與後從"
)
_SIMPLIFIED = frozenset(
    "们这说为会国个来时对经发动种学过还没问东书车长门开见现让钱电话单订费请帮吗么谢应该无与后从"
)


def sentiment_text(text: str) -> str:
    """The first ≤ 300 characters (≤ 5,000 bytes in UTF-8) of what was newly written, white space
    collapsed, ending at a word border where there is one near."""
    collapsed = " ".join(text.split())
    if len(collapsed) <= CHARACTERS:
        return collapsed
    cut = collapsed[: CHARACTERS + 1]
    border = cut.rfind(" ", CHARACTERS - _LOOK_BACK)
    if border > 0:
        return cut[:border]
    end = CHARACTERS
    while end > CHARACTERS - _LOOK_BACK and _joins(collapsed[end]):
        end -= 1
    return collapsed[:end].rstrip("\u200d")


def worth_asking(
    language: Language,
    text: str,
    settings: SentimentSettings,
    facts: PriorityFacts | None = None,
    rules: Sequence[PriorityRule] = (),
) -> Worth:
    """Whether the sentiment of `text` is worth a paid call. With `facts` and `rules`, and where
    the setting asks for it, only if some sentiment would change the priority."""
    if not settings.enabled:
        return Worth(ask=False, reason="sentiment is switched off in the settings")
    if sum(char.isalpha() for char in text[:CHARACTERS]) < _MIN_LETTERS:
        return Worth(ask=False, reason="there are hardly any words")
    if not language.known:
        return Worth(ask=False, reason="the language is not known")
    if language.code not in SENTIMENT_LANGUAGES:
        return Worth(ask=False, reason=f"the service does not know the language {language.code}")
    if settings.languages and language.code not in settings.languages:
        return Worth(ask=False, reason=f"language {language.code} is not among those in settings")
    if settings.only_when_it_decides and facts is not None and not can_change(facts, rules):
        return Worth(ask=False, reason="no sentiment would change the priority")
    return Worth(ask=True, reason=f"language {language.code} is supported")


def can_change(facts: PriorityFacts, rules: Sequence[PriorityRule]) -> bool:
    """Whether any sentiment, if it were known, would give another priority."""
    outcomes = {
        decide_priority(
            facts.model_copy(update={"sentiment": label, "sentiment_score": 1.0}), rules
        ).priority
        for label in (None, *SentimentLabel)
    }
    return len(outcomes) > 1


def comprehend_language(language: Language, text: str) -> str:
    """The LanguageCode that Comprehend wants: as identified, but zh-TW for traditional Chinese."""
    if language.code != "zh":
        return language.code
    traditional = sum(char in _TRADITIONAL - _SIMPLIFIED for char in text)
    simplified = sum(char in _SIMPLIFIED - _TRADITIONAL for char in text)
    return "zh-TW" if traditional > simplified else "zh"


def _joins(char: str) -> bool:
    """Whether `char` belongs to the character before it (accents, joiners, skin tones)."""
    return bool(unicodedata.combining(char)) or char in "\u200d\ufe0f" or "🏻" <= char <= "🏿"
