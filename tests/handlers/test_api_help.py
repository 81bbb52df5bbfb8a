"""What customers do themselves: the form, the secret link, the page of their case."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

import pytest

from chalicelib.access.rules import link_token
from tests.handlers.client import Api
from tests.support import World

FORM = {"name": "Ada", "email": "ada@example.com", "text": "My phone is broken."}


def submitted(api: Api, **given: Any) -> Any:
    answer = api.post("/v1/help/cases", {**FORM, **given}, as_="")
    assert answer.status == 201, answer.text
    return answer.json


def test_the_form_opens_a_case_and_gives_the_link_to_follow_it(api: Api, world: World) -> None:
    given = submitted(api, subject="Phone")
    assert given["link"] == f"https://help.example.com/c/{given['token']}"
    assert given["opened"] is True
    world.settle()
    assert (world.case().reference, world.case().channel) == (given["reference"], "web")
    (mail,) = world.aws.ses.accepted
    assert b"To: ada@example.com" in mail.raw


def test_a_robot_that_fills_the_trap_is_refused(api: Api, world: World) -> None:
    answer = api.post("/v1/help/cases", {**FORM, "website": "https://spam.example"}, as_="")
    assert answer.fields == ["website"]
    assert world.cases() == []


@pytest.mark.parametrize(
    ("given", "field"),
    [({"email": ""}, "body"), ({"email": "x"}, "email"), ({"text": " \n"}, "text")],
)
def test_a_form_that_cannot_be_answered_is_refused(
    api: Api, given: dict[str, str], field: str
) -> None:
    assert api.post("/v1/help/cases", {**FORM, **given}, as_="").fields == [field]


def test_the_same_key_is_the_same_case_and_another_text_is_not(api: Api, world: World) -> None:
    key = {"Idempotency-Key": "once"}
    first = api.post("/v1/help/cases", FORM, as_="", headers=key).json
    again = api.post("/v1/help/cases", FORM, as_="", headers=key).json
    assert again["reference"] == first["reference"]
    other = {**FORM, "email": "eve@example.com"}
    assert (
        api.post("/v1/help/cases", other, as_="", headers=key).json["reference"]
        != (first["reference"])
    )
    assert len(world.cases()) == 2


def test_who_posts_too_often_waits_and_is_not_written_down(api: Api, world: World) -> None:
    api.put("/v1/settings/channels", {"form_posts_per_hour": 2}, as_="admin")
    statuses = [api.post("/v1/help/cases", FORM, as_="").status for _ in range(3)]
    assert statuses == [201, 201, 429]
    refused = api.post("/v1/help/cases", FORM, as_="")
    assert refused.problem == "too-many"
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert "127.0.0.1" not in str(world.aws.dynamodb.table("custops").changes)
    world.clock.forward(hours=1)
    assert api.post("/v1/help/cases", FORM, as_="").status == 201


def test_a_customer_reads_what_was_said_and_nothing_from_inside(api: Api, world: World) -> None:
    given = submitted(api)
    world.settle()
    case = world.case()
    api.post(f"/v1/cases/{case.id}/messages", {"kind": "note", "text": "a difficult one"})
    api.post(f"/v1/cases/{case.id}/messages", {"text": "We send a new one."})
    path = f"/v1/help/cases/{given['reference']}/messages"
    followed = api.get(f"{path}?token={given['token']}", as_="")
    texts = [message["text"] for message in followed.json["items"]]
    assert texts[0] == FORM["text"] or texts[1] == FORM["text"]
    assert "We send a new one." in texts
    assert "difficult" not in followed.text
    assert "agent@example.com" not in followed.text
    for headers in (
        {"X-Case-Token": given["token"]},
        {"Authorization": f"Bearer {given['token']}"},
    ):
        assert api.get(path, as_="", headers=headers).json == followed.json


def test_a_link_opens_its_own_case_only_and_can_be_withdrawn(api: Api, world: World) -> None:
    mine = submitted(api)
    other = submitted(api, email="eve@example.com")
    path = f"/v1/help/cases/{other['reference']}/messages"
    answers = [
        api.get(f"{path}?token={mine['token']}", as_=""),
        api.get(f"{path}?token={mine['token'][:-1]}", as_=""),
        api.get(f"{path}?token=nonsense", as_=""),
        api.get(f"/v1/help/cases/C-ABCDEF/messages?token={mine['token']}", as_=""),
        api.get(
            "/v1/help/cases/C-ABCDEF/messages?token=" + link_token(world.app.signer, "C-ABCDEF", 1),
            as_="",
        ),
        api.post(f"{path}?token={mine['token']}", {"text": "hello"}, as_=""),
    ]
    assert {(a.status, a.json["detail"]) for a in answers} == {(403, answers[0].json["detail"])}
    assert api.get(path, as_="").status == 401
    case = world.app.cases.get(mine["reference"])
    withdrawn = case.model_copy(update={"link_version": 2, "version": case.version + 1})
    world.app.cases.save(withdrawn)
    own = f"/v1/help/cases/{mine['reference']}/messages?token={mine['token']}"
    assert api.get(own, as_="").status == 403


def test_an_answer_joins_the_case_and_opens_it_again(api: Api, world: World) -> None:
    given = submitted(api)
    world.settle()
    case = api.get(f"/v1/cases/{given['reference']}").json
    api.patch(f"/v1/cases/{case['id']}", {"status": "resolved"}, case["version"])
    path = f"/v1/help/cases/{given['reference']}/messages?token={given['token']}"
    key = {"Idempotency-Key": "a1"}
    answers = [api.post(path, {"text": "Still broken."}, as_="", headers=key) for _ in range(2)]
    assert [a.status for a in answers] == [201, 201]
    assert (world.case().status, world.case().message_count) == ("open", 2)
    assert answers[0].json["reference"] == given["reference"]


# --- pages ----------------------------------------------------------------------------------------


def test_the_page_of_a_case_works_without_script_and_escapes_everything(
    api: Api, world: World
) -> None:
    given = submitted(api, subject="<script>alert(1)</script>", text="<img src=x onerror=alert(2)>")
    page = api.get(f"/c/{given['token']}", as_="")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    scripts = re.findall(r"<script[^>]*>[^<]*", page.text)
    assert all(re.fullmatch(r'<script type="module" src="\.\./static/.*">', s) for s in scripts)
    assert "<img" not in page.text
    assert "&lt;img src=x" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "require-trusted-types-for 'script'" in policy


def test_reading_the_page_changes_nothing(api: Api, world: World) -> None:
    given = submitted(api)
    changes = len(world.aws.dynamodb.table("custops").changes)
    for _ in range(2):
        assert api.get(f"/c/{given['token']}", as_="").status == 200
    assert len(world.aws.dynamodb.table("custops").changes) == changes


def test_the_form_of_the_page_answers_once_and_leads_back(api: Api, world: World) -> None:
    given = submitted(api)
    page = api.get(f"/c/{given['token']}", as_="")
    once = re.search(r'name="once" value="(\w+)"', page.text)
    assert once
    body = f"once={once.group(1)}&text=It+works+%C3%A4gain"
    answers = [api.form(f"/c/{given['token']}", body) for _ in range(2)]
    assert [a.status for a in answers] == [303, 303]
    assert answers[0].headers["Location"] == f"{given['token']}?sent=1"
    assert world.texts(world.case())[-1] == "It works ägain"
    assert world.case().message_count == 2
    assert "has arrived" in api.get(f"/c/{given['token']}?sent=1", as_="").text


def test_a_wrong_link_or_an_empty_answer_is_a_page_that_says_so(api: Api) -> None:
    given = submitted(api)
    wrong = api.get("/c/000000.1.wrong", as_="")
    assert (wrong.status, wrong.headers["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert "withdrawn" in wrong.text
    assert api.form(f"/c/{given['token']}", "text=").status == 422
    assert api.form(f"/c/{given['token']}", "&".join(f"a{n}=1" for n in range(199))).status == 400


def test_the_start_page_links_relatively_so_that_it_works_behind_a_stage(api: Api) -> None:
    page = api.get("/", as_="").text
    links = [href for href in re.findall(r'href="([^"]+)"', page) if ":" not in href]
    assert links
    assert not [link for link in links if link.startswith("/")]
    assert "http" not in page
    for link in links:
        if link.startswith(("#", "?")):
            continue
        assert api.get(urljoin("/", link), as_="").status == 200
