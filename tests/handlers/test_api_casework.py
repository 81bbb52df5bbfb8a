"""Working on one case: snooze, hand over, own fields, undo, a timeline from its newest end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.base import iso
from tests.handlers.client import Answer, Api
from tests.support import World

TEAMS = {
    "teams": [
        {"name": "billing", "title": "Billing", "members": ["bo@example.com"]},
        {"name": "support", "title": "Support", "members": ["agent@example.com"]},
    ]
}


def change(api: Api, case: Any, fields: Any, as_: str = "agent") -> Answer:
    newest = api.get(f"/v1/cases/{case['id']}").json
    return api.patch(f"/v1/cases/{case['id']}", fields, newest["version"], as_=as_)


def listed(api: Api, query: str) -> list[str]:
    return [case["id"] for case in api.get(f"/v1/cases?{query}").json["items"]]


def later(world: World, **by: float) -> str:
    return iso(world.clock() + timedelta(**by))


def events(api: Api, case: Any) -> list[Any]:
    page = api.get(f"/v1/cases/{case['id']}/messages?order=newest&limit=100").json
    return [one for one in page["items"] if one["kind"] == "event"]


# --- snooze ---------------------------------------------------------------------------------------


def test_a_snoozed_case_is_in_no_queue_until_its_time_has_come(api: Api, world: World) -> None:
    api.put("/v1/settings/views", {"views": [{"name": "new", "title": "New"}]}, as_="admin")
    case, other = api.case(), api.case()
    until = later(world, hours=2)
    assert change(api, case, {"snoozed_until": until}).json["snoozed_until"] == until
    for view in ("queue", "unsolved", "unassigned", "new"):
        assert listed(api, f"view={view}") == [other["id"]]
    assert listed(api, "view=snoozed") == [case["id"]]
    assert {case["id"], other["id"]} == set(listed(api, "q=work")) == set(listed(api, "view=all"))
    world.clock.forward(hours=1, minutes=59)
    world.sweep()
    assert listed(api, "view=snoozed") == [case["id"]]
    world.clock.forward(minutes=1)
    assert world.app.snoozing.wake().woken == 1
    assert world.app.snoozing.wake().woken == 0
    assert listed(api, "view=snoozed") == []
    assert case["id"] in listed(api, "view=queue")
    assert events(api, case)[0]["changes"] == {"snoozed_until": [until, ""]}


def test_a_snoozed_case_of_ones_own_comes_back_to_ones_own(api: Api, world: World) -> None:
    case = api.case()
    change(api, case, {"assignee": "agent@example.com", "snoozed_until": later(world, hours=2)})
    assert listed(api, "view=mine") == []
    assert change(api, case, {"snoozed_until": None}).json["snoozed_until"] is None
    assert listed(api, "view=mine") == [case["id"]]


def test_a_snooze_lies_in_the_next_year_and_is_of_what_is_open(api: Api, world: World) -> None:
    case = api.case()
    for wrong in (later(world, minutes=-1), later(world, days=400)):
        refused = change(api, case, {"snoozed_until": wrong})
        assert (refused.status, refused.fields) == (422, ["snoozed_until"])
    change(api, case, {"status": "resolved"})
    assert change(api, case, {"snoozed_until": later(world, hours=1)}).status == 409


def test_what_is_resolved_does_not_come_back(api: Api, world: World) -> None:
    case = api.case()
    until = later(world, hours=1)
    change(api, case, {"snoozed_until": until})
    assert change(api, case, {"status": "resolved"}).json["snoozed_until"] is None
    world.clock.forward(hours=2)
    assert world.app.snoozing.wake().woken == 0


def test_the_customer_wakes_their_case(api: Api, world: World) -> None:
    world.mail("My parcel is late", message_id="late@example.org")
    world.settle()
    case = {"id": world.case().id}
    until = later(world, days=3)
    change(api, case, {"snoozed_until": until})
    world.mail("Any news?", headers={"In-Reply-To": "<late@example.org>"})
    world.settle()
    assert world.case().snoozed_until is None
    assert listed(api, "view=queue") == [case["id"]]
    assert {"snoozed_until": [until, ""]} in [event["changes"] for event in events(api, case)]


def test_a_machine_that_answers_does_not_wake_a_case(api: Api, world: World) -> None:
    world.mail("My parcel is late", message_id="late@example.org")
    world.settle()
    change(api, {"id": world.case().id}, {"snoozed_until": later(world, days=3)})
    away = {"In-Reply-To": "<late@example.org>", "Auto-Submitted": "auto-replied"}
    world.mail("I am away", headers=away)
    world.settle()
    assert world.case().snoozed_until is not None


def test_a_case_that_waits_in_another_wakes_the_other(api: Api, world: World) -> None:
    case, other = api.case(), api.case()
    change(api, other, {"snoozed_until": later(world, days=3)})
    joined = api.post(f"/v1/cases/{case['id']}/merge", {"into": other["id"]}).json
    assert joined["snoozed_until"] is None


def test_a_snooze_holds_up_no_promise(api: Api, world: World) -> None:
    world.mail("Where is my parcel?")
    world.settle()
    case = {"id": world.case().id}
    change(api, case, {"snoozed_until": later(world, days=1)})
    world.clock.forward(hours=8, minutes=1)  # a first reply was promised within eight
    assert world.app.reminding.remind().breaches == 1
    assert any(e["text"].startswith("promise broken") for e in events(api, case))
    assert listed(api, "view=snoozed") == [case["id"]]


# --- handing over ---------------------------------------------------------------------------------


def hand_over(api: Api, case: Any, key: str = "", **given: Any) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return api.post(f"/v1/cases/{case['id']}/handover", given, headers=headers)


def test_a_case_is_handed_over_with_a_note_right_before_it(api: Api, world: World) -> None:
    api.put("/v1/settings/teams", TEAMS, as_="admin")
    case = api.case()
    change(api, case, {"assignee": "agent@example.com", "snoozed_until": later(world, hours=1)})
    world.clock.forward(minutes=1)
    given = hand_over(api, case, team="billing", assignee="Bo@example.com", note="Charged twice")
    assert (given.json["team"], given.json["assignee"]) == ("billing", "bo@example.com")
    assert given.json["snoozed_until"] is None
    page = api.get(f"/v1/cases/{case['id']}/messages?order=newest&limit=2").json["items"]
    assert [(one["kind"], one["text"]) for one in page] == [
        ("event", "handed over"),
        ("note", "Charged twice"),
    ]
    assert page[0]["changes"]["assignee"] == ["agent@example.com", "bo@example.com"]


def test_what_goes_to_a_team_is_the_teams_to_take(api: Api) -> None:
    api.put("/v1/settings/teams", TEAMS, as_="admin")
    case = api.case()
    change(api, case, {"assignee": "agent@example.com"})
    given = hand_over(api, case, team="billing", note="Yours").json
    assert (given["team"], given["assignee"]) == ("billing", None)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"assignee": "nobody@example.com", "note": "x"}, "assignee"),
        ({"team": "nobody", "note": "x"}, "team"),
        ({"note": "x"}, "team"),
        ({"team": "billing", "note": "  "}, "note"),
    ],
)
def test_a_case_goes_to_nobody_unknown_and_never_without_a_word(
    api: Api, given: Any, field: str
) -> None:
    api.put("/v1/settings/teams", TEAMS, as_="admin")
    refused = hand_over(api, api.case(), **given)
    assert (refused.status, refused.fields) == (422, [field])


def test_a_repeated_request_hands_over_once(api: Api) -> None:
    api.put("/v1/settings/teams", TEAMS, as_="admin")
    case = api.case()
    for _ in range(2):
        assert hand_over(api, case, key="k1", team="billing", note="Yours").status == 200
    page = api.get(f"/v1/cases/{case['id']}/messages").json["items"]
    assert [one["text"] for one in page if one["kind"] == "note"] == ["Yours"]


# --- undo -----------------------------------------------------------------------------------------


def undo(api: Api, case: Any, event: str, as_: str = "agent") -> Answer:
    return api.post(f"/v1/cases/{case['id']}/undo", {"event": event}, as_=as_)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "resolved"},
        {"status": "closed"},
        {"priority": "urgent"},
        {"subject": "Another"},
        {"team": "billing", "assignee": "bo@example.com"},
        {"topic": "billing"},
        {"tags": ["a", "b"]},
        {"spam": True},
        {"fields": {"order": "4711"}},
        {"snoozed_until": "2026-11-30T08:00:00.000Z"},
    ],
    ids=lambda fields: next(iter(fields)) + str(next(iter(fields.values())))[:8],
)
def test_whatever_a_person_changes_can_be_taken_back(api: Api, world: World, fields: Any) -> None:
    label = {"en": "Order"}
    api.put("/v1/settings/fields", {"fields": [{"name": "order", "label": label}]}, as_="admin")
    case = api.case(tags=["first"], priority="low")
    world.settle()
    before = api.get(f"/v1/cases/{case['id']}").json
    if "snoozed_until" in fields:
        fields = {"snoozed_until": later(world, hours=1)}
    changed = api.patch(f"/v1/cases/{case['id']}", fields, before["version"])
    assert changed.status == 200, changed.text
    entry = events(api, case)[0]
    assert entry["id"] == changed.headers["Change-Event"]
    assert entry["undo_until"] == later(world, minutes=10)
    world.clock.forward(minutes=1)
    back = undo(api, case, entry["id"], as_="lead").json
    same = (set(before) & set(back)) - {"version", "updated_at", "promises"}
    assert {name: back[name] for name in same} == {name: before[name] for name in same}
    again = undo(api, case, events(api, case)[0]["id"]).json  # an undo can be undone
    assert again["status"] == changed.json["status"]
    assert again["tags"] == changed.json["tags"]


def test_what_somebody_changed_since_is_not_taken_back(api: Api) -> None:
    case = api.case()
    first = change(api, case, {"priority": "high", "team": "billing"}).headers["Change-Event"]
    change(api, case, {"priority": "urgent"}, as_="lead")
    refused = undo(api, case, first)
    assert (refused.status, refused.problem) == (409, "conflict")
    assert "priority" in refused.json["detail"]
    assert api.get(f"/v1/cases/{case['id']}").json["team"] == "billing"


def test_other_changes_since_stay_when_one_is_taken_back(api: Api) -> None:
    case = api.case()
    first = change(api, case, {"priority": "high"}).headers["Change-Event"]
    change(api, case, {"team": "billing"})
    after = undo(api, case, first).json
    assert (after["priority"], after["team"]) == ("normal", "billing")


def test_a_change_is_taken_back_for_ten_minutes_only(api: Api, world: World) -> None:
    case = api.case()
    event = change(api, case, {"priority": "high"}).headers["Change-Event"]
    world.clock.forward(minutes=10, seconds=30)
    assert undo(api, case, event).status == 409
    world.clock.forward(minutes=10)
    assert undo(api, case, event).status == 404


def test_what_is_no_change_is_not_taken_back(api: Api) -> None:
    case = api.case()
    note = api.post(f"/v1/cases/{case['id']}/messages", {"kind": "note", "text": "x"}).json
    assert undo(api, case, note["id"]).status == 422
    assert undo(api, case, "nothing").status == 404
    assert undo(api, case, note["id"], as_="reader").status == 403


def test_a_resolved_case_that_is_taken_back_waits_for_its_answer_again(
    api: Api, world: World
) -> None:
    world.mail("Where is my parcel?")
    world.settle()
    case = {"id": world.case().id}
    event = change(api, case, {"status": "resolved"}).headers["Change-Event"]
    world.clock.forward(minutes=5)
    clocks = undo(api, case, event).json["promises"]
    assert {clocks[name]["state"] for name in ("first_reply", "resolution")} == {"running"}


# --- own fields -----------------------------------------------------------------------------------

FIELDS = {
    "fields": [
        {
            "name": "product",
            "label": {"en": "Product"},
            "type": "choice",
            "choices": [{"value": "router"}, {"value": "lamp"}],
        },
        {"name": "amount", "label": {"en": "Amount"}, "type": "number"},
        {"name": "bought", "label": {"en": "Bought"}, "type": "date"},
        {"name": "vip", "label": {"en": "VIP"}, "type": "bool"},
        {"name": "cause", "label": {"en": "Cause"}, "to_resolve": True, "teams": ["billing"]},
    ]
}


def test_own_fields_are_typed_and_merged(api: Api) -> None:
    api.put("/v1/settings/fields", FIELDS, as_="admin")
    case = api.case()
    first = change(api, case, {"fields": {"product": "router", "amount": "12.5", "vip": True}})
    assert first.json["fields"] == {"product": "router", "amount": 12.5, "vip": True}
    after = change(api, case, {"fields": {"product": None, "bought": "2026-11-01"}})
    assert after.json["fields"] == {"amount": 12.5, "vip": True, "bought": "2026-11-01"}
    assert events(api, case)[0]["changes"] == {
        "fields.bought": ["", "2026-11-01"],
        "fields.product": ["router", ""],
    }
    assert listed(api, "field=vip%3Dtrue") == listed(api, "field=amount%3D12.5") == [case["id"]]
    assert listed(api, "field=product%3Drouter") == []


def test_every_wrong_field_is_named(api: Api) -> None:
    api.put("/v1/settings/fields", FIELDS, as_="admin")
    wrong = {"product": "fridge", "amount": "many", "bought": "soon", "vip": "maybe", "no": "x"}
    refused = change(api, api.case(), {"fields": wrong})
    assert refused.status == 422
    assert sorted(refused.fields) == sorted(f"fields.{name}" for name in wrong)


def test_a_case_is_not_resolved_without_what_its_team_must_say(api: Api) -> None:
    api.put("/v1/settings/fields", FIELDS, as_="admin")
    case = api.case()
    assert change(api, case, {"status": "resolved"}).status == 200  # it is nobody's
    other = api.case()
    change(api, other, {"team": "billing"})
    refused = change(api, other, {"status": "resolved"})
    assert (refused.status, refused.fields) == (422, ["fields.cause"])
    path = f"/v1/cases/{other['id']}/messages"
    refused = api.post(path, {"text": "Done", "status": "resolved"})
    assert (refused.status, refused.fields) == (422, ["fields.cause"])
    both = {"fields": {"cause": "A bug"}, "status": "resolved"}
    assert change(api, other, both).json["status"] == "resolved"


def test_the_form_and_the_desk_have_one_description_of_a_field(api: Api) -> None:
    form = [
        {"name": "product", "label": {"en": "Which product?"}, "type": "text", "required": True},
        {"name": "shop", "label": {"en": "Shop"}},
    ]
    api.put("/v1/settings/channels", {"form": {"fields": form}}, as_="admin")
    api.put("/v1/settings/fields", FIELDS, as_="admin")
    asked = {field["name"]: field for field in api.get("/v1/help/form").json["fields"]}
    assert (asked["product"]["type"], asked["product"]["required"]) == ("choice", True)
    assert asked["product"]["label"] == {"en": "Which product?"}
    known = [field["name"] for field in api.get("/v1/fields", as_="reader").json["items"]]
    assert known == ["product", "amount", "bought", "vip", "cause", "shop"]
    assert change(api, api.case(), {"fields": {"shop": "Bonn"}}).json["fields"] == {"shop": "Bonn"}


def test_a_macro_fills_in_fields(api: Api) -> None:
    api.put("/v1/settings/fields", FIELDS, as_="admin")
    macro = {"name": "lamp", "title": "Lamp", "fields": {"product": "lamp"}}
    api.put("/v1/settings/macros", {"macros": [macro]}, as_="admin")
    case = api.case()
    used = api.post(f"/v1/cases/{case['id']}/macros/lamp", {}).json
    assert used["changes"] == {"fields.product": ["", "lamp"]}
    assert api.get(f"/v1/cases/{case['id']}").json["fields"] == {"product": "lamp"}


# --- the timeline ---------------------------------------------------------------------------------


def test_a_timeline_pages_from_its_newest_end_over_merged_cases(api: Api, world: World) -> None:
    one, other = api.case(), api.case()
    for number in range(6):
        world.clock.forward(minutes=1)
        case = (one, other)[number % 2]
        note = {"kind": "note", "text": f"n{number}"}
        api.post(f"/v1/cases/{case['id']}/messages", note)
    api.post(f"/v1/cases/{one['id']}/merge", {"into": other["id"]})
    path = f"/v1/cases/{other['id']}/messages"
    whole = [one["id"] for one in api.get(f"{path}?limit=100").json["items"]]
    found: list[str] = []
    cursor = ""
    while True:
        page = api.get(f"{path}?order=newest&limit=3{cursor}").json
        found += [one["id"] for one in page["items"]]
        if not page["cursor"]:
            break
        cursor = f"&cursor={page['cursor']}"
    times = {m["id"]: m["created_at"] for m in api.get(f"{path}?limit=100").json["items"]}
    assert sorted(found) == sorted(whole)
    assert [times[i] for i in found] == sorted(times.values(), reverse=True)
    assert api.get(f"{path}?limit=3{cursor}").status == 400  # a cursor of the other order


# --- what touches a customer ----------------------------------------------------------------------


def test_an_agent_sees_the_problems_that_touch_a_customer(api: Api, world: World) -> None:
    owner = {"email": "ada@example.com", "name": "Ada"}
    asset = {"type": "product", "name": "Lamp", "attributes": {"version": "2"}}
    customer = api.post("/v1/customers", {**owner, "assets": [asset]}).json
    path = f"/v1/customers/{customer['id']}/touching"
    assert api.get(path, as_="reader").json == {"problems": [], "notices": []}
    titles = {
        "Lamps go out": {"attributes": {"product": "lamp", "version": "2"}},
        "Another lamp": {"attributes": {"product": "lamp", "version": "3"}},
        "Parcels late": {"topic": "parcel"},
    }
    made = {}
    for title, rule in titles.items():
        made[title] = api.post("/v1/problems", {"title": title, "rule": rule}, as_="lead").json
    for problem in made.values():
        done = api.patch(
            f"/v1/problems/{problem['id']}", {"state": "accepted"}, problem["version"], as_="lead"
        )
        assert done.status == 200, done.text
    case = api.case()
    decision = {"case_id": case["id"], "decision": "link"}
    linked = api.post(f"/v1/problems/{made['Parcels late']['id']}/cases", decision, as_="lead")
    assert linked.status in (200, 201), linked.text
    world.settle()
    found = api.get(path).json["problems"]
    assert [(one["title"], one["why"]) for one in found] == [
        ("Parcels late", "counted"),
        ("Lamps go out", "owns"),
    ]
