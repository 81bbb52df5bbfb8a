"""The help centre for everybody: long words, right to left, dark, small, large, without colours."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.sites import staged
from tests.browser.test_help_centre import link_of
from tests.system.running import System

pytestmark = pytest.mark.cloud
PAGES = ("", "?q=charged+twice", "a/charged-twice", "new?q=It+hums", "chat", "a/nothing")
SMALL = """() => [...document.querySelectorAll(
  "button, .button, select, textarea, summary, .card > a, nav a, footer a, footer button," +
  "input:not([type=hidden]):not([type=checkbox]):not([tabindex='-1'])")]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && one.getClientRects().length)
  .filter((one) => one.getBoundingClientRect().height < 43.5)
  .map((one) => one.outerHTML.slice(0, 120))"""
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
MOVING = """() => [...document.querySelectorAll("*")].filter((one) => {
  const style = getComputedStyle(one);
  return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
}).length"""


def every_page(look: Open, language: str = "", **how: Any) -> Any:
    """Each page as it is reached: (window, page)."""
    window = look(**how)
    window.expected = (404,)
    for path in PAGES:
        both = "&" if "?" in path else "?"
        page = window.open(f"{path}{both}lang={language}" if language else path)
        expect(page.locator("h1")).to_be_visible()
        yield window, page


def fits(page: Page) -> None:
    assert page.evaluate(WIDE) <= 0, f"{page.url} scrolls sideways"


@pytest.mark.short
def test_right_to_left_and_dark_nothing_is_lost(look: Open) -> None:
    for window, page in every_page(look, "ar-XB", width=390, dark=True):
        assert page.locator("html").get_attribute("dir") == "rtl"
        fits(page)
        window.settled()


@pytest.mark.short
def test_longer_words_fit_and_every_word_is_translated(look: Open) -> None:
    for window, page in every_page(look, "en-XA", width=390):
        fits(page)
        window.settled()
        assert page.locator("h1").first.inner_text()
    page = look().open("?lang=en-XA")
    plain = [
        text
        for text in page.locator("header a, h1, h2, label, button, footer a").all_inner_texts()
        if text.strip() and "~" not in text
    ]
    assert set(plain) <= {"CustOps", "English", "Deutsch", "Outbox", "Desk", "API"}, plain


@pytest.mark.parametrize("height", [700, 256], ids=["320 px", "400 % of 1280"])
def test_nothing_scrolls_sideways_on_what_is_small(look: Open, height: int) -> None:
    for _, page in every_page(look, width=320, height=height):
        fits(page)


def test_a_finger_meets_everything(look: Open) -> None:
    for _, page in every_page(look, width=390, has_touch=True):
        assert page.evaluate(SMALL) == [], page.url


def test_without_colours_buttons_and_places_are_still_seen(look: Open) -> None:
    style = "(one) => getComputedStyle(one).borderBlockEndStyle"
    for window, page in every_page(look, width=1400, forced_colors="active"):
        window.settled()
        for seen in (
            page.locator("main button, main .button"),
            page.locator("nav [aria-current=page]"),
        ):
            for one in seen.all():
                assert one.evaluate(style) != "none", one.evaluate("(one) => one.outerHTML")


def test_whoever_wants_no_motion_gets_none(look: Open) -> None:
    for _, page in every_page(look, reduced_motion="reduce"):
        assert page.evaluate(MOVING) == 0


def test_with_the_keyboard_alone_one_gets_from_the_search_to_an_article(look: Open) -> None:
    page = look().open("?product=shop")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.textContent") == "I was charged twice":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("I was charged twice")


@pytest.mark.short
def test_behind_a_stages_path_everything_stays_below_it(look: Open, system: System) -> None:
    with staged(system) as base:
        window = look(390, base=base)
        page = window.open("")
        page.get_by_role("link", name="I was charged twice").click()
        page.get_by_role("button", name="Yes, it helped").click()
        expect(page.get_by_text("Thank you.")).to_be_visible()
        page.get_by_role("link", name="Contact us").click()
        page.get_by_label("Your message").fill("It hums behind the stage")
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("E-mail address").fill("stage@example.org")
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_text("We have received your message")).to_be_visible()
        (case,) = system.until(lambda: system.cases("stage@example.org"))
        expect(page).to_have_url(f"{base}/c/{case['reference']}?sent=new")
        (cookie,) = [one for one in page.context.cookies() if one["name"].startswith("case-")]
        assert (cookie["path"], cookie["httpOnly"]) == ("/api/c", True)
        page.get_by_label("Your message").fill("Still humming")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Your message has arrived.")).to_be_visible()
        page.get_by_role("link", name="Deutsch").click()
        expect(page.get_by_text("Nachricht hinzufügen")).to_be_visible()
        page.get_by_role("link", name="Chat").click()
        page.get_by_label("Ihre Nachricht").fill("Hallo")
        page.get_by_role("button", name="Absenden").click()
        expect(page.get_by_text("noch nicht gesendet")).to_have_count(0)
        window.settled()


def test_the_pages_of_a_case_fit_a_small_phone_right_to_left(look: Open, system: System) -> None:
    link = link_of(system, "rita@example.org")
    window = look(320, dark=True)
    page = window.open(f"{link}?lang=ar-XB")
    expect(page.get_by_role("log")).to_be_visible()
    fits(page)
    window.settled()
