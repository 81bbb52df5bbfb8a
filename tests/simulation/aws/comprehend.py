"""Comprehend: a sentiment that really depends on the words, the same for the same text."""

from __future__ import annotations

import re
from typing import Any

from tests.simulation.aws.errors import AwsError

Request = dict[str, Any]
MAX_BYTES = 5_000
LANGUAGES = frozenset({"en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW"})
GOOD = frozenset({"good", "great", "thanks", "love", "perfect", "happy", "danke", "merci"})
BAD = frozenset({"bad", "broken", "angry", "terrible", "worst", "late", "lost", "kaputt"})


class Comprehend:
    def batch_detect_sentiment(self, request: Request) -> Request:
        results: list[Request] = []
        errors: list[Request] = []
        for index, text in enumerate(request["TextList"]):
            try:
                asked = {"Text": text, "LanguageCode": request["LanguageCode"]}
                results.append({"Index": index, **self.detect_sentiment(asked)})
            except AwsError as error:
                errors.append({"Index": index, "ErrorCode": error.code, "ErrorMessage": "refused"})
        return {"ResultList": results, "ErrorList": errors}

    def detect_sentiment(self, request: Request) -> Request:
        text = request["Text"]
        if not text:
            raise AwsError(
                "InvalidRequestException",
                "Value at 'text' failed to satisfy "
                "constraint: Member must have length greater than or equal to 1",
            )
        if len(text.encode()) > MAX_BYTES:
            raise AwsError(
                "TextSizeLimitExceededException",
                "Input text size exceeds limit. Max length of request text allowed is "
                f"{MAX_BYTES} bytes",
            )
        if request["LanguageCode"] not in LANGUAGES:
            raise AwsError(
                "UnsupportedLanguageException", f"Unsupported language: {request['LanguageCode']}"
            )
        words = re.findall(r"\w+", text.lower())
        good, bad = sum(w in GOOD for w in words), sum(w in BAD for w in words)
        total = good + bad
        scores = {
            "Positive": good / total * 0.9 if total else 0.05,
            "Negative": bad / total * 0.9 if total else 0.05,
            "Neutral": 0.1 if total else 0.9,
            "Mixed": 0.0,
        }
        if good and bad:
            scores = {"Positive": 0.1, "Negative": 0.1, "Neutral": 0.1, "Mixed": 0.7}
        winner = max(scores, key=lambda name: scores[name])
        return {"Sentiment": winner.upper(), "SentimentScore": scores}
