"""What the desk asks for all day."""

from __future__ import annotations

from tests.handlers.client import Api
from tests.support import World


def changes(api: Api, since: str = "") -> tuple[list[tuple[str, int]], str]:
    query = f"?since={since}" if since else ""
    told = api.get(f"/v1/changes{query}").json
    return [(one["reference"], one["version"]) for one in told["items"]], told["cursor"]


def test_a_change_is_told_once_and_never_missed(api: Api, world: World) -> None:
    case = api.case()
    first, cursor = changes(api)
    assert first == []
    world.clock.forward(seconds=1)
    changed = api.patch(f"/v1/cases/{case['id']}", {"priority": "high"}, case["version"]).json
    told, cursor = changes(api, cursor)
    assert told == [(case["reference"], changed["version"])]
    assert changes(api, cursor)[0] == []
    world.clock.forward(hours=2)
    assert changes(api, cursor)[0] == []


def test_a_change_by_a_clock_that_is_late_is_told_all_the_same(api: Api, world: World) -> None:
    one, other = api.case(), api.case()
    _, cursor = changes(api)
    world.clock.forward(seconds=5)
    api.patch(f"/v1/cases/{one['id']}", {"priority": "high"}, one["version"])
    told, cursor = changes(api, cursor)
    assert [reference for reference, _ in told] == [one["reference"]]
    world.clock.forward(seconds=-3)  # another function, whose clock is behind
    api.patch(f"/v1/cases/{other['id']}", {"priority": "low"}, other["version"])
    world.clock.forward(seconds=3)
    assert [reference for reference, _ in changes(api, cursor)[0]] == [other["reference"]]


def test_a_change_before_midnight_is_told_after_it(api: Api, world: World) -> None:
    world.clock.now = world.clock.now.replace(hour=23, minute=59)
    cursor = api.get("/v1/changes").json["cursor"]
    world.clock.forward(seconds=20)
    world.mail(text="late")
    world.settle()
    world.clock.forward(minutes=2)
    assert [c["case_id"] for c in api.get(f"/v1/changes?since={cursor}").json["items"]] == [
        world.case().id
    ]


def test_a_poll_that_finds_nothing_new_is_answered_with_304(api: Api, world: World) -> None:
    api.case()
    _, cursor = changes(api)
    first = api.get(f"/v1/changes?since={cursor}")
    tag = {"If-None-Match": first.headers["ETag"]}
    again = api.get(f"/v1/changes?since={cursor}", headers=tag)
    assert (again.status, again.text) == (304, "")
    case = world.case()
    api.put(f"/v1/cases/{case.id}/presence", {"doing": "looking"}, as_="lead")
    assert api.get(f"/v1/changes?since={cursor}", headers=tag).status == 200


def test_who_is_in_a_case_is_seen_by_the_others_for_twenty_seconds(api: Api, world: World) -> None:
    case = api.case()
    path = f"/v1/cases/{case['id']}/presence"
    assert api.put(path, {"doing": "replying"}, as_="lead").json == {"others": []}
    others = api.put(path, {"doing": "looking"}).json["others"]
    assert [(one["email"], one["doing"]) for one in others] == [("lead@example.com", "replying")]
    world.clock.forward(seconds=21)
    assert api.put(path, {"doing": "looking"}).json == {"others": []}


def test_who_leaves_is_gone_at_once(api: Api) -> None:
    path = f"/v1/cases/{api.case()['id']}/presence"
    api.put(path, {"doing": "noting"}, as_="lead")
    api.put(path, {"doing": "away"}, as_="lead")
    assert api.put(path, {"doing": "looking"}).json == {"others": []}


def test_a_draft_is_ones_own_and_is_not_overwritten_unseen(api: Api) -> None:
    path = f"/v1/cases/{api.case()['id']}/drafts/reply"
    assert api.get(path).json["version"] == 0
    first = api.put(path, {"text": "Hello"}).json
    assert api.get(path).json["text"] == "Hello"
    assert api.get(path, as_="lead").json["text"] == ""
    api.put(path, {"text": "Hello Ada", "version": first["version"]})
    lost = api.put(path, {"text": "Hi", "version": first["version"]})
    assert (lost.status, lost.json["current"]["text"]) == (412, "Hello Ada")
    assert api("DELETE", path).status == 204
    assert api.get(path).json["text"] == ""


