"""A restricted team's cases are there for its members and for admins; for others they are not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chalicelib.access.rules import PUBLIC, ROUTES
from chalicelib.errors import StaleVersion
from chalicelib.handlers.http import ENDPOINTS
from tests.handlers.client import Answer, Api
from tests.support import World

OF_A_CASE = sorted(route for route in ROUTES if route[1].startswith("/v1/cases/{id}"))
MEMBER, OUTSIDER, ADMIN = "lead", "agent", "admin"


@pytest.fixture
def fraud(world: World, api: Api) -> Any:
    """A case of the restricted team, in which only the lead is."""
    teams = [
        {"name": "fraud", "title": "Fraud", "members": ["Lead@example.com"], "restricted": True},
        {"name": "support", "title": "Support", "members": ["agent@example.com"]},
    ]
    assert api.put("/v1/settings/teams", {"teams": teams}, as_=ADMIN).status == 200
    world.clock.forward(seconds=30)
    case = api.case(as_=MEMBER, team="fraud", subject="Stolen card", tags=["card"])
    world.settle()
    return api.get(f"/v1/cases/{case['id']}", as_=MEMBER).json


def call(api: Api, method: str, path: str, case_id: str, as_: str) -> Answer:
    filled = re.sub(r"{\w+}", "anything", path.replace("{id}", case_id))
    endpoint = ENDPOINTS[method, path]
    headers = {"If-Match": '"1"'} if endpoint.if_match else {}
    body = endpoint.example if endpoint.body else None
    return api(method, filled, body, as_=as_, headers=headers)


def said(answer: Answer, identifier: str) -> tuple[int, dict[str, Any]]:
    """All that an answer tells, with whatever was asked for called the same."""
    told = json.loads(answer.text.replace(identifier, "x"))
    return answer.status, {k: v for k, v in told.items() if k != "request_id"}


@pytest.mark.parametrize(("method", "path"), OF_A_CASE)
def test_on_every_route_of_a_case_it_is_for_an_outsider_as_if_it_had_never_been(
    world: World, api: Api, fraud: Any, method: str, path: str
) -> None:
    before = world.app.cases.get(fraud["id"])
    for known, made_up in (
        (fraud["id"], "01JD8Z3K5W6X7Y8Z9A0B1C2D3E"),
        (fraud["reference"], "C-ZZZZZZ"),
    ):
        hidden = call(api, method, path, known, OUTSIDER)
        missing = call(api, method, path, made_up, OUTSIDER)
        assert said(hidden, known) == said(missing, made_up)
        assert hidden.status == 404
    assert world.app.cases.get(fraud["id"]) == before


def test_every_case_route_is_below_the_guarded_path() -> None:
    """A route that takes a case's id elsewhere would pass the guard by."""
    for method, path in ROUTES:
        if ROUTES[method, path] is not PUBLIC and "/cases" in path and "{" in path:
            assert path.startswith("/v1/cases/{id}") or path == "/v1/problems/{id}/cases"


def test_members_and_admins_see_it(api: Api, fraud: Any) -> None:
    for who in (MEMBER, ADMIN):
        assert api.get(f"/v1/cases/{fraud['id']}", as_=who).status == 200
        assert [c["id"] for c in api.get("/v1/cases", as_=who).json["items"]] == [fraud["id"]]


@pytest.mark.parametrize(
    "query",
    ["", "view=queue", "view=unassigned", "team=fraud", "view=unsolved", "tag=card", "status=new",
     "q=stolen", "q={reference}", "customer=ada@example.com", "view=queue&team=fraud"],
)  # fmt: skip
def test_no_list_has_it(api: Api, fraud: Any, query: str) -> None:
    asked = query.format(reference=fraud["reference"])
    assert api.get(f"/v1/cases?{asked}", as_=ADMIN).json["items"], "the list would have it"
    assert api.get(f"/v1/cases?{asked}", as_=OUTSIDER).json == {"items": [], "cursor": None}


def test_no_page_carries_it_and_no_cursor_names_it(api: Api, fraud: Any) -> None:
    for number in range(3):
        api.case(subject=f"Lamp {number}")
    path, seen, cursor = "/v1/cases?limit=1", [], ""
    while cursor is not None:
        page = api.get(path + (f"&cursor={cursor}" if cursor else ""), as_=OUTSIDER)
        seen += [case["subject"] for case in page.json["items"]]
        cursor = page.json["cursor"]
    assert sorted(seen) == ["Lamp 0", "Lamp 1", "Lamp 2"]


def test_counts_changes_presence_timeline_and_team_do_not_tell(api: Api, fraud: Any) -> None:
    start = {who: api.get("/v1/changes", as_=who).json["cursor"] for who in (MEMBER, OUTSIDER)}
    api.patch(f"/v1/cases/{fraud['id']}", {"priority": "high"}, fraud["version"], as_=MEMBER)
    api.put(f"/v1/cases/{fraud['id']}/presence", {"doing": "looking"}, as_=MEMBER)
    theirs = api.get(f"/v1/changes?since={start[MEMBER]}", as_=MEMBER).json
    assert [c["case_id"] for c in theirs["items"]] == [fraud["id"]] == [
        p["case_id"] for p in theirs["presence"]
    ]  # fmt: skip
    told = api.get(f"/v1/changes?since={start[OUTSIDER]}", as_=OUTSIDER).json
    assert (told["items"], told["presence"], told["more"]) == ([], [], False)
    assert told["cursor"] == start[OUTSIDER]
    counts = {v["name"]: v["count"] for v in api.get("/v1/views", as_=OUTSIDER).json["items"]}
    assert not any(counts.values())
    timeline = api.get(f"/v1/customers/{fraud['customer_id']}/timeline", as_=OUTSIDER).json
    assert [entry["type"] for entry in timeline["items"]] == []
    assert api.get("/v1/teams/fraud/agents", as_=OUTSIDER).status == 404


