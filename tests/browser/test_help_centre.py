"""The help centre as customers use it, with a script and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.system.running import System

pytestmark = pytest.mark.cloud


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_who_finds_no_answer_reaches_a_person_with_the_question(
    look: Open, system: System, dark: bool
) -> None:
    find = "/v1/help/articles?q=charged+twice"
    system.until(lambda: system.call("GET", find)[1]["items"], 120)  # the index is kept each minute
    window = look(390, dark=dark)
    page = window.open("")
    window.settled()
    page.get_by_role("searchbox").fill("charged twice")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="I was charged twice").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("I was charged twice")
    window.settled()
    page.get_by_role("button", name="No").click()
    page.get_by_role("main").get_by_role("link", name="Write to us").click()
    expect(page.get_by_label("Your message")).to_have_value("charged twice")
    window.settled()


def test_a_case_is_opened_without_a_script_and_mistakes_are_named(
    look: Open, system: System
) -> None:
    window = look(390, script=False)
    window.expected = (422,)
    page = window.open("new")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("link", name="Say what it is about")).to_be_visible()
    page.get_by_label("Your message").fill("My lamp hums")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("E-mail address").fill("dora@example.org")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("My lamp hums")).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("We have received your message")).to_be_visible()
    (case,) = system.until(lambda: system.cases("dora@example.org"))
    expect(page.get_by_text(case["reference"]).first).to_be_visible()


def test_a_customer_answers_closes_and_opens_again_by_the_link(look: Open, system: System) -> None:
    system.mail("My radio is silent", "emil@example.org", "Radio")
    (mail,) = system.until(lambda: system.outbox("emil@example.org"))
    found = re.search(r"/c/\S+", mail["text"])
    assert found
    window = look(390)
    page = window.open(found[0].lstrip("/"))
    window.settled()
    page.get_by_label("Your message").fill("It is the red one")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your message has arrived.")).to_be_visible()
    page.get_by_role("button", name="Yes, close my case").click()
    expect(page.get_by_text("Resolved", exact=True)).to_be_visible()
    window.settled()
    page.get_by_label("Your message").fill("Silent again")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Open", exact=True)).to_be_visible()


def test_a_withdrawn_link_says_so(look: Open, system: System) -> None:
    system.mail("Where is it?", "fritz@example.org", "Parcel")
    (mail,) = system.until(lambda: system.outbox("fritz@example.org"))
    (case,) = system.cases("fritz@example.org")
    system.call("POST", f"/v1/cases/{case['id']}/links/revoke", {}, who="agent")
    window = look()
    window.expected = (403,)
    found = re.search(r"/c/\S+", mail["text"])
    assert found
    page = window.open(found[0].lstrip("/"))
    expect(page.get_by_text("withdrawn")).to_be_visible()
    window.settled()


def test_the_pages_speak_german(look: Open) -> None:
    window = look()
    page = window.open("")
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wie können wir helfen?")
    page.get_by_role("main").get_by_role("link", name="Schreiben Sie uns").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Worum geht es?")
    window.settled()