def test_a_draft_of_something_else_is_not_found(api: Api) -> None:
    assert api.get(f"/v1/cases/{api.case()['id']}/drafts/mail").status == 404


def test_readers_see_who_may_get_a_case(api: Api) -> None:
    team = {"name": "billing", "title": "Billing", "members": ["ann.lee@example.com"]}
    api.put("/v1/settings/teams", {"teams": [team]}, as_="admin")
    agents = api.get("/v1/agents", as_="reader").json["items"]
    assert agents == [{"email": "ann.lee@example.com", "name": "Ann Lee", "teams": ["billing"]}]
    assert api.get("/v1/teams", as_="reader").json["items"][0]["title"] == "Billing"


def test_lists_are_named_and_counted(api: Api, world: World) -> None:
    view = {"name": "urgent-billing", "title": "Billing", "team": "billing"}
    api.put("/v1/settings/views", {"views": [view]}, as_="admin")
    first, _ = api.case(), api.case()
    api.patch(f"/v1/cases/{first['id']}", {"assignee": "agent@example.com"}, first["version"])
    counts = {one["name"]: one["count"] for one in api.get("/v1/views").json["items"]}
    assert (counts["mine"], counts["unassigned"], counts["queue"]) == (1, 1, 2)
    assert counts["urgent-billing"] == 0
    assert counts["all"] is None


def test_several_cases_are_changed_at_once_and_back_again(api: Api, world: World) -> None:
    one, other = api.case(), api.case(priority="low")
    ids = [one["id"], other["id"], "nothing"]
    done = api.post("/v1/cases/bulk", {"ids": ids, "patch": {"priority": "urgent"}}).json
    assert [item["ok"] for item in done["items"]] == [True, True, False]
    assert {case.priority for case in world.cases()} == {"urgent"}
    other = api.get(f"/v1/cases/{other['id']}").json
    api.patch(f"/v1/cases/{other['id']}", {"priority": "high"}, other["version"])
    back = api.post("/v1/cases/undo", {"undo": done["undo"]}).json
    assert {item["id"]: item["ok"] for item in back["items"]} == {
        one["id"]: True,
        other["id"]: False,
    }
    assert sorted(case.priority for case in world.cases()) == ["high", "normal"]


def test_own_fields_and_new_states_of_several_go_back_as_they_were(api: Api) -> None:
    fields = [{"name": name, "label": {"en": name}} for name in ("order", "shop")]
    api.put("/v1/settings/fields", {"fields": fields}, as_="admin")
    case = api.case()
    path = f"/v1/cases/{case['id']}"
    api.patch(path, {"fields": {"shop": "Bonn"}}, case["version"])
    patch = {"fields": {"order": "4711"}, "status": "resolved"}
    done = api.post("/v1/cases/bulk", {"ids": [case["id"]], "patch": patch}).json
    assert api.get(path).json["fields"] == {"shop": "Bonn", "order": "4711"}
    assert api.post("/v1/cases/undo", {"undo": done["undo"]}).json["items"][0]["ok"]
    back = api.get(path).json
    assert (back["fields"], back["status"]) == ({"shop": "Bonn"}, case["status"])


def test_a_change_of_several_is_undone_by_its_author_and_in_time_only(
    api: Api, world: World
) -> None:
    case = api.case()
    change = {"ids": [case["id"]], "patch": {"tags": ["vip"]}}
    undo = {"undo": api.post("/v1/cases/bulk", change).json["undo"]}
    assert api.post("/v1/cases/undo", undo, as_="lead").status == 404
    world.clock.forward(minutes=11)
    assert api.post("/v1/cases/undo", undo).status == 404
