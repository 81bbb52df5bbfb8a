"""Merges whose calls of AWS fail, one after the other: nothing half done, nothing lost.

The agent's client repeats a request that was not answered; the queues and the sweep do the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import bootstrap
from chalicelib.bootstrap import Application
from chalicelib.errors import Conflict
from chalicelib.flows.joining import SplitInput
from tests.flows.faults import Death, Faults, FaultyClients
from tests.support import World, installation

AGENT = "eva.berg@example.com"
HOWS = ["dies before", "dies after", "throttled", "answer lost"]
READS = re.compile(r"get_|query")
Work = Callable[[Application], object]
Prepare = Callable[[World], Work]  # what an agent asks for, again and again the same
Check = Callable[[World], None]


def merge_customers(world: World) -> Work:
    mail, *texts = world.cases()
    source = next(c.customer_id for c in texts if c.customer_id != mail.customer_id)
    return lambda app: app.people.merge(source, mail.customer_id, AGENT)


def customers_merged(world: World) -> None:
    cases = world.cases()
    assert len({case.customer_id for case in cases}) == 1
    whole = world.app.customers.get(cases[0].customer_id)
    owners = {world.app.customers.owner(i.channel, i.value) for i in whole.identities}
    assert owners == {whole.id}
    assert len(whole.identities) == 2
    assert counted(world) == (len(cases), 1)


def merge_cases(world: World) -> Work:
    first, second, *_ = world.cases()
    return lambda app: app.joining.merge(second.id, first.id, AGENT)


def cases_merged(world: World) -> None:
    first, second, *_ = world.cases()
    assert (second.merged_into, first.merged_cases) == (first.id, (second.id,))
    assert first.message_count == 3
    assert counted(world)[0] == len(world.cases()) - 1


def split(world: World) -> Work:
    case = world.cases()[0]
    lamp = SplitInput(message_ids=tuple(m.id for m in world.timeline(case) if "lamp" in m.text))
    return lambda app: app.joining.split(case.id, lamp, AGENT)


def was_split(world: World) -> None:
    lamps = [c for c in world.cases() for m in world.timeline(c) if "lamp" in m.text]
    assert len(lamps) == 1
    assert lamps[0].id != world.cases()[0].id or lamps[0].reasons["case"].startswith("split")
    assert sum(case.message_count for case in world.cases()) == 4
    assert counted(world)[0] == len(world.cases()) == 4


@contextmanager
def story() -> Iterator[World]:
    """One person by mail (two messages in a case) and by text message (two cases)."""
    with installation() as world:
        world.mail("My parcel is late", message_id="late@example.org")
        world.settle()
        world.clock.forward(minutes=1)
        answers = {"In-Reply-To": "<late@example.org>"}
        world.mail("And the lamp is broken", headers=answers)
        world.text_message("My card does not work")
        world.settle()
        world.clock.forward(hours=80)
        world.text_message("And my letter is lost")
        world.settle()
        yield world


def run(faults: Faults, prepare: Prepare, check: Check) -> None:
    with story() as world:
        clean = bootstrap.get()
        clients = FaultyClients(world.clients, faults)
        faulty = Application(clean.settings, clients, world.clock, clean.ids)  # type: ignore[arg-type]
        bootstrap.install(faulty)
        work = prepare(world)
        for _ in range(4):
            with suppress(Death, ClientError, BotoCoreError, Conflict):
                work(faulty)
                break
        for _ in range(3):
            with suppress(Death, ClientError, BotoCoreError):
                world.settle()
            world.clock.forward(minutes=4)
            with suppress(Death, ClientError, BotoCoreError):
                world.sweep()
        bootstrap.install(clean)
        world.sweep()
        check(world)


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(
    ("prepare", "check"),
    [(merge_customers, customers_merged), (merge_cases, cases_merged), (split, was_split)],
)
def test_whatever_call_of_a_merge_or_split_goes_wrong(
    how: str, prepare: Prepare, check: Check
) -> None:
    plain = Faults()
    run(plain, prepare, check)
    for at, name in enumerate(plain.names):
        if "sqs" in name or (how != "dies before" and READS.search(name)):
            continue  # to die after a read is to die before the next call
        try:
            run(Faults(at, how), prepare, check)
        except AssertionError as error:
            raise AssertionError(f"call {at}, {name}, {how}: {error}") from error


def counted(world: World) -> tuple[int, int]:
    """Cases, and distinct customers an hour, of all that was counted."""
    days = {case.created_at.strftime("%Y-%m-%d") for case in world.cases()}
    cells = [c for day in days for c in world.app.counts.day(day) if c.cell == "*"]
    people = {who for c in cells for who in world.app.counts.people("*", [c.hour])}
    return sum(c.cases for c in cells), len(people)
