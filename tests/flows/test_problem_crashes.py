"""Linking, telling and handing over while calls of AWS fail, one after the other.

A run without faults counts the calls. Then the same run is repeated with one fault at one call: the
function dies before it, dies after it, it is throttled, or it takes effect and its answer is lost.
Afterwards each case is linked and counted once, each customer and department heard each text once.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import bootstrap
from chalicelib.access.partners import partner_token
from chalicelib.bootstrap import Application
from chalicelib.flows.departments import PartnerAnswer
from chalicelib.flows.handing_over import HandoverInput
from chalicelib.problems.models import Answer, LinkState
from tests.flows.faults import Death, Faults, FaultyClients
from tests.flows.problem_world import (
    LEAD,
    contact,
    counted,
    installed,
    links,
    opened,
    patched,
    written_to,
)
from tests.support import World

T = TypeVar("T")
READS = re.compile(r"get_|query|list_objects")
FAILURES = (Death, ClientError, BotoCoreError)
DEPARTMENT = "billing@corp.example.com"
AROUND = "Pay by card for now."
HOOK = {"name": "erp", "url": "https://erp.example.com/in", "secret": "whsec_" + "A" * 40}
HOWS = ["dies before", "dies after", "throttled", "answer lost"]


@dataclass
class Receiver:
    """Makes one of what has the same id, as Standard Webhooks asks of it."""

    got: set[str] = field(default_factory=set)

    def deliver(self, url: str, secret: str, identifier: str, body: bytes) -> bytes:
        self.got.add(identifier)
        return b""


def faulty(world: World, faults: Faults, receiver: Receiver) -> Application:
    clean = bootstrap.get()
    app = Application(
        clean.settings,
        FaultyClients(world.clients, faults),  # type: ignore[arg-type]
        world.clock,
        clean.ids,
    )
    app.__dict__["webhooks"] = receiver
    bootstrap.install(app)
    world.aws.ses.heard = lambda sent: world.aws.ses.publish(sent, "Send")
    return app


def recover(world: World) -> None:
    """What time, the sweep and redelivery do."""
    for _ in range(9):
        with suppress(*FAILURES):  # the stream's batch is lost for good
            world.settle()
            world.clock.forward(minutes=3)
            world.sweep()


def insist(work: Callable[[], T]) -> T:
    """What somebody does whose request failed: the same again."""
    with suppress(*FAILURES):
        return work()
    return work()


def linking(faults: Faults) -> None:
    with installed() as world:
        contact(world, 1)
        contact(world, 2)
        problem = opened(world, workaround=AROUND)
        for link in links(world, problem.id):  # as if it had not been looked through yet
            world.app.table.commit(*world.app.relating._unlink(link, LinkState.UNLINKED, ""))
        patched(world, problem.id, rule={"topic": "billing", "share": 0.96})
        patched(world, problem.id, state="accepted")
        clean = bootstrap.get()
        faulty(world, faults, Receiver())
        recover(world)
        bootstrap.install(clean)
        recover(world)
        assert [link.state for link in links(world, problem.id)] == [LinkState.LINKED] * 2
        assert counted(world, problem.id) == (2, 2, 2)
        for case in world.cases():
            assert case.problem_id == problem.id
            assert sum(AROUND in m.text for m in world.timeline(case)) == 1
        for number in (1, 2):
            assert written_to(world, f"ana{number}@example.org", "Pay by card") == 1


def handing_over(faults: Faults) -> None:
    with installed() as world:
        world.app.documents.write("webhooks", {"webhooks": [HOOK]}, None, "t")
        contact(world, 1)
        problem = opened(world, "accepted")
        clean, receiver = bootstrap.get(), Receiver()
        app = faulty(world, faults, receiver)
        given = HandoverInput(address=DEPARTMENT)
        handover = insist(lambda: app.handing_over.hand_over(problem.id, given, LEAD, "k"))
        recover(world)
        secret = partner_token(clean.signer, problem.id, handover.id, 1)
        said = PartnerAnswer(answer=Answer.RESOLVE, once="o")
        insist(lambda: app.departments.answer(secret, said))
        bootstrap.install(clean)
        world.settle()
        assert len(list(clean.problems.handovers(problem.id))) == 1
        assert written_to(world, DEPARTMENT, "Problem for you") == 1
        assert len(receiver.got) == 1
        assert clean.problems.get(problem.id).state == "fixed"
        what = [e.what for e in clean.problem_service.history(problem.id, 50, None).entries]
        assert what.count("says that it is fixed") == 1
        assert sum(line.startswith("handed over") for line in what) == 1
        outstanding = {r.id.partition("-")[0] for r in clean.reactions.overdue(world.clock())}
        assert outstanding <= {"watch", "verify"}


STORIES = {"linking": linking, "handing over": handing_over}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("how", HOWS)
def test_whatever_call_goes_wrong(story: str, how: str) -> None:
    run = STORIES[story]
    plain = Faults()
    run(plain)
    writes = [at for at, name in enumerate(plain.names) if not READS.search(name)]
    for at, name in enumerate(
        plain.names[: writes[-1] + 1]
    ):  # after that nobody has to do anything
        if how != "dies before" and READS.search(name):
            continue  # to die after a read is to die before the next call
        try:
            run(Faults(at, how))
        except AssertionError as error:
            raise AssertionError(f"call {at}, {name}, {how}: {error}") from error


class ManyFaults(Faults):
    """A tenth of the first calls goes wrong, by the seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)

    def call(self, name: str, effect: Callable[[], object]) -> object:
        unlucky = self.count < 150 and self._random.random() < 0.1
        self.at, self.how = (self.count, self._random.choice(HOWS)) if unlucky else (-1, "")
        return super().call(name, effect)


@pytest.mark.parametrize("seed", range(12))
def test_however_many_calls_go_wrong(seed: int) -> None:
    linking(ManyFaults(seed))
