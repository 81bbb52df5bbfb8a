"""What is understood of a message, each decision with its confidence, source and reason; and the
settings by which an administrator says what is to be understood."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from chalicelib.base import Model

UNKNOWN_LANGUAGE = "und"  # ISO 639-2 for "undetermined"
ANY_LANGUAGE = "*"

Confidence = Annotated[float, Field(ge=0, le=1)]

_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


class Language(Model):
    """The language of a text: ISO 639-1, or "und" when unsure. `reason` is in words."""

    code: str
    confidence: Confidence
    reason: str

    @property
    def known(self) -> bool:
        return self.code != UNKNOWN_LANGUAGE


# --- topics ---------------------------------------------------------------------------------------


def _slug(label: str) -> str:
    if len(label) > 60 or not _SLUG.fullmatch(label):
        raise ValueError("use 1 to 60 lower-case letters, digits, - or _, such as late-delivery")
    return label


def _phrases(values: tuple[str, ...]) -> tuple[str, ...]:
    """Trimmed, without blanks and repetitions."""
    return tuple(dict.fromkeys(" ".join(value.split()) for value in values if value.strip()))


Slug = Annotated[str, AfterValidator(_slug)]
Phrase = Annotated[str, Field(max_length=2_000)]
Phrases = Annotated[tuple[Phrase, ...], Field(max_length=500), AfterValidator(_phrases)]


class TopicDefinition(Model):
    """A topic as an administrator defines it: words that speak for it and example sentences,
    in any languages. `team` looks after it, where no routing rule says otherwise."""

    label: Slug
    name: str = Field(min_length=1, max_length=120)
    words: Phrases = ()
    examples: Phrases = ()
    team: str = Field(default="", max_length=60)
    description: str = Field(default="", max_length=2_000)

    @model_validator(mode="after")
    def _can_be_recognised(self) -> Self:
        if not self.words and not self.examples:
            raise ValueError("examples: give at least one example sentence or word")
        return self


class TopicsSettings(Model):
    """The settings document `topics`."""

    topics: tuple[TopicDefinition, ...] = Field(default=(), max_length=500)

    @field_validator("topics")
    @classmethod
    def _labels_differ(cls, topics: tuple[TopicDefinition, ...]) -> tuple[TopicDefinition, ...]:
        seen: set[str] = set()
        for topic in topics:
            if topic.label in seen:
                raise ValueError(f"two topics have the label {topic.label!r}; labels must differ")
            seen.add(topic.label)
        return topics

    @property
    def teams(self) -> dict[str, str]:
        """Team by topic label, for those topics that have one."""
        return {topic.label: topic.team for topic in self.topics if topic.team}


class TopicDecision(Model):
    """The topic of a text, or None: "don't know". `confidence` is that of the best guess either
    way; `guess` is that guess; `why` are the words that spoke for it, strongest first."""

    label: str | None
    confidence: Confidence
    source: str
    why: tuple[str, ...] = ()
    model_version: str
    guess: str = ""
    reason: str = ""


# --- sentiment ------------------------------------------------------------------------------------


class SentimentLabel(StrEnum):
    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    MIXED = "mixed"


class SentimentDecision(Model):
    """The mood of a text; label None means that nobody was asked, and `reason` says why."""

    label: SentimentLabel | None
    score: Confidence = 0.0
    reason: str
    source: str = ""  # "comprehend", "" when not asked


class SentimentSettings(Model):
    """The settings document `sentiment`: when the paid call is made."""

    enabled: bool = True
    languages: tuple[str, ...] = ()  # empty: all that the service knows
    only_when_it_decides: bool = False  # skip when no sentiment would change the priority


class Worth(Model):
    """Whether a call is worth its price, and why (not)."""

    ask: bool
    reason: str


# --- priority -------------------------------------------------------------------------------------


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 for low to 3 for urgent."""
        return list(Priority).index(self)


def _by_language(values: dict[str, Phrases]) -> dict[str, Phrases]:
    for code in values:
        if code != ANY_LANGUAGE and not _LANGUAGE.fullmatch(code):
            raise ValueError(f"{code!r} is not a language: use a code such as en, or * for any")
    return values


class PriorityRule(Model):
    """Every kind of condition that is given must hold; of each kind, one of its values.

    `words` are words and phrases by language ("*": any); `word*` also matches longer words. They
    are read in the message's own language and in "*"; in all languages when it is not known.
    """

    name: str = Field(min_length=1, max_length=80)
    priority: Priority
    words: Annotated[dict[str, Phrases], AfterValidator(_by_language)] = {}
    sentiments: tuple[SentimentLabel, ...] = ()
    min_score: Confidence = 0.0  # of the sentiment
    tiers: tuple[str, ...] = ()  # of the customer
    channels: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    promise_at_stake: bool | None = None
    enabled: bool = True

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        kinds = (self.words, self.sentiments, self.tiers, self.channels, self.topics)
        if not any(kinds) and self.promise_at_stake is None:
            raise ValueError(
                "words: give at least one condition: words, sentiments, tiers, channels, topics"
                " or promise_at_stake"
            )
        if self.min_score and not self.sentiments:
            raise ValueError("min_score: it needs sentiments to compare with")
        return self


class PriorityFacts(Model):
    """What is known when the priority is decided."""

    text: str = ""  # subject and what was newly written
    language: str = UNKNOWN_LANGUAGE
    sentiment: SentimentLabel | None = None
    sentiment_score: Confidence = 0.0
    tier: str = ""
    channel: str = ""
    topic: str = ""
    promise_at_stake: bool = False


class PriorityDecision(Model):
    """`reason` in words: "high because sentiment negative (0.93) and 'charged twice'"."""

    priority: Priority
    reason: str
    rules: tuple[str, ...] = ()  # names of the rules that led to it
