"""What a page weighs when it is fetched for the first time, gzipped as the gateway sends it."""

from __future__ import annotations

import gzip
import re

import pytest

from chalicelib.handlers.pages import WEB
from tests.handlers.client import Api
from tests.handlers.test_help_pages import published, send
from tests.support import World

KB = 1024
STATIC = WEB / "static"
VENDORED = ("preact.js", "hooks.js", "htm.js", "signals.js", "signals-core.js")
LINKED = re.compile(r'(?:href|src)="[^"]*static/\w+/([\w.-]+\.(?:js|css))"')
IMPORTED = re.compile(r"""(?:import|from)\s*\(?\s*["']\./([\w.-]+\.js)["']""")


def weight(text: str | bytes) -> int:
    return len(gzip.compress(text.encode() if isinstance(text, str) else text, 6))


def loaded(names: set[str]) -> set[str]:
    """The files, and all modules that they import, at once or later."""
    found: set[str] = set()
    while names - found:
        name = min(names - found)
        found.add(name)
        names = names | set(IMPORTED.findall((STATIC / name).read_text()))
    return found


def weighed(names: set[str], suffix: str) -> int:
    return sum(weight((STATIC / name).read_bytes()) for name in names if name.endswith(suffix))


def paths(api: Api, world: World) -> dict[str, str]:
    """Every page of the help centre, as HTML."""
    published(api)
    problem = api.post("/v1/problems", {"title": "Double"}, as_="lead").json
    public = {"visible": True, "title": "Invoices show twice", "text": "We are at it."}
    api.patch(f"/v1/problems/{problem['id']}", {"public": public}, 1, as_="lead")
    form = {"text": "It hums", "email": "ana@example.org", "once": "1"}
    receipt = send(api, "/new", step="check", **form).headers["Location"]
    pages = {
        name: api.get(path, as_="").text
        for name, path in {
            "home": "/",
            "found": "/?q=charged",
            "article": "/a/charged-twice",
            "issue": f"/issues/{problem['id']}",
            "new": "/new",
            "case": f"/{receipt}",
            "chat": "/chat",
            "widget": "/widget",
            "missing": "/a/nothing",
        }.items()
    }
    pages["who"] = send(api, "/new", step="about", text="It hums").text
    return pages


def test_no_page_of_the_help_centre_weighs_more_than_its_budget(api: Api, world: World) -> None:
    api.put("/v1/settings/brand", {"name": "Acme", "accent": "#7a1fa2"}, as_="admin")
    brand = weight(api.get("/brand.css", as_="").text)
    for name, html in paths(api, world).items():
        files = loaded(set(LINKED.findall(html)))
        assert {"tokens.css", "help.css"} <= files, name
        scripts = weighed(files, ".js")
        assert scripts <= 10 * KB, (name, scripts)
        whole = weight(html) + brand + weighed(files, ".css") + scripts
        assert whole <= 30 * KB, (name, whole)


@pytest.mark.parametrize("name", sorted(path.name for path in STATIC.glob("*.js")))
def test_no_script_of_ours_makes_markup_or_code_of_text(name: str) -> None:
    if name not in VENDORED:
        text = (STATIC / name).read_text()
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text
        )
