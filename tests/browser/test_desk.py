"""The desk as agents use it, with the keyboard."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.system.running import System

pytestmark = pytest.mark.cloud


def written(system: System, sender: str, subject: str, text: str = "Please help") -> str:
    """A case by mail that was acknowledged; returns its id."""
    system.mail(text, sender, subject)
    system.until(lambda: system.outbox(sender))
    (case,) = system.until(lambda: system.cases(sender))
    return str(case["id"])


def messages(system: System, case: str) -> list[str]:
    _, page = system.call("GET", f"/v1/cases/{case}/messages?limit=100", who="agent")
    return [m["text"] for m in page["items"] if m["kind"] != "event"]


def opened(page: Page, case: str) -> None:
    page.goto(page.url.partition("#")[0] + f"#/case/{case}")
    expect(page.locator("#case-title")).to_be_visible()


@pytest.mark.short
def test_signing_in_with_the_keyboard_alone(look: Open, system: System) -> None:
    import json

    password = json.loads((system.state / "demo-logins.json").read_text())["agent@example.com"]
    window = look()
    page = window.open("desk")
    expect(page.get_by_label("E-mail address")).to_be_visible()
    window.settled()
    page.keyboard.type("agent@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="All open")).to_be_visible()
    window.settled()


@pytest.mark.parametrize(
    "dark",
    [pytest.param(False, id="light", marks=pytest.mark.short), pytest.param(True, id="dark")],
)
def test_triage_by_keyboard_open_macro_send_and_resolve_next(
    look: Open, system: System, dark: bool
) -> None:
    name = "dark" if dark else "light"
    case = written(system, f"gita-{name}@example.org", f"Lamp {name}")
    window = look(dark=dark, who="agent")
    page = window.open("desk")
    expect(page.locator(".row").first).to_be_visible()
    opened(page, case)
    window.settled()
    page.locator("#case-title").focus()
    page.keyboard.press("r")
    page.keyboard.press("/")
    expect(page.get_by_label("Find a macro")).to_be_focused()
    page.keyboard.type("Thanks")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#compose")).to_have_value("Thank you for writing.")
    page.locator("#compose").press("Control+Shift+Enter")
    expect(page.get_by_text("Sending by E-mail")).to_be_visible()

    def resolved() -> bool:
        return bool(system.call("GET", f"/v1/cases/{case}", who="agent")[1]["status"] == "resolved")

    def arrived() -> int:
        texts = [item["text"] for item in system.outbox(f"gita-{name}@example.org")]
        return sum("Thank you for writing." in text for text in texts)

    system.until(resolved)
    system.until(arrived)  # what is resolved may still be on its way out
    assert arrived() == 1


def test_a_reply_can_be_taken_back_and_is_in_the_composer_again(look: Open, system: System) -> None:
    case = written(system, "hans@example.org", "Undo")
    window = look(who="agent")
    page = window.open("desk")
    opened(page, case)
    page.locator("#compose").fill("Too early")
    page.locator("#compose").press("Control+Enter")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#compose")).to_have_value("Too early")
    time.sleep(8)  # longer than it was held back
    assert "Too early" not in messages(system, case)


@pytest.mark.short
def test_two_agents_see_each_other_and_a_stale_answer_is_stopped(
    look: Open, system: System
) -> None:
    case = written(system, "ida@example.org", "Together")
    mine, theirs = look(who="agent"), look(who="lead")
    page = mine.open("desk")
    mine.expected = (409,)
    opened(page, case)
    other = theirs.open("desk")
    opened(other, case)
    other.locator("#compose").fill("I am on it")
    expect(page.get_by_text("is replying").first).to_be_visible()
    page.locator("#compose").fill("My draft")
    system.call("POST", f"/v1/cases/{case}/messages", {"text": "I am on it"}, who="lead")
    page.locator("#compose").press("Control+Enter")
    stopped = page.get_by_text("came while you were writing")
    sent = page.get_by_text("Sending by")
    expect(stopped.or_(sent).first).to_be_visible()
    expect(stopped).to_be_visible()
    expect(page.locator("#compose")).to_have_value("My draft")


def conversation(system: System, sender: str) -> tuple[str, str]:
    """Two cases of one customer, the first with a second message about something else."""
    mail = system.mail("My card was charged twice", sender, "Charged twice")
    system.until(lambda: system.cases(sender))
    system.mail("And the lamp is broken", sender, "Re: Charged twice", In_Reply_To=f"<{mail}>")
    first = str(system.cases(sender)[0]["id"])
    system.until(lambda: "And the lamp is broken" in messages(system, first))
    system.mail("Where is my invoice?", sender, "Invoice")
    system.until(lambda: len(system.cases(sender)) == 2)
    other = next(c["id"] for c in system.cases(sender) if c["id"] != first)
    return first, str(other)


def asked_for(page: Page, name: str) -> None:
    """An action by the palette, as by any key."""
    page.keyboard.press("Control+k")
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def test_merge_undo_and_split_by_keyboard_keep_order_and_drafts(look: Open, system: System) -> None:
    sender = "mona@example.org"
    case, other = conversation(system, sender)
    system.until(lambda: len(messages(system, other)) == 2, 40)  # with what acknowledges it
    before = {c: messages(system, c) for c in (case, other)}
    window = look(who="agent")
    page = window.open("desk")
    opened(page, other)
    page.locator("#compose").fill("A draft of the invoice")
    opened(page, case)
    page.locator("#compose").fill("A draft of the card")
    page.locator("#case-title").focus()
    asked_for(page, "Merge")
    expect(page.locator("#other")).to_be_focused()
    near = page.get_by_role("dialog").get_by_role("button", name="Invoice")
    expect(near).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(near).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_text("Where is my invoice?")).to_be_visible()
    window.settled()
    expect(page.get_by_role("button", name="Merge", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#case-title")).to_have_text("Invoice")
    expect(page.locator("#compose")).to_have_value("A draft of the invoice")
    said = page.locator(".entry.inbound .said")
    expect(said).to_have_text(
        ["My card was charged twice", "And the lamp is broken", "Where is my invoice?"]
    )
    page.get_by_role("button", name="Undo: merged into").focus()
    page.keyboard.press("Enter")
    expect(said).to_have_text(["Where is my invoice?"])
    expect(page.locator("#compose")).to_have_value("A draft of the invoice")
    opened(page, case)
    expect(page.locator("#case-title")).to_have_text("Charged twice")
    expect(page.locator("#compose")).to_have_value("A draft of the card")
    assert {c: messages(system, c) for c in (case, other)} == before

    page.locator("#case-title").focus()
    asked_for(page, "Split")
    page.get_by_role("checkbox", name="lamp is broken").focus()
    page.keyboard.press("Space")
    page.get_by_label("Subject of the new case").focus()
    page.keyboard.type("The broken lamp")
    window.settled()
    page.keyboard.press("Enter")
    expect(said).to_have_text(["My card was charged twice"])
    expect(page.locator("#compose")).to_have_value("A draft of the card")
    page.get_by_role("button", name="Open it").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#case-title")).to_have_text("The broken lamp")
    expect(said).to_have_text(["And the lamp is broken"])


def test_a_snoozed_case_says_so_and_its_customer_wakes_it(look: Open, system: System) -> None:
    mail = system.mail("Please help", "nora@example.org", "Snooze")
    (found,) = system.until(lambda: system.cases("nora@example.org"))
    case = str(found["id"])
    window = look(who="agent")
    page = window.open("desk")
    opened(page, case)
    page.locator("#case-title").focus()
    page.keyboard.press("z")
    expect(page.get_by_role("dialog")).to_be_visible()
    window.settled()
    page.get_by_role("button", name="Tomorrow morning").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#snoozed")).to_be_visible()
    expect(page.locator("#case-title")).to_be_focused()
    _, asleep = system.call("GET", "/v1/cases?view=snoozed", who="agent")
    assert case in [one["id"] for one in asleep["items"]]
    system.mail("Any news?", "nora@example.org", "Re: Snooze", In_Reply_To=f"<{mail}>")
    expect(page.locator("#snoozed")).to_have_count(0, timeout=25_000)
    expect(page.locator(".entry.inbound")).to_have_count(2)
    page.locator("#field-priority").select_option("urgent")
    row = page.locator(".entry.event").last
    expect(row).to_contain_text("Normal → Urgent")
    row.get_by_role("button", name="Undo").click()
    expect(page.locator("#field-priority")).to_have_value("normal")


def test_earlier_messages_come_without_moving_what_is_read(look: Open, system: System) -> None:
    case = written(system, "olga@example.org", "A long story")
    for number in range(60):
        note = {"kind": "note", "text": f"Note {number}"}
        system.call("POST", f"/v1/cases/{case}/messages", note, who="lead")
    window = look(who="agent")
    page = window.open("desk")
    opened(page, case)
    expect(page.locator(".entry")).to_have_count(50)
    expect(page.get_by_text("Note 59")).to_be_in_viewport()
    earlier = page.get_by_role("button", name="Earlier messages")
    earlier.focus()
    page.wait_for_timeout(300)
    first = page.locator(".entry").first
    name, before = first.get_attribute("id"), first.bounding_box()
    page.keyboard.press("Enter")
    expect(page.locator(".entry", has_text="Please help")).to_have_count(1)
    page.wait_for_timeout(300)
    after = page.locator(f"#{name}").bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 4
    expect(page.locator(f"#{name}")).to_be_focused()
    window.settled()


@pytest.mark.short
def test_a_note_has_no_recipient_and_is_never_sent(look: Open, system: System) -> None:
    case = written(system, "jana@example.org", "Note")
    window = look(who="agent")
    page = window.open("desk")
    opened(page, case)
    page.locator("#case-title").focus()
    page.keyboard.press("n")
    expect(page.get_by_text("the customer never sees it")).to_be_visible()
    window.settled()
    page.keyboard.type("She is right")
    page.keyboard.press("Control+Enter")
    system.until(lambda: "She is right" in messages(system, case))
    status, _ = system.call(
        "POST",
        f"/v1/cases/{case}/messages",
        {"kind": "note", "text": "x", "cc": ["a@example.org"]},
        who="agent",
    )
    assert status == 422
    assert len(system.outbox("jana@example.org")) == 1


def test_a_draft_survives_a_reload_and_being_offline(look: Open, system: System) -> None:
    case = written(system, "karl@example.org", "Offline")
    window = look(who="agent")
    page = window.open("desk")
    opened(page, case)
    page.locator("#compose").fill("Half a sentence")
    window.offline = True
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline.").first).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#compose")).to_have_value("Half a sentence")


@pytest.mark.parametrize(
    "screen", ["trends", "problems", "campaigns", "settings/teams", "people", "audit", "new"]
)
@pytest.mark.parametrize("width", [pytest.param(1400, marks=pytest.mark.short), 390])
def test_every_screen_stands_before_axe(look: Open, screen: str, width: int) -> None:
    window = look(width, who="admin", dark=width == 390)
    page = window.open(f"desk#/{screen}")
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.wait_for_timeout(700)
    window.settled()


def test_a_mention_by_keyboard_rings_for_the_colleague_who_opens_it(
    look: Open, system: System
) -> None:
    case = written(system, "mara@example.org", "Ring")
    mine, theirs = look(who="agent"), look(who="lead")
    system.call("POST", "/v1/notifications/read", {"all": True}, who="lead")
    other = theirs.open("desk")
    expect(other.get_by_role("button", name="Notifications: none new")).to_be_visible()
    page = mine.open("desk")
    opened(page, case)
    page.locator("#case-title").focus()
    page.keyboard.press("n")
    expect(page.locator("#compose")).to_be_focused()
    page.keyboard.type("Hello @le")
    expect(page.get_by_role("option", name="Lead lead@example.com")).to_be_visible()
    mine.settled()
    page.keyboard.press("ArrowDown")  # round to the only one again
    page.keyboard.press("Enter")
    expect(page.locator("#compose")).to_have_value("Hello @lead ")
    page.keyboard.type("please look")
    page.keyboard.press("Control+Enter")
    bell = other.get_by_role("button", name="Notifications: 1 new")
    expect(bell).to_be_visible(timeout=40_000)
    other.keyboard.press("g")
    other.keyboard.press("n")
    line = other.locator("dialog").get_by_role("link", name="Ring")
    expect(line).to_contain_text("Agent mentioned you")
    theirs.settled()
    line.focus()
    other.keyboard.press("Enter")
    expect(other.locator("li.entry.note:focus")).to_contain_text("Hello @lead please look")
    expect(other.get_by_role("button", name="Notifications: none new")).to_be_visible()
    expect(other.get_by_role("button", name="Unfollow")).to_be_visible()
    other.locator("#case-title").focus()
    other.keyboard.press("f")
    expect(other.get_by_role("button", name="Follow", exact=True)).to_be_visible()


def test_what_one_prefers_goes_with_one_to_another_browser(look: Open, system: System) -> None:
    window = look(who="lead")
    page = window.open("desk#/me")
    page.get_by_label("Language").select_option("de")
    page.get_by_label("Somebody mentions me: By mail").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Benachrichtigungen")).to_be_visible()
    window.settled()
    elsewhere = look(390, dark=True, who="lead")
    page = elsewhere.open("desk#/me")
    box = page.get_by_label("Jemand erwähnt mich: Per Mail")
    expect(box).not_to_be_checked()
    elsewhere.settled()
    page.get_by_label("Sprache").select_option("")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("heading", name="Notifications")).to_be_visible()