def test_a_change_behind_many_that_are_hidden_is_heard(world: World, api: Api, fraud: Any) -> None:
    start = api.get("/v1/changes").json["cursor"]
    for _ in range(3):
        api.case(as_=MEMBER, team="fraud")
    mine = api.case(subject="Lamp")
    told = api.get(f"/v1/changes?since={start}").json
    assert [c["case_id"] for c in told["items"]] == [mine["id"]]


def test_what_a_body_names_is_not_there_either(api: Api, fraud: Any) -> None:
    mine = api.case(subject="Lamp")
    path = f"/v1/cases/{mine['id']}"
    assert api.post(f"{path}/merge", {"into": fraud["id"]}).fields == ["into"]
    assert api.post(f"{path}/link", {"to": fraud["reference"]}).fields == ["to"]
    assert api.post("/v1/articles", {"from_case": fraud["id"]}).status == 404
    bulk = {"ids": [fraud["id"], mine["id"]], "patch": {"priority": "high"}}
    hidden, done = api.post("/v1/cases/bulk", bulk).json["items"]
    assert (hidden["ok"], hidden["reference"], done["ok"]) == (False, "", True)
    assert hidden["problem"] == f"there is no case {fraud['id']}"
    assert api.get(f"/v1/cases/{fraud['id']}", as_=ADMIN).json["version"] == fraud["version"]


def test_a_case_given_there_is_gone_at_once_and_its_agent_lets_it_go(
    world: World, api: Api, fraud: Any
) -> None:
    mine = api.case(subject="Odd", assignee="agent@example.com")
    given = api.patch(f"/v1/cases/{mine['id']}", {"team": "fraud"}, mine["version"])
    assert (given.status, given.json["team"], given.json["assignee"]) == (200, "fraud", None)
    assert api.get(f"/v1/cases/{mine['id']}").status == 404
    undone = api.post("/v1/cases/bulk", {"ids": [mine["id"]], "patch": {"priority": "low"}})
    assert not undone.json["items"][0]["ok"]
    assert api.get(f"/v1/cases/{mine['id']}", as_=MEMBER).json["assignee"] is None


def test_nobody_else_can_be_given_one_of_its_cases(api: Api, fraud: Any) -> None:
    path = f"/v1/cases/{fraud['id']}"
    refused = api.patch(path, {"assignee": "agent@example.com"}, fraud["version"], as_=MEMBER)
    assert (refused.status, refused.fields) == (422, ["assignee"])
    both = {"assignee": "agent@example.com", "team": "fraud", "text": "x"}
    opened = api.post("/v1/cases", {**both, "customer": {"email": "a@example.org"}}, as_=MEMBER)
    assert (opened.status, opened.fields) == (422, ["assignee"])
    taken = api.patch(path, {"assignee": "lead@example.com"}, fraud["version"], as_=MEMBER)
    assert taken.json["assignee"] == "lead@example.com"


def test_a_refusal_that_comes_after_it_moved_does_not_show_it(
    world: World, api: Api, fraud: Any
) -> None:
    """Somebody looks while it goes to the team: the newest state is not for them any more."""
    mine = api.case(subject="Odd")

    def moves(case_id: str, version: int, *_: object) -> None:
        case = world.app.cases.get(case_id)
        moved = case.model_copy(update={"team": "fraud", "version": case.version + 1})
        world.app.cases.save(moved)
        raise StaleVersion("it moved", current=moved.model_dump(mode="json"))

    world.app.__dict__["casework"] = type("Racing", (), {"patch": staticmethod(moves)})()
    refused = api.patch(f"/v1/cases/{mine['id']}", {"priority": "low"}, mine["version"])
    assert (refused.status, "current" in refused.json) == (404, False)


def test_a_case_that_goes_on_in_theirs_goes_with_it(api: Api, fraud: Any) -> None:
    mine = api.case(subject="Odd", as_=MEMBER)
    api.post(f"/v1/cases/{mine['id']}/merge", {"into": fraud["id"]}, as_=MEMBER)
    assert api.get(f"/v1/cases/{mine['id']}").status == 404
    assert api.get("/v1/cases?view=merged").json["items"] == []
    assert len(api.get("/v1/cases?view=merged", as_=MEMBER).json["items"]) == 1


def test_what_is_split_off_stays_with_the_team(world: World, api: Api, fraud: Any) -> None:
    path = f"/v1/cases/{fraud['id']}"
    api.post(f"{path}/messages", {"text": "The bank says no."}, as_=MEMBER)
    world.settle()
    timeline = api.get(f"{path}/messages", as_=MEMBER).json["items"]
    first = next(entry for entry in timeline if entry["direction"] == "inbound")
    fresh = api.post(f"{path}/split", {"message_ids": [first["id"]]}, as_=MEMBER).json
    world.settle()
    assert api.get(f"/v1/cases/{fresh['id']}", as_=MEMBER).json["team"] == "fraud"
    assert api.get(f"/v1/cases/{fresh['id']}").status == 404
