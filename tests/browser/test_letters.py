"""What links in mails lead to: reading changes nothing, pressing does, and the same press again
changes nothing more."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.test_help_centre import indexed
from tests.system.running import System

pytestmark = [pytest.mark.cloud, pytest.mark.short]


def noticed(system: System, email: str) -> str:
    """The text of a notice to a new customer, with all its links."""
    given = {"name": "Ida", "email": email, "attributes": {"plan": email}}
    status, made = system.call("POST", "/v1/customers", given, who="agent")
    assert status == 201, made
    text = "Out: {{unsubscribe}}\nChoose: {{preferences}}\nFits: {{feedback}}"
    campaign = {
        "name": "Router trouble",
        "message": {"email": {"subject": "Router trouble", "text": text}},
        "audience": {"all": [{"field": "attributes.plan", "value": email}]},
        "held_out": 0,
    }
    status, draft = system.call("POST", "/v1/campaigns", campaign, who="lead")
    assert status == 201, draft
    path = f"/v1/campaigns/{draft['id']}"
    status, approved = system.call("POST", f"{path}/approve", {}, who="lead")
    assert status == 200, approved
    (mail,) = system.until(lambda: system.outbox(email), 120)
    return str(mail["text"])


def path_of(text: str, name: str) -> str:
    found = re.search(rf"{name}: https?://[^/]+/(\S+)", text)
    assert found, text
    return found[1]


def heard(system: System, email: str) -> Any:
    """The customer's record: what they agreed to, and its version."""
    (found,) = system.call("GET", f"/v1/customers?q={email}", who="agent")[1]["items"]
    return found["consent"], found["version"]


def test_preferences_are_kept_when_they_are_saved_and_not_before(
    look: Open, system: System
) -> None:
    email = "prefs@example.org"
    path = path_of(noticed(system, email), "Choose")
    before = heard(system, email)
    window = look(390)
    page = window.open(path)
    window.settled()
    service = page.get_by_role("group", name="Trouble").get_by_label("by e-mail")
    expect(service).to_be_checked()
    page.reload()
    assert heard(system, email) == before
    service.uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    after = heard(system, email)
    assert after != before
    window.settled()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert heard(system, email) == after
    window.open(path)
    expect(service).not_to_be_checked()


def test_the_way_out_of_notices_is_one_press(look: Open, system: System) -> None:
    email = "out@example.org"
    path = path_of(noticed(system, email), "Out")
    before = heard(system, email)
    window = look(390, script=False)
    page = window.open(path)
    page.reload()
    assert heard(system, email) == before
    page.get_by_role("button", name="Stop notices").click()
    expect(page.get_by_role("heading", name="Done: no more notices")).to_be_visible()
    after = heard(system, email)
    assert after != before
    window.open(path)
    page.get_by_role("button", name="Stop notices").click()
    expect(page.get_by_role("heading", name="Done: no more notices")).to_be_visible()
    assert heard(system, email) == after


def test_a_notice_is_answered_by_one_press_and_not_by_looking(look: Open, system: System) -> None:
    email = "fits@example.org"
    window = look(390)
    page = window.open(path_of(noticed(system, email), "Fits"))
    window.settled()
    assert system.cases(email) == []
    page.get_by_role("button", name="It is still broken").click()
    expect(page.get_by_role("status")).to_contain_text("It is in a case of yours now")
    window.settled()
    page.get_by_role("button", name="It is still broken").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert len(system.until(lambda: system.cases(email))) == 1


def test_was_it_solved_is_asked_and_a_press_ends_the_case(look: Open, system: System) -> None:
    indexed(system)
    wanted = {"answer_mail": True}
    status, answer = system.call("PUT", "/v1/settings/help", wanted, who="admin")
    assert status == 200, answer
    email = "solved@example.org"
    system.mail("I was charged twice", email, "I was charged twice")
    (mail,) = system.until(lambda: system.outbox(email))
    found = re.search(r"/(s/\S+)", mail["text"])
    assert found, mail["text"]
    window = look(390)
    page = window.open(found[1])
    window.settled()
    page.reload()
    (case,) = system.cases(email)
    assert case["status"] == "new"
    page.get_by_role("main").get_by_role("button").click()
    expect(page.get_by_role("status")).to_be_visible()
    window.settled()
    (case,) = system.cases(email)
    assert case["status"] == "resolved"
    window.open(found[1])
    expect(page.get_by_role("status")).to_be_visible()
