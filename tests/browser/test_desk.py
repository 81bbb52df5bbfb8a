"""The desk as agents use it, with the keyboard."""

from __future__ import annotations

import time
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.system.running import System

pytestmark = pytest.mark.cloud
HOSTILE = Path(__file__).parent / "hostile.html"


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


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
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

    system.until(resolved, 40)
    texts = [item["text"] for item in system.outbox(f"gita-{name}@example.org")]
    assert sum("Thank you for writing." in text for text in texts) == 1


def test_a_reply_can_be_taken_back_and_is_in_the_composer_again(look: Open, system: System) -> None:
    case = written(system, "hans@example.org", "Undo")
    window = look(who="agent")
    page = window.open("desk")
    opened(page, case)
    page.locator("#compose").fill("Too early")
    page.locator("#compose").press("Control+Enter")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#compose")).to_have_value("Too early")
    time.sleep(8)
    assert "Too early" not in messages(system, case)


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
    expect(page.get_by_text("is replying").first).to_be_visible(timeout=12_000)
    page.locator("#compose").fill("My draft")
    system.call("POST", f"/v1/cases/{case}/messages", {"text": "I am on it"}, who="lead")
    page.locator("#compose").press("Control+Enter")
    stopped = page.get_by_text("came while you were writing")
    sent = page.get_by_text("Sending by")
    expect(stopped.or_(sent).first).to_be_visible()
    expect(stopped).to_be_visible()
    expect(page.locator("#compose")).to_have_value("My draft")


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
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline.").first).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#compose")).to_have_value("Half a sentence")
    window.wrong = [line for line in window.wrong if "ERR_INTERNET_DISCONNECTED" not in line]


def test_a_hostile_mail_runs_and_loads_nothing(look: Open, system: System) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "lena@example.org", "support@example.com"
    mail["Subject"], mail["Message-ID"] = "<img src=x onerror=alert(1)>", "<h1@example.org>"
    mail.set_content("Hello")
    mail.add_alternative(HOSTILE.read_text(encoding="utf-8"), subtype="html")
    import smtplib

    with smtplib.SMTP("127.0.0.1", system.smtp, timeout=20) as door:
        door.send_message(mail)
    (case,) = system.until(lambda: system.cases("lena@example.org"))
    window = look(who="agent")
    page = window.open("desk")
    page.on("dialog", lambda dialog: window.wrong.append(f"dialog {dialog.message}"))
    opened(page, case["id"])
    page.get_by_role("button", name="As mail").click()
    frame = page.frame_locator("iframe.mail")
    expect(frame.get_by_text("An ordinary paragraph")).to_be_visible()
    page.wait_for_timeout(1_000)
    assert frame.locator("script, form, iframe, object, meta[http-equiv], base").count() == 0
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize(
    "screen", ["trends", "problems", "campaigns", "settings/teams", "people", "audit", "new"]
)
@pytest.mark.parametrize("width", [1400, 390])
def test_every_screen_stands_before_axe(look: Open, screen: str, width: int) -> None:
    window = look(width, who="admin", dark=width == 390)
    page = window.open(f"desk#/{screen}")
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.wait_for_timeout(700)
    window.settled()
