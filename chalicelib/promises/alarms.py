"""When the clocks of a case want to be looked at, and how they stand at a moment. Pure, and light:
every function that stores a case asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from chalicelib.cases.models import Promise, Promises, PromiseState

CLOCKS = ("first_reply", "next_reply", "resolution")


def next_alarm(promises: Promises) -> datetime | None:
    """When somebody should look at these clocks next; None while nothing can happen."""
    return min((_alarm_of(clock) for _, clock in alert(promises)), default=None)


def first_due(promises: Promises) -> datetime | None:
    """The earliest deadline of a clock that runs; what a queue is ordered by."""
    running = (getattr(promises, name) for name in CLOCKS)
    return min((c.due_at for c in running if c and c.since is not None), default=None)


def seen(promises: Promises, now: datetime) -> Promises:
    """The promises as they stand at this moment, also where no sweep has looked yet."""
    return each(promises, CLOCKS, lambda clock: _seen(clock, now))


def expected(promises: Promises) -> datetime | None:
    """By when the customer may expect a reply: what they were told last, if they wait."""
    for name in CLOCKS[:2]:
        clock = getattr(promises, name)
        if clock and clock.met_at is None and clock.since is not None:
            when: datetime = clock.expected_at or clock.due_at
            return when
    return None


def broken(promises: Promises, now: datetime) -> datetime | None:
    """By when a reply was promised that is late and still to come; None where none is."""
    for name in CLOCKS[:2]:
        clock = getattr(promises, name)
        if clock and clock.met_at is None and clock.since is not None and now > clock.due_at:
            when: datetime = clock.due_at
            return when
    return None


def alert(promises: Promises) -> Iterator[tuple[str, Promise]]:
    """Clocks that run and whose breach nobody has noted."""
    for name in CLOCKS:
        clock: Promise | None = getattr(promises, name)
        if clock and clock.since is not None and clock.met_at is None and not clock.noted_at:
            yield name, clock


def _alarm_of(clock: Promise) -> datetime:
    if clock.warned_at is None:
        return min(clock.warn_at, clock.due_at)
    return clock.due_at


def _seen(clock: Promise, now: datetime) -> Promise:
    if clock.since is None or clock.met_at is not None:
        return clock
    if now > clock.due_at:
        return clock.model_copy(update={"state": PromiseState.BREACHED})
    if now >= clock.warn_at and clock.breached_at is None:
        return clock.model_copy(update={"state": PromiseState.AT_RISK})
    return clock


def each(
    promises: Promises, names: Iterable[str], change: Callable[[Promise], Promise | None]
) -> Promises:
    clocks = {name: getattr(promises, name) for name in names}
    return promises.model_copy(update={n: change(c) for n, c in clocks.items() if c is not None})
