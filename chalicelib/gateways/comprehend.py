"""Amazon Comprehend on single texts: sentiment, key phrases, personal data, a custom classifier.

What a call costs is told as metrics where it is made, so that none is missed, whatever becomes of
the decision that it was made for; the cost meter in the table counts with the decisions.

Operations and limits: Amazon Comprehend API Reference (2017-11-27).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.observability import count
from chalicelib.ports import Span
from chalicelib.understanding.costs import PaidKind, paid
from chalicelib.understanding.engines import CLASSIFY_BYTES, Scored

BATCH = 25  # texts of BatchDetectSentiment


class AmazonComprehend:
    """See ports.Comprehend."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._models: dict[str, str] = {}  # by endpoint; kept as long as this process

    def sentiment(self, text: str, language: str) -> tuple[str, float]:
        answer = self._client.detect_sentiment(Text=text, LanguageCode=language)
        _told(PaidKind.SENTIMENT, text)
        return _mood(answer)

    def sentiments(self, texts: Sequence[str], language: str) -> list[tuple[str, float] | None]:
        found: list[tuple[str, float] | None] = [None] * len(texts)
        for start in range(0, len(texts), BATCH):
            part = list(texts[start : start + BATCH])
            answer = self._client.batch_detect_sentiment(TextList=part, LanguageCode=language)
            _told(PaidKind.SENTIMENT, *part)
            for one in answer["ResultList"]:
                found[start + one["Index"]] = _mood(one)
        return found

    def key_phrases(self, text: str, language: str) -> list[tuple[str, float]]:
        answer = self._client.detect_key_phrases(Text=text, LanguageCode=language)
        _told(PaidKind.KEY_PHRASES, text)
        return [(str(one["Text"]), float(one["Score"])) for one in answer["KeyPhrases"]]

    def personal_data(self, text: str, language: str) -> list[Span]:
        answer = self._client.detect_pii_entities(Text=text, LanguageCode=language)
        _told(PaidKind.PII, text)
        return [
            Span(
                kind=str(one["Type"]),
                begin=int(one["BeginOffset"]),
                end=int(one["EndOffset"]),
                score=float(one["Score"]),
            )
            for one in answer["Entities"]
        ]

    def classify(self, text: str, endpoint: str) -> list[Scored]:
        short = text.encode()[:CLASSIFY_BYTES].decode(errors="ignore")
        answer = self._client.classify_document(Text=short, EndpointArn=endpoint)
        _told(PaidKind.CLASSIFY, short)
        return [
            Scored(name=str(one["Name"]), score=float(one["Score"]))
            for one in answer.get("Classes", [])
        ]

    def endpoint_model(self, endpoint: str) -> str:
        if endpoint not in self._models:
            answer = self._client.describe_endpoint(EndpointArn=endpoint)
            arn = str(answer["EndpointProperties"]["ModelArn"])
            self._models[endpoint] = arn.partition(":document-classifier/")[2] or arn
        return self._models[endpoint]


def _told(kind: PaidKind, *texts: str) -> None:
    cost = paid(kind, *texts)
    count("ComprehendUnits", cost.units)
    count("ComprehendMicroDollars", cost.micros)


def _mood(answer: Any) -> tuple[str, float]:
    label = str(answer["Sentiment"])
    return label.lower(), round(float(answer["SentimentScore"][label.capitalize()]), 4)
