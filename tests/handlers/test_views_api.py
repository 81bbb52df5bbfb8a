"""Lists of cases that people keep, what they list, and what is unread in them."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.store import desk as desk_store
from tests.handlers.client import Api
from tests.support import World


def names(api: Api, as_: str = "agent") -> list[str]:
    return [one["title"] for one in api.get("/v1/views", as_=as_).json["items"]]


def saved(api: Api, as_: str = "agent", **given: Any) -> Any:
    answer = api.post("/v1/views", given, as_=as_)
    assert answer.status == 201, answer.text
    return answer.json


def listed(api: Api, query: str, as_: str = "agent") -> list[str]:
    page = api.get(f"/v1/cases?{query}", as_=as_)
    assert page.status == 200, page.text
    return [one["subject"] for one in page.json["items"]]


@pytest.fixture
def team(api: Api) -> None:
    teams = [
        {"name": "billing", "title": "Billing", "members": ["Agent@example.com"]},
        {"name": "repairs", "title": "Repairs", "members": []},
    ]
    assert api.put("/v1/settings/teams", {"teams": teams}, as_="admin").status == 200


def test_a_saved_list_is_ones_own_and_lists_what_it_says(api: Api) -> None:
    api.case(subject="Late", priority="urgent")
    api.case(subject="Calm", priority="low")
    view = saved(api, title="Burning", priority=["urgent", "high"], order="due")
    assert listed(api, f"view={view['name']}") == ["Late"]
    shown = api.get("/v1/views").json["items"][-1]
    assert (shown["owner"], shown["count"], shown["more"]) == ("me", 1, False)
    assert shown["filter"]["priority"] == ["urgent", "high"]
    assert "Burning" not in names(api, as_="lead")
    assert api.get(f"/v1/cases?view={view['name']}", as_="lead").fields == ["view"]


def test_what_is_asked_for_goes_before_the_list_and_any_takes_it_away(api: Api) -> None:
    api.case(subject="Urgent call", priority="urgent", channel="voice")
    api.case(subject="Low call", priority="low", channel="voice")
    name = saved(api, title="Burning", priority=["urgent"], text="call")["name"]
    assert listed(api, f"view={name}&priority=low") == ["Low call"]
    assert listed(api, f"view={name}&priority=any") == ["Low call", "Urgent call"]
    assert listed(api, f"view={name}&q=nothing") == []
    assert listed(api, "channel=email&view=queue") == []
    assert listed(api, "channel=voice&priority=low,urgent") == ["Low call", "Urgent call"]


@pytest.mark.usefixtures("team")
def test_a_teams_list_is_for_its_members_and_kept_by_them_and_by_leads(api: Api) -> None:
    ours = saved(api, title="Refunds", for_team="billing", assignee="none")
    theirs = saved(api, as_="lead", title="Spare parts", for_team="repairs")
    assert "Refunds" in names(api)
    assert "Spare parts" not in names(api)
    path = f"/v1/views/{theirs['name']}"
    assert api.patch(path, {"title": "Mine now"}, None).status == 403
    assert api.post("/v1/views", {"title": "x", "for_team": "repairs"}).status == 403
    assert api.post("/v1/views", {"title": "x", "for_team": "nobody"}).fields == ["for_team"]
    renamed = api.patch(f"/v1/views/{ours['name']}", {"title": "Money back"}, None, as_="lead")
    assert renamed.json["title"] == "Money back"
    assert "Money back" in names(api)


def test_lists_are_changed_moved_and_removed(api: Api) -> None:
    first, second = saved(api, title="First"), saved(api, title="Second", tag="vip")
    assert api.post("/v1/views", {"title": "First"}).fields == ["title"]
    moved = api.patch(f"/v1/views/{second['name']}", {"position": 0}, None).json
    assert moved["filter"]["tag"] == "vip"
    assert names(api)[-2:] == ["Second", "First"]
    changed = {"filter": {"status": ["pending"]}, "title": "Waiting"}
    assert api.patch(f"/v1/views/{first['name']}", changed, None).json["filter"] == {
        **first["filter"],
        "status": ["pending"],
    }
    assert api("DELETE", f"/v1/views/{second['name']}").status == 204
    assert api("DELETE", f"/v1/views/{second['name']}").status == 204
    assert names(api)[-1:] == ["Waiting"]
    assert api.patch(f"/v1/views/{second['name']}", {"title": "x"}, None).status == 404
    assert api.patch("/v1/views/mine", {"title": "x"}, None).status == 404


def test_which_of_some_cases_are_in_a_list(api: Api) -> None:
    open_, solved = api.case(subject="Open"), api.case(subject="Solved")
    api.patch(f"/v1/cases/{solved['id']}", {"status": "resolved"}, solved["version"])
    ids = f"ids={open_['id']},{solved['id']},nothing"
    assert listed(api, f"view=queue&{ids}") == ["Open"]
    assert sorted(listed(api, f"view=all&{ids}")) == ["Open", "Solved"]
    assert api.get(f"/v1/cases?ids={','.join('x' * 51)}").fields == ["ids"]


# --- beside a case ------------------------------------------------------------------------------


def row(api: Api, as_: str = "agent") -> Any:
    (one,) = api.get("/v1/cases?view=queue", as_=as_).json["items"]
    return one


def test_a_row_says_whose_case_it_is(api: Api, world: World) -> None:
    given = {"name": "Ada Byron", "email": "ada@example.com", "tier": "gold"}
    api.post("/v1/customers", given)
    case = api.case(customer={"email": "ada@example.com"})
    for shown in (row(api), api.get(f"/v1/cases/{case['id']}").json):
        assert (shown["customer_name"], shown["customer_tier"]) == ("Ada Byron", "gold")


def test_a_case_is_unread_until_one_has_seen_its_newest_message(api: Api, world: World) -> None:
    first = world.mail(sender="ada@example.org", text="It is broken")
    world.settle()
    case = row(api)
    assert case["unread"]
    path = f"/v1/cases/{case['id']}/presence"
    api.put(path, {"doing": "looking", "seen": case["last_message_at"]})
    assert not row(api)["unread"]
    assert row(api, as_="lead")["unread"]
    world.clock.forward(minutes=5)
    answers = {"In-Reply-To": f"<{first}>"}
    world.mail(sender="ada@example.org", text="Still broken", headers=answers)
    world.settle()
    assert row(api)["unread"]
    api.put(path, {"doing": "looking", "seen": case["last_message_at"]})  # an older window
    assert row(api)["unread"]
    world.clock.forward(days=15)
    assert not row(api)["unread"]


def test_what_was_answered_is_not_unread(api: Api, world: World) -> None:
    world.mail(sender="ada@example.org", text="It is broken")
    world.settle()
    api.post(f"/v1/cases/{row(api)['id']}/messages", {"text": "We mend it"}, as_="lead")
    assert not row(api)["unread"]


def test_what_is_kept_of_seen_cases_stays_small(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_store, "MOST_SEEN", 2)
    for number in range(4):
        world.mail(sender=f"c{number}@example.org", subject=f"Matter {number}")
        world.settle()
        world.clock.forward(minutes=1)
    oldest, *later = reversed(api.get("/v1/cases?view=all").json["items"])
    for case in later:
        body = {"doing": "looking", "seen": case["last_message_at"]}
        assert api.put(f"/v1/cases/{case['id']}/presence", body).status == 200
    stored = world.app.table.get(("AGENT#agent@example.com", "SEEN"))
    assert stored is not None
    assert len(stored["cases"]) == 2
    assert not any(one["unread"] for one in api.get("/v1/cases?view=all").json["items"])
    assert not api.get(f"/v1/cases/{oldest['id']}").json["unread"]


def test_a_page_costs_one_query_and_one_batch(api: Api, world: World) -> None:
    for number in range(5):
        api.case(subject=f"Case {number}", customer={"email": f"c{number}@example.com"})
    api.get("/v1/cases?view=queue")  # settings are read once
    asked: list[str] = []
    call = world.aws.call

    def watched(service: str, operation: str, *rest: Any) -> Any:
        asked.append(operation)
        return call(service, operation, *rest)

    world.aws.call = watched  # type: ignore[method-assign]
    assert len(api.get("/v1/cases?view=queue").json["items"]) == 5
    assert sorted(asked) == ["BatchGetItem", "Query"]
