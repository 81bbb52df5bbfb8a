"""The desk with 100, 1,000 and 10,000 open cases on the local cloud.

All of them stand in one queue, which is the hardest for it. The time of a list is that of the whole
way: front door, gateway, authorizer, function, one Query. The local cloud sorts and tests a
whole partition anew for each Query, which DynamoDB does not: so the floor is the same Query asked
of it alone, and a call that asks the table nothing.
Where there is a Chromium, the page itself is timed too.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import boto3

from chalicelib.cases.models import (
    Author,
    AuthorType,
    Case,
    CaseStatus,
    Direction,
    Message,
    Promise,
    Promises,
)
from chalicelib.channels.models import Channel
from chalicelib.customers.models import Customer, Identity
from chalicelib.store.cases import CaseStore, _message_item
from chalicelib.store.customers import _item
from chalicelib.store.table import Table
from infra.benchmarks.meter import Meter
from infra.local.amazon import CREDENTIALS, REGION
from infra.local.layout import Layout, read_json
from tests.handlers.client import Api, StaffOnly
from tests.support import installation
from tests.system.running import System

SIZES = (100, 1_000, 10_000)
PAGE = 50
TIMES = 30  # that a list is asked for
SWITCHES = 20
PEOPLE = 500
BROWSERS = ("chromium", "chromium-browser", "chrome")
LIST = f"/v1/cases?view=queue&limit={PAGE}"
PAINTED = f"""() => new Promise(done => {{
  const look = () => document.querySelectorAll('[data-row]').length >= {PAGE}
    ? done(performance.now()) : requestAnimationFrame(look);
  look();
}})"""
SWITCHED = """() => new Promise(done => {
  const from = performance.now(), before = document.querySelector('#case-title').textContent;
  const look = () => {
    const title = document.querySelector('#case-title');
    const there = title && title.textContent !== before && document.querySelector('.entry .said');
    if (there) done(performance.now() - from); else requestAnimationFrame(look);
  };
  document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true}));
  look();
})"""
Row = tuple[str, str, str, str]


def rows() -> Iterator[Row]:
    """(what, figure, floor, ratio)"""
    calls = _calls_of_a_page()
    yield (f"calls for a page of {PAGE}, all of the way in", calls, "1 Query, 1 BatchGetItem", "")
    with (
        tempfile.TemporaryDirectory() as folder,
        _running(Path(folder)) as system,
        _window(system) as page,
    ):
        table = _table(system)
        filled = 0
        for size in SIZES:
            _fill(table, filled, size)
            filled = size
            yield from _measured(system, table, page, size)


def _measured(system: System, table: Table, page: Any, size: int) -> Iterator[Row]:
    listed = _median(lambda: system.call("GET", LIST, who="agent"), TIMES)
    bare = _median(lambda: table.query("QUEUE#0", index="gsi7", limit=PAGE), TIMES)
    health = _median(lambda: system.call("GET", "/v1/health"), TIMES)
    yield _beside(f"list of {PAGE} of {size:,} cases, p50", listed, bare + health)
    yield ("    the same without the Query", _ms(listed - bare), _ms(health), "")
    if page is None:
        yield ("    the page itself: not measured, there is no Chromium", "", "", "")
        return
    empty = _median(lambda: page.goto(f"{system.base}/prefs", wait_until="load"), 5)
    painted = median(_painted(page, system.base) for _ in range(7))
    yield _beside("    queue painted, beside a small page", painted, empty)
    yield _beside("    from one case to the next", _switched(page), health)


def _calls_of_a_page() -> str:
    """What reading a page asks of AWS, counted on the model."""
    with installation(validate=False) as world, contextlib.redirect_stdout(io.StringIO()):
        world.app.__dict__["identity"] = StaffOnly()
        _fill(world.app.table, 0, 2 * PAGE)
        api = Api()
        api.get(LIST)  # settings are read once a minute
        meter = Meter(world.aws)
        world.aws.call = meter.call  # type: ignore[method-assign]
        assert len(api.get(LIST).json["items"]) == PAGE
        bill = meter.reset()
    names = (f"{count} {name.partition('.')[2]}" for name, count in sorted(bill.calls.items()))
    return ", ".join(names)


@contextlib.contextmanager
def _running(folder: Path) -> Iterator[System]:
    system = System(folder)
    system.start()
    try:
        yield system
    finally:
        system.stop()


def _table(system: System) -> Table:
    layout = Layout(system.state)
    port = read_json(layout.ports)["cloud"]
    client = boto3.client(
        "dynamodb", region_name=REGION, endpoint_url=f"http://127.0.0.1:{port}", **CREDENTIALS
    )
    return Table(client, str(read_json(layout.stack)["TableName"]))


def _fill(table: Table, first: int, last: int) -> None:
    """Open cases with a question and an answer each, of a few hundred customers."""
    store = CaseStore(table)
    born = datetime.now(UTC) - timedelta(days=30)
    items: list[Any] = []
    if first == 0:
        items += [_item(_customer(number, born)) for number in range(PEOPLE)]
    for number in range(first, last):
        case = _case(number, born)
        items.append(store._item(case))
        items.append({"pk": f"REF#{case.reference}", "sk": "REF", "case_id": case.id})
        items += [_message_item(_message(case, n)) for n in range(2)]
    table.batch_put(items)


def _customer(number: int, born: datetime) -> Customer:
    address = Identity(channel=Channel.EMAIL, value=f"c{number}@example.org")
    return Customer(
        id=f"K{number:06d}",
        name=f"Ana Ortiz {number}",
        identities=(address,),
        created_at=born,
        updated_at=born,
    )


def _case(number: int, born: datetime) -> Case:
    came = born + timedelta(minutes=4 * number)
    due = Promise(
        due_at=came + timedelta(days=31),
        started_at=came,
        seconds=31 * 86_400,
        since=came,
        warn_at=came + timedelta(days=30),
    )
    return Case(
        id=f"01BENCH{number:019d}",
        reference=f"C-{number:06d}",
        status=CaseStatus.NEW,
        subject=f"Parcel {number} came without its charger",
        channel=Channel.EMAIL,
        reply_channel=Channel.EMAIL,
        reply_to=f"c{number % PEOPLE}@example.org",
        customer_id=f"K{number % PEOPLE:06d}",
        tags=("parcel", "charger"),
        promises=Promises(first_reply=due),
        last_message="The box was closed, yet the charger that the list names was not in it.",
        message_count=2,
        last_message_at=came,
        created_at=came,
        updated_at=came,
    )


def _message(case: Case, number: int) -> Message:
    at = case.created_at + timedelta(seconds=number)
    return Message(
        id=f"{case.id[:-1]}{number}",
        case_id=case.id,
        direction=Direction.INBOUND,
        channel=Channel.EMAIL,
        author=Author(type=AuthorType.CUSTOMER, name="Ana Ortiz"),
        subject=case.subject,
        text=case.last_message * 3,
        created_at=at,
        updated_at=at,
    )


# --- the page itself ------------------------------------------------------------------------------


@contextlib.contextmanager
def _window(system: System) -> Iterator[Any]:
    """An agent's browser window; None where there is no browser."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if find_spec("playwright") is None or not found:
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        token = json.dumps(system.token("agent"))
        page.add_init_script(f"sessionStorage.setItem('custops.token', {token})")
        yield page
        browser.close()


def _painted(page: Any, base: str) -> float:
    """Seconds from the address to a full page of rows, of a page that was loaded before."""
    page.goto(f"{base}/v1/health")
    page.goto(f"{base}/desk#/q/queue", wait_until="commit")
    return float(page.evaluate(PAINTED)) / 1000


def _switched(page: Any) -> float:
    """Median seconds from a key to the next case's messages on the screen."""
    page.locator("[data-row]").first.click()
    page.locator("#case-title").wait_for()
    page.wait_for_timeout(1_000)
    page.evaluate("() => document.activeElement.blur()")
    return median(float(page.evaluate(SWITCHED)) for _ in range(SWITCHES)) / 1000


def _median(what: Callable[[], Any], times: int) -> float:
    """Seconds that it takes, the first time left out."""
    what()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        what()
        taken.append(time.perf_counter() - began)
    return median(taken)


def _beside(what: str, seconds: float, floor: float) -> Row:
    return (what, _ms(seconds), _ms(floor), f"{seconds / floor:.2f}")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
