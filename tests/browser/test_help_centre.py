"""The help centre as customers use it, with a script and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.system.running import System

pytestmark = pytest.mark.cloud


def indexed(system: System) -> None:
    """Returns once the article can be found: the index is kept each minute."""
    find = "/v1/help/articles?q=charged+twice"
    system.until(lambda: system.call("GET", find)[1]["items"], 180)


def link_of(system: System, sender: str, text: str = "My radio is silent") -> str:
    """The path of a case's page, as its acknowledgement names it."""
    system.mail(text, sender, "Radio")
    (mail,) = system.until(lambda: system.outbox(sender))
    found = re.search(r"/(c/\S+)", mail["text"])
    assert found, mail["text"]
    return found[1]


@pytest.mark.short
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_who_finds_no_answer_reaches_a_person_with_the_question(
    look: Open, system: System, dark: bool
) -> None:
    indexed(system)
    window = look(390, dark=dark)
    page = window.open("")
    window.settled()
    page.get_by_role("searchbox").fill("charged twice")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="Answer", exact=True)).to_be_visible()
    window.settled()
    page.get_by_role("list").get_by_role("link", name="I was charged twice").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("I was charged twice")
    window.settled()
    page.get_by_role("button", name="No").click()
    page.get_by_role("main").get_by_role("link", name="Write to us").click()
    expect(page.get_by_label("Your message")).to_have_value("charged twice")
    window.settled()


def test_an_answer_that_does_not_help_leads_to_a_person_in_place(
    look: Open, system: System
) -> None:
    indexed(system)
    window = look()
    page = window.open("?q=charged+twice")
    answer = page.get_by_role("region", name="Answer")
    answer.get_by_role("button", name="No").click()
    expect(answer.get_by_role("status")).to_be_focused()
    window.settled()
    answer.get_by_role("link", name="Write to us").click()
    expect(page.get_by_label("Your message")).to_have_value("charged twice")


def test_what_no_article_says_is_asked_of_a_person(look: Open) -> None:
    window = look(390)
    page = window.open("?q=zebra+crossing+paint")
    expect(page.get_by_role("heading", name="No article found")).to_be_visible()
    window.settled()
    page.get_by_role("main").get_by_role("link", name="Write to us").click()
    expect(page.get_by_label("Your message")).to_have_value("zebra crossing paint")


def test_articles_are_found_by_product(look: Open) -> None:
    page = look().open("?product=shop")
    expect(page.get_by_role("heading", name="shop")).to_be_visible()
    page.get_by_role("link", name="I was charged twice").click()
    page.get_by_role("navigation", name="You are here").get_by_role("link", name="shop").click()
    expect(page.get_by_role("link", name="I was charged twice")).to_be_visible()


@pytest.mark.short
def test_a_case_is_opened_without_a_script_and_mistakes_are_named(
    look: Open, system: System
) -> None:
    window = look(390, script=False)
    window.expected = (422,)
    page = window.open("new")
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_title(re.compile("^Error: "))
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Say what it is about").click()
    expect(page).to_have_url(re.compile("#text$"))
    page.get_by_label("Your message").fill("My lamp hums")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Give an e-mail address")
    page.get_by_label("E-mail address").fill("dora@example.org")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("My lamp hums")).to_be_visible()
    page.get_by_role("button", name="Change the message").click()
    page.get_by_label("Your message").fill("My lamp hums loudly")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("E-mail address")).to_have_value("dora@example.org")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("We have received your message")).to_be_visible()
    (case,) = system.until(lambda: system.cases("dora@example.org"))
    expect(page.get_by_text(case["reference"]).first).to_be_visible()
    page.get_by_label("Your message").fill("The green one")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your message has arrived.")).to_be_visible()
    expect(page.get_by_role("log").get_by_text("The green one")).to_be_visible()


