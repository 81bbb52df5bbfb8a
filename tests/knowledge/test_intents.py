"""What a chat message wants beside an answer."""

from __future__ import annotations

import pytest

from chalicelib.knowledge import intents


@pytest.mark.parametrize(
    "text",
    [
        "agent",
        "Human please",
        "I want to speak to a real person",
        "can i talk with someone? is there a human",
        "Mensch bitte",
        "Ich möchte mit einem Mitarbeiter sprechen",
        "Verbinden Sie mich mit einem Berater",
        "je veux parler à un conseiller",
        "quiero hablar con una persona",
        "vorrei parlare con un operatore",
        "ik wil een medewerker spreken",
        "quero falar com um atendente",
    ],
)
def test_a_wish_for_a_person_is_heard(text: str) -> None:
    assert intents.wants_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "My agent number is wrong",
        "Why was my card charged twice?",
        "How many people can use one account at the same time?",
        "Wie viele Personen passen in das Auto",
        "The travel agent booked the wrong flight",
    ],
)
def test_a_question_with_people_in_it_is_a_question(text: str) -> None:
    assert not intents.wants_person(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Yes, thank you!", True),
        ("ja, danke", True),
        ("¡Sí, gracias!", True),
        ("No.", False),
        ("Das hat nicht geholfen", False),
        ("No, my card is blue", None),
        ("Why?", None),
    ],
)
def test_yes_and_no_are_heard_only_alone(text: str, meant: bool | None) -> None:
    assert intents.said_whether(text) is meant


def test_a_greeting_has_nothing_to_answer() -> None:
    assert intents.only_greets("Hello there!", "en")
    assert intents.only_greets("Guten Tag", "de")
    assert not intents.only_greets("Hello, my parcel is lost", "en")
