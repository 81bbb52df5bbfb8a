"""Admins say who may sign in, and as what; nobody shuts the last of them out."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.store import keys
from chalicelib.store.table import put
from tests.handlers.client import Api, StaffPool
from tests.support import World

EVA = {"email": "Eva.Berg@example.com", "name": "Eva Berg", "roles": ["lead", "agent"]}


@pytest.fixture
def pool(world: World) -> StaffPool:
    found: StaffPool = world.app.__dict__["directory"]
    return found


def change(api: Api, email: str, **given: Any) -> Any:
    return api("PATCH", f"/v1/people/{email}", given, as_="admin")


def acts(api: Api, what: str) -> list[tuple[str, str]]:
    items = api.get(f"/v1/audit?what={what}", as_="admin").json["items"]
    return [(entry["whom"], entry["outcome"]) for entry in items]


def test_an_invitation_makes_an_account_with_roles_and_is_in_the_list(
    api: Api, pool: StaffPool
) -> None:
    made = api.post("/v1/people", EVA, as_="admin")
    assert (made.status, made.json["email"]) == (201, "eva.berg@example.com")
    assert (made.json["roles"], made.json["state"]) == (["agent", "lead"], "invited")
    assert pool.mailed == ["eva.berg@example.com"]
    assert acts(api, "invited") == [
        ("eva.berg@example.com", "done"),
        ("eva.berg@example.com", "begun"),
    ]
    assert api.post("/v1/people", EVA, as_="admin").problem == "conflict"
    assert acts(api, "invited")[0] == ("eva.berg@example.com", "failed")


def test_an_invitation_that_died_in_the_middle_is_finished(api: Api, pool: StaffPool) -> None:
    pool.invite("eva.berg@example.com", "Eva Berg")
    again = api.post("/v1/people", EVA, as_="admin")
    assert (again.status, again.json["roles"]) == (201, ["agent", "lead"])


def test_people_are_listed_page_by_page_with_roles_and_teams(api: Api) -> None:
    teams = {"teams": [{"name": "care", "title": "Care", "members": ["agent@example.com"]}]}
    api.put("/v1/settings/teams", teams, as_="admin")
    first = api.get("/v1/people?limit=3", as_="admin").json
    rest = api.get(f"/v1/people?limit=3&cursor={first['cursor']}", as_="admin").json
    people = {one["email"]: one for one in first["items"] + rest["items"]}
    assert len(people) == 5
    assert rest["cursor"] is None
    assert people["agent@example.com"]["roles"] == ["agent"]
    assert people["agent@example.com"]["teams"] == ["care"]


def test_what_is_taken_away_signs_out_and_what_is_given_does_not(api: Api, pool: StaffPool) -> None:
    assert change(api, "agent@example.com", roles=["agent", "lead"]).json["roles"] == [
        "agent",
        "lead",
    ]
    assert pool.signed_out == []
    assert change(api, "agent@example.com", roles=["agent"]).json["roles"] == ["agent"]
    assert pool.signed_out == ["agent@example.com"]
    assert change(api, "agent@example.com", enabled=False).json["enabled"] is False
    assert pool.signed_out == ["agent@example.com"] * 2
    assert change(api, "agent@example.com", enabled=True, name="Al").json["name"] == "Al"


@pytest.mark.parametrize("given", [{"roles": ["lead"]}, {"roles": []}, {"enabled": False}])
def test_no_admin_shuts_themselves_out(api: Api, pool: StaffPool, given: Any) -> None:
    pool.give("lead@example.com", "admin")
    before = dict(pool.known)
    assert change(api, "ADMIN@example.com", **given).problem == "conflict"
    assert pool.known == before


def test_another_admin_can_be_let_go(api: Api, pool: StaffPool) -> None:
    pool.give("lead@example.com", "admin")
    assert change(api, "lead@example.com", roles=["lead"]).json["roles"] == ["lead"]


def test_an_admin_who_is_none_any_more_changes_nothing_with_an_old_token(
    api: Api, pool: StaffPool
) -> None:
    pool.give("lead@example.com", "admin")
    pool.take("admin@example.com", "admin")
    assert change(api, "lead@example.com", roles=["lead"]).problem == "forbidden"
    assert "admin" in pool.known["lead@example.com"].roles


def test_roles_are_changed_by_one_at_a_time_and_a_death_holds_nobody_up_for_long(
    world: World, api: Api
) -> None:
    pk, sk = keys.PEOPLE_LOCK
    until = int(world.clock().timestamp()) + 30
    world.app.table.commit(put("lock", {"pk": pk, "sk": sk, "holder": "dead", "expires": until}))
    assert change(api, "agent@example.com", roles=["lead"]).problem == "conflict"
    world.clock.forward(seconds=31)
    assert change(api, "agent@example.com", roles=["lead"]).status == 200
    assert world.app.table.get(keys.PEOPLE_LOCK) is None


def test_nobody_is_not_found_and_a_role_that_there_is_not_is_refused(api: Api) -> None:
    assert change(api, "nobody@example.com", enabled=False).status == 404
    assert api.post("/v1/people/nobody@example.com/sign-out", as_="admin").status == 404
    assert change(api, "agent@example.com", roles=["boss"]).fields == ["roles.0"]
    assert api.post("/v1/people", {"email": "a#b@example.com"}, as_="admin").fields == ["email"]


def test_a_reset_shows_a_password_once_and_signs_out(api: Api, pool: StaffPool) -> None:
    given = api.post("/v1/people/agent@example.com/reset-password", as_="admin")
    assert len(given.json["temporary_password"]) >= 16
    assert given.headers["Cache-Control"] == "no-store"
    assert pool.signed_out == ["agent@example.com"]
    listed = api.get("/v1/audit?what=password_reset", as_="admin").text
    assert given.json["temporary_password"] not in listed
    assert api.post("/v1/people/agent@example.com/sign-out", as_="admin").status == 204
