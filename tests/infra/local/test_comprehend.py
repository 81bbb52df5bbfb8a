"""Comprehend reads the text and keeps to the real limits, through a real boto3 client."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.comprehend.phrases import personal_data

from .conftest import Aws

ANGRY = {
    "en": "I am furious! This is the third time my order arrived broken and nobody answers. "
    "Worst service ever, I want my money back.",
    "de": "Ich bin wütend! Das ist eine Frechheit, niemand antwortet und die Ware ist kaputt.",
    "es": "Estoy furioso, es una estafa y nadie responde. Pésimo servicio.",
    "fr": "C'est inadmissible, je suis très déçu. Votre service est lamentable !",
    "it": "Sono furioso, servizio pessimo e vergognoso!",
    "pt": "Estou furioso, péssimo atendimento, quero meu dinheiro de volta",
}
FRIENDLY = {
    "en": "Thank you so much, your team was wonderful and it works again.",
    "de": "Vielen Dank für die schnelle Hilfe, alles funktioniert wieder.",
    "es": "Muchas gracias, excelente atención.",
    "fr": "Merci beaucoup, tout fonctionne parfaitement.",
    "it": "Grazie mille, siete stati gentilissimi.",
    "pt": "Muito obrigado, atendimento excelente",
}
PLAIN = {
    "en": "Hello, where is my order 12345? It should have arrived on Monday.",
    "de": "Wann kommt meine Bestellung an?",
    "es": "¿Dónde está mi pedido?",
    "fr": "Où est ma commande ?",
    "it": "Vorrei cambiare il mio indirizzo.",
    "pt": "Onde está o meu pedido?",
}


@pytest.fixture
def comprehend(aws: Aws) -> Any:
    return aws.client("comprehend")


@pytest.mark.parametrize("language", ANGRY)
def test_feeling_is_read_in_each_language(comprehend: Any, language: str) -> None:
    texts = (ANGRY[language], FRIENDLY[language], PLAIN[language])
    found = [comprehend.detect_sentiment(Text=t, LanguageCode=language) for t in texts]
    assert [one["Sentiment"] for one in found] == ["NEGATIVE", "POSITIVE", "NEUTRAL"]
    for one in found:
        scores = one["SentimentScore"]
        assert set(scores) == {"Positive", "Negative", "Neutral", "Mixed"}
        assert sum(scores.values()) == pytest.approx(1.0)
        assert scores[one["Sentiment"].capitalize()] == max(scores.values())


def test_negation_turns_a_feeling(comprehend: Any) -> None:
    for language, text in {
        "en": "This is not good enough.",
        "de": "Ich bin nicht zufrieden.",
    }.items():
        found = comprehend.detect_sentiment(Text=text, LanguageCode=language)
        assert found["SentimentScore"]["Positive"] < 0.1


def test_both_feelings_are_mixed(comprehend: Any) -> None:
    text = "The new app is great, I love it. Your delivery was terrible and the box was broken."
    found = comprehend.detect_sentiment(Text=text, LanguageCode="en")
    assert found["Sentiment"] == "MIXED"


@pytest.mark.parametrize("language", ANGRY)
def test_language_is_recognised(comprehend: Any, language: str) -> None:
    for texts in (ANGRY, FRIENDLY, PLAIN):
        found = comprehend.detect_dominant_language(Text=texts[language])["Languages"]
        assert found[0]["LanguageCode"] == language
        assert 0.5 < found[0]["Score"] <= 1.0


def test_batch_keeps_good_texts_beside_bad_ones(comprehend: Any) -> None:
    answer = comprehend.batch_detect_sentiment(
        TextList=[FRIENDLY["en"], "x" * 5001, ANGRY["en"]], LanguageCode="en"
    )
    found = [(one["Index"], one["Sentiment"]) for one in answer["ResultList"]]
    assert found == [(0, "POSITIVE"), (2, "NEGATIVE")]
    assert [(e["Index"], e["ErrorCode"]) for e in answer["ErrorList"]] == [
        (1, "TEXT_SIZE_LIMIT_EXCEEDED")
    ]


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("detect_sentiment", {"Text": "ä" * 2501, "LanguageCode": "en"},
         "TextSizeLimitExceededException"),
        ("detect_sentiment", {"Text": "x", "LanguageCode": "xx"}, "InvalidRequestException"),
        ("detect_pii_entities", {"Text": "x", "LanguageCode": "de"},
         "UnsupportedLanguageException"),
        ("batch_detect_sentiment", {"TextList": ["x"] * 26, "LanguageCode": "en"},
         "BatchSizeLimitExceededException"),
        ("start_topics_detection_job", {
            "InputDataConfig": {"S3Uri": "s3://b/x"}, "OutputDataConfig": {"S3Uri": "s3://b/y"},
            "DataAccessRoleArn": "arn:aws:iam::000000000000:role/r"}, "UnknownOperationException"),
    ],
)  # fmt: skip
def test_refusals_are_those_of_comprehend(
    comprehend: Any, operation: str, request_: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as error:
        getattr(comprehend, operation)(**request_)
    assert error.value.response["Error"]["Code"] == code


def test_key_phrases_are_pieces_of_the_text(comprehend: Any) -> None:
    text = "I have been waiting for my replacement card since last Monday."
    found = comprehend.detect_key_phrases(Text=text, LanguageCode="en")["KeyPhrases"]
    assert "replacement card" in [phrase["Text"] for phrase in found]
    for phrase in found:
        assert text[phrase["BeginOffset"] : phrase["EndOffset"]] == phrase["Text"]


def test_personal_data_are_told_by_pattern_and_check_digit() -> None:
    text = (
        "Call +1 415 555 0123 or ann@example.net, card 4111 1111 1111 1111, "
        "DE89 3704 0044 0532 0130 00, order 12345, no card 4111 1111 1111 1112"
    )
    found = {span.text: span.kind for span in personal_data(text)}
    assert found["+1 415 555 0123"] == "PHONE"
    assert found["ann@example.net"] == "EMAIL"
    assert found["4111 1111 1111 1111"] == "CREDIT_DEBIT_NUMBER"
    assert found["DE89 3704 0044 0532 0130 00"] == "INTERNATIONAL_BANK_ACCOUNT_NUMBER"
    assert list(found.values()).count("CREDIT_DEBIT_NUMBER") == 1
