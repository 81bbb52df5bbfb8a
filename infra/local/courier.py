"""Publishes stored notices until each is confirmed.

A notice that was confirmed stays for as long as a crash of the embedded AWS could still undo its
arrival (see checkpoint.py) and is published again after such a crash: consumers drop repeats, as
they must with SNS.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from infra.local.amazon import Amazon, CloudDown
from infra.local.layout import Layout, checkpoint_time
from infra.local.memory import Memory, OpenNotice
from infra.local.stack import NotDeployed, Stack

log = logging.getLogger("doors.courier")

BATCH = 10  # the most that SNS PublishBatch takes
IDLE = 0.05  # seconds between looks while nothing is due
RETRY = 1.0  # seconds until a refused notice is tried again
SETTLING = 5.0  # seconds a delivery may trail behind the confirmation of its publish


class Courier:
    """The road of all notices to the topics."""

    def __init__(
        self,
        memory: Memory,
        amazon: Amazon,
        stack: Stack,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._memory = memory
        self._amazon = amazon
        self._stack = stack
        self._clock = clock

    def reopen(self, layout: Layout) -> int:
        """At start: take again what the newest checkpoint may not hold. Returns how many."""
        return self._memory.reopen_notices(checkpoint_time(layout) - SETTLING)

    def forget(self, layout: Layout) -> None:
        """Let go of what the newest checkpoint surely holds."""
        self._memory.forget_notices(checkpoint_time(layout) - SETTLING)

    async def run(self) -> None:
        """Publish for ever; cancel to stop."""
        while True:
            if not await self.publish_due():
                await asyncio.sleep(IDLE)

    async def publish_due(self) -> bool:
        """Try one batch of one topic; False when nothing was due.

        What was not taken is tried again after `RETRY`, so that a topic in trouble holds up no
        other topic.
        """
        due = self._memory.due_notices(self._clock(), BATCH)
        if not due:
            return False
        batch = [notice for notice in due if notice.topic == due[0].topic]
        try:
            confirmed = await self._publish(batch)
        except (CloudDown, NotDeployed) as error:
            log.info("will be published later: %s", error)
            confirmed = []
        self._memory.confirm(confirmed, self._clock())
        left = [notice.seq for notice in batch if notice.seq not in confirmed]
        self._memory.postpone(left, self._clock() + RETRY)
        return True

    async def _publish(self, batch: list[OpenNotice]) -> list[int]:
        topic = batch[0].topic
        arn = topic if topic.startswith("arn:") else self._stack.output(topic)
        taken = await self._amazon.publish(arn, [notice.message for notice in batch])
        return [notice.seq for notice, ok in zip(batch, taken, strict=True) if ok]
