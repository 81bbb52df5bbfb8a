"""Answers: their figures, their wording by a model, their way into mails, and what is learnt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.errors import WordingFailed
from chalicelib.ports import Spoken
from tests.handlers.client import Api
from tests.handlers.test_api_articles import LOGIN, TWICE, ask, index, published
from tests.handlers.test_chat import begin
from tests.support import World

QUESTION = "Why was my card charged twice?"


@dataclass
class Model:
    """Stands for Bedrock: says what it is told to say, and remembers what it read."""

    says: Callable[[str], str]
    complete: bool = True
    read: list[str] = field(default_factory=list)

    def converse(self, *, model: str, system: str, text: str, most_tokens: int) -> Spoken:
        self.read.append(text)
        said = self.says(text)
        return Spoken(text=said, complete=self.complete, tokens_in=100, tokens_out=10)


def figures(api: Api) -> Any:
    answer = api.get("/v1/help/figures", as_="lead")
    assert answer.status == 200, answer.text
    return answer.json


def outcome(api: Api, session: str, solved: bool) -> Any:
    return api.post(f"/v1/help/questions/{session}/outcome", {"solved": solved}, as_="").json


def set_up(api: Api, world: World, name: str, document: dict[str, Any]) -> None:
    assert api.put(f"/v1/settings/{name}", document, as_="admin").status == 200
    world.clock.forward(seconds=11)


# --- figures ---------------------------------------------------------------------------------


def test_only_what_a_customer_called_solved_is_deflected(api: Api, world: World) -> None:
    published(api, TWICE)
    index(world)
    answered = [ask(api, QUESTION)["session"] for _ in range(3)]
    ask(api, "Do you deliver to the moon?")
    outcome(api, answered[0], True)
    outcome(api, answered[1], False)
    counted = figures(api)
    names = ("asked", "answered", "confirmed", "not_helped", "unknown", "unanswered", "open")
    assert [counted[name] for name in names] == [4, 3, 1, 1, 1, 1, 4]
    assert counted["deflection"]["value"] == 0.25
    assert counted["deflection"]["low"] < 0.25 < counted["deflection"]["high"]
    (article,) = counted["articles"]
    assert (article["shown"], article["helped"], article["not_helped"]) == (3, 1, 1)
    assert api.get("/v1/help/figures", as_="agent").status == 403


@pytest.mark.parametrize("way", ["form", "chat"])
def test_who_writes_to_us_within_three_days_was_not_deflected(
    api: Api, world: World, way: str
) -> None:
    published(api, TWICE)
    index(world)
    outcome(api, ask(api, QUESTION)["session"], True)
    world.clock.forward(days=2)
    if way == "form":
        form = {"email": "ada@example.com", "text": "It is still charged twice."}
        assert api.post("/v1/help/cases", form, as_="").status == 201
    else:
        begin(api, text="It is still charged twice.")
    counted = figures(api)
    assert (counted["confirmed"], counted["followed"]) == (0, 1)


def test_who_writes_after_four_days_has_another_matter(api: Api, world: World) -> None:
    published(api, TWICE)
    index(world)
    outcome(api, ask(api, QUESTION)["session"], True)
    world.clock.forward(days=4)
    form = {"email": "ada@example.com", "text": "Where is my parcel?"}
    assert api.post("/v1/help/cases", form, as_="").status == 201
    assert figures(api)["confirmed"] == 1


def test_what_was_handed_over_is_no_deflection_whatever_is_said_later(
    api: Api, world: World
) -> None:
    published(api, TWICE)
    index(world)
    session = ask(api, QUESTION)["session"]
    path = f"/v1/help/questions/{session}/handover"
    assert api.post(path, {"email": "ada@example.com"}, as_="").status == 200
    outcome(api, session, True)
    counted = figures(api)
    assert (counted["handed_over"], counted["confirmed"]) == (1, 0)


# --- an agent's articles ---------------------------------------------------------------------


def test_an_article_that_an_agent_sent_is_credited_when_the_case_stays_solved(
    api: Api, world: World
) -> None:
    published(api, TWICE)
    case = api.case(text="My card was charged twice")
    path = f"/v1/cases/{case['id']}/messages"
    unknown = api.post(path, {"text": "See this.", "articles": ["nothing"]})
    assert unknown.fields == ["articles.0"]
    given = {"text": "See this.", "articles": ["charged-twice"], "status": "resolved"}
    assert api.post(path, given).status == 201
    world.settle()
    assert figures(api)["articles"][0]["credited"] == 0
    world.clock.forward(days=3, minutes=5)
    world.sweep()
    world.sweep()
    (article,) = figures(api)["articles"]
    assert (article["sent"], article["credited"]) == (1, 1)


def test_an_article_whose_case_was_opened_again_is_not_credited(api: Api, world: World) -> None:
    published(api, TWICE)
    case = api.case(text="My card was charged twice")
    path = f"/v1/cases/{case['id']}"
    given = {"text": "See this.", "articles": ["charged-twice"], "status": "resolved"}
    assert api.post(f"{path}/messages", given).status == 201
    world.settle()
    version = api.get(path).json["version"]
    assert api.patch(path, {"status": "open"}, version).status == 200
    for _ in range(5):
        world.clock.forward(days=8)
        world.sweep()
    since = "/v1/help/figures?since=2026-11-01"
    (article,) = api.get(since, as_="lead").json["articles"]
    assert (article["sent"], article["credited"]) == (1, 0)


def test_an_agents_word_on_what_solved_it_makes_the_article_findable_by_those_words(
    api: Api, world: World
) -> None:
    published(api, LOGIN)
    index(world)
    assert ask(api, "kaputtnik gizmo")["kind"] == "handover"
    text = "My kaputtnik gizmo does not want to start since this morning."
    case = api.case(subject="kaputtnik gizmo", text=text)
    world.settle()
    version = api.get(f"/v1/cases/{case['id']}").json["version"]
    patch = {"article": "cannot-log-in", "status": "resolved"}
    assert api.patch(f"/v1/cases/{case['id']}", patch, version).status == 200
    world.settle()
    index(world)
    found = api.get("/v1/help/articles?q=kaputtnik+gizmo&language=en", as_="").json["items"]
    assert [item["slug"] for item in found] == ["cannot-log-in"]
    assert figures(api)["articles"][0]["credited"] == 1


# --- wording by a model ----------------------------------------------------------------------


def test_without_a_model_id_no_model_is_asked(api: Api, world: World) -> None:
    model = Model(lambda text: "It is a reservation [1].")
    world.app.__dict__["worder"] = model
    published(api, TWICE)
    index(world)
    assert ask(api, QUESTION)["text"] == TWICE["answer"]
    assert model.read == []


def test_a_model_words_the_passage_with_its_citation_and_is_paid_for(
    api: Api, world: World
) -> None:
    model = Model(lambda text: "A double charge is only a reservation [1].")
    world.app.__dict__["worder"] = model
    set_up(api, world, "help", {"wording": {"model": "m", "input_price": 1, "output_price": 5}})
    published(api, TWICE)
    index(world)
    answer = ask(api, QUESTION)
    assert answer["text"] == "A double charge is only a reservation [1]."
    assert answer["passage"] == TWICE["answer"]
    assert [link["slug"] for link in answer["citations"]] == ["charged-twice"]
    wording = figures(api)["wording"]
    assert wording == {"tokens_in": 100, "tokens_out": 10, "dollars": 0.00015}


def _throttled(text: str) -> str:
    raise WordingFailed("ThrottlingException")


@pytest.mark.parametrize(
    "says",
    [
        lambda text: "You get 500 dollars back [1].",
        lambda text: "It disappears by magic, trust me [2].",
        lambda text: "NO_ANSWER",
        _throttled,
    ],
)
def test_whatever_a_model_makes_up_or_fails_at_the_passage_is_shown(
    api: Api, world: World, says: Callable[[str], str]
) -> None:
    world.app.__dict__["worder"] = Model(says)
    set_up(api, world, "help", {"wording": {"model": "m"}})
    published(api, TWICE)
    index(world)
    answer = ask(api, QUESTION)
    assert (answer["text"], answer["citations"]) == (TWICE["answer"], [])


# --- mail ------------------------------------------------------------------------------------


def link_in(world: World) -> str:
    (text,) = (text for text in world.texts(world.case()) if "/s/" in text)
    return "/s/" + text.rpartition("/s/")[2].split()[0]


def test_a_mail_is_not_answered_by_a_machine_unless_that_is_set(api: Api, world: World) -> None:
    published(api, TWICE)
    index(world)
    world.mail(text="You charged my card twice for one order.", subject="Charged twice")
    world.settle()
    assert not any(TWICE["answer"] in text for text in world.texts(world.case()))


def test_a_sure_article_goes_along_and_only_the_button_says_solved(api: Api, world: World) -> None:
    set_up(api, world, "help", {"answer_mail": True})
    published(api, TWICE)
    published(api, LOGIN)
    index(world)
    world.mail(text="You charged my card twice for one order.", subject="Charged twice")
    world.settle()
    (said,) = (t for t in world.texts(world.case()) if TWICE["answer"] in t)
    assert "a machine has found this article" in said
    path = link_in(world)
    page = api.get(path, as_="")
    assert (page.status, world.case().status) == (200, "new")
    assert "Charged twice" in page.text
    for _ in range(2):
        assert api.form(path, "solved=1").status == 200
    case = world.case()
    assert (case.status, case.article) == ("resolved", "charged-twice")
    assert figures(api)["confirmed"] == 1
    assert api.get(path[:-1] + ("a" if path[-1] != "a" else "b"), as_="").status == 403


def test_what_is_only_near_is_not_sent_by_mail(api: Api, world: World) -> None:
    set_up(api, world, "help", {"answer_mail": True})
    published(api, TWICE)
    index(world)
    world.mail(text="Is a charge for delivery to the moon possible?", subject="Moon")
    world.settle()
    assert not any(TWICE["answer"] in text for text in world.texts(world.case()))


# --- other languages -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Warum wurde meine Karte doppelt abgebucht?", "keinen Artikel auf Deutsch"),
        ("Pourquoi ma carte a été débitée deux fois ?", "pas d'article en français"),
        ("¿Por qué han cobrado mi tarjeta dos veces?", "No tenemos un artículo en español"),
    ],
)
def test_an_english_article_answers_in_another_language_and_says_so(
    api: Api, world: World, question: str, words: str
) -> None:
    published(api, TWICE)
    published(api, LOGIN)
    index(world)
    answer = ask(api, question)
    assert (answer["kind"], answer["article"]["language"]) == ("answer", "en")
    assert words in answer["note"]
    assert answer["passage"] == TWICE["answer"]


def test_a_question_in_another_language_that_is_about_something_else_is_handed_over(
    api: Api, world: World
) -> None:
    published(api, TWICE)
    published(api, LOGIN)
    index(world)
    assert ask(api, "Liefern Sie auch auf den Mond?")["kind"] == "handover"


def test_the_session_of_a_mail_or_chat_is_nobodys_to_guess(api: Api, world: World) -> None:
    set_up(api, world, "help", {"answer_mail": True})
    published(api, TWICE)
    index(world)
    world.mail(text="You charged my card twice for one order.", subject="Charged twice")
    world.settle()
    path = f"/v1/help/questions/mail-{world.case().id}/outcome"
    assert api.post(path, {"solved": True}, as_="").status == 404


def test_another_browser_at_the_same_address_is_somebody_else(api: Api, world: World) -> None:
    published(api, TWICE)
    index(world)
    outcome(api, ask(api, QUESTION)["session"], True)
    form = {"email": "eve@example.com", "text": "Where is my parcel?"}
    headers = {"User-Agent": "Another/1.0"}
    assert api.post("/v1/help/cases", form, as_="", headers=headers).status == 201
    assert figures(api)["confirmed"] == 1


# --- known issues ----------------------------------------------------------------------------


def test_a_question_about_a_known_issue_hears_of_it_first(api: Api, world: World) -> None:
    topic = {"label": "billing", "name": "Charges", "examples": ["I was charged twice"]}
    set_up(api, world, "topics", {"topics": [topic]})
    opened = {"title": "Double charges", "rule": {"topic": "billing"}}
    made = api.post("/v1/problems", opened, as_="lead").json
    path = f"/v1/problems/{made['id']}"
    public = {"visible": True, "title": "Some were charged twice", "text": "We cancel it."}
    changed = api.patch(path, {"public": public, "workaround": "Nothing to do."}, 1, as_="lead")
    assert changed.status == 200
    answer = ask(api, QUESTION)
    assert [one["link"] for one in answer["issues"]] == [f"issues/{made['id']}"]
    assert answer["text"].startswith("This is a known issue: Some were charged twice.")
    assert ask(api, "Where is my parcel from yesterday?")["issues"] == []
