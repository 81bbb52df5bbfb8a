"""The audit list: what is in it, who reads it, how it is paged, filtered and taken along."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.access.models import network_of
from tests.handlers.client import Api
from tests.support import BUCKET, World

TEAMS = {"teams": [{"name": "fraud", "title": "Fraud", "members": ["lead@example.com"]}]}


def entries(api: Api, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.get(f"/v1/audit?{query}", as_="admin").json["items"]
    return items


def login(api: Api, email: str, password: str) -> int:
    return api.post("/v1/login", {"email": email, "password": password}, as_="").status


def exported(world: World, api: Api, **given: Any) -> str:
    """The text of the file that an export made."""
    made = api.post("/v1/audit/exports", given, as_="admin")
    assert made.status == 201, made.text
    assert made.json["complete"]
    found = world.clients["s3"].list_objects_v2(Bucket=BUCKET, Prefix="exports/")["Contents"]
    key = sorted(one["Key"] for one in found)[-1]
    body: bytes = world.clients["s3"].get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body.decode()


def test_sign_ins_are_kept_with_the_request_and_without_the_password(api: Api) -> None:
    assert login(api, "Lead@example.com", "Lead's password") == 401
    assert login(api, "lead@example.com", "lead's password") == 200
    good, bad = entries(api)
    assert (good["what"], good["who"]) == ("signed_in", "lead@example.com")
    assert (bad["what"], bad["who"]) == ("sign_in_failed", "lead@example.com")
    assert good["request_id"]
    assert "password" not in json.dumps([good, bad])


def test_whoever_guesses_fills_nothing(api: Api) -> None:
    for _ in range(40):
        login(api, "lead@example.com", "guess")
    assert len(entries(api, "what=sign_in_failed&limit=100")) == 10


def test_a_password_typed_as_the_name_is_not_kept(api: Api) -> None:
    login(api, "hunter2 my secret", "x")
    assert [entry["who"] for entry in entries(api)] == [""]


def test_a_changed_document_says_which_fields_and_never_what(api: Api) -> None:
    topics = {"topics": [{"label": "secret", "name": "A secret", "words": ["secret"]}]}
    assert api.put("/v1/settings/topics", topics, as_="admin").status == 200
    (entry,) = entries(api)
    assert (entry["what"], entry["whom"], entry["who"]) == (
        "settings_changed",
        "topics",
        "admin@example.com",
    )
    assert entry["details"] == {"changed": "topics"}
    assert "secret" not in json.dumps(entry)


def test_who_came_into_a_team_and_that_it_is_restricted_is_said(api: Api) -> None:
    api.put("/v1/settings/teams", TEAMS, as_="admin")
    closed = [{**TEAMS["teams"][0], "members": ["agent@example.com"], "restricted": True}]
    api.put("/v1/settings/teams", {"teams": closed}, as_="admin")
    newest = entries(api)[0]
    assert newest["what"] == "teams_changed"
    assert newest["details"] == {
        "changed": "teams",
        "team fraud": "+agent@example.com -lead@example.com restricted",
    }
    api.put("/v1/settings/approvals", {"send_more_than": 5}, as_="admin")
    assert entries(api)[0]["what"] == "approvals_changed"


def test_a_document_that_was_not_written_is_not_in_the_list(api: Api) -> None:
    api.put("/v1/settings/flags", {"flags": {}}, as_="admin")
    stale = api.put(
        "/v1/settings/flags", {"flags": {"x": True}}, as_="admin", headers={"If-Match": '"9"'}
    )
    assert stale.status == 412
    assert len(entries(api)) == 1


def test_it_pages_newest_first_over_months(world: World, api: Api) -> None:
    for day in range(5):
        api.put("/v1/settings/flags", {"flags": {f"f{day}": True}}, as_="admin")
        world.clock.forward(days=20)
    seen, cursor, pages = [], "", 0
    while cursor is not None:
        page = api.get(f"/v1/audit?limit=2{cursor and f'&cursor={cursor}'}", as_="admin").json
        seen += [entry["at"] for entry in page["items"]]
        cursor, pages = page["cursor"], pages + 1
    assert (len(seen), seen) == (5, sorted(seen, reverse=True))
    since = api.get("/v1/audit?since=2026-12-20T00:00:00Z", as_="admin").json["items"]
    assert len(since) == 3


def test_it_is_filtered_by_person_act_and_time(api: Api) -> None:
    api.put("/v1/settings/flags", {"flags": {}}, as_="admin")
    api.post("/v1/people", {"email": "eva@example.com"}, as_="admin")
    assert len(entries(api, "who=EVA@example.com")) == 2
    assert len(entries(api, "what=settings_changed")) == 1
    assert entries(api, "until=2026-01-01T00:00:00Z") == []
    wrong = api.get("/v1/audit?since=2026-12-01T00:00:00Z&until=2026-01-01T00:00:00Z", as_="admin")
    assert wrong.fields == ["since"]


def test_entries_go_when_their_time_is_over(world: World, api: Api) -> None:
    api.put("/v1/settings/audit", {"keep_days": 30}, as_="admin")
    world.clock.forward(seconds=30)
    api.put("/v1/settings/flags", {"flags": {}}, as_="admin")
    world.clock.forward(days=31)
    since = "since=2026-11-01T00:00:00Z"
    assert [entry["whom"] for entry in entries(api, since)] == ["audit"]


def test_an_export_is_a_file_and_in_the_list_and_runs_in_no_spreadsheet(
    world: World, api: Api
) -> None:
    login(api, "=cmd|calc!A1@example.com", "x")
    rows = list(csv.DictReader(io.StringIO(exported(world, api))))
    assert {row["what"] for row in rows} == {"sign_in_failed", "audit_exported"}
    assert all(not row["who"].startswith("=") for row in rows)
    lines = [json.loads(line) for line in exported(world, api, format="jsonl").splitlines()]
    assert [line["outcome"] for line in lines if line["what"] == "audit_exported"] == [
        "begun",
        "done",
        "begun",
    ]


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("?", "")],
)
def test_the_network_is_kept_and_not_the_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_what_dies_between_the_two_entries_stays_begun(world: World, api: Api) -> None:
    class Dying:
        def __getattr__(self, name: str) -> Any:
            raise OSError("no route to host")

    bootstrap.get().__dict__["directory"] = Dying()
    api.post("/v1/people/agent@example.com/sign-out", as_="admin")
    assert [entry["outcome"] for entry in entries(api)] == ["begun"]
