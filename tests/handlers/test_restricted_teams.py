"""A restricted team's cases are there for its members and for admins; for others they are not."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.access.rules import PUBLIC, ROUTES
from chalicelib.base import iso
from chalicelib.errors import StaleVersion
from chalicelib.handlers import schedules
from chalicelib.handlers.http import ENDPOINTS
from tests.handlers.client import Answer, Api
from tests.support import SCHEDULED, World

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
    fields = {"fields": [{"name": "product", "label": {"en": "Product"}}]}
    assert api.put("/v1/settings/fields", fields, as_=ADMIN).status == 200
    case = api.case(as_=MEMBER, team="fraud", subject="Stolen card", tags=["card"])
    given = {"fields": {"product": "router"}}
    api.patch(f"/v1/cases/{case['id']}", given, case["version"], as_=MEMBER)
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
     "q=stolen", "q={reference}", "customer=ada@example.com", "view=queue&team=fraud", "ids={id}",
     "ids={id}&view=queue", "priority={priority}", "channel={channel}", "field=product=router"],
)  # fmt: skip
def test_no_list_has_it(api: Api, fraud: Any, query: str) -> None:
    asked = query.format(**fraud)
    assert api.get(f"/v1/cases?{asked}", as_=ADMIN).json["items"], "the list would have it"
    nothing = api.get(f"/v1/cases?{asked}", as_=OUTSIDER).json
    assert (nothing["items"], nothing["cursor"], nothing.get("looked_at") or 0) == ([], None, 0)


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

    world.app.__dict__["casework"] = type("Racing", (), {"change": staticmethod(moves)})()
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


# --- what else names a case -----------------------------------------------------------------------


def test_lists_that_somebody_kept_have_it_for_members_only(
    world: World, api: Api, fraud: Any
) -> None:
    path = f"/v1/cases/{fraud['id']}"
    snoozed = {"snoozed_until": iso(world.clock() + timedelta(days=1))}
    version = api.get(path, as_=MEMBER).json["version"]
    assert api.patch(path, snoozed, version, as_=MEMBER).status == 200
    api.put(f"{path}/followers/me", None, as_=MEMBER)
    for who, many in ((MEMBER, 1), (ADMIN, 1), (OUTSIDER, 0)):
        assert len(api.get("/v1/cases?view=snoozed", as_=who).json["items"]) == many
        kept = {"title": "Cards", "tag": "card", "snoozed": "any"}
        made = api.post("/v1/views", kept, as_=who).json
        assert len(api.get(f"/v1/cases?view={made['name']}", as_=who).json["items"]) == many
        counts = {v["name"]: v["count"] for v in api.get("/v1/views", as_=who).json["items"]}
        assert (counts["snoozed"], counts[made["name"]]) == (many, many)
    assert len(api.get("/v1/cases?view=followed", as_=MEMBER).json["items"]) == 1


def test_a_follower_who_is_no_member_any_more_has_and_hears_nothing_of_it(
    world: World, api: Api, fraud: Any
) -> None:
    mine = api.case(subject="Odd", assignee="agent@example.com")
    path = f"/v1/cases/{mine['id']}"
    api.put(f"{path}/followers/me")
    api.put(f"{path}/drafts/note", {"text": "not sent"})
    note = {"kind": "note", "text": "Psst, @agent", "mentions": ["agent@example.com"]}
    api.post(f"{path}/messages", note, as_=MEMBER)
    world.settle()
    assert api.get("/v1/notifications").json["unread"] == 1
    assert api.get("/v1/changes").json["unread"] == 1
    api.patch(path, {"team": "fraud"}, api.get(path).json["version"], as_=MEMBER)
    world.settle()
    before = world.app.notifications.bell("agent@example.com")
    api.post(f"{path}/messages", {"kind": "note", "text": "A thief"}, as_=MEMBER)
    world.settle()
    world.clock.forward(minutes=30)
    world.settle()
    assert world.app.notifications.bell("agent@example.com") == before
    inbox = api.get("/v1/notifications").json
    assert (inbox["items"], inbox["unread"]) == ([], 0)
    told = api.get("/v1/changes").json
    assert (told["latest"], told["unread"]) == ([], 0)
    assert api.get("/v1/cases?view=followed").json["items"] == []
    assert api.get("/v1/me/drafts").json["items"] == []
    sent = [mail.raw for mail in world.aws.ses.accepted if mail.to == ("agent@example.com",)]
    assert not any(b"Psst" in raw or b"Odd" in raw for raw in sent)


def test_nobody_is_called_upon_who_does_not_see_it(world: World, api: Api, fraud: Any) -> None:
    path = f"/v1/cases/{fraud['id']}"
    note = {"kind": "note", "text": "Look", "mentions": ["agent@example.com"]}
    refused = api.post(f"{path}/messages", note, as_=MEMBER)
    assert (refused.status, refused.fields) == (422, ["mentions"])
    said = api.post(f"{path}/messages", {"kind": "note", "text": "@agent look"}, as_=MEMBER)
    assert (said.status, said.json["mentions"]) == (201, [])
    assert api.put(f"{path}/followers/me", None, as_=ADMIN).problem == "conflict"
    world.settle()
    assert api.get("/v1/notifications").json["items"] == []


def test_it_is_handed_over_to_members_only(api: Api, fraud: Any) -> None:
    path = f"/v1/cases/{fraud['id']}/handover"
    wrong = api.post(path, {"assignee": "agent@example.com", "note": "yours"}, as_=MEMBER)
    assert (wrong.status, wrong.fields) == (422, ["assignee"])
    both = {"team": "fraud", "assignee": "agent@example.com", "note": "yours"}
    mine = api.case(subject="Odd", assignee="agent@example.com")
    wrong = api.post(f"/v1/cases/{mine['id']}/handover", both)
    assert (wrong.status, wrong.fields) == (422, ["assignee"])
    given = api.post(f"/v1/cases/{mine['id']}/handover", {"team": "fraud", "note": "A thief"})
    assert (given.status, given.json["assignee"]) == (200, None)
    assert api.get(f"/v1/cases/{mine['id']}").status == 404
    entry = api.get(f"/v1/cases/{mine['id']}/messages", as_=MEMBER).json["items"][-1]
    undo = {"event": entry["id"]}
    assert api.post(f"/v1/cases/{mine['id']}/undo", undo).status == 404
    assert api.post(f"/v1/cases/{mine['id']}/undo", undo, as_=MEMBER).status == 200


def test_an_undo_gives_it_to_no_one_who_does_not_see_it(world: World, api: Api, fraud: Any) -> None:
    teams = {"teams": [{"name": "fraud", "title": "Fraud", "members": ["lead@example.com"]}]}
    api.put("/v1/settings/teams", teams, as_=ADMIN)
    world.clock.forward(seconds=30)
    path = f"/v1/cases/{fraud['id']}"
    version = api.get(path).json["version"]
    api.patch(path, {"assignee": "agent@example.com"}, version)
    taken = api.patch(path, {"assignee": "lead@example.com"}, version + 1)
    teams["teams"][0]["restricted"] = True  # type: ignore[assignment]
    api.put("/v1/settings/teams", teams, as_=ADMIN)
    world.clock.forward(seconds=30)
    undo = {"event": taken.headers["Change-Event"]}
    back = api.post(f"{path}/undo", undo, as_=MEMBER)
    assert (back.status, back.json["assignee"]) == (200, None)


@pytest.mark.parametrize("words", ["stolen", "{reference}", "card"])
def test_no_search_finds_it(world: World, api: Api, fraud: Any, words: str) -> None:
    asked = f"/v1/search?q={words.format(**fraud)}"
    assert [hit["id"] for hit in api.get(asked, as_=MEMBER).json["hits"]] == [fraud["id"]]
    nothing = api.get(asked, as_=OUTSIDER).json
    assert (nothing["hits"], nothing["looked_at"], nothing["cursor"]) == ([], 0, None)


def test_a_solved_one_is_found_by_members_only(world: World, api: Api, fraud: Any) -> None:
    path = f"/v1/cases/{fraud['id']}"
    reply = {"text": "Your stolen card is blocked and a new one sent.", "status": "resolved"}
    assert api.post(f"{path}/messages", reply, as_=MEMBER).status == 201
    world.settle()
    world.clock.forward(minutes=30)
    schedules.index_knowledge(SCHEDULED, None)
    asked = "/v1/search?q=stolen+card+blocked"
    assert api.get(asked, as_=OUTSIDER).json["hits"] == []
    assert fraud["id"] in [hit["id"] for hit in api.get(asked, as_=MEMBER).json["hits"]]


def test_a_problem_that_counts_only_it_touches_nobody_for_others(
    world: World, api: Api, fraud: Any
) -> None:
    rule = {"title": "Cards stolen", "rule": {"topic": "cards"}}
    problem = api.post("/v1/problems", rule, as_=MEMBER).json
    decision = {"case_id": fraud["id"], "decision": "link"}
    api.post(f"/v1/problems/{problem['id']}/cases", decision, as_=MEMBER)
    world.settle()
    path = f"/v1/customers/{fraud['customer_id']}/touching"
    assert [one["why"] for one in api.get(path, as_=MEMBER).json["problems"]] == ["counted"]
    assert api.get(path, as_=OUTSIDER).json["problems"] == []
    listed = f"/v1/problems/{problem['id']}/cases"
    assert api.get(listed, as_=OUTSIDER).json["items"] == []


def test_what_is_linked_to_it_does_not_name_it(api: Api, fraud: Any) -> None:
    mine = api.case(subject="Odd")
    path = f"/v1/cases/{mine['id']}"
    linked = api.post(f"{path}/link", {"to": fraud["id"]}, as_=MEMBER)
    assert [one["case_id"] for one in linked.json["links"]] == [fraud["id"]]
    changed = api.patch(path, {"priority": "high"}, linked.json["version"])
    listed = api.get(f"/v1/cases?ids={mine['id']}").json["items"][0]
    stale = api.patch(path, {"priority": "low"}, 1).json["current"]
    for shown in (api.get(path).json, changed.json, listed, stale):
        assert (shown["links"], fraud["id"] in json.dumps(shown)) == ([], False)


def test_a_lead_keeps_no_lists_of_a_team_whose_cases_they_do_not_see(
    world: World, api: Api, fraud: Any
) -> None:
    kept = {"title": "Cards", "for_team": "fraud"}
    assert api.post("/v1/views", {**kept, "title": "Of a member"}, as_=MEMBER).status == 201
    closed = {"name": "fraud", "title": "Fraud", "members": [], "restricted": True}
    api.put("/v1/settings/teams", {"teams": [closed]}, as_=ADMIN)
    world.clock.forward(seconds=30)
    assert api.post("/v1/views", kept, as_="lead").status == 403
    assert api.post("/v1/views", kept, as_=ADMIN).status == 201
