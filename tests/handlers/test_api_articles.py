"""Articles, what the help centre answers from them, and what it suggests to agents."""

from __future__ import annotations

from typing import Any

from chalicelib.handlers import schedules
from tests.handlers.client import Api
from tests.support import SCHEDULED, World

TWICE = {
    "title": "Charged twice",
    "problem": "You charged my card twice for one order.",
    "answer": "A double charge is a reservation. It disappears within three days.",
}
LOGIN = {
    "title": "Cannot log in",
    "problem": "The app refuses my password.",
    "answer": "Reset your password under Settings, then sign in again.",
}


def index(world: World) -> None:
    world.clock.forward(minutes=6)
    schedules.index_knowledge(SCHEDULED, None)


def published(api: Api, text: dict[str, Any], language: str = "en", **more: Any) -> Any:
    made = api.post("/v1/articles", {"texts": {language: text}, **more})
    assert made.status == 201, made.text
    slug = made.json["slug"]
    done = api.patch(f"/v1/articles/{slug}", {"state": "published"}, 1)
    assert done.status == 200, done.text
    return done.json


def ask(api: Api, question: str, **more: Any) -> Any:
    answer = api.post("/v1/help/questions", {"question": question, **more}, as_="")
    assert answer.status == 200, answer.text
    return answer.json


def solved_case(api: Api, world: World) -> Any:
    customer = {"name": "Ada Byron", "email": "ada@example.com"}
    text = "Hello,\nmy card was charged twice. Call me: +1 555 010 0123.\nRegards\nAda"
    case = api.case(customer=customer, subject="Re: Charged twice", text=text)
    world.settle()
    reply = "Dear Ada,\n\nit is only a reservation and disappears within three days."
    sent = api.post(f"/v1/cases/{case['id']}/messages", {"text": reply, "status": "resolved"})
    assert sent.status == 201, sent.text
    world.settle()
    return api.get(f"/v1/cases/{case['id']}").json


def test_an_article_has_states_versions_and_differences(api: Api) -> None:
    article = published(api, TWICE, products=["card"])
    assert (article["slug"], article["state"], article["version"]) == (
        "charged-twice",
        "published",
        2,
    )
    assert article["versions"][0]["changes"] == {"state": "@@ -1 +1 @@\n-draft\n+published"}
    path = "/v1/articles/charged-twice"
    assert api.patch(path, {"owner": "b@example.com"}, 1).problem == "stale-version"
    assert api.patch(path, {"owner": "b@example.com"}, None).problem == "precondition-missing"
    again = api.post("/v1/articles", {"slug": "charged-twice", "texts": {"en": TWICE}})
    assert again.problem == "conflict"
    other = api.post("/v1/articles", {"texts": {"en": TWICE}}).json
    assert other["slug"] == "charged-twice-2"
    assert [a["slug"] for a in api.get("/v1/articles?state=draft").json["items"]] == [
        "charged-twice-2"
    ]
    assert api.post("/v1/articles", {}).fields == ["texts"]


def test_a_solved_case_becomes_an_article_without_its_customer(api: Api, world: World) -> None:
    case = solved_case(api, world)
    made = api.post("/v1/articles", {"from_case": case["reference"]})
    assert made.status == 201, made.text
    (text,) = made.json["texts"].values()
    assert text["title"] == "Charged twice"
    assert text["problem"] == "my card was charged twice. Call me: [phone]."
    assert text["answer"] == "it is only a reservation and disappears within three days."
    assert made.json["from_case"] == case["reference"]
    assert "Ada" not in made.text
    unanswered = api.case()
    assert api.post("/v1/articles", {"from_case": unanswered["id"]}).problem == "conflict"


