"""Comprehend's operations: limits, errors and shapes of the real ones (JSON 1.1).

Source: Amazon Comprehend API reference and "Guidelines and quotas". Sizes are in UTF-8 bytes.
An operation is a function in a dictionary. Those on texts are here; custom classification, which
keeps things, is in custom.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from infra.local.comprehend.language import dominant_languages
from infra.local.comprehend.phrases import key_phrases, personal_data
from infra.local.comprehend.sentiment import sentiment
from infra.local.protocol import AwsError, Operation, TargetService

LANGUAGES = ("en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW")
PII_LANGUAGES = ("en", "es")
SENTIMENT_LIMIT, TEXT_LIMIT, BATCH_LIMIT = 5_000, 100_000, 25

Reader = Callable[[str, str], dict[str, Any]]


def comprehend(custom: Mapping[str, Operation] | None = None) -> TargetService:
    """The service, as far as it is offered here; `custom` are the operations of custom.py."""
    return TargetService("Comprehend_20171127", "1.1", {**text_operations(), **(custom or {})})


def text_operations() -> Mapping[str, Operation]:
    """The synchronous operations on one text or a batch."""
    return {
        "DetectSentiment": _single(_sentiment, SENTIMENT_LIMIT),
        "BatchDetectSentiment": _batch(_sentiment, SENTIMENT_LIMIT),
        "DetectKeyPhrases": _single(_key_phrases, TEXT_LIMIT),
        "BatchDetectKeyPhrases": _batch(_key_phrases, SENTIMENT_LIMIT),
        "DetectPiiEntities": _single(_pii, TEXT_LIMIT, PII_LANGUAGES),
        "DetectDominantLanguage": _single(_languages, TEXT_LIMIT, ()),
        "BatchDetectDominantLanguage": _batch(_languages, SENTIMENT_LIMIT, ()),
    }


def _sentiment(text: str, language: str) -> dict[str, Any]:
    kind, scores = sentiment(text, language)
    return {"Sentiment": kind, "SentimentScore": scores}


def _languages(text: str, language: str) -> dict[str, Any]:
    found = dominant_languages(text)
    return {"Languages": [{"LanguageCode": code, "Score": score} for code, score in found]}


def _key_phrases(text: str, language: str) -> dict[str, Any]:
    return {
        "KeyPhrases": [
            {"Text": s.text, "Score": s.score, "BeginOffset": s.begin, "EndOffset": s.end}
            for s in key_phrases(text, language)
        ]
    }


def _pii(text: str, language: str) -> dict[str, Any]:
    return {
        "Entities": [
            {"Type": s.kind, "Score": s.score, "BeginOffset": s.begin, "EndOffset": s.end}
            for s in personal_data(text)
        ]
    }


def _single(read: Reader, limit: int, languages: tuple[str, ...] = LANGUAGES) -> Operation:
    def operation(body: dict[str, Any]) -> dict[str, Any]:
        language = _language(body, languages)
        return read(_text(body.get("Text"), limit), language)

    return operation


def _batch(read: Reader, limit: int, languages: tuple[str, ...] = LANGUAGES) -> Operation:
    def operation(body: dict[str, Any]) -> dict[str, Any]:
        language = _language(body, languages)
        texts = body.get("TextList")
        if not isinstance(texts, list) or not texts:
            raise _invalid("TextList must hold at least one text.")
        if len(texts) > BATCH_LIMIT:
            words = f"At most {BATCH_LIMIT} texts are allowed."
            raise AwsError("BatchSizeLimitExceededException", words)
        results: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for index, text in enumerate(texts):
            try:
                results.append({"Index": index, **read(_text(text, limit), language)})
            except AwsError as error:
                code = _BATCH_CODES.get(error.kind, "INTERNAL_SERVER_ERROR")
                said = {"ErrorCode": code, "ErrorMessage": error.message}
                errors.append({"Index": index, **said})
        return {"ResultList": results, "ErrorList": errors}

    return operation


_BATCH_CODES = {
    "TextSizeLimitExceededException": "TEXT_SIZE_LIMIT_EXCEEDED",
    "InvalidRequestException": "INVALID_REQUEST",
}


def _text(value: object, limit: int) -> str:
    if not isinstance(value, str) or not value:
        raise _invalid("Value at 'text' failed to satisfy constraint: at least 1 character.")
    size = len(value.encode())
    if size > limit:
        words = (
            f"Input text size exceeds limit. Max length of request text allowed is {limit} bytes"
        )
        raise AwsError(
            "TextSizeLimitExceededException", f"{words} while in this request it is {size} bytes"
        )
    return value


def _language(body: Mapping[str, Any], languages: tuple[str, ...]) -> str:
    """The request's language; "" for operations that find it out. Raises AwsError."""
    if not languages:
        return ""
    code = body.get("LanguageCode")
    if not isinstance(code, str) or not code:
        raise _invalid("LanguageCode is required.")
    if code not in LANGUAGES:
        raise _invalid(f"Value '{code}' at 'languageCode' is not one of {list(LANGUAGES)}.")
    if code not in languages:
        words = f"Unsupported language code: {code}. Supported are {list(languages)}."
        raise AwsError("UnsupportedLanguageException", words)
    return code


def _invalid(words: str) -> AwsError:
    return AwsError("InvalidRequestException", words)
