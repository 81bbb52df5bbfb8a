"""Hostile mails, through the SMTP door and open on the desk: nothing runs, nothing is loaded.

`hostile/` has one file a kind of attack; each holds an ordinary paragraph, which must be readable.
`Watched` fails for any request to another origin, any load that a policy refused and any error.
"""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.system.running import System

pytestmark = pytest.mark.cloud
ORDINARY = "<p>An ordinary paragraph</p>"
ROWS = "".join(
    f"<tr>{''.join(f'<td width=4000>{n}-{c}</td>' for c in range(40))}</tr>" for n in range(200)
)
MADE = {
    "table": f"{ORDINARY}<table border=1 width=99999 height=99999>{ROWS}</table>",
    "quotes": f"{ORDINARY}{'<blockquote><div>' * 500}bottom{'</div></blockquote>' * 500}",
    "deeper": f"{ORDINARY}{'<div>' * 20_000}bottom",
}
CASES = {
    **{
        path.stem: path.read_text("utf-8") for path in (Path(__file__).parent / "hostile").iterdir()
    },
    **MADE,
}
NAME = "Lena \u202egnp.exe\u2066 <script>"  # turns the letters round, in a program that believes it
COVERED = """() => ["#case-title", "#compose", "#search"].filter((name) => {
  const box = document.querySelector(name).getBoundingClientRect();
  const top = document.elementFromPoint(box.x + 8, box.y + box.height / 2);
  return !top || !top.closest(name);
})"""
READABLE = """(p) => {
  const box = p.getBoundingClientRect();
  return document.elementFromPoint(box.x + 4, box.y + box.height / 2) === p;
}"""


@pytest.fixture(scope="module")
def received(system: System) -> dict[str, str]:
    """All of them, sent at once; the case of each."""
    with smtplib.SMTP("127.0.0.1", system.smtp, timeout=20) as door:
        for name, html in CASES.items():
            mail = EmailMessage()
            mail["From"] = f'"{NAME}" <{name}@hostile.example>'.replace("<script>", "script")
            mail["To"], mail["Message-ID"] = "support@example.com", f"<{name}@hostile.example>"
            mail["Subject"] = f"<img src=x onerror=alert(1)> \u202e{name}"
            mail.set_content("Hello")
            mail.add_alternative(html, subtype="html")
            door.send_message(mail)
    found: dict[str, str] = {}
    for name in CASES:
        (case,) = system.until(partial(system.cases, f"{name}@hostile.example"), 90)
        found[name] = str(case["id"])
    return found


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_hostile_mail_runs_and_loads_nothing_and_covers_nothing(
    look: Open, received: dict[str, str], name: str
) -> None:
    window = look(who="agent")
    page = window.open(f"desk#/case/{received[name]}")
    page.on("dialog", lambda dialog: window.wrong.append(f"dialog {dialog.message}"))
    page.on("popup", lambda popup: window.wrong.append(f"opened {popup.url}"))
    page.on("download", lambda file: window.wrong.append(f"downloads {file.url}"))
    page.get_by_role("button", name="As mail").click()
    frame = page.frame_locator("iframe.mail")
    ordinary = frame.get_by_text("An ordinary paragraph")
    expect(ordinary).to_be_visible()
    page.wait_for_timeout(700)
    active = "script, form, input, button, iframe, object, embed, svg, style:not(head style), base"
    assert frame.locator(active).count() == 0
    assert frame.locator("meta[http-equiv], link, [onload], [onerror], [onclick]").count() == 0
    assert page.evaluate("() => window.pwned ?? null") is None
    assert page.evaluate(COVERED) == []
    ordinary.scroll_into_view_if_needed()
    assert ordinary.evaluate(READABLE)
    assert "#/case/" in page.url
    assert "\u202e" not in page.locator(".panes").inner_text()


def test_a_link_that_says_another_address_is_marked_in_letters_that_cannot_be_mistaken(
    look: Open, received: dict[str, str]
) -> None:
    page = look(who="agent").open(f"desk#/case/{received['links']}")
    page.get_by_role("button", name="As mail").click()
    links = page.frame_locator("iframe.mail").locator("a[data-warning]")
    expect(links).to_have_count(6)
    said = [link.get_attribute("data-warning") for link in links.all()]
    assert "leads to xn--80ak6aa92e.com" in said
    assert all(str(words).isascii() for words in said)
    shown = links.first.evaluate("a => getComputedStyle(a, '::after').content")
    assert "⚠" in shown


def test_pictures_elsewhere_are_listed_and_opened_only_by_a_click(
    look: Open, received: dict[str, str]
) -> None:
    window = look(who="agent")
    page = window.open(f"desk#/case/{received['pictures']}")
    page.get_by_role("button", name="As mail").click()
    page.get_by_text("pictures elsewhere were not loaded").click()
    links = page.locator("details a[href^='https://evil.example/']")
    expect(links.first).to_be_visible()
    assert {link.get_attribute("rel") for link in links.all()} == {"noopener noreferrer"}
    window.settled()
