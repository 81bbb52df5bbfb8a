"""A handover, an undo and the end of a snooze whose calls of AWS fail, one after the other, and
two who do it at once: nothing half done, nothing twice.

The agent's client repeats a request that was not answered; the schedule looks again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import bootstrap
from chalicelib.bootstrap import Application
from chalicelib.cases.models import Case, CasePatch, Message, MessageKind, Priority
from chalicelib.errors import Conflict
from chalicelib.flows.passing_on import PassOn
from tests.flows.faults import Death, Faults, FaultyClients
from tests.support import World, installation

AGENT, BO = "eva.berg@example.com", "bo@example.com"
HOWS = ["dies before", "dies after", "throttled", "answer lost"]
FAILURES = (Death, ClientError, BotoCoreError)
READS = re.compile(r"get_|query")
Work = Callable[[Application], object]
Prepare = Callable[[World], Work]
Check = Callable[[World], None]


def entries(world: World, text: str) -> list[Message]:
    return [one for one in world.timeline(world.case()) if one.text == text]


def hand_over(world: World) -> Work:
    case, given = world.case(), PassOn(team="billing", note="She was charged twice")
    return lambda app: app.passing_on.pass_on(case.id, given, AGENT, key="k")


def handed_over(world: World) -> None:
    case = world.case()
    assert (case.team, case.assignee) == ("billing", None)
    notes = [m.text for m in world.timeline(case) if m.kind == MessageKind.NOTE]
    assert notes == ["She was charged twice"]
    assert len(entries(world, "handed over")) == 1


def undo(world: World) -> Work:
    case = world.case()
    done = world.app.casework.change(case.id, case.version, CasePatch(priority="urgent"), AGENT)
    assert done.entry is not None
    entry = done.entry.id
    return lambda app: app.casework.undo(case.id, entry, AGENT)


def undone(world: World) -> None:
    assert world.case().priority == Priority.NORMAL
    assert len(entries(world, "undone")) == 1


def snooze(world: World) -> Work:
    snoozed(world)
    world.clock.forward(hours=2)
    return lambda app: app.snoozing.wake()


def snoozed(world: World) -> Case:
    case, until = world.case(), world.clock() + timedelta(hours=1)
    return world.app.casework.patch(case.id, case.version, CasePatch(snoozed_until=until), AGENT)


def woken(world: World) -> None:
    world.app.snoozing.wake()  # the schedule of the next minute
    assert world.case().snoozed_until is None
    assert len(entries(world, "back from its snooze")) == 1


def story(world: World) -> None:
    team = {"name": "billing", "title": "Billing", "members": [BO]}
    world.app.documents.write("teams", {"teams": [team]}, None, AGENT)
    world.mail("My card was charged twice")
    world.settle()
    world.clock.forward(minutes=1)


def run(faults: Faults, prepare: Prepare, check: Check) -> None:
    with installation() as world:
        story(world)
        clean = bootstrap.get()
        work = prepare(world)
        clients = FaultyClients(world.clients, faults)
        faulty = Application(clean.settings, clients, world.clock, clean.ids)  # type: ignore[arg-type]
        for _ in range(4):
            with suppress(*FAILURES, Conflict):  # an undo that was done says that it was
                work(faulty)
                break
        world.settle()
        check(world)


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(
    ("prepare", "check"), [(hand_over, handed_over), (undo, undone), (snooze, woken)]
)
def test_whatever_call_goes_wrong(how: str, prepare: Prepare, check: Check) -> None:
    plain = Faults()
    run(plain, prepare, check)
    assert plain.names
    for at, name in enumerate(plain.names):
        if how != "dies before" and READS.search(name):
            continue  # to die after a read is to die before the next call
        try:
            run(Faults(at, how), prepare, check)
        except AssertionError as error:
            raise AssertionError(f"call {at}, {name}, {how}: {error}") from error


class Meeting:
    """Clients that let somebody else go first, once, at the first transaction."""

    def __init__(self, clients: object, first: Callable[[], object]) -> None:
        self._clients, self._first = clients, first
        self.met = False

    def __getitem__(self, service: str) -> object:
        return _Client(self._clients[service], self)  # type: ignore[index]

    def meet(self) -> None:
        if not self.met:
            self.met = True
            self._first()


class _Client:
    def __init__(self, client: object, meeting: Meeting) -> None:
        self._client, self._meeting = client, meeting

    def __getattr__(self, name: str) -> object:
        if name == "transact_write_items":
            self._meeting.meet()
        return getattr(self._client, name)


def meeting(world: World, first: Callable[[], object]) -> Application:
    clients = Meeting(world.clients, first)
    return Application(world.app.settings, clients, world.clock, world.app.ids)  # type: ignore[arg-type]


def patched(world: World, **fields: object) -> Callable[[], object]:
    def first() -> object:
        case = world.case()
        return world.app.casework.patch(case.id, case.version, CasePatch(**fields), BO)  # type: ignore[arg-type]

    return first


def test_two_hand_a_case_over_at_once_and_none_is_lost() -> None:
    with installation() as world:
        story(world)
        hand_over(world)(meeting(world, patched(world, priority="urgent")))
        handed_over(world)
        assert world.case().priority == Priority.URGENT


def test_a_customer_who_writes_as_the_case_wakes_is_heard_and_it_wakes_once() -> None:
    with installation() as world:
        story(world)
        work = snooze(world)
        reference = world.case().reference

        def write() -> None:
            world.mail("Any news?", subject=f"Re: [{reference}]")
            world.settle()

        work(meeting(world, write))
        case = world.case()
        assert (case.snoozed_until, case.message_count) == (None, 2)
        assert entries(world, "back from its snooze") == []


def test_an_undo_that_somebody_overtakes_takes_nothing_of_theirs_back() -> None:
    with installation() as world:
        story(world)
        work = undo(world)
        with pytest.raises(Conflict, match="priority"):
            work(meeting(world, patched(world, priority="high")))
        assert world.case().priority == Priority.HIGH
