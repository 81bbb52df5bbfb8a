"""Which engine decides topics, and what the other one would have said. Pure.

Two engines stand behind one port: our own model (with the administrator's sentences), and a custom
classifier of Amazon Comprehend, asked through an endpoint or hourly by a job. What the two said of
the same case is an `Opinion`; comparing.py judges it by what people made of that case since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from chalicelib.base import Instant, Model
from chalicelib.understanding.models import Confidence, TopicDecision

COMPREHEND = "comprehend"  # the source of its decisions
CLASSIFY_BYTES = 10_000  # of a text for ClassifyDocument ("Maximum document sizes for real-time")
LEAST_DOCUMENTS, LEAST_LABELS, MOST_LABELS = 10, 2, 1_000
"""Of a training set, documents a label ("General quotas for document classification")."""
CLASSIFIER_LANGUAGES = ("en", "es", "de", "it", "fr", "pt")
"""In which a classifier can be trained, one each ("Training classification models")."""

_ARN = r"^arn:aws(-[^:]+)?:comprehend:[a-zA-Z0-9-]*:[0-9]{12}:%s/[a-zA-Z0-9](-*[a-zA-Z0-9])*%s$"
EndpointArn = Annotated[
    str, Field(max_length=256, pattern=_ARN % ("document-classifier-endpoint", "") + "|^$")
]


class Engine(StrEnum):
    OWN = "own"
    ENDPOINT = "endpoint"
    JOB = "job"


class EnginesSettings(Model):
    """The settings document `engines`: who decides topics, and what else Comprehend is paid for."""

    topic: Engine = Engine.OWN
    shadow: bool = False  # the engine that does not decide says its word too, and both are compared
    endpoint_arn: EndpointArn = ""
    endpoint_units: int = Field(default=1, ge=1, le=10)  # what it was created with: for its price
    language: str = Field(default="en", pattern="^(en|es|de|it|fr|pt)$")  # of the classifier
    sure: Confidence = 0.5  # what the classifier is less sure of counts as "don't know"
    key_phrases: bool = False  # keep the key phrases of a new case, for what is newly talked about
    pii: bool = False  # let Comprehend find personal data in what is learnt from (en, es)

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        if self.topic is Engine.ENDPOINT and not self.endpoint_arn:
            raise ValueError("endpoint_arn: give the endpoint that is to decide")
        return self

    @property
    def asks_live(self) -> bool:
        """Whether a new case is shown to the endpoint."""
        wanted = self.topic is Engine.ENDPOINT or (self.shadow and self.topic is Engine.OWN)
        return bool(self.endpoint_arn) and wanted

    @property
    def asks_hourly(self) -> bool:
        """Whether jobs label cases: they decide, or are held against our own engine."""
        shadow = self.shadow and self.topic is Engine.OWN and not self.endpoint_arn
        return self.topic is Engine.JOB or shadow


class Scored(Model):
    """A class with its score, as ClassifyDocument and the jobs give them."""

    name: str
    score: float


class Said(Model):
    """An engine's word on a case: label None is "don't know"."""

    label: str | None = None
    guess: str
    confidence: Confidence
    model_version: str


class Opinion(Model):
    """What both engines said of one case; `decided` names the one whose word stood."""

    case_id: str
    customer_id: str
    own: Said
    other: Said
    decided: Engine
    at: Instant


def decision(
    classes: Iterable[Scored], sure: float, version: str, defined: Sequence[str]
) -> TopicDecision:
    """What an answer of the classifier says; a topic that is no longer defined is none."""
    known = [one for one in classes if not defined or one.name in defined]
    best = max(known, key=lambda one: one.score, default=None)
    if best is None:
        return _unknown("the classifier named no topic that is defined", version)
    confidence = min(1.0, max(0.0, best.score))
    if confidence < sure:
        reason = f"the classifier is not sure: '{best.name}' ({confidence:.2f})"
        return _unknown(reason, version, best.name, confidence)
    return TopicDecision(
        label=best.name,
        confidence=confidence,
        source=COMPREHEND,
        model_version=version,
        guess=best.name,
        reason=f"Comprehend's classifier: '{best.name}' ({confidence:.2f})",
    )


def _unknown(reason: str, version: str, guess: str = "", confidence: float = 0.0) -> TopicDecision:
    return TopicDecision(
        label=None,
        confidence=confidence,
        source=COMPREHEND,
        model_version=version,
        guess=guess,
        reason=reason,
    )


def explained(decided: TopicDecision, own: TopicDecision) -> TopicDecision:
    """With the words that speak for it where our own engine is of the same opinion: Comprehend
    names none."""
    if decided.label is None or own.guess != decided.label:
        return decided
    reason = f"{decided.reason}; our own engine agrees"
    return decided.model_copy(update={"why": own.why, "reason": reason})


def said(decided: TopicDecision) -> Said:
    """The part of a decision that engines are compared by."""
    return Said(
        label=decided.label,
        guess=decided.guess or decided.label or "",
        confidence=decided.confidence,
        model_version=decided.model_version,
    )
