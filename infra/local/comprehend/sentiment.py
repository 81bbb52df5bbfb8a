"""How a text feels: VADER for English, a like rule for de, es, fr, it, pt. Pure.

Each sentence gets a compound valence from -1 to 1 (Hutto & Gilbert 2014, "VADER: a parsimonious
rule-based model for sentiment analysis of social media text"). From the valences come four scores
that sum to 1, as Comprehend gives them: pleasure and displeasure add up over the sentences, both
together make it mixed, and neither makes it neutral. Other languages have no words here that we
know: punctuation and capitals alone do not make a feeling, so they read as neutral.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from infra.local.comprehend.lexicons import LEXICONS, Lexicon

SERVICE_WORDS = {
    "unacceptable": -2.9, "ridiculous": -2.2, "furious": -3.2, "useless": -2.4, "scam": -3.0,
    "unhelpful": -2.2, "refund": -0.4, "broken": -1.6, "faulty": -1.8, "defective": -1.8,
    "overcharged": -2.2, "waited": -0.8, "waiting": -0.8, "ignored": -2.0, "unresolved": -1.6,
    "incompetent": -2.8, "fed": -0.6, "lawyer": -1.4, "cancel": -0.9, "delayed": -1.2,
    "unprofessional": -2.4, "damaged": -1.8, "crashes": -1.4, "late": -0.8, "twice": -0.2,
    "resolved": 1.6, "sorted": 1.2, "quick": 1.0, "prompt": 1.2, "appreciate": 2.2,
    "help": 0.2, "declined": -0.8, "charged": -0.2, "thanks": 1.2,
    "please": 0.0, "dear": 0.0, "regards": 0.0, "hello": 0.0, "hi": 0.0, "number": 0.0,
}  # fmt: skip
"""English as customer service meets it: what VADER, made for social media, weighs otherwise."""

Scores = dict[str, float]
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_FIXED = re.compile(r"\b(thanks?|thank you|best regards|kind regards|sincerely)[ ,.]*$", re.I)
NEGATION_REACH = 3  # words before a feeling that a negation is looked for in
NORMAL = 15  # VADER's alpha


def sentiment(text: str, language: str) -> tuple[str, Scores]:
    """(Sentiment, SentimentScore) as DetectSentiment answers."""
    valences = [_valence(sentence, language) for sentence in _sentences(text)]
    scores = scores_of(valences)
    return max(scores, key=lambda name: scores[name]).upper(), scores


def scores_of(valences: Sequence[float]) -> Scores:
    """Four scores that sum to 1, from the sentences' valences (-1 to 1)."""
    glad = math.sqrt(sum(v * v for v in valences if v > 0))
    sore = math.sqrt(sum(v * v for v in valences if v < 0))
    weights = {
        "Positive": 5.0 * (glad - sore),
        "Negative": 5.0 * (sore - glad) + (0.8 if sore > 0.35 else 0.0),
        "Neutral": 1.6 - 1.2 * (glad + sore),
        "Mixed": 4.0 * min(glad, sore) - 1.5,
    }
    top = max(weights.values())
    powers = {name: math.exp(weight - top) for name, weight in weights.items()}
    total = sum(powers.values())
    return {name: power / total for name, power in powers.items()}


def _sentences(text: str) -> list[str]:
    closed = _FIXED.sub("", text.strip())
    found = [sentence.strip() for sentence in _SENTENCE.findall(closed or text)]
    return [sentence for sentence in found if sentence]


def _valence(sentence: str, language: str) -> float:
    if language == "en":
        return float(_vader().polarity_scores(sentence)["compound"])
    lexicon = LEXICONS.get(language)
    return 0.0 if lexicon is None else _lexicon_valence(sentence, lexicon)


def _lexicon_valence(sentence: str, lexicon: Lexicon) -> float:
    """VADER's rule with stems: negation turns, boosters strengthen, what follows "but" weighs."""
    words = _WORD.findall(sentence)
    lower = [word.lower() for word in words]
    shouting = any(word.isupper() and len(word) > 2 for word in words)
    shouting = shouting and not sentence.isupper()
    total, before_contrast = 0.0, 0.0
    for at, word in enumerate(lower):
        if word in lexicon.contrasts:
            before_contrast, total = before_contrast + total, 0.0
            continue
        valence = _stem_valence(word, lexicon.stems)
        if not valence:
            continue
        reach = lower[max(0, at - NEGATION_REACH) : at]
        if any(other in lexicon.boosters for other in reach):
            valence += math.copysign(0.3, valence)
        if shouting and words[at].isupper():
            valence += math.copysign(0.7, valence)
        if any(other in lexicon.negations for other in reach):
            valence *= -0.74
        total += valence
    total = total * 1.5 + before_contrast * 0.5 if before_contrast else total
    if total:
        total += math.copysign(0.29 * min(sentence.count("!"), 4), total)
    return total / math.sqrt(total * total + NORMAL)


def _stem_valence(word: str, stems: Mapping[str, float]) -> float:
    for size in range(len(word), 1, -1):
        if word[:size] in stems:
            return stems[word[:size]] if size > 3 or size == len(word) else 0.0
    return 0.0


@cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    analyzer.lexicon.update(SERVICE_WORDS)
    return analyzer
