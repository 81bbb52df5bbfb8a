"""Using macros on cases."""

from __future__ import annotations

from typing import Any

from tests.handlers.client import Api
from tests.support import World

LATE = {
    "name": "late",
    "title": "Parcel is late",
    "text": "Hello {{customer.name}}, we look for it. {{case.reference}}",
    "texts": {"de": "Guten Tag {{customer.name}}, wir suchen es."},
    "status": "pending",
    "priority": "high",
    "tags": ["late"],
    "topics": ["delivery"],
}
INSIDE = {"name": "inside", "title": "Inside", "priority": "low", "visible_to": ["billing"]}


def macros(api: Api, world: World, *listed: dict[str, Any]) -> None:
    assert api.put("/v1/settings/macros", {"macros": listed}, as_="admin").status == 200
    world.clock.forward(seconds=11)


def test_a_preview_says_what_would_happen_and_changes_nothing(api: Api, world: World) -> None:
    macros(api, world, LATE)
    case = api.case(customer={"name": "Ada Byron", "email": "ada@example.com"})
    path = f"/v1/cases/{case['id']}/macros/late"
    given = api.post(path, {"preview": True}).json
    assert given["text"] == f"Hello Ada Byron, we look for it. {case['reference']}"
    assert given["changes"]["status"] == ["new", "pending"]
    assert given["changes"]["tags"] == ["", "late"]
    assert api.get(f"/v1/cases/{case['id']}").json["status"] == "new"
    assert api.post(path, {"preview": True, "language": "de"}).json["text"].startswith("Guten Tag")


def test_a_macro_changes_the_case_in_one_step_with_its_history(api: Api, world: World) -> None:
    macros(api, world, LATE)
    case = api.case(customer={"name": "Ada Byron", "email": "ada@example.com"})
    path = f"/v1/cases/{case['id']}"
    used = api.post(f"{path}/macros/late", {}).json
    after = api.get(path).json
    assert (after["status"], after["priority"], after["tags"]) == ("pending", "high", ["late"])
    assert (used["applied"], used["version"]) == (True, after["version"])
    changes = [m["changes"] for m in api.get(f"{path}/messages").json["items"] if m["changes"]]
    assert changes[-1].keys() == {"status", "priority", "tags"}
    again = api.post(f"{path}/macros/late", {}).json
    assert (again["changes"], again["version"]) == ({}, after["version"])


REFUND = {
    "name": "refund",
    "title": "Refund",
    "text": "We refund {{ask.amount}} for {{ask.order}} on {{ask.day}}{{ask.note}}.",
    "texts": {"de": "Erstattet am {{ask.day}}: {{ask.amount}} ({{ask.order}})"},
    "tags": ["refund"],
    "asks": [
        {"name": "order", "label": "Order number"},
        {"name": "amount", "label": "Amount", "type": "number"},
        {"name": "day", "label": "Day", "type": "date"},
        {
            "name": "by",
            "label": "How",
            "type": "choice",
            "choices": ["card", "cash"],
            "default": "card",
        },
        {"name": "note", "label": "Note", "required": False},
    ],
}


def test_what_no_case_knows_is_asked_at_each_use(api: Api, world: World) -> None:
    macros(api, world, REFUND)
    case = api.case(customer={"email": "ada@example.com"})
    path = f"/v1/cases/{case['id']}/macros/refund"
    asked = {"order": "{{customer.name}} 4711", "amount": "12,50", "day": "2026-11-05"}
    used = api.post(path, {"preview": True, "asked": asked}).json
    assert used["text"] == "We refund 12,50 for {{customer.name}} 4711 on 5 November 2026."
    german = api.post(path, {"preview": True, "asked": asked, "language": "de"}).json
    assert german["text"].startswith("Erstattet am 05.11.2026: 12,50")


def test_all_that_is_wrong_with_the_asked_fields_is_named_and_nothing_done(
    api: Api, world: World
) -> None:
    macros(api, world, REFUND)
    case = api.case(customer={"email": "ada@example.com"})
    asked = {"amount": "much", "day": "2026-02-30", "by": "gold", "colour": "red"}
    refused = api.post(f"/v1/cases/{case['id']}/macros/refund", {"asked": asked})
    assert refused.fields == [
        "asked.colour",
        "asked.order",
        "asked.amount",
        "asked.day",
        "asked.by",
    ]
    assert api.get(f"/v1/cases/{case['id']}").json["tags"] == []


def test_a_macro_that_asks_for_what_it_cannot_is_not_saved(api: Api) -> None:
    text = {"name": "a", "title": "A", "text": "{{ask.order}}"}
    order = {"name": "order", "label": "Order"}
    for asks in (
        [],
        [order, order],
        [{**order, "type": "choice"}],
        [{**order, "choices": ["a"]}],
        [{**order, "type": "number", "default": "x"}],
    ):
        wrong = {"macros": [{**text, "asks": asks}]}
        assert api.put("/v1/settings/macros", wrong, as_="admin").status == 422
    right = {"macros": [{**text, "asks": [order]}]}
    assert api.put("/v1/settings/macros", right, as_="admin").status == 200


def test_a_missing_value_stops_the_whole_macro(api: Api, world: World) -> None:
    macros(api, world, LATE)
    case = api.case(customer={"email": "ada@example.com"})
    path = f"/v1/cases/{case['id']}"
    assert api.post(f"{path}/macros/late", {}).fields == ["customer.name"]
    assert api.get(path).json["status"] == "new"


def test_a_macro_of_another_team_is_none_of_ours(api: Api, world: World) -> None:
    macros(api, world, LATE, INSIDE)
    case = api.case()
    assert [m["name"] for m in api.get("/v1/macros").json["items"]] == ["late"]
    assert api.post(f"/v1/cases/{case['id']}/macros/inside", {}).status == 404
    team = {"name": "billing", "title": "Billing", "members": ["agent@example.com"]}
    assert api.put("/v1/settings/teams", {"teams": [team]}, as_="admin").status == 200
    world.clock.forward(seconds=11)
    assert [m["name"] for m in api.get("/v1/macros").json["items"]] == ["late", "inside"]
    assert api.post(f"/v1/cases/{case['id']}/macros/inside", {}).status == 200


def test_a_macro_for_the_topic_of_a_case_is_suggested(api: Api, world: World) -> None:
    macros(api, world, LATE)
    topics = {"topics": [{"label": "delivery", "name": "Delivery", "examples": ["parcel"]}]}
    assert api.put("/v1/settings/topics", topics, as_="admin").status == 200
    world.clock.forward(seconds=11)
    case = api.case(text="Xyzzy plugh.", customer={"email": "ada@example.com"})
    version = api.get(f"/v1/cases/{case['id']}").json["version"]
    api.patch(f"/v1/cases/{case['id']}", {"topic": "delivery"}, version)
    (macro,) = api.get(f"/v1/cases/{case['id']}/suggestions").json["macros"]
    assert (macro["name"], macro["why"]) == ("late", "for the topic delivery")
