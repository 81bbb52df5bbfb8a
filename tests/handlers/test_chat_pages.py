"""The chat as a page, its frame on other sites, and the script that puts it there."""

from __future__ import annotations

import gzip
import json
import re
from html import unescape

import pytest

from chalicelib.knowledge.intents import wants_person
from chalicelib.words import languages, words
from tests.handlers.client import Api
from tests.handlers.test_chat import answer_case, begin, say
from tests.support import World

SITES = ["https://shop.example.com", "https://*.example.org"]


def framed_by(policy: str) -> str:
    return next(part for part in policy.split("; ") if part.startswith("frame-ancestors"))


def test_only_the_widget_may_be_framed_and_only_by_the_sites_of_the_settings(api: Api) -> None:
    own = api.get("/widget", as_="").headers
    assert framed_by(own["Content-Security-Policy"]) == "frame-ancestors 'self'"
    assert api.put("/v1/settings/channels", {"chat": {"sites": SITES}}, as_="admin").status == 200
    headers = api.get("/widget", as_="").headers
    assert framed_by(headers["Content-Security-Policy"]).split()[1:] == ["'self'", *SITES]
    assert "X-Frame-Options" not in headers
    for path in ("/", "/chat", "/new", "/desk"):
        other = api.get(path, as_="").headers
        assert framed_by(other["Content-Security-Policy"]) == "frame-ancestors 'none'"
        assert other["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "site",
    [
        "https://shop.example.com/path",
        "http://shop.example.com",
        "*",
        "https:",
        "https://a.example; script-src *",
        "https://a.example b.example",
    ],
)
def test_what_is_no_origin_never_reaches_a_policy(api: Api, site: str) -> None:
    refused = api.put("/v1/settings/channels", {"chat": {"sites": [site]}}, as_="admin")
    assert (refused.status, refused.fields) == (422, ["chat.sites.0"])


def test_the_loader_is_small_and_carries_the_companys_colour(api: Api) -> None:
    api.put("/v1/settings/brand", {"name": "Acme", "accent": "#7a1fa2"}, as_="admin")
    script = api.get("/widget.js", as_="")
    assert len(gzip.compress(script.text.encode(), 9)) <= 2_048
    assert script.headers["Cache-Control"] == "public, max-age=300"
    assert '"accent": "#7a1fa2"' in script.text
    assert "innerHTML" not in script.text


def test_a_site_says_in_which_language_its_chat_is_and_nothing_remembers_it(api: Api) -> None:
    page = api.get("/widget?language=de-AT", as_="", headers={"Accept-Language": "en"})
    assert '<html class="framed" lang="de"' in page.text
    assert "Set-Cookie" not in page.headers
    assert 'lang="en"' in api.get("/widget?language=tlh", as_="").text


def test_without_a_script_the_chat_says_how_else_to_reach_us(api: Api) -> None:
    page = api.get("/chat", as_="").text
    assert re.search(r'<section id="chat"[^>]* hidden>', page)
    plain = page[page.index('id="plain"') : page.index('id="chat"')]
    assert 'href="new"' in plain
    assert "mailto:" in plain


def test_the_page_carries_the_texts_that_its_script_says_and_no_others(api: Api) -> None:
    page = api.get("/chat?lang=de", as_="").text
    given = re.search(r'data-texts="([^"]*)"', page)
    assert given
    texts = json.loads(unescape(given[1]))
    assert texts["chat.waiting"] == "noch nicht gesendet"
    assert not [key for key in texts if key.startswith(("desk.", "queue."))]


@pytest.mark.parametrize("language", languages())
def test_the_button_for_a_person_says_what_the_machine_understands(language: str) -> None:
    assert wants_person(words(language)("chat.person_text"))


def test_an_address_is_left_without_saying_anything(api: Api, world: World) -> None:
    session = begin(api)
    say(api, session, "Hello?")
    path = f"/v1/chat/{session}/address"
    assert api.put(path, {"email": "ada"}, as_="").fields == ["email"]
    assert api.put(path, {"email": "Ada@Example.com"}, as_="").status == 200
    assert api.put(path, {"email": "ada@example.com"}, as_="").status == 200
    assert api.put(f"{path[:-9]}x/address", {"email": "a@b.cd"}, as_="").status == 403
    assert world.texts(world.case()) == ["Hello?"]
    world.clock.forward(minutes=6)
    assert answer_case(api, world, "It is here.").json["to"] == "ada@example.com"
