"""Telling agents while calls of AWS fail, one after the other.

A run without faults counts the calls. Then the same run is repeated with one fault at one call: the
function dies before it, dies after it, it is throttled, or it takes effect and its answer is lost.
Afterwards everybody was told once: one line with the right count, one mail, one webhook.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import bootstrap
from chalicelib.bootstrap import Application
from tests.flows.alert_world import (
    ANN,
    BEN,
    CLEO,
    HOOK,
    Receiver,
    mails,
    noted,
    patched,
    staffed,
    told,
)
from tests.flows.faults import Death, Faults, FaultyClients
from tests.support import World

READS = re.compile(r"get_|query|list_objects")
FAILURES = (Death, ClientError, BotoCoreError)
HOWS = ["dies before", "dies after", "throttled", "answer lost"]


def faulty(world: World, faults: Faults, receiver: Receiver) -> None:
    clean = bootstrap.get()
    clients = FaultyClients(world.clients, faults)
    app = Application(clean.settings, clients, world.clock, clean.ids)  # type: ignore[arg-type]
    app.__dict__["webhooks"] = receiver
    bootstrap.install(app)
    world.aws.ses.heard = lambda sent: world.aws.ses.publish(sent, "Send")


def recover(world: World) -> None:
    """What time, the sweep and redelivery do."""
    for _ in range(9):
        with suppress(*FAILURES):  # the stream's batch is lost for good
            world.settle()
            world.clock.forward(minutes=3)
            world.sweep()


def story(faults: Faults) -> None:
    with staffed() as world:
        world.app.documents.write("webhooks", {"webhooks": [HOOK]}, None, "t")
        clean, receiver = bootstrap.get(), Receiver()
        noted(world, "@cleo look", ANN)
        noted(world, "@cleo and here", ANN)
        patched(world, ANN, assignee=BEN)
        faulty(world, faults, receiver)
        recover(world)
        bootstrap.install(clean)
        clean.__dict__["webhooks"] = receiver
        recover(world)
        assert told(world, CLEO) == [("mentioned", 2)]
        assert told(world, BEN) == [("assigned", 3)]  # the notes too: it is his case by then
        assert [len(mails(world, email)) for email in (ANN, BEN, CLEO)] == [0, 1, 1]
        facts = {identifier: body["data"]["count"] for identifier, body in receiver.got}
        assert sum(facts.values()) == 2  # by one webhook or two; each told once
        left = clean.reactions.overdue(world.clock())
        assert not [one for one in left if one.kind == "handover"]


@pytest.mark.parametrize("how", HOWS)
def test_whatever_call_goes_wrong(how: str) -> None:
    plain = Faults()
    story(plain)
    writes = [at for at, name in enumerate(plain.names) if not READS.search(name)]
    for at, name in enumerate(plain.names[: writes[-1] + 1]):
        if how != "dies before" and READS.search(name):
            continue  # to die after a read is to die before the next call
        try:
            story(Faults(at, how))
        except AssertionError as error:
            raise AssertionError(f"call {at}, {name}, {how}: {error}") from error


class ManyFaults(Faults):
    """A tenth of the first calls goes wrong, by the seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)

    def call(self, name: str, effect: Callable[[], object]) -> object:
        unlucky = self.count < 100 and self._random.random() < 0.1
        self.at, self.how = (self.count, self._random.choice(HOWS)) if unlucky else (-1, "")
        return super().call(name, effect)


@pytest.mark.parametrize("seed", range(8))
def test_however_many_calls_go_wrong(seed: int) -> None:
    story(ManyFaults(seed))