def test_the_public_finds_what_is_published_and_nothing_else(api: Api, world: World) -> None:
    published(api, TWICE, products=["card"])
    published(api, LOGIN, products=["app"])
    api.post("/v1/articles", {"slug": "secret", "texts": {"en": {**TWICE, "title": "Draft"}}})
    index(world)
    found = api.get("/v1/help/articles?q=chargd+twise", as_="").json
    assert [item["slug"] for item in found["items"]] == ["charged-twice"]
    assert found["items"][0]["snippet"] == "You charged my card twice for one order."
    assert found["facets"] == {"product": {"card": 1}, "language": {"en": 1}}
    everything = api.get("/v1/help/articles", as_="").json
    assert {item["slug"] for item in everything["items"]} == {"charged-twice", "cannot-log-in"}
    assert api.get("/v1/help/articles/secret", as_="").problem == "not-found"
    shown = api.get("/v1/help/articles/charged-twice", as_="").json
    assert (shown["answer"], shown["language"]) == (TWICE["answer"], "en")


def test_an_archived_article_is_found_no_more_at_once(api: Api, world: World) -> None:
    published(api, TWICE)
    index(world)
    api.patch("/v1/articles/charged-twice", {"state": "archived"}, 2)
    assert api.get("/v1/help/articles?q=charged+twice", as_="").json["items"] == []
    assert ask(api, "Why was I charged twice?")["kind"] == "handover"


def test_votes_count_and_comments_reach_the_owner(api: Api) -> None:
    published(api, TWICE)
    path = "/v1/help/articles/charged-twice/votes"
    api.post(path, {"helpful": True}, as_="")
    given = api.post(path, {"helpful": False, "comment": "Which days?"}, as_="")
    assert given.json == {"helpful": 1, "unhelpful": 1}
    article = api.get("/v1/articles/charged-twice").json
    assert [vote["comment"] for vote in article["comments"]] == ["Which days?"]
    assert api.post("/v1/help/articles/nothing/votes", {"helpful": True}, as_="").status == 404


def test_a_question_gets_the_passage_and_its_outcome_is_kept(api: Api, world: World) -> None:
    published(api, TWICE)
    published(api, LOGIN)
    index(world)
    answer = ask(api, "Why was my card charged twice?")
    assert (answer["kind"], answer["article"]["slug"]) == ("answer", "charged-twice")
    assert answer["passage"] == TWICE["answer"]
    path = f"/v1/help/questions/{answer['session']}/outcome"
    assert api.post(path, {"solved": True}, as_="").json["solved"] is True
    api.post(path, {"solved": True}, as_="")  # said twice, counted once
    assert api.get("/v1/articles/charged-twice").json["votes"] == {"helpful": 1, "unhelpful": 0}
    assert api.get("/v1/articles/missing").json["items"] == []


def test_a_german_question_gets_the_german_text(api: Api, world: World) -> None:
    german = {
        "title": "Doppelt abgebucht",
        "problem": "Meine Karte wurde doppelt belastet.",
        "answer": "Das ist eine Vormerkung. Sie verschwindet nach drei Tagen.",
    }
    published(api, german, "de")
    published(api, LOGIN)
    index(world)
    answer = ask(api, "Warum wurde meine Karte doppelt abgebucht?")
    assert (answer["kind"], answer["passage"]) == ("answer", german["answer"])


def test_two_that_are_too_close_are_asked_back_once(api: Api, world: World) -> None:
    published(api, {**LOGIN, "title": "Password of the app", "problem": "Password app"})
    published(api, {**LOGIN, "title": "Password of the shop", "problem": "Password shop"})
    index(world)
    asked = ask(api, "password")
    assert asked["kind"] == "clarify"
    assert {option["slug"] for option in asked["options"]} == {
        "password-of-the-app",
        "password-of-the-shop",
    }
    answer = ask(api, "Password of the shop", session=asked["session"])
    assert (answer["kind"], answer["article"]["slug"]) == ("answer", "password-of-the-shop")


