"""The chat, as a page and in its frame on a site of another origin."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Frame, Page, expect

from tests.browser.conftest import Open
from tests.browser.sites import site
from tests.system.running import System

pytestmark = pytest.mark.cloud
HOST = """<!doctype html><html lang="en"><head><title>Shop</title><style>
* {{ color: red !important; font-size: 40px !important; }}
div, button, iframe {{ display: none !important; }}
</style></head><body><main><h1>Shop</h1><p>Lamps and radios</p></main>
<script src="{base}/widget.js" data-label="Ask us" defer></script></body></html>"""
REACH = """() => [
  ...[...document.querySelectorAll("*")].filter((one) => one.shadowRoot).map(() => "shadow"),
  ...[...Array(window.frames.length).keys()].map((at) => {
    try { return window.frames[at].document.body.textContent; } catch { return ""; }
  }),
].filter(Boolean)"""


def answered(system: System, said: str, text: str) -> None:
    """An agent answers the case in which that was said."""

    def case() -> Any:
        items = system.call("GET", "/v1/cases?limit=100", who="agent")[1]["items"]
        return next((one for one in items if said in str(one)), None)

    path = f"/v1/cases/{system.until(case)['id']}/messages"
    status, answer = system.call("POST", path, {"text": text}, who="agent")
    assert status == 201, answer


def by_keyboard(page: Page) -> Frame:
    """Opens the chat with Tab and Enter; returns its frame, whose composer has the focus then."""
    page.locator("h1").wait_for()
    page.wait_for_function("() => window.custops")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    frame = widget(page)
    expect(frame.locator("#text")).to_be_focused()
    return frame


def widget(page: Page) -> Frame:
    """The frame: nothing on the page leads to it, since its shadow root is closed."""
    for _ in range(100):
        if found := [one for one in page.frames if "/widget?" in one.url]:
            return found[0]
        page.wait_for_timeout(100)
    raise AssertionError("no frame")


@pytest.mark.short
def test_the_widget_works_by_keyboard_on_another_site_and_resumes(
    look: Open, system: System
) -> None:
    with site(HOST.format(base=system.base)) as origin:
        sites = {"chat": {"sites": [origin], "bot": False}}
        status, answer = system.call("PUT", "/v1/settings/channels", sites, who="admin")
        assert status == 200, answer
        window = look(base=origin)
        window.also = (system.base,)
        page = window.open("")
        frame = by_keyboard(page)
        page.keyboard.type("My kettle whistles")
        page.keyboard.press("Enter")
        log = frame.get_by_role("log")
        expect(log.get_by_text("My kettle whistles")).to_be_visible()
        answered(system, "My kettle whistles", "Which kettle is it?")
        expect(log.get_by_text("Which kettle is it?")).to_be_visible()
        window.settled("/widget?")
        assert page.evaluate(REACH) == []
        colour = "(element) => getComputedStyle(element).color"
        assert frame.locator("#text").evaluate(colour) != "rgb(255, 0, 0)"
        page.keyboard.press("Escape")
        expect(frame.locator("#text")).not_to_be_focused()
        assert not frame.frame_element().is_visible()
        page.reload()
        frame = by_keyboard(page)
        log = frame.get_by_role("log")
        expect(log.get_by_text("Which kettle is it?")).to_be_visible()
        expect(log.get_by_text("My kettle whistles")).to_have_count(1)


def test_a_site_that_the_settings_do_not_name_shows_no_chat(look: Open, system: System) -> None:
    system.call("PUT", "/v1/settings/channels", {"chat": {"sites": []}}, who="admin")
    with site(HOST.format(base=system.base)) as origin:
        window = look(base=origin)
        window.also = (system.base,)
        page = window.open("")
        page.wait_for_function("() => window.custops")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_timeout(2_000)
        assert [line for line in window.wrong if "frame-ancestors" in line]
        window.wrong.clear()


def test_the_chat_survives_a_reload(look: Open, system: System) -> None:
    window = look(390)
    page = window.open("chat")
    page.get_by_label("Your message").fill("My toaster smokes")
    page.get_by_role("button", name="Send").click()
    log = page.get_by_role("log")
    expect(log.get_by_text("My toaster smokes")).to_be_visible()
    expect(log.get_by_text("not sent yet")).to_have_count(0)
    answered(system, "My toaster smokes", "Unplug it, please.")
    expect(log.get_by_text("Unplug it, please.")).to_be_visible()
    page.get_by_label("Your message").fill("Half a thought")
    page.reload()
    expect(log.get_by_text("Unplug it, please.")).to_be_visible()
    expect(log.get_by_text("My toaster smokes")).to_have_count(1)
    expect(page.get_by_label("Your message")).to_have_value("Half a thought")
    window.settled()
