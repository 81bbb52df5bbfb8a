"""A function dies, or AWS fails, at any call of giving cases to agents: nothing counts twice,
nobody gets more than they take, and every case that somebody can take finds them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import bootstrap
from chalicelib.bootstrap import Application
from chalicelib.cases.models import CasePatch, CaseStatus
from chalicelib.errors import Contended, StaleVersion
from chalicelib.routing.load import counted_for, waits_for
from tests.flows.faults import Death, Faults, FaultyClients
from tests.support import World, installation

ANA, BEN = "ana@example.com", "ben@example.com"
HOWS = ["dies before", "dies after", "throttled", "answer lost"]
READS = re.compile(r"get_|query")
FAILURES = (Death, ClientError, BotoCoreError, Contended)


Story = Callable[[World, Application], None]


def given_out(world: World, app: Application) -> None:
    """Ana takes one, the second waits; the first is solved; Ben says that he is back."""
    for number in range(2):
        with suppress(*FAILURES):
            world.mail("Where is my parcel?", sender=f"c{number}@example.org")
            world.settle()
    with suppress(*FAILURES, StaleVersion, IndexError):
        case = world.cases()[0]
        solved = CasePatch(status=CaseStatus.RESOLVED)
        app.casework.patch(case.id, case.version, solved, ANA)
    with suppress(*FAILURES):
        app.availability.set(BEN, away=False, until=None, note="")


def moved_on(world: World, app: Application) -> None:
    """A case of Ana's is another topic's and so another team's, is solved, and comes back."""
    with suppress(*FAILURES):
        world.mail("Where is my parcel?", message_id="one@example.org")
        world.settle()
    for change in (CasePatch(topic="xyzzy"), CasePatch(status=CaseStatus.RESOLVED)):
        with suppress(*FAILURES, StaleVersion, IndexError):
            case = world.cases()[0]
            app.casework.patch(case.id, case.version, change, ANA)
        with suppress(*FAILURES):
            world.settle()
    with suppress(*FAILURES):
        world.mail("It is lost again", headers={"In-Reply-To": "<one@example.org>"})
        world.settle()


def run(faults: Faults, story: Story) -> None:
    with installation() as world:
        clean = bootstrap.get()
        document = {
            "teams": [
                {
                    "name": "support",
                    "title": "Support",
                    "members": [ANA, BEN],
                    "strategy": "round_robin",
                },
                {
                    "name": "shipping",
                    "title": "Shipping",
                    "members": [BEN],
                    "strategy": "least_loaded",
                },
            ],
            "agents": [{"email": ANA, "capacity": 1}, {"email": BEN, "capacity": 1}],
        }
        topic = {"label": "xyzzy", "name": "Xyzzy", "words": ["xyzzy"], "team": "shipping"}
        clean.documents.write("teams", document, None, "test")
        clean.documents.write("topics", {"topics": [topic]}, None, "test")
        clean.availability.set(BEN, away=True, until=None, note="")
        clients = FaultyClients(world.clients, faults)
        faulty = Application(clean.settings, clients, world.clock, clean.ids)  # type: ignore[arg-type]
        bootstrap.install(faulty)
        story(world, faulty)
        bootstrap.install(clean)
        clean.availability.set(BEN, away=False, until=None, note="")
        for _ in range(3):
            world.clock.forward(minutes=4)
            world.settle()
            world.sweep()
        check(world)


def check(world: World) -> None:
    states = world.app.agents.some([ANA, BEN])
    loads = {email: state.open_cases for email, state in states.items() if state.open_cases}
    assert loads == Counter(email for c in world.cases() if (email := counted_for(c)))
    assert all(count <= 1 for count in loads.values())
    waiting = [case for case in world.cases() if waits_for(case)]
    assert not waiting or sum(loads.values()) == 2
    for case in world.cases():
        told = [m.changes["assignee"] for m in world.timeline(case) if "assignee" in m.changes]
        assert told == [list(step) for step in pairwise(["", *(to for _, to in told)])]
        assert told[-1][1] == case.assignee if told else case.assignee is None
        if case.topic.label == "xyzzy":
            assert case.team == "shipping"
    assert list(world.app.reactions.overdue(world.clock())) == []


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("story", [given_out, moved_on])
def test_whatever_call_of_giving_cases_away_goes_wrong(story: Story, how: str) -> None:
    plain = Faults()
    run(plain, story)
    assert len([name for name in plain.names if "transact" in name]) >= 4
    for at, name in enumerate(plain.names):
        if "sqs" in name or (how != "dies before" and READS.search(name)):
            continue  # to die after a read is to die before the next call
        try:
            run(Faults(at, how), story)
        except AssertionError as error:
            raise AssertionError(f"call {at}, {name}, {how}: {error}") from error