def test_what_nothing_answers_goes_to_a_person_with_the_conversation(
    api: Api, world: World
) -> None:
    published(api, TWICE)
    index(world)
    nothing = ask(api, "Do you deliver to the moon?")
    assert (nothing["kind"], nothing["case"]) == ("handover", None)
    path = f"/v1/help/questions/{nothing['session']}/handover"
    assert api.post(path, {"name": "Ada"}, as_="").status == 422
    given = {"email": "ada@example.com", "text": "It is urgent."}
    handed = api.post(path, given, as_="").json
    again = api.post(path, given, as_="").json
    assert again["case"]["reference"] == handed["case"]["reference"]
    case = world.case()
    assert (case.reference, case.subject) == (
        handed["case"]["reference"],
        "Do you deliver to the moon?",
    )
    (said,) = (t for t in world.texts(case) if "urgent" in t)
    assert "> Do you deliver to the moon?" in said
    more = {"question": "And now?", "session": nothing["session"]}
    assert api.post("/v1/help/questions", more, as_="").problem == "conflict"


def test_with_an_address_it_is_one_step(api: Api, world: World) -> None:
    handed = ask(api, "Do you deliver to the moon?", email="ada@example.com")
    assert handed["case"]["reference"] == world.case().reference


def test_unanswered_questions_are_grouped_into_missing_articles(api: Api) -> None:
    for question in ("Do you deliver to the moon?", "Can you deliver to the moon", "Any jobs?"):
        ask(api, question)
    missing = api.get("/v1/articles/missing").json["items"]
    assert [(m["count"], m["language"]) for m in missing] == [(2, "en"), (1, "en")]


def test_a_case_is_shown_what_solved_one_like_it(api: Api, world: World) -> None:
    old = solved_case(api, world)
    published(api, TWICE)
    macro = {"name": "twice", "title": "Charged twice", "text": "It is a reservation."}
    api.put("/v1/settings/macros", {"macros": [macro]}, as_="admin")
    index(world)
    case = api.case(
        subject="Charged twice", text="My card was charged twice", customer={"email": "b@x.org"}
    )
    again = api.case(
        subject="Charged twice", text="My card was charged twice!", customer={"email": "b@x.org"}
    )
    given = api.get(f"/v1/cases/{again['id']}/suggestions").json
    duplicate, similar = given["cases"]
    assert (duplicate["id"], duplicate["duplicate"]) == (case["id"], True)
    assert (similar["id"], similar["duplicate"]) == (old["id"], False)
    assert similar["solved_with"].startswith("it is only a reservation")
    assert "twice" in similar["why"] or "twic" in similar["why"]
    assert [a["slug"] for a in given["articles"]] == ["charged-twice"]
    assert [m["name"] for m in given["macros"]] == ["twice"]


def test_a_case_that_was_opened_again_is_suggested_no_more(api: Api, world: World) -> None:
    old = solved_case(api, world)
    index(world)
    api.patch(f"/v1/cases/{old['id']}", {"status": "open"}, old["version"])
    case = api.case(text="My card was charged twice", customer={"email": "b@x.org"})
    path = f"/v1/cases/{case['id']}/suggestions"
    assert api.get(path).json["cases"] == []
    index(world)
    pointer = world.app.articles.pointer("cases")
    assert pointer is not None
    assert pointer.documents == 0


def test_synonyms_of_the_settings_are_understood(api: Api, world: World) -> None:
    published(api, LOGIN)
    groups = {"groups": [["password", "parole"]]}
    assert api.put("/v1/settings/synonyms", groups, as_="admin").status == 200
    index(world)
    found = api.get("/v1/help/articles?q=parole&language=en", as_="").json["items"]
    assert [item["slug"] for item in found] == ["cannot-log-in"]


def test_no_article_hides_behind_the_address_of_a_list(api: Api) -> None:
    named = {"slug": "missing", "texts": {"en": TWICE}}
    assert api.post("/v1/articles", named).problem == "conflict"
    titled = api.post("/v1/articles", {"texts": {"en": {**TWICE, "title": "Missing"}}})
    assert titled.json["slug"] == "missing-2"
