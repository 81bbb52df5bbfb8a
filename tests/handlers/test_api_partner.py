"""A department's page and API behind its secret link, and what everybody may know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.flows.problem_world import contact, installed, patched, trend
from tests.handlers.client import Api, StaffOnly
from tests.support import World

DEPARTMENT = "billing@corp.example.com"


@pytest.fixture
def world() -> Iterator[World]:
    with installed() as world:
        world.app.__dict__["identity"] = StaffOnly()
        yield world


@pytest.fixture
def task(api: Api, world: World) -> tuple[str, str]:
    """(the problem's path, the department's secret)."""
    contact(world, 1)
    problem = api.post("/v1/problems", {"trend_id": trend(world).id}).json
    world.settle()
    path = f"/v1/problems/{problem['id']}"
    api.patch(path, {"state": "accepted"}, 1, as_="lead")
    team = {"name": "billing", "title": "Billing", "email": DEPARTMENT}
    api.put("/v1/settings/teams", {"teams": [team]}, as_="admin")
    world.clock.forward(seconds=30)
    body = {"team": "billing", "note": "<b>look</b>"}
    assert api.post(f"{path}/handovers", body).status == 201
    world.settle()
    sent = next(m for m in world.aws.ses.accepted if DEPARTMENT in m.to)
    found = re.search(r"/p/(\S+)", sent.text)
    assert found
    return path, found.group(1)


def read(api: Api, path: str) -> Any:
    return api.get(path, as_="")


def test_reading_the_page_changes_nothing_and_runs_nothing(
    api: Api, world: World, task: tuple[str, str]
) -> None:
    path, secret = task
    before = api.get(path).json["version"]
    page = read(api, f"/p/{secret}")
    assert page.status == 200
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert 'name="robots" content="noindex"' in page.text
    assert "&lt;b&gt;look&lt;/b&gt;" in page.text and "<b>look" not in page.text
    assert 'role="img"' in page.text
    assert api.get(path).json["version"] == before
    assert [h["state"] for h in api.get(f"{path}/handovers").json["items"]] == ["open"]


def test_the_form_answers_and_leads_back_and_twice_is_once(
    api: Api, world: World, task: tuple[str, str]
) -> None:
    path, secret = task
    for _ in range(2):
        answered = api.form(f"/p/{secret}", "answer=ask&text=Since+when%3F&once=x1")
        assert (answered.status, answered.headers["Location"]) == (303, f"{secret}?done=1")
    said = api.get(f"{path}/history").json["items"]
    assert [(e["role"], e["text"]) for e in said if e["what"] == "asked back"] == [
        ("partner", "Since when?")
    ]
    (handover,) = api.get(f"{path}/handovers").json["items"]
    answer = {"action": "answer", "text": "Since Monday"}
    assert api.post(f"{path}/handovers/{handover['id']}", answer).json["state"] == "open"
    assert "Since Monday" in read(api, f"/p/{secret}?done=1").text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("answer=ask&text=+", "what do you want to know"),
        ("answer=date&date=tomorrow", "is not a date"),
        ("answer=date&date=2020-01-01", "lies in the past"),
        ("answer=pass_on&address=nobody", "address"),
        ("answer=explode", "Input should be"),
    ],
)
def test_what_is_wrong_is_said_on_the_page(
    api: Api, task: tuple[str, str], form: str, words: str
) -> None:
    page = api.form(f"/p/{task[1]}", form)
    assert page.status == 422
    assert 'role="alert"' in page.text
    assert words in page.text


def test_the_api_does_the_same(api: Api, task: tuple[str, str]) -> None:
    path, secret = task
    view = read(api, f"/v1/partner/{secret}").json
    assert (view["state"], view["evidence"]["cases"]) == ("open", 1)
    done = api.post(f"/v1/partner/{secret}", {"answer": "resolve", "text": "ok"}, as_="").json
    assert (done["state"], done["may_act"]) == ("resolved", False)
    assert api.get(path).json["state"] == "fixed"
    late = api.post(f"/v1/partner/{secret}", {"answer": "accept"}, as_="")
    assert late.problem == "conflict"


def test_a_wrong_link_says_nothing_and_a_withdrawn_one_neither(
    api: Api, task: tuple[str, str]
) -> None:
    path, secret = task
    assert read(api, "/p/whatever").status == 403
    assert read(api, f"/v1/partner/{secret[:-1]}x").problem == "forbidden"
    (handover,) = api.get(f"{path}/handovers").json["items"]
    api.post(f"{path}/handovers/{handover['id']}", {"action": "withdraw"})
    assert read(api, f"/p/{secret}").status == 403
    assert api.form(f"/p/{secret}", "answer=accept").status == 403


def test_the_help_centre_shows_only_what_was_made_public(
    api: Api, world: World, task: tuple[str, str]
) -> None:
    path, _ = task
    problem_id = path.rpartition("/")[2]
    assert read(api, "/v1/help/issues").json == {"items": []}
    assert read(api, f"/v1/help/issues/{problem_id}").problem == "not-found"
    version = api.get(path).json["version"]
    untitled = api.patch(path, {"public": {"visible": True}}, version)
    assert untitled.fields == ["public.title"]
    shown = {"visible": True, "title": "Some invoices are wrong", "text": "We look into it."}
    changed = api.patch(path, {"public": shown, "workaround": "Pay by card"}, version, as_="lead")
    assert changed.status == 200
    world.clock.forward(minutes=1)
    (issue,) = read(api, "/v1/help/issues").json["items"]
    assert (issue["state"], issue["workaround"]) == ("investigating", "Pay by card")
    assert "case" not in str(issue)
    patched(world, problem_id, state="being_fixed")
    world.clock.forward(minutes=1)
    one = read(api, f"/v1/help/issues/{problem_id}")
    assert one.headers["Cache-Control"] == "public, max-age=30"
    assert [update["state"] for update in one.json["updates"]] == ["identified", "investigating"]


def test_a_question_about_a_known_issue_can_cite_it(
    api: Api, world: World, task: tuple[str, str]
) -> None:
    problem_id = task[0].rpartition("/")[2]
    patched(
        world,
        problem_id,
        rule={"topic": "billing", "words": ["charged twice"]},
        public={"visible": True, "title": "Some invoices are wrong"},
    )
    issues = world.app.issues
    assert [i.id for i in issues.about("Was I charged  twice?")] == [problem_id]
    assert [i.id for i in issues.about("Odd invoice", "billing")] == [problem_id]
    assert issues.about("Where is my parcel?", "parcel") == ()


def test_the_page_speaks_the_departments_language(api: Api, task: tuple[str, str]) -> None:
    page = api.get(f"/p/{task[1]}", as_="", headers={"Accept-Language": "de"}).text
    assert '<html lang="de"' in page
    assert "Wartet auf Sie" in page
    assert "Waiting for you" not in page
