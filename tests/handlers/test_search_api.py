"""One search over everything."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from chalicelib.handlers import schedules
from tests.handlers.client import Api
from tests.support import SCHEDULED, World


def found(api: Api, text: str, as_: str = "agent") -> list[tuple[str, str]]:
    answer = api.get(f"/v1/search?q={quote(text)}", as_=as_)
    assert answer.status == 200, answer.text
    return [(hit["kind"], hit["title"]) for hit in answer.json["hits"]]


def article(api: Api, slug: str, title: str) -> None:
    text = {"title": title, "answer": "One of them is a reservation; it goes away."}
    made = api.post("/v1/articles", {"slug": slug, "texts": {"en": text}}).json
    api.patch(f"/v1/articles/{slug}", {"state": "published"}, made["version"])


def test_a_reference_is_found_at_once_and_alone(api: Api) -> None:
    case = api.case(subject="The kettle")
    api.case(subject=f"About {case['reference']}")
    assert found(api, case["reference"].lower()) == [("case", "The kettle")]


def test_everything_that_has_the_words_is_found(api: Api, world: World) -> None:
    api.post("/v1/customers", {"name": "Rosa Kettle", "email": "rosa@example.com"})
    api.case(subject="My kettle leaks")
    solved = api.case(subject="Kettle without a lid", customer={"email": "b@example.com"})
    answer = {"text": "A new lid is on its way.", "status": "resolved"}
    api.post(f"/v1/cases/{solved['id']}/messages", answer)
    article(api, "kettle", "Descaling a kettle")
    api.post("/v1/problems", {"title": "Kettles leak"})
    macro = {"name": "lid", "title": "New kettle lid", "text": "It is on its way."}
    api.put("/v1/settings/macros", {"macros": [macro]}, as_="admin")
    world.clock.forward(minutes=30)
    schedules.index_knowledge(SCHEDULED, None)
    assert found(api, "kettle") == [
        ("case", "My kettle leaks"),
        ("customer", "Rosa Kettle"),
        ("solved", "Kettle without a lid"),
        ("article", "Descaling a kettle"),
        ("problem", "Kettles leak"),
        ("macro", "New kettle lid"),
    ]


def test_customers_are_found_by_either_name_and_by_their_address(api: Api) -> None:
    api.post("/v1/customers", {"name": "José Ortiz Vega", "email": "jose@example.com"})
    for text in ("jose", "José Or", "vega", "vega jo", "jose@example.com", "JOSE@example.com"):
        assert found(api, text) == [("customer", "José Ortiz Vega")], text
    assert found(api, "jose@exam") == []
    assert found(api, "ortega") == []


def test_a_renamed_customer_is_found_by_the_new_name_only(api: Api) -> None:
    made = api.post("/v1/customers", {"name": "Ada Byron", "email": "ada@example.com"}).json
    api.patch(f"/v1/customers/{made['id']}", {"name": "Ada Lovelace"}, made["version"])
    assert found(api, "byron") == []
    assert found(api, "lovelace") == [("customer", "Ada Lovelace")]


def test_a_long_queue_is_looked_through_step_by_step(api: Api) -> None:
    api.case(subject="The needle")
    for number in range(120):
        api.case(subject=f"Hay {number}")
    first = api.get("/v1/search?q=needle").json
    assert (first["hits"], first["looked_at"]) == ([], 100)
    further = api.get(f"/v1/search?q=needle&cursor={first['cursor']}").json
    assert [hit["title"] for hit in further["hits"]] == ["The needle"]
    assert further["cursor"] is None
    other = api.get(f"/v1/search?q=hay&cursor={first['cursor']}")
    assert other.problem == "malformed"


def test_notices_are_found_by_leads_only(api: Api, world: World) -> None:
    notice: dict[str, Any] = {"name": "Kettle recall", "topic": "kettle"}
    made = api.post("/v1/campaigns", notice, as_="lead")
    assert made.status == 201, made.text
    assert found(api, "recall", as_="lead") == [("campaign", "Kettle recall")]
    assert found(api, "recall") == []


def test_a_text_that_says_nothing_is_refused(api: Api) -> None:
    assert api.get("/v1/search?q=%20a%20").fields == ["q"]
