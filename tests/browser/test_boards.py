"""The boards of the desk: what a lead and an administrator do with them."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from infra.local.amazon import make_client
from tests.browser.conftest import Open, Watched
from tests.system.running import System

pytestmark = pytest.mark.cloud
LAMP = {"type": "product", "name": "Lamp", "attributes": {"version": "2.0"}}
WRITERS, OWNERS = 24, 130
SUBJECT = "Charged twice for your lamp"


def done(answer: tuple[int, Any]) -> Any:
    assert answer[0] < 300, answer
    return answer[1]


def look_for_trends(system: System) -> None:
    """Start the detector as its schedule would."""
    cloud = json.loads((system.state / "ports.json").read_text())["cloud"]
    client = make_client("lambda", f"http://127.0.0.1:{cloud}")
    (name,) = [
        one["FunctionName"]
        for one in client.list_functions()["Functions"]
        if "detecttrends" in one["FunctionName"].replace("-", "").replace("_", "").lower()
    ]
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    event |= {"id": "1", "resources": [], "account": "000000000000", "region": "us-east-1"}
    event |= {"version": "0", "time": datetime.now(UTC).isoformat()}
    payload = json.dumps(event).encode()
    client.invoke(FunctionName=name, InvocationType="Event", Payload=payload)


def contact(system: System, number: int, at: datetime | None = None) -> None:
    body: dict[str, Any] = {
        "channel": "email",
        "subject": "Charged",
        "text": "I was charged twice for my lamp.",
        "customer": {"email": f"owner{number}@example.org"},
    }
    done(
        system.call(
            "POST", "/v1/cases", body | ({"created_at": at.isoformat()} if at else {}), who="admin"
        )
    )


def owner(system: System, number: int) -> None:
    """A customer with a lamp; the last of them objects to notices."""
    person: dict[str, Any] = {"name": f"Owner {number}", "email": f"owner{number}@example.org"}
    person |= {"assets": [LAMP], "language": "en"}
    if number == OWNERS - 1:
        person["consent"] = {"email": "opted_out"}
    done(system.call("POST", "/v1/customers", person, who="agent"))


@pytest.fixture(scope="module")
def spike(system: System) -> str:
    """Owners of a lamp, of whom many write at once about the same; the trend that it makes."""
    done(system.call("PUT", "/v1/settings/campaigns", {"pace": {"email": 6}}, who="admin"))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(partial(owner, system), range(OWNERS)))
    now = datetime.now(UTC)
    for days in (3, 5, 8):
        contact(system, 0, now - timedelta(days=days))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(partial(contact, system), range(WRITERS)))

    def active() -> list[Any]:
        return list(done(system.call("GET", "/v1/trends?state=active", who="lead"))["items"])

    def found() -> list[Any]:
        look_for_trends(system)
        for _ in range(20):
            if trends := active():
                return trends
            time.sleep(1)
        return []

    return str(system.until(found, 120)[0]["id"])


def test_spike_problem_notice_everybody_once_and_nobody_who_is_excluded(
    look: Open, system: System, spike: str
) -> None:
    window = look(who="lead")
    page = window.open("desk#/trends")
    page.locator(f'a[href="#/trends/{spike}"]').click()
    expect(page.get_by_role("img")).to_be_visible()
    window.settled()
    known = page.get_by_role("link", name="Its problem")  # as soon as it is proposed
    known.or_(page.get_by_role("button", name="Open a problem")).first.click()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".pill", has_text="Accepted")).to_be_visible()
    window.settled()
    let_one_go(page, system)
    page.get_by_role("button", name="Tell those affected").click()
    compose(window, page)
    told = int(page.locator(".count-card .figure").inner_text())
    assert told == OWNERS - WRITERS - 1  # who wrote and who objected hear nothing
    approve(page, told)
    pause_and_resume(page, system)
    expect(page.locator(".pill", has_text="Done")).to_be_visible(timeout=90_000)
    window.settled()
    sent = Counter(one["to"] for one in notices(system))
    assert len(sent) == told
    assert set(sent.values()) == {1}
    assert f"owner{OWNERS - 1}@example.org" not in sent


def let_one_go(page: Page, system: System) -> None:
    """A person says that a case does not belong to the problem after all."""
    problem = page.url.rpartition("/")[2]
    path = f"/v1/problems/{problem}/cases?state=unlinked"
    page.get_by_role("button", name="Let go").first.click()
    system.until(lambda: done(system.call("GET", path, who="lead"))["items"])


def notices(system: System) -> list[dict[str, Any]]:
    items = done(system.call("GET", "/local/outbox?limit=5000"))["items"]
    return [one for one in items if one["subject"] == SUBJECT]


def compose(window: Watched, page: Page) -> None:
    """The audience by a row that says what they own, and words of one's own."""
    page.get_by_role("group", name="And who owns one of these").get_by_role(
        "button", name="Add"
    ).click()
    page.get_by_label("Product").fill("Lamp")
    page.get_by_label("Held out to measure the effect, %").fill("0")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible(timeout=30_000)
    window.settled()
    page.get_by_role("button", name="Next: Text").click()
    page.get_by_label("Subject").fill(SUBJECT)
    page.get_by_label("Text", exact=True).fill("Hello ")
    page.get_by_role("button", name="{{first_name}}").click()
    expect(page.get_by_label("Text", exact=True)).to_have_value("Hello {{first_name}}")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible(timeout=30_000)
    window.settled()
    page.get_by_role("button", name="Next: Preview and test").click()
    expect(page.get_by_role("heading", name=SUBJECT).first).to_be_visible()
    window.settled()


