"""Problems through the API: opened, decided, linked, weighed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.flows.problem_world import OTHER, contact, installed, trend
from tests.handlers.client import Api, StaffOnly
from tests.support import World


@pytest.fixture
def world() -> Iterator[World]:
    with installed() as world:
        world.app.__dict__["identity"] = StaffOnly()
        yield world


def opened(api: Api, world: World, **given: Any) -> Any:
    answer = api.post("/v1/problems", {"trend_id": trend(world).id, **given})
    assert answer.status == 201, answer.text
    world.settle()
    return answer.json


def test_a_trend_opens_one_problem_however_often_it_is_asked(api: Api, world: World) -> None:
    first = opened(api, world)
    again = api.post("/v1/problems", {"trend_id": "T1"}).json
    assert again["id"] == first["id"]
    assert first["rule"]["topic"] == "billing"
    assert first["rule"]["share"] == pytest.approx(0.95)
    assert api.get("/v1/trends/T1").json["problem_id"] == first["id"]
    assert [p["id"] for p in api.get("/v1/problems?state=proposed").json["items"]] == [first["id"]]
    assert api.get("/v1/problems?state=closed").json["items"] == []


def test_by_hand_it_needs_a_title_and_no_trend_that_is_not_there(api: Api) -> None:
    assert api.post("/v1/problems", {}).fields == ["title"]
    assert api.post("/v1/problems", {"trend_id": "T9"}).fields == ["trend_id"]


def test_who_may_accept_is_a_setting_and_nobody_passes_it(api: Api, world: World) -> None:
    problem = opened(api, world)
    path = f"/v1/problems/{problem['id']}"
    assert api.patch(path, {"state": "accepted"}, 1).problem == "forbidden"
    accepted = api.patch(path, {"state": "accepted"}, 1, as_="lead")
    assert (accepted.status, accepted.json["state"]) == (200, "accepted")
    approvals = {"accept_problem": {"role": "lead", "logins": ["boss@example.com"]}}
    api.put("/v1/settings/approvals", approvals, as_="admin")
    world.clock.forward(seconds=30)
    other = api.post("/v1/problems", {"title": "Another"}).json
    refused = api.patch(f"/v1/problems/{other['id']}", {"state": "accepted"}, 1, as_="lead")
    assert refused.problem == "forbidden"


def test_a_workaround_for_more_customers_than_the_limit_needs_the_approver(
    api: Api, world: World
) -> None:
    approvals = {"send_more_than": 1, "send_to_many": {"role": "admin"}}
    api.put("/v1/settings/approvals", approvals, as_="admin")
    contact(world, 1)
    contact(world, 2)
    path = f"/v1/problems/{opened(api, world)['id']}"
    api.patch(path, {"state": "accepted"}, 1, as_="lead")
    text = {"workaround": "Pay by card."}
    assert api.patch(path, text, 2, as_="lead").problem == "forbidden"
    assert api.patch(path, text, 2, as_="admin").status == 200


def test_a_forbidden_step_a_stale_version_and_none_are_told_apart(api: Api, world: World) -> None:
    path = f"/v1/problems/{opened(api, world)['id']}"
    assert api.patch(path, {"state": "closed"}, 1, as_="lead").problem == "conflict"
    stale = api.patch(path, {"title": "X"}, 7)
    assert (stale.problem, stale.json["current"]["version"]) == ("stale-version", 1)
    assert api.patch(path, {"title": "X"}, None).problem == "precondition-missing"


def test_the_history_says_who_did_what(api: Api, world: World) -> None:
    path = f"/v1/problems/{opened(api, world)['id']}"
    api.patch(path, {"state": "accepted"}, 1, as_="lead")
    api.patch(path, {"root_cause": "A job ran twice"}, 2)
    page = api.get(f"{path}/history?limit=2").json
    newest, accepted = page["items"]
    assert (newest["what"], newest["by"]) == ("changed root_cause", "agent@example.com")
    assert (accepted["from_state"], accepted["to_state"]) == ("proposed", "accepted")
    rest = api.get(f"{path}/history?cursor={page['cursor']}").json
    assert [entry["what"] for entry in rest["items"]] == ["opened from a trend"]


def test_cases_are_listed_with_why_and_decided_by_people(api: Api, world: World) -> None:
    contact(world, 1)
    contact(world, 2, OTHER)
    path = f"/v1/problems/{opened(api, world)['id']}"
    (linked,) = api.get(f"{path}/cases?state=linked").json["items"]
    assert "topic billing" in linked["why"]
    other = next(c for c in world.cases() if c.topic.label == "parcel")
    body = {"case_id": other.reference, "decision": "link"}
    assert api.post(f"{path}/cases", body).json["state"] == "linked"
    body = {"case_id": linked["case_id"], "decision": "reject"}
    assert api.post(f"{path}/cases", body).json["state"] == "rejected"
    unknown = {"case_id": "C-ZZZZZZ", "decision": "link"}
    assert api.post(f"{path}/cases", unknown).problem == "not-found"
    assert api.get(f"/v1/cases/{other.id}").json["problem_id"] == path.rpartition("/")[2]


def test_the_figures_say_whom_it_hit_what_it_cost_and_what_nobody_knows(
    api: Api, world: World
) -> None:
    for number in (1, 2, 3):
        contact(world, number)
    path = f"/v1/problems/{opened(api, world)['id']}"
    world.clock.forward(hours=2)
    api.patch(path, {"state": "accepted"}, 1, as_="lead")
    figures = api.get(path).json["figures"]
    assert figures["impact"] == {
        "customers": 3,
        "cases": 3,
        "contacts_per_day": 3.0,
        "last_24_hours": 3,
        "answered_automatically": 0,
    }
    assert figures["spent"]["total"] == 15.0
    assert figures["pace"]["seconds_to_detection"] == 0
    assert figures["pace"]["seconds_to_acceptance"] == 7200
    assert figures["pace"]["seconds_to_fix"] is None
    assert [point["cases"] for point in figures["plot"]] == [3]
    assert any("nobody was told by a campaign" in line for line in figures["not_concluded"])


def test_the_evidence_can_be_read_before_it_leaves_the_house_without_a_name(
    api: Api, world: World
) -> None:
    contact(world, 1)
    problem = opened(api, world)
    path = f"/v1/problems/{problem['id']}/evidence"
    seen = api.get(path).json
    assert (seen["title"], seen["topic"]) == (problem["title"], "billing")
    assert seen["seen"] and seen["examples"]
    assert "@" not in str(seen["examples"])
    assert api.get(f"/v1/problems/{problem['id']}/handovers").json["items"] == []
    assert api.get(path, as_="reader").status == 403


def test_a_case_names_only_a_problem_that_is_there(api: Api, world: World) -> None:
    contact(world, 1)
    case = world.case()
    path = f"/v1/cases/{case.id}"
    assert api.patch(path, {"problem_id": "P9"}, case.version).fields == ["problem_id"]
    problem = api.post("/v1/problems", {"title": "Odd smell"}).json
    linked = api.patch(path, {"problem_id": problem["id"]}, case.version)
    assert linked.json["problem_id"] == problem["id"]
    world.settle()
    assert api.get(f"/v1/problems/{problem['id']}").json["figures"]["impact"]["cases"] == 1
