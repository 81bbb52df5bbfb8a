"""The house under faults: contacts come in for a minute, faults happen for two, then it rests."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from chalicelib import bootstrap
from chalicelib.bootstrap import Application
from tests.simulation.aws import ENVIRONMENT, environment
from tests.simulation.house.campaigning import Campaigning, has_campaign, in_small_segments
from tests.simulation.house.installation import TABLE, Installation, Make
from tests.simulation.house.promises import Promises
from tests.simulation.house.traffic import Traffic
from tests.simulation.world.search import Violation
from tests.simulation.world.world import World

LIMIT = 2.0 * 3600  # virtual seconds: doubt is settled after 15 minutes, and again
QUIET = {
    **ENVIRONMENT,
    "POWERTOOLS_SERVICE_NAME": "custops",
    "POWERTOOLS_METRICS_NAMESPACE": "CustOps",
}


class HouseScenario:
    """`make` builds the application of each process; mutation tests plant their bugs there.

    A share of the runs has a campaign; `campaign` says that this one has, or has none.
    """

    def __init__(
        self, contacts: int, make: Make = Application, campaign: bool | None = None
    ) -> None:
        self.contacts = contacts
        self.make = make
        self.campaign = campaign

    def play(self, world: World) -> list[Violation]:
        with _quiet(), world.connected():
            campaign = has_campaign(world.dice) if self.campaign is None else self.campaign
            make = in_small_segments(self.make) if campaign else self.make
            traffic = Traffic(Installation(world, make), self.contacts)
            traffic.start()
            if campaign:
                traffic.campaigning = Campaigning(traffic)
                traffic.campaigning.start()
            rested = world.run(lambda: not traffic.busy and not _outstanding(world), LIMIT)
        found = Promises(world, traffic).broken()
        if not rested:
            found.insert(0, Violation("comes to rest", _what_is_left(world, traffic)))
        return found


def _outstanding(world: World) -> bool:
    """Whether a reaction waits, or a mail has no fate yet."""
    keys = world.cloud.dynamodb.table(TABLE).items
    waiting = any(key[1].startswith("REACT#") for key in keys)
    fates = {key[0] for key in keys if key[0].startswith("MAIL#") and key[1] == "MAIL"}
    mails = [name for name in world.cloud.s3.buckets[TABLE] if name.startswith("mail/")]
    return waiting or len(fates) < len(mails)


def _what_is_left(world: World, traffic: Traffic) -> str:
    keys = world.cloud.dynamodb.table(TABLE).items
    reactions = [f"{key[0]} {key[1]}" for key in keys if key[1].startswith("REACT#")]
    queues = {q.name: len(q.messages) for q in world.cloud.sqs.queues.values() if q.messages}
    errors = [f"{label}: {error!r}" for label, error in world.errors[-2:]]
    return f"{reactions[:3]} {queues} running {len(world.alive)} api {traffic.busy} {errors}"


@contextmanager
def _quiet() -> Iterator[None]:
    """No log lines and no metrics; afterwards no application is installed."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with environment(QUIET), redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)
        bootstrap.install(None)