def approve(page: Page, told: int) -> None:
    page.get_by_role("button", name="Next: Send").click()
    send = page.get_by_role("button", name="Send", exact=True)
    field = page.get_by_label(f"Type {told} to send")
    field.fill(str(told - 1))
    expect(send).to_be_disabled()
    field.fill(str(told))
    send.click()


def pause_and_resume(page: Page, system: System) -> None:
    expect(page.locator(".pill", has_text="Going out")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    expect(page.locator(".pill", has_text="Paused")).to_be_visible()
    page.wait_for_timeout(6_000)  # what was in hand still goes out
    before = len(notices(system))
    page.wait_for_timeout(4_000)
    assert len(notices(system)) == before
    page.get_by_role("button", name="Go on").click()


def test_a_trend_that_is_dismissed_comes_back_by_one_click(
    look: Open, system: System, spike: str
) -> None:
    def trend() -> Any:
        return done(system.call("GET", f"/v1/trends/{spike}", who="lead"))

    window = look(who="lead")
    page = window.open(f"desk#/trends/{spike}")
    page.get_by_role("button", name="Dismiss", exact=True).click()
    window.settled()
    page.get_by_label("Why is it no trouble?").fill("A letter went out")
    page.get_by_role("dialog").get_by_role("button", name="Dismiss", exact=True).click()
    expect(page.locator(".pill", has_text="Dismissed")).to_be_visible()
    assert trend()["dismissed_reason"] == "A letter went out"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".pill", has_text="Active")).to_be_visible()
    assert trend()["state"] == "active"


def test_what_a_document_refuses_is_said_at_its_field_and_leaving_asks(
    look: Open, system: System
) -> None:
    window = look(who="admin")
    window.expected = (422,)
    page = window.open("desk#/settings/webhooks")
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Name", exact=True).fill("crm")
    page.get_by_label("Address (https)").fill("http://crm.example.com")
    page.get_by_role("button", name="Save", exact=True).click()
    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Address (https)")).to_have_attribute("aria-invalid", "true")
    window.settled()
    summary.get_by_role("link").click()
    expect(page.get_by_label("Address (https)")).to_be_focused()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("link", name="Trends").click()
    expect(page.get_by_label("Address (https)")).to_have_value("http://crm.example.com")
    page.get_by_label("Address (https)").fill("https://crm.example.com/hook")
    page.get_by_role("button", name="Make a new one").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    stored = done(system.call("GET", "/v1/settings/webhooks", who="admin"))["document"]
    assert stored["webhooks"][0]["secret"].startswith("whsec_")