@pytest.mark.short
def test_a_customer_answers_closes_and_opens_again_by_the_link(look: Open, system: System) -> None:
    link = link_of(system, "emil@example.org")
    (case,) = system.until(lambda: system.cases("emil@example.org"))
    window = look(390, has_touch=True)
    page = window.open(link)
    expect(page).to_have_url(f"{system.base}/c/{case['reference']}")
    window.settled()
    page.get_by_label("Your message").fill("It is the red one")
    page.get_by_role("button", name="Send").tap()
    expect(page.get_by_text("Your message has arrived.")).to_be_visible()
    expect(page).to_have_url(f"{system.base}/c/{case['reference']}?sent=1")
    page.get_by_role("button", name="Yes, close my case").tap()
    expect(page.get_by_text("Resolved", exact=True)).to_be_visible()
    window.settled()
    page.get_by_label("Your message").fill("Silent again")
    page.get_by_role("button", name="Send").tap()
    expect(page.get_by_text("Open", exact=True)).to_be_visible()
    page.get_by_role("button", name="Forget my case here").tap()
    expect(page.get_by_role("heading", name="How can we help?")).to_be_visible()
    window.expected = (403,)
    window.open(f"c/{case['reference']}")
    expect(page.get_by_text("Open that link again")).to_be_visible()


def test_an_agents_answer_enters_the_page_that_is_open(look: Open, system: System) -> None:
    link = link_of(system, "gerd@example.org")
    (case,) = system.until(lambda: system.cases("gerd@example.org"))
    window = look(390)
    page = window.open(link)
    expect(page.get_by_role("log")).to_be_visible()
    page.get_by_label("Your message").fill("Half a thought")
    system.call("POST", f"/v1/cases/{case['id']}/messages", {"text": "Which one?"}, who="agent")
    answer = page.get_by_role("log").get_by_text("Which one?")
    expect(answer).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Your message")).to_have_value("Half a thought")
    window.settled()


def test_a_picture_from_the_phone_goes_with_an_answer(look: Open, system: System) -> None:
    link = link_of(system, "hera@example.org")
    window = look(390, has_touch=True)
    page = window.open(link)
    window.also = ("http://127.0.0.1:", "http://localhost:")  # the bucket
    picture = {"name": "lamp.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n lamp"}
    page.get_by_label("Files (optional)").set_input_files(picture)  # type: ignore[arg-type]  # as JSON
    expect(page.get_by_role("button", name="Remove lamp.png")).to_be_visible()
    page.get_by_label("Your message").fill("This is it")
    page.get_by_role("button", name="Send").tap()
    file = page.get_by_role("log").get_by_role("link", name="lamp.png")
    expect(file).to_be_visible()
    window.settled()
    with page.expect_download() as downloaded:
        file.tap()
    assert downloaded.value.path().read_bytes() == picture["buffer"]


@pytest.mark.short
def test_a_withdrawn_link_says_so(look: Open, system: System) -> None:
    link = link_of(system, "fritz@example.org", "Where is it?")
    (case,) = system.until(lambda: system.cases("fritz@example.org"))
    system.call("POST", f"/v1/cases/{case['id']}/links/revoke", {}, who="agent")
    window = look()
    window.expected = (403,)
    page = window.open(link)
    expect(page.get_by_text("This link was withdrawn")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="Write to us")).to_be_visible()
    window.settled()


@pytest.mark.short
def test_the_pages_speak_german_and_go_on_in_it(look: Open) -> None:
    window = look()
    page = window.open("new?q=Es+brummt")
    page.get_by_label("Your message").fill("Es brummt laut")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Worum geht es?")
    expect(page.get_by_label("Ihre Nachricht")).to_have_value("Es brummt laut")
    window.settled()
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wohin dürfen wir antworten?")
    page.get_by_role("link", name="Hilfe", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wie können wir helfen?")
    window.settled()


def test_a_known_issue_says_how_far_it_is_and_takes_who_has_it_too(
    look: Open, system: System
) -> None:
    _, made = system.call("POST", "/v1/problems", {"title": "Double invoices"}, who="lead")
    public = {"visible": True, "title": "Invoices show twice", "text": "We found the cause."}
    patch = {"public": {**public, "state": "identified"}, "workaround": "Pay once."}
    path = f"/v1/problems/{made['id']}"
    system.call("PATCH", path, patch, who="lead", If_Match=f'"{made["version"]}"')
    window = look(390)
    page = window.open(f"issues/{made['id']}")
    expect(page.locator("[aria-current=step]")).to_have_text("Cause found")
    window.settled()
    page.get_by_role("link", name="Tell me when it is fixed").click()
    expect(page.get_by_label("Your message")).to_have_value("I have this too: Invoices show twice")
