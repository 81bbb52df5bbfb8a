"""Static files, brand and the pages' frame."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable

from chalicelib.handlers.desk_page import MODULES
from chalicelib.handlers.pages import WEB, version
from tests.handlers.client import Api
from tests.support import World


def test_a_static_file_may_be_kept_for_a_year_under_its_own_version_only(api: Api) -> None:
    now = api.get(f"/static/{version()}/preact.js", as_="")
    assert (now.status, now.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert "immutable" in now.headers["Cache-Control"]
    old = api.get("/static/000000000000/preact.js", as_="")
    assert (old.text, old.headers["Cache-Control"]) == (now.text, "no-store")


def test_what_is_no_static_file_is_not_found(api: Api) -> None:
    for name in ("nothing.js", "..", "help.css.bak", "words-xx.json", "vendor.py"):
        assert api.get(f"/static/{version()}/{name}", as_="").status == 404


def test_the_words_of_a_language_come_as_one_file(api: Api) -> None:
    assert api.get(f"/static/{version()}/words-de.json", as_="").json["page.help"] == "Hilfe"


def test_a_companys_colours_reach_the_pages(api: Api) -> None:
    assert api.put("/v1/settings/brand", {"name": "Acme", "accent": "#7a1fa2"}, as_="admin")
    page = api.get("/c/nothing", as_="").text
    assert "Acme" in page
    named = page.partition('href="../brand.css')[2].partition('"')[0]
    sheet = api.get(f"/brand.css{named}", as_="")
    assert "--accent:#7a1fa2" in sheet.text
    assert "immutable" in sheet.headers["Cache-Control"]
    assert sheet.text == api.get("/brand.css?v=older", as_="").text
    assert "max-age=60" in api.get("/brand.css?v=older", as_="").headers["Cache-Control"]


def test_a_companys_logo_is_fetched_once_and_named_for_who_does_not_see_it(api: Api) -> None:
    logo = "data:image/svg+xml;base64," + "PHN2Zy8+" * 1000
    api.put("/v1/settings/brand", {"name": "Acme", "logo": logo}, as_="admin")
    page = api.get("/", as_="").text
    assert logo not in page
    assert 'role="img" aria-label="Acme"' in page
    assert logo in api.get("/brand.css", as_="").text


def test_a_page_speaks_the_readers_language(api: Api, world: World) -> None:
    german = api.get("/c/nothing", as_="", headers={"Accept-Language": "de-AT, en;q=0.5"})
    assert '<html lang="de" dir="ltr"' in german.text
    chosen = api.get("/c/nothing?lang=en", as_="", headers={"Accept-Language": "de"})
    assert '<html lang="en"' in chosen.text
    assert chosen.headers["Set-Cookie"].startswith("lang=en;")


def test_another_language_keeps_what_the_address_says(api: Api) -> None:
    page = api.get("/?q=red+lamp&product=shop&lang=en", as_="").text
    assert 'href="?q=red+lamp&amp;product=shop&amp;lang=de"' in page


def test_languages_that_nobody_speaks_are_for_this_machine_only(api: Api) -> None:
    page = api.get("/?lang=ar-XB", as_="")
    assert '<html lang="en"' in page.text
    assert "Max-Age=0" in page.headers["Set-Cookie"]
    assert api.get(f"/static/{version()}/words-ar-XB.json", as_="").status == 404


def test_a_refusal_speaks_the_readers_language_wholly(api: Api) -> None:
    german = {"Accept-Language": "de"}
    gone = api.get("/a/nothing", as_="", headers=german).text
    assert "<h1>Diese Seite gibt es nicht</h1>" in gone
    wrong = api.get("/c/nothing", as_="", headers=german).text
    assert "<h1>Dieser Link öffnet nichts</h1>" in wrong
    assert "not valid" not in wrong


STATIC = WEB / "static"
BUDGET, STYLES = 60 * 1024, 8 * 1024  # bytes after gzip, that a screen of the desk may load


def imported(name: str, how: str) -> set[str]:
    return set(re.findall(how + r'\s*\(?\s*"\./([\w-]+\.js)"', (STATIC / name).read_text("utf-8")))


def with_all(*names: str) -> set[str]:
    """A module with what it imports, and what that imports."""
    known: set[str] = set()
    fresh = set(names)
    while fresh:
        known |= fresh
        fresh = {one for name in fresh for one in imported(name, "from")} - known
    return known


def size(names: Iterable[str]) -> int:
    return sum(len(gzip.compress((STATIC / name).read_bytes())) for name in names)


def test_no_screen_of_the_desk_loads_more_than_its_budget() -> None:
    for name in ("desk-login.js", "desk-me.js", "desk-start.js", "desk-results.js"):
        assert size(with_all("desk.js", name)) <= BUDGET
    boards = imported("desk-boards.js", "import")
    parts = {part for board in boards for part in imported(board, "import")}
    assert {"desk-trends.js", "desk-campaigns.js"} <= boards
    assert {"desk-notice.js", "desk-progress.js"} <= parts
    for board in boards | parts:
        above = {one for one in boards if board in imported(one, "import")}
        loaded = with_all("desk.js", "desk-boards.js", board, *above)
        assert size(loaded) <= BUDGET, (board, size(loaded))
    for sheet in ("boards.css", "case.css", "entry.css"):
        assert size(["tokens.css", "desk.css", sheet]) <= STYLES


def test_a_case_can_be_read_and_answered_within_the_budget() -> None:
    loaded = with_all("desk.js", "desk-case.js")
    assert {"desk-timeline.js", "desk-composer.js"} <= loaded
    assert size(loaded) <= BUDGET, size(loaded)


def test_the_page_names_in_advance_just_what_its_first_screen_loads() -> None:
    assert {"desk.js", *MODULES} == with_all("desk.js")


def test_a_board_is_not_loaded_before_it_is_opened() -> None:
    assert not {"desk-boards.js", "desk-plot.js", "desk-form.js"} & with_all("desk.js")
