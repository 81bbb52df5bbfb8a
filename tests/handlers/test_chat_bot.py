"""The bot in the chat: it answers from articles, once, and never after a person."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.handlers import reactions
from chalicelib.store.reactions import Reaction
from chalicelib.understanding.lessons import LessonKind
from tests.handlers.client import Api
from tests.handlers.test_api_articles import LOGIN, TWICE, index, published
from tests.handlers.test_chat import begin, read, say
from tests.support import World, sqs_event


@pytest.fixture(autouse=True)
def _articles(api: Api, world: World) -> None:
    published(api, TWICE)
    published(api, LOGIN)
    index(world)


QUESTION = "Why was my card charged twice?"


def talk(api: Api, world: World, session: str, text: str) -> list[Any]:
    """What was said so far, after this message and all that follows from it."""
    assert say(api, session, text).status == 201
    world.settle()
    return list(read(api, session)["items"])


def events(world: World) -> list[str]:
    return [m.text for m in world.timeline(world.case()) if m.kind == "event"]


def test_the_bot_answers_with_the_passage_and_asks_whether_it_helped(
    api: Api, world: World
) -> None:
    session = begin(api)
    _, answer = talk(api, world, session, "Why was my card charged twice?")
    assert (answer["author"], answer["article"]) == ("bot", "charged-twice")
    assert answer["text"] == f"{TWICE['answer']}\n\nDid this solve it?"
    assert answer["quick"] == ["Yes, thank you", "No, I want a person"]
    case = world.case()
    assert (case.status, case.first_reply_at) == ("pending", None)


def test_yes_ends_the_case_and_is_kept(api: Api, world: World) -> None:
    session = begin(api)
    talk(api, world, session, "Why was my card charged twice?")
    said = talk(api, world, session, "Yes, thank you")
    case = world.case()
    assert (case.status, case.article) == ("resolved", "charged-twice")
    assert case.reasons["solved"] == "by the article charged-twice, says the customer"
    assert said[-1]["text"].startswith("Glad")
    assert api.get("/v1/articles/charged-twice").json["votes"]["helpful"] == 1
    (lesson,) = world.app.lessons.newest(LessonKind.ARTICLE, world.clock(), 5)
    assert (lesson.label, lesson.text, lesson.by) == ("charged-twice", QUESTION, "customer")
    figures = api.get("/v1/help/figures", as_="lead").json
    assert (figures["asked"], figures["confirmed"], figures["unknown"]) == (1, 1, 0)


def test_no_brings_a_person_who_sees_everything_and_why(api: Api, world: World) -> None:
    session = begin(api)
    talk(api, world, session, "Why was my card charged twice?")
    said = talk(api, world, session, "No, I want a person")
    assert "person takes over" in said[-1]["text"]
    case = world.case()
    assert case.status == "open"
    assert "did not help" in case.reasons["handover"]
    assert any("the bot hands over" in text for text in events(world))
    assert len(talk(api, world, session, "Why was my card charged twice?")) == len(said) + 1


def test_the_outcome_may_be_told_by_a_button_of_ones_own(api: Api, world: World) -> None:
    session = begin(api)
    path = f"/v1/chat/{session}/outcome"
    assert api.post(path, {"solved": True}, as_="").problem == "conflict"
    talk(api, world, session, "Why was my card charged twice?")
    for _ in range(2):
        assert api.post(path, {"solved": True}, as_="").json["status"] == "resolved"
    assert api.get("/v1/articles/charged-twice").json["votes"]["helpful"] == 1


@pytest.mark.parametrize(
    "wish", ["agent", "I want to talk to a human", "Ich möchte mit einem Menschen sprechen"]
)
def test_who_asks_for_a_person_gets_one_at_once(api: Api, world: World, wish: str) -> None:
    session = begin(api)
    said = talk(api, world, session, wish)
    assert [item["author"] for item in said] == ["customer", "bot"]
    assert world.case().reasons["handover"] == "the customer asked for a person"
    assert len(talk(api, world, session, "Why was my card charged twice?")) == 3


def test_what_nothing_answers_goes_to_a_person_and_is_listed(api: Api, world: World) -> None:
    session = begin(api)
    talk(api, world, session, "Do you deliver to the moon?")
    case = world.case()
    assert (case.status, case.reasons["handover"]) == ("new", "no article answers it")
    (missing,) = api.get("/v1/articles/missing").json["items"]
    assert missing["question"] == "Do you deliver to the moon?"


def test_after_a_person_has_answered_the_bot_is_silent(api: Api, world: World) -> None:
    session = begin(api)
    say(api, session, "Hello?")
    world.clock.forward(seconds=1)
    api.post(f"/v1/cases/{world.case().id}/messages", {"text": "Hello, this is Ben."})
    said = talk(api, world, session, "Why was my card charged twice?")
    assert [item["author"] for item in said] == ["customer", "agent", "customer"]


def test_a_greeting_is_greeted_and_decides_nothing(api: Api, world: World) -> None:
    session = begin(api)
    assert talk(api, world, session, "Hello there")[-1]["text"].startswith("Hello!")
    assert talk(api, world, session, "Why was my card charged twice?")[-1]["article"]


def test_the_same_reaction_delivered_again_says_nothing_again(api: Api, world: World) -> None:
    session = begin(api)
    talk(api, world, session, "Why was my card charged twice?")
    case = world.case()
    first = world.timeline(case)[0]
    sk = world.app.cases.message_sk(first)
    again = Reaction(owner=f"CASE#{case.id}", kind="answer", id=first.id, data={"message": sk})
    record = {"MessageId": "1", "ReceiptHandle": "r", "Body": again.body()}
    assert reactions.answer(sqs_event("answer", [record]), None) == {"batchItemFailures": []}
    assert len(read(api, session)["items"]) == 2


def test_the_bot_can_be_switched_off(api: Api, world: World) -> None:
    api.put("/v1/settings/channels", {"chat": {"bot": False}}, as_="admin")
    world.clock.forward(seconds=11)
    session = begin(api)
    assert len(talk(api, world, session, "Why was my card charged twice?")) == 1


def test_a_choice_is_taken_by_its_title(api: Api, world: World) -> None:
    for name in ("app", "shop"):
        words = {"title": f"Password of the {name}", "problem": f"Password {name}"}
        published(api, {**LOGIN, **words, "answer": f"Reset it in the {name}."})
    index(world)
    session = begin(api)
    asked = talk(api, world, session, "password")[-1]
    assert "Password of the shop" in asked["quick"]
    answer = talk(api, world, session, "Password of the shop")[-1]
    assert answer["article"] == "password-of-the-shop"


def test_a_german_question_about_an_english_article_is_answered_honestly(
    api: Api, world: World
) -> None:
    session = begin(api)
    answer = talk(api, world, session, "Warum wurde meine Karte doppelt abgebucht?")[-1]
    assert answer["article"] == "charged-twice"
    assert "keinen Artikel auf Deutsch" in answer["text"]
    assert TWICE["answer"] in answer["text"]
    assert "ein Mensch" in answer["text"]


def test_after_a_greeting_the_desk_is_still_suggested_what_it_is_about(
    api: Api, world: World
) -> None:
    session = begin(api)
    talk(api, world, session, "Hello")
    talk(api, world, session, "My card was charged twice, I want a person")
    given = api.get(f"/v1/cases/{world.case().id}/suggestions").json
    assert [article["slug"] for article in given["articles"]] == ["charged-twice"]
