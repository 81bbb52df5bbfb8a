"""The pages behind API Gateway's stage path and at a plain domain: nothing leads out of them."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode, urljoin, urlsplit

import pytest

from tests.handlers.client import Answer, Api
from tests.handlers.test_help_pages import published
from tests.support import World

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ADDRESS = re.compile(r'(?:href|src|action|formaction|data-root|data-new)="([^"]*)"')
ORIGIN = "https://help.example"


class Visitor:
    """Goes by what the pages say, as a browser does, where everything lies below `prefix`."""

    def __init__(self, api: Api, prefix: str) -> None:
        self.api = api
        self.prefix = prefix
        self.at = f"{ORIGIN}{prefix}/"
        self.jar: dict[str, str] = {}

    def __call__(self, address: str, **fields: str) -> str:
        """The page of an address as it stands on the last one; every address on it is followed."""
        self.at = urljoin(self.at, address)
        answer = self.fetch(self.at, **fields)
        while answer.status == 303:
            self.at = urljoin(self.at, answer.headers["Location"])
            answer = self.fetch(self.at)
        assert answer.status < 400, (self.at, answer.text)
        for found in {unescape(one) for one in ADDRESS.findall(answer.text)}:
            target = urljoin(self.at, found)
            if urlsplit(target).scheme == "https" and "/local/" not in target:
                assert self.fetch(target).status in (200, 303), (self.at, found)
        return answer.text

    def fetch(self, address: str, **fields: str) -> Answer:
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}" == ORIGIN, address
        assert parts.path.startswith(f"{self.prefix}/"), f"{address} leads out of the stage"
        path = parts.path.removeprefix(self.prefix) + (f"?{parts.query}" if parts.query else "")
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.jar.items())}
        if fields:
            body = urlencode(fields).encode()
            answer = self.api("POST", path, body, as_="", headers={**headers, **FORM})
        else:
            answer = self.api.get(path, as_="", headers=headers)
        name, _, value = answer.headers.get("Set-Cookie", "").partition(";")[0].partition("=")
        if name.startswith("case-"):
            self.jar[name] = value
        return answer


@pytest.mark.parametrize("prefix", ["", "/api"], ids=["domain", "stage"])
def test_every_address_of_every_page_leads_on_below_it(api: Api, world: World, prefix: str) -> None:
    published(api)
    problem = api.post("/v1/problems", {"title": "Double"}, as_="lead").json
    public = {"visible": True, "title": "Invoices show twice", "text": "We are at it."}
    api.patch(f"/v1/problems/{problem['id']}", {"public": public}, 1, as_="lead")
    visit = Visitor(api, prefix)
    assert "Charged twice" in visit("")
    assert "Search" in visit("?q=charged")
    assert "One of them" in visit("a/charged-twice?q=charged")
    assert "Thank you" in visit("charged-twice", helpful="no", q="charged")
    assert "Invoices show twice" in visit(f"../issues/{problem['id']}")
    assert "I have this too" in visit(f"../new?issue={problem['id']}")
    assert "Where may we answer?" in visit("new", step="about", text="It hums")
    given = {"step": "check", "text": "It hums", "email": "ana@example.org", "once": "1"}
    assert "We have received your message" in visit("new", **given)
    assert visit.at.startswith(f"{ORIGIN}{prefix}/c/")
    clean = visit(visit.at)
    assert visit.at == f"{ORIGIN}{prefix}/c/{world.case().reference}?sent=new"
    csrf = clean.partition('name="csrf" value="')[2].partition('"')[0]
    assert "Your message has arrived" in visit("?", text="Still", once="2", csrf=csrf)
    assert "Chat with us" in visit("../chat")
    assert 'id="desk"' in visit("desk")


def test_a_page_that_is_missing_leads_back_below_the_stage(api: Api) -> None:
    text = api.get("/a/nothing", as_="").text
    assert 'href="../new"' in text
    assert 'href="../"' in text
