"""Sentiment by Amazon Comprehend."""

from __future__ import annotations

from typing import Any


class AmazonComprehend:
    """See ports.Comprehend."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def sentiment(self, text: str, language: str) -> tuple[str, float]:
        answer = self._client.detect_sentiment(Text=text, LanguageCode=language)
        label = str(answer["Sentiment"])
        score = float(answer["SentimentScore"][label.capitalize()])
        return label.lower(), round(score, 4)
