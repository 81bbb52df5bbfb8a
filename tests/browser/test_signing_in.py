"""Signing in at the desk: the first time, with a second factor, in new tabs, after forgetting."""

from __future__ import annotations

import json
import re
import time

import pytest
from playwright.sync_api import Page, expect

from infra.local.amazon import make_client
from tests.browser.conftest import Open
from tests.gateways.cognito import totp
from tests.system.running import System

pytestmark = pytest.mark.cloud
FIRST, OWN = "Temporary-12345", "Correct horse battery 9"


def hired(system: System, email: str) -> str:
    """Somebody new, with a password for the first sign-in; returns the address."""
    ports = json.loads((system.state / "ports.json").read_text())
    cognito = make_client("cognito-idp", f"http://127.0.0.1:{ports['cloud']}")
    (pool,) = cognito.list_user_pools(MaxResults=5)["UserPools"]
    who = {"UserPoolId": pool["Id"], "Username": email}
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(**who, TemporaryPassword=FIRST, UserAttributes=attributes)
    cognito.admin_add_user_to_group(**who, GroupName="agent")
    return email


def enter(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.keyboard.press("Enter")


def chosen(page: Page, email: str) -> None:
    """A first sign-in, up to the queue."""
    enter(page, email, FIRST)
    expect(page.get_by_role("heading", name="Choose a password")).to_be_visible()
    page.get_by_label("New password").fill(OWN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="All open")).to_be_visible()


def sign_out(page: Page) -> None:
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in to the desk")).to_be_visible()


def test_a_first_password_a_second_factor_and_the_sign_in_with_it(
    look: Open, system: System
) -> None:
    email = hired(system, "first@example.com")
    window = look()
    window.expected = (403,)
    page = window.open("desk")
    chosen(page, email)
    page.locator(".menu summary").click()
    page.get_by_role("link", name="My account").click()
    expect(page.get_by_role("heading", name="My account")).to_be_focused()
    expect(page.get_by_text("Off.")).to_be_visible()
    window.settled()
    page.get_by_role("button", name="Set up", exact=True).click()
    expect(page.locator("#proof")).to_be_focused()
    page.keyboard.type(OWN)
    page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    window.settled()
    page.keyboard.type(totp(secret, time.time()))
    page.keyboard.press("Enter")
    expect(page.get_by_text("On.", exact=True)).to_be_visible()
    sign_out(page)
    enter(page, email, OWN)
    expect(page.get_by_label("Code")).to_be_focused()
    window.settled()
    page.keyboard.type(totp(secret, time.time()))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="My account")).to_be_visible()


def test_a_new_tab_goes_on_and_signing_out_reaches_all_tabs(look: Open, system: System) -> None:
    email = hired(system, "tabs@example.com")
    window = look()
    window.expected = (403,)
    page = window.open("desk")
    chosen(page, email)
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("heading", name="All open")).to_be_visible()
    assert page.evaluate("document.cookie") == ""
    sign_out(page)
    expect(other.get_by_role("heading", name="Sign in to the desk")).to_be_visible()
    other.reload()
    expect(other.get_by_role("heading", name="Sign in to the desk")).to_be_visible()


def test_who_forgot_the_password_chooses_a_new_one_by_mail(look: Open, system: System) -> None:
    email = hired(system, "forgetful@example.com")
    window = look(width=390, dark=True)
    window.expected = (403,)
    page = window.open("desk")
    chosen(page, email)
    sign_out(page)
    window.expected = (422,)
    page.get_by_role("button", name="Forgotten your password?").click()
    page.get_by_label("E-mail address").fill(email)
    window.settled()
    page.get_by_role("button", name="Mail me a code").click()
    (mail,) = system.until(lambda: system.outbox(email))
    found = re.search(r"\d{6}", mail["text"])
    assert found
    page.get_by_label("Code").fill(found[0])
    page.get_by_label("New password").fill("only small letters")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("This password will not do")).to_be_visible()
    expect(page.get_by_label("New password")).to_be_focused()
    window.settled()
    page.get_by_label("New password").fill(f"{OWN}!")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("The new password is set")).to_be_visible()
    enter(page, email, f"{OWN}!")
    expect(page.get_by_role("heading", name="All open")).to_be_visible()
