"""AWS calls and dollars of an accepted mail, and of a case until it is triaged.

The real handlers run on the model of AWS; what arrives there is counted and priced. Durations
are assumed, not measured: 60 ms an invocation at 512 MB, which is what a warm function takes there.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

from infra.benchmarks import prices
from infra.benchmarks.meter import Bill, Meter
from tests.support import World, installation

MEGABYTES, SECONDS = 512, 0.06
MAILS = 20
REACTIONS = 6  # forward twice, triage, count, acknowledge, send: alone each, at the worst
PARCEL = {"label": "parcel", "name": "Parcel", "examples": ["Where is my parcel?"]}


def rows() -> Iterator[tuple[str, str, str, str]]:
    """(what, calls, dollars per 1,000, "")"""
    with installation() as world:
        meter = Meter(world.aws)
        world.aws.call = meter.call  # type: ignore[method-assign]
        with contextlib.redirect_stdout(io.StringIO()):
            world.app.documents.write("topics", {"topics": [PARCEL]}, None, "bench")
            _mails(world, 1)
            world.settle()  # warm: settings and secrets are cached
            meter.reset()
            accepted = _accepted(world, meter)
            triaged = _settled(world, meter)
    yield _row("a mail, accepted into a new case", accepted, MAILS)
    yield _row("… triaged, counted and acknowledged", triaged, MAILS)
    share = {name: value / MAILS * 1000 for name, value in _together(accepted, triaged).items()}
    for name, dollars in sorted(share.items(), key=lambda entry: -entry[1]):
        yield (f"    of which {name}", f"${dollars:.4f}", "per 1,000", "")


def _mails(world: World, count: int) -> None:
    for number in range(count):
        sender = f"c{world.aws.sqs.clock()}{number}@example.org"
        world.mail(f"Where is my parcel number {number}? It should be here by now.", sender=sender)


def _accepted(world: World, meter: Meter) -> Bill:
    _mails(world, MAILS)
    meter.reset()  # what SES itself does is in its price
    while world.deliver("MailQueue"):
        meter.invoked(1, MEGABYTES, SECONDS)
    meter.bill.dollars["ses in"] += MAILS * prices.SES_IN
    return meter.reset()


def _settled(world: World, meter: Meter) -> Bill:
    world.settle()
    meter.invoked(REACTIONS * MAILS, MEGABYTES, SECONDS)
    return meter.reset()


def _row(what: str, bill: Bill, count: int) -> tuple[str, str, str, str]:
    calls = bill.total_calls / count
    return (what, f"{calls:.2f} calls", f"${bill.total_dollars / count * 1000:.4f}/1000", "")


def _together(*bills: Bill) -> dict[str, float]:
    """Dollars by service over several bills."""
    names = {name for bill in bills for name in bill.dollars}
    return {name: sum(bill.dollars.get(name, 0.0) for bill in bills) for name in names}
