"""The queue, what narrows it, and what finds the rest: with the keyboard."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.system.running import System

pytestmark = pytest.mark.cloud
BEHIND = "const real = Date.now; Date.now = () => real() - 3 * 3600 * 1000;"


def written(system: System, sender: str, subject: str, name: str = "") -> Any:
    """A case by mail that was understood and acknowledged, as the API shows it."""
    system.mail("Please help", f"{name} <{sender}>" if name else sender, subject)
    system.until(lambda: system.outbox(sender), 40)
    (case,) = system.cases(sender)
    return case


def row(page: Page, subject: str) -> Any:
    return page.locator(".row", has_text=subject)


def test_a_list_is_narrowed_kept_and_linked_with_the_keyboard(look: Open, system: System) -> None:
    written(system, "heron-alpha@example.org", "Heron alpha")
    written(system, "heron-beta@example.org", "Heron beta")
    window = look(who="agent")
    page = window.open("desk#/q/queue")
    expect(row(page, "Heron beta")).to_be_visible()
    page.keyboard.press("f")
    expect(page.get_by_label("New", exact=True)).to_be_focused()
    window.settled()
    page.keyboard.press("Space")
    page.get_by_label("Words").focus()
    page.keyboard.type("heron alpha")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#/q/queue\?status=new&q=heron\+alpha"))
    expect(page.locator(".row")).to_have_count(1)
    page.reload()
    expect(page.locator(".row")).to_have_count(1)
    window.settled()
    page.get_by_role("button", name="Save as a view").press("Enter")
    expect(page.get_by_label("Name of the view")).to_be_focused()
    window.settled()
    page.keyboard.type("Birds")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Birds")
    expect(page.get_by_role("link", name="Birds 1")).to_be_visible()
    page.get_by_role("link", name="Remove filter Words").press("Enter")
    expect(row(page, "Heron beta")).to_be_visible()
    page.get_by_role("link", name="Without filters").press("Enter")
    expect(page.locator(".row")).to_have_count(1)
    page.get_by_role("button", name="Edit views").press("Enter")
    window.settled()
    page.get_by_role("button", name="Remove Birds").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("All open")


def test_rows_change_where_they_stand_and_new_ones_wait(look: Open, system: System) -> None:
    case = written(system, "pia@example.org", "Otter one")
    page = look(who="lead").open("desk#/q/queue?q=otter")
    expect(page.locator(".row")).to_have_count(1)
    page.wait_for_timeout(1_500)
    latest = system.call("GET", f"/v1/cases/{case['id']}", who="agent")[1]
    headers = {"If_Match": f'"{latest["version"]}"'}
    status, _ = system.call(
        "PATCH", f"/v1/cases/{case['id']}", {"priority": "urgent"}, who="agent", **headers
    )
    assert status == 200
    expect(row(page, "Otter one").get_by_text("Urgent")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name="Sort again")).to_be_visible()
    written(system, "quinn@example.org", "Otter two")
    expect(page.get_by_role("button", name="1 new")).to_be_visible(timeout=20_000)
    expect(row(page, "Otter two")).to_have_count(0)
    page.get_by_role("button", name="1 new").press("Enter")
    expect(row(page, "Otter two")).to_be_visible()


def test_what_one_has_opened_is_not_unread(look: Open, system: System) -> None:
    written(system, "rita@example.org", "Stoat")
    page = look(who="lead").open("desk#/q/queue?q=stoat")
    expect(row(page, "Stoat")).to_have_class(re.compile("unread"))
    page.keyboard.press("Enter")
    expect(page.locator("#case-title")).to_have_text("Stoat")
    expect(row(page, "Stoat")).not_to_have_class(re.compile("unread"))
    page.locator("#case-title").focus()
    page.keyboard.press("u")
    page.reload()
    expect(row(page, "Stoat")).to_be_visible()
    expect(row(page, "Stoat")).not_to_have_class(re.compile("unread"))


def test_a_browser_whose_clock_is_behind_tells_true_times(look: Open, system: System) -> None:
    written(system, "sam@example.org", "Marten")
    window = look(who="agent")
    window.page.add_init_script(BEHIND)
    page = window.open("desk#/q/queue?q=marten")
    expect(row(page, "Marten").locator("time")).to_have_text(re.compile(r"^(now|\d+m ago)$"))


def test_everything_is_found_from_the_keyboard(look: Open, system: System) -> None:
    written(system, "tilda@example.org", "Wolverine bites", "Tilda Swan")
    window = look(who="agent")
    page = window.open("desk#/q/queue")
    expect(page.locator(".row").first).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("wolverine")
    expect(page.get_by_role("option", name="Wolverine bites")).to_be_visible()
    window.settled()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#case-title")).to_have_text("Wolverine bites")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_focused()
    page.keyboard.type("swan")
    expect(page.get_by_role("option", name="Tilda Swan")).to_be_visible()
    window.settled()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#/q/all\?customer="))
    expect(page.locator(".row")).to_have_count(1)
    page.keyboard.press("/")
    page.keyboard.type("charged twice")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Found for “charged twice”")).to_be_visible()
    expect(page.get_by_role("link", name="I was charged twice One of")).to_be_visible()
    window.settled()
