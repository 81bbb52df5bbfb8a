"""The help centre as pages: everything by form and link, nothing by script."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from tests.handlers.client import Answer, Api
from tests.support import BUCKET, World

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TEXT = "My phone <b>is</b> broken"


def send(api: Api, path: str, **fields: str) -> Answer:
    return api("POST", path, urlencode(fields).encode(), as_="", headers=FORM)


def published(api: Api) -> None:
    texts = {"en": {"title": "Charged twice", "answer": "One of them is a reservation."}}
    made = api.post("/v1/articles", {"slug": "charged-twice", "texts": texts})
    patch = {"state": "published"}
    assert api.patch("/v1/articles/charged-twice", patch, made.json["version"]).status == 200


def test_a_case_is_opened_in_three_pages_and_its_receipt_names_it(api: Api, world: World) -> None:
    first = send(api, "/new", step="about", text=TEXT, once="1")
    assert "Where may we answer?" in first.text
    second = send(api, "/new", step="who", text=TEXT, once="1", email="ana@example.org")
    assert "Is everything right?" in second.text
    assert "My phone &lt;b&gt;is&lt;/b&gt; broken" in second.text
    sent = send(api, "/new", step="check", text=TEXT, once="1", email="ana@example.org")
    again = send(api, "/new", step="check", text=TEXT, once="1", email="ana@example.org")
    assert sent.status == 303
    assert sent.headers["Location"] == again.headers["Location"]
    receipt = api.get("/" + sent.headers["Location"], as_="")
    assert world.case().reference in receipt.text
    assert "We have received your message" in receipt.text


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"step": "about", "text": "  "}, ["text"]),
        ({"step": "who", "text": "x"}, ["email"]),
        ({"step": "who", "text": "x", "email": "ana", "phone": "12"}, ["email", "phone"]),
        ({"step": "check", "text": "x", "email": "ana"}, ["email"]),
    ],
)
def test_what_is_wrong_is_said_above_and_beside_its_field(
    api: Api, world: World, fields: dict[str, str], names: list[str]
) -> None:
    page = send(api, "/new", **fields)
    assert page.status == 422
    assert "<title>Error: " in page.text
    assert re.findall(r'<li><a href="#(\w+)">', page.text) == names
    for name in names:
        assert f'id="{name}-why"' in page.text
    assert not world.cases()


def test_a_company_own_field_is_asked_for_in_the_readers_language(api: Api, world: World) -> None:
    field = {"name": "order", "label": {"en": "Order", "de": "Bestellung"}, "required": True}
    api.put("/v1/settings/channels", {"form": {"fields": [field]}}, as_="admin")
    german = api.get("/new", as_="", headers={"Accept-Language": "de"})
    assert '<label for="field_order">Bestellung</label>' in german.text
    assert 'href="#field_order"' in send(api, "/new", step="about", text="x").text
    given = {"text": "x", "field_order": "A-1", "email": "ana@example.org", "once": "2"}
    assert send(api, "/new", step="check", **given).status == 303
    assert world.case().fields == {"order": "A-1"}


def test_a_robot_that_fills_in_the_hidden_field_opens_nothing(api: Api, world: World) -> None:
    sent = send(api, "/new", step="check", text="x", email="ana@example.org", website="http://x")
    assert sent.status == 422
    assert not world.cases()


def test_who_finds_nothing_takes_the_question_along(api: Api) -> None:
    page = api.get("/?q=my+lamp+hums", as_="")
    assert 'href="new?q=my%20lamp%20hums"' in page.text
    assert ">my lamp hums</textarea>" in api.get("/new?q=my%20lamp%20hums", as_="").text


def test_an_article_is_read_and_voted_on(api: Api, world: World) -> None:
    published(api)
    assert "Charged twice" in api.get("/", as_="").text
    page = api.get("/a/charged-twice?q=twice", as_="")
    assert "One of them is a reservation." in page.text
    voted = send(api, "/a/charged-twice", helpful="no", comment="which one?")
    assert voted.headers["Location"] == "charged-twice?voted=no"
    detail = api.get("/v1/articles/charged-twice").json
    assert detail["votes"] == {"helpful": 0, "unhelpful": 1}
    assert detail["comments"][0]["comment"] == "which one?"


def test_an_article_that_is_not_published_is_not_shown(api: Api) -> None:
    texts = {"en": {"title": "Draft", "answer": "secret"}}
    api.post("/v1/articles", {"slug": "draft", "texts": texts})
    assert api.get("/a/draft", as_="").status == 404
    assert "Draft" not in api.get("/", as_="").text


def test_a_customer_closes_a_case_and_opens_it_again_by_writing(api: Api, world: World) -> None:
    given = {"text": TEXT, "email": "ana@example.org", "once": "1"}
    link = "/" + send(api, "/new", step="check", **given).headers["Location"].partition("?")[0]
    assert send(api, link, solved="yes").status == 303
    assert world.case().status == "resolved"
    assert send(api, link, solved="yes").status == 303
    assert send(api, link, text="It is broken again", once="2").status == 303
    assert world.case().status == "open"


def test_an_empty_answer_is_asked_for_again(api: Api, world: World) -> None:
    given = {"text": TEXT, "email": "ana@example.org", "once": "1"}
    link = "/" + send(api, "/new", step="check", **given).headers["Location"].partition("?")[0]
    page = send(api, link, text="  ")
    assert (page.status, "Say what it is about" in page.text) == (422, True)
    assert world.case().message_count == 1


def test_pages_run_nothing_from_inside_and_nothing_from_elsewhere(api: Api) -> None:
    page = api.get("/?q=%3Cscript%3Ealert(1)%3C/script%3E", as_="")
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "<script>alert" not in page.text
    assert not re.search(r"\son\w+=|<style|\sstyle=", page.text)


def test_a_known_issue_is_on_the_first_page_and_on_one_of_its_own(api: Api) -> None:
    made = api.post("/v1/problems", {"title": "Double invoices"}, as_="lead").json
    public = {"visible": True, "title": "Invoices show twice", "text": "We are at it."}
    path = f"/v1/problems/{made['id']}"
    changed = api.patch(path, {"public": public, "workaround": "Pay once."}, 1, as_="lead")
    assert changed.status == 200, changed.text
    assert "Invoices show twice" in api.get("/", as_="").text
    page = api.get(f"/issues/{made['id']}", as_="")
    assert "Pay once." in page.text
    assert api.get("/issues/nothing", as_="").status == 404


def uploaded(api: Api, world: World, name: str, content: bytes) -> str:
    given = {"name": name, "type": "image/png", "bytes": len(content)}
    offer = api.post("/v1/help/uploads", given, as_="").json
    world.clients["s3"].put_object(Bucket=BUCKET, Key=offer["fields"]["key"], Body=content)
    return str(offer["id"])


def test_files_travel_along_and_go_with_the_case(api: Api, world: World) -> None:
    one = uploaded(api, world, "lamp <1>.png", b"\x89PNG\r\n\x1a\n lamp")
    given = {"text": "It hums", "files": one, "email": "ana@example.org", "once": "1"}
    checked = send(api, "/new", step="who", **given)
    assert "lamp &lt;1&gt;.png" in checked.text
    assert f'name="files" value="{one}"' in checked.text
    sent = send(api, "/new", step="check", **given)
    assert sent.status == 303
    assert "lamp" in api.get("/" + sent.headers["Location"], as_="").text
    (file,) = world.timeline(world.case())[0].attachments
    assert file.type == "image/png"


def test_files_that_are_too_old_are_asked_for_again_and_nothing_typed_is_lost(
    api: Api, world: World
) -> None:
    one = uploaded(api, world, "lamp.png", b"\x89PNG\r\n\x1a\n lamp")
    world.clock.forward(minutes=90)
    given = {"text": "It hums", "files": one, "email": "ana@example.org", "once": "1"}
    page = send(api, "/new", step="check", **given)
    assert (page.status, world.cases()) == (422, [])
    assert "Choose the files again" in page.text
    assert ">It hums</textarea>" in page.text
    assert 'value="ana@example.org"' in page.text


def test_only_pages_that_send_files_may_talk_to_the_bucket(api: Api) -> None:
    def may_talk_to(path: str) -> str:
        policy = api.get(path, as_="").headers["Content-Security-Policy"]
        return next(part for part in policy.split("; ") if part.startswith("connect-src"))

    assert re.fullmatch(r"connect-src 'self' https?://[\w.:-]+", may_talk_to("/new"))
    assert may_talk_to("/") == "connect-src 'self'"
    api.put("/v1/settings/channels", {"form": {"uploads": 0}}, as_="admin")
    assert may_talk_to("/new") == "connect-src 'self'"
