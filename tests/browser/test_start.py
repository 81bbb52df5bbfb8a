"""The first steps, from an installation that nobody set up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.system.running import System

pytestmark = pytest.mark.cloud
NAMES = ("teams", "topics", "calendars", "promises")


def document(system: System, name: str) -> Any:
    status, answer = system.call("GET", f"/v1/settings/{name}", who="admin")
    assert status == 200, answer
    return answer["document"]


@pytest.fixture
def empty(system: System) -> Iterator[None]:
    """No team, topic or calendar; afterwards all is as it was."""
    kept = {name: document(system, name) for name in NAMES}
    for name in ("teams", "topics", "calendars"):
        assert system.call("PUT", f"/v1/settings/{name}", {}, who="admin")[0] == 200
    yield
    for name, before in kept.items():
        system.call("PUT", f"/v1/settings/{name}", before, who="admin")


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("width", [1400, 390])
def test_the_first_steps_end_with_a_case_of_ones_own(
    look: Open, system: System, width: int
) -> None:
    window = look(width, who="admin", dark=width == 390)
    page = window.open("desk")
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()

    def step(name: str, number: str) -> None:
        if not re.search(rf"#/start/{number}$", page.url):
            page.goto(page.url.partition("#")[0] + f"#/start/{number}")
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        page.wait_for_timeout(500)
        window.settled()

    def saved(name: str) -> None:
        page.get_by_role("button", name="Save and go on").press("Enter")
        expect(page.get_by_role("heading", name=name, exact=True)).to_have_count(0)

    step("Your company", "brand")
    page.get_by_label("Name", exact=True).fill("Acme")
    saved("Your company")
    step("Mailbox", "mailbox")
    expect(page.get_by_text("support@example.com")).to_be_visible()
    page.get_by_role("button", name="Send me a mail").click()
    expect(page.get_by_text("is on its way. Answer it.")).to_be_visible()
    assert system.until(lambda: system.outbox("admin@example.com"))
    step("Your team", "team")
    page.get_by_label("Name of the team").fill("Käufer & Co")
    saved("Your team")
    step("Hours", "hours")
    page.get_by_label("Time zone").fill("Nowhere/Else")
    page.get_by_role("button", name="Save and go on").click()
    window.expected = (422,)
    expect(page.get_by_role("alert")).to_contain_text("is not an IANA time zone")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_label("Public holidays of").select_option("DE")
    saved("Hours")
    step("Promises", "promises")
    page.get_by_label("High: First reply").fill("2")
    saved("Promises")
    step("Topics", "topics")
    saved("Topics")
    step("Send yourself a case", "case")
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_text("Your case is there:")).to_be_visible()
    expect(page.get_by_role("link", name="Open and answer it")).to_be_visible(timeout=30_000)
    expect(page.locator("dd", has_text="Delivery")).to_be_visible(timeout=40_000)
    _as_it_was_said(system)


def _as_it_was_said(system: System) -> None:
    (team,) = document(system, "teams")["teams"]
    assert (team["name"], team["members"]) == ("kaufer-co", ["admin@example.com"])
    (calendar,) = document(system, "calendars")["calendars"]
    assert (calendar["zone"], team["calendar"]) == ("Europe/Berlin", calendar["name"])
    assert "Christmas Day" in calendar["observed"].values()
    high = next(p for p in document(system, "promises")["policies"] if p["name"] == "high")
    assert (high["targets"]["first_reply"], high["calendar"]) == (7_200, calendar["name"])
    assert len(document(system, "topics")["topics"]) == 3
