"""Following, mentions, notifications and preferences through the API."""

from __future__ import annotations

from typing import Any

from tests.handlers.client import Api
from tests.support import World

TEAM = {
    "name": "help",
    "title": "Help",
    "members": ["agent@example.com", "lead@example.com"],
}


def staffed(api: Api) -> Any:
    api.put("/v1/settings/teams", {"teams": [TEAM]}, as_="admin")
    return api.case()


def mention(api: Api, case: Any, text: str = "@lead please look") -> Any:
    body = {"kind": "note", "text": text}
    return api.post(f"/v1/cases/{case['id']}/messages", body).json


def test_a_mention_shows_with_its_words_until_it_is_read(api: Api, world: World) -> None:
    case = staffed(api)
    note = mention(api, case)
    assert note["mentions"] == ["lead@example.com"]
    world.settle()
    inbox = api.get("/v1/notifications", as_="lead").json
    (line,) = inbox["items"]
    assert inbox["unread"] == 1
    assert (line["kind"], line["reference"], line["by_name"]) == (
        "mentioned",
        case["reference"],
        "Agent",
    )
    assert (line["message_id"], line["text"], line["read"]) == (
        note["id"],
        "@lead please look",
        False,
    )
    read = api.post("/v1/notifications/read", {"case": case["id"]}, as_="lead")
    assert read.json == {"unread": 0}
    assert api.get("/v1/notifications", as_="lead").json["items"][0]["read"] is True
    assert api.get("/v1/notifications").json["items"] == []  # of somebody else


def test_notifications_page(api: Api, world: World) -> None:
    staffed(api)
    for number in range(3):
        world.clock.forward(minutes=1)
        mention(api, api.case(subject=f"Matter {number}"))
        world.settle()
    seen: list[str] = []
    cursor = ""
    while True:
        page = api.get(f"/v1/notifications?limit=2{cursor}", as_="lead").json
        seen += [line["subject"] for line in page["items"]]
        if not page["cursor"]:
            break
        cursor = f"&cursor={page['cursor']}"
    assert seen == ["Matter 2", "Matter 1", "Matter 0"]
    assert api.get("/v1/notifications?limit=2" + cursor, as_="agent").status == 400
    assert api.post("/v1/notifications/read", {"all": True}, as_="lead").json == {"unread": 0}
    assert api.post("/v1/notifications/read", {}, as_="lead").status == 422


def test_a_poll_says_how_much_is_unread_and_answers_304_only_while_that_stays(
    api: Api, world: World
) -> None:
    case = staffed(api)
    cursor = api.get("/v1/changes", as_="lead").json["cursor"]
    world.clock.forward(minutes=5)
    before = api.get(f"/v1/changes?since={cursor}", as_="lead")
    mention(api, case)
    world.settle()
    found = api.get("/v1/changes", as_="lead")
    assert found.headers["ETag"] != before.headers["ETag"]
    assert found.json["unread"] == 1
    assert [(one["reference"], one["kind"]) for one in found.json["latest"]] == [
        (case["reference"], "mentioned")
    ]
    cursor = found.json["cursor"]
    tag = api.get(f"/v1/changes?since={cursor}", as_="lead").headers["ETag"]
    same = {"If-None-Match": tag}
    path = f"/v1/changes?since={cursor}"
    assert api.get(path, as_="lead", headers=same).status == 304
    api.post("/v1/notifications/read", {"all": True}, as_="lead")
    assert api.get(path, as_="lead", headers=same).status == 200


def test_followed_cases_are_a_list_of_ones_own(api: Api) -> None:
    first, second, third = staffed(api), api.case(), api.case()
    for case in (first, third):
        path = f"/v1/cases/{case['id']}/followers/me"
        assert api.put(path, as_="lead").json["followers"] == ["lead@example.com"]
    listed = api.get("/v1/cases?view=followed", as_="lead").json["items"]
    assert [one["id"] for one in listed] == [third["id"], first["id"]]
    page = api.get("/v1/cases?view=followed&limit=1", as_="lead").json
    rest = api.get(f"/v1/cases?view=followed&limit=1&cursor={page['cursor']}", as_="lead").json
    assert [one["id"] for one in (*page["items"], *rest["items"])] == [third["id"], first["id"]]
    assert api.get("/v1/cases?view=followed").json["items"] == []
    gone = api("DELETE", f"/v1/cases/{first['id']}/followers/me", as_="lead").json
    assert gone["followers"] == []
    assert "followed" in [one["name"] for one in api.get("/v1/views").json["items"]]
    assert api.put(f"/v1/cases/{second['id']}/followers/me", as_="reader").status == 403


def test_a_mention_of_a_stranger_is_refused_by_its_field(api: Api) -> None:
    case = staffed(api)
    body = {"kind": "note", "text": "look", "mentions": ["stranger@example.org"]}
    refused = api.post(f"/v1/cases/{case['id']}/messages", body)
    assert (refused.status, refused.fields) == (422, ["mentions"])


def test_preferences_are_ones_own_and_not_overwritten_unseen(api: Api) -> None:
    path = "/v1/me/preferences"
    first = api.get(path)
    assert first.json["notify"]["mentioned"] == {"desk": True, "mail": True, "webhook": True}
    assert first.json["notify"]["followed"]["mail"] is False
    wanted = {"language": "de", "theme": "dark", "keys": False, "zone": "Europe/Berlin"}
    kept = api.put(path, wanted, headers={"If-Match": '"0"'})
    assert kept.status == 200
    assert {**api.get(path).json, **wanted} == api.get(path).json
    assert api.put(path, {}, headers={"If-Match": '"0"'}).status == 412
    assert api.get(path, as_="lead").json["language"] == ""
    for wrong in ({"language": "xx"}, {"zone": "Mars"}, {"daily_at": "25:00"}):
        assert api.put(path, wrong).status == 422


def test_whoever_a_case_is_opened_for_is_told(api: Api, world: World) -> None:
    staffed(api)
    case = api.case(assignee="lead@example.com")
    world.settle()
    (line,) = api.get("/v1/notifications", as_="lead").json["items"]
    assert (line["id"], line["kind"], line["by_name"]) == (case["id"], "assigned", "Agent")
    assert api.get("/v1/notifications").json["items"] == []
