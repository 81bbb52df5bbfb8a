"""Virtual time: one heap of events, and greenlets that wait on it.

Whoever waits gives the turn back to the hub, which jumps to the next event: an hour of back-off
costs nothing, and the order of everything is decided by the heap alone.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime

from greenlet import getcurrent

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC).timestamp()


class Scheduler:
    """`now` is in seconds since 1970. The greenlet that made the scheduler is the hub."""

    def __init__(self, start: float = START) -> None:
        self.start = start
        self.now = start
        self._hub = getcurrent()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def clock(self) -> float:
        return self.now

    def moment(self) -> datetime:
        """The present moment in UTC, which is what the application's clock returns."""
        return datetime.fromtimestamp(self.now, UTC)

    @property
    def elapsed(self) -> float:
        return self.now - self.start

    def at(self, when: float, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._heap, (max(when, self.now), self._count, action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self.at(self.now + seconds, action)

    def wait_until(self, when: float) -> None:
        """Suspend the running greenlet; the hub itself never waits."""
        waiting = getcurrent()
        if waiting is self._hub:
            return
        self.at(when, waiting.switch)
        self._hub.switch()

    def run_until(self, when: float) -> None:
        """Let everything happen up to a moment, which then is the present one."""
        while self._heap and self._heap[0][0] <= when:
            self.now, _, action = heapq.heappop(self._heap)
            action()
        self.now = max(self.now, when)