def test_the_hours_of_a_week_and_rules_that_are_tried_before_they_are_saved(
    look: Open, system: System
) -> None:
    window = look(who="admin")
    page = window.open("desk#/settings/calendars")
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Name", exact=True).fill("office")
    page.get_by_role("group", name="Monday").get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Tuesday to Friday like Monday").click()
    window.settled()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Version 1")).to_be_visible()
    (office,) = done(system.call("GET", "/v1/settings/calendars", who="admin"))["document"][
        "calendars"
    ]
    assert office["hours"]["friday"] == [{"start": "09:00", "end": "17:00"}]
    assert "saturday" not in office["hours"]
    page.goto(page.url.partition("#")[0] + "#/settings/routing")
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Name", exact=True).fill("Lamps")
    page.get_by_role("group", name="All of these").get_by_role("button", name="Add").click()
    page.get_by_label("Compared").select_option("contains")
    page.get_by_label("Value").fill("lamp")
    page.get_by_label("Team", exact=True).select_option("support")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.get_by_text("would have")).to_be_visible(timeout=30_000)
    window.settled()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Version 1")).to_be_visible()
    (rule,) = done(system.call("GET", "/v1/settings/routing", who="admin"))["document"]["rules"]
    assert rule["all"] == [{"field": "text", "op": "contains", "value": "lamp"}]


def test_an_article_from_the_first_word_to_its_readers(look: Open, system: System) -> None:
    window = look(who="agent")
    page = window.open("desk#/articles/new")
    page.get_by_label("Title").fill("My lamp flickers")
    page.get_by_role("button", name="Begin the article").first.click()
    page.get_by_label("Answer").fill("Turn the bulb until it clicks.")
    page.get_by_role("button", name="Add a step").click()
    page.get_by_label("Step 1", exact=True).fill("Switch it off.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    window.settled()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".pill", has_text="Published")).to_be_visible()
    slug = page.url.rpartition("/")[2]
    read = done(system.call("GET", f"/v1/help/articles/{slug}"))
    assert (read["answer"], read["steps"]) == ("Turn the bulb until it clicks.", ["Switch it off."])


def test_one_key_takes_a_case_out_of_spam_and_back(look: Open, system: System) -> None:
    body = {
        "channel": "voice",
        "text": "Is my lamp there?",
        "customer": {"email": "sam@example.org"},
    }
    case = done(system.call("POST", "/v1/cases", body, who="agent"))

    def spam() -> bool:
        return bool(done(system.call("GET", f"/v1/cases/{case['id']}", who="agent"))["spam"])

    def mark() -> bool:
        version = done(system.call("GET", f"/v1/cases/{case['id']}", who="agent"))["version"]
        given = {"spam": True}
        path = f"/v1/cases/{case['id']}"
        return system.call("PATCH", path, given, who="agent", If_Match=f'"{version}"')[0] == 200

    system.until(mark)
    window = look(who="agent")
    page = window.open("desk#/quarantine?show=spam")
    row = page.locator(f'[data-spam="{case["id"]}"]')
    row.locator("a").focus()
    page.keyboard.press("h")
    expect(row).to_have_count(0)
    system.until(lambda: not spam())
    page.get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()
    system.until(spam)


BOARDS = [
    "trends",
    "problems",
    "campaigns",
    "articles",
    "articles/new",
    "articles?show=missing",
    "insights",
    "insights?show=help",
    "insights?show=engines",
    "insights?show=models",
    "quarantine",
    "quarantine?show=spam",
    "settings",
    "settings/routing",
    "settings/channels",
    "settings/promises",
]


@pytest.mark.parametrize("dark", [False, True], ids=["1400", "390 dark"])
def test_every_board_stands_before_axe(look: Open, spike: str, dark: bool) -> None:
    window = look(390 if dark else 1400, who="admin", dark=dark)
    page = window.open("desk")
    for board in [*BOARDS, f"trends/{spike}"]:
        page.goto(page.url.partition("#")[0] + f"#/{board}")
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        window.settled()
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{board} is wider than the window by {wide} px"
