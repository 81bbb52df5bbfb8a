"""The clocks of a case: a pure state machine over what happens to it.

    begun ─ running ─ at risk ─ breached          answered, solved: stopped, met or breached
              │  ▲                                 reopened: the resolution goes on
        pause ▼  │ go on                           a new priority: other terms, the time used stays
             paused

A clock keeps the open seconds that it has used and since when it runs; its deadline follows by the
calendar. Nothing here brings a deadline forward but other terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.base import Model
from chalicelib.cases.models import Case, CaseStatus, Promise, Promises, PromiseState
from chalicelib.customers.models import Customer
from chalicelib.promises.alarms import alert, each
from chalicelib.promises.calendars import add, elapsed
from chalicelib.promises.models import (
    Calendar,
    ClockName,
    Conditions,
    Policy,
    PromiseSettings,
    Targets,
)

REPLIES = (ClockName.FIRST_REPLY, ClockName.NEXT_REPLY)
WAITING = frozenset({CaseStatus.PENDING, CaseStatus.ON_HOLD})
SOLVED = frozenset({CaseStatus.RESOLVED, CaseStatus.CLOSED})


@dataclass(frozen=True)
class Terms:
    """A policy with its calendar, and the versions of the documents that they are from."""

    targets: Targets
    calendar: Calendar | None = None
    warn: float = 0.75  # the share of the time after which a warning comes
    policy: str = ""
    policy_version: int = 0
    calendar_version: int = 0

    def seconds(self, clock: ClockName) -> int | None:
        seconds: int | None = getattr(self.targets, clock)
        return seconds


@dataclass(frozen=True)
class Scene:
    """What a change of terms has to know of the case."""

    began: datetime
    afresh: bool = False  # it has just been understood
    gentle: bool = False  # not a person's word: it breaks no promise by itself
    waits: bool = False  # its customer wrote, and nobody has answered yet
    stands: bool = False  # it waits for the customer or somebody else, or is solved


class Alarm(Model):
    """A clock whose warning or breach is due."""

    clock: ClockName
    breach: bool
    due_at: datetime


# --- which policy -----------------------------------------------------------------------------


def chosen(settings: PromiseSettings, case: Case, customer: Customer | None) -> Policy | None:
    """The first policy that applies to the case; None where nothing is promised to it."""
    return next((p for p in settings.policies if applies(p.when, case, customer)), None)


def applies(when: Conditions, case: Case, customer: Customer | None) -> bool:
    """Whether every list that is not empty has the case's value."""
    tier = customer.tier if customer else ""
    single = (
        (when.tiers, tier),
        (when.channels, case.channel),
        (when.priorities, case.priority),
        (when.teams, case.team or ""),
        (when.topics, case.topic.label or ""),
    )
    if not all(_among(value, wanted) for wanted, value in single if wanted):
        return False
    return not when.services or any(_among(s, when.services) for s in _services(case, customer))


def _among(value: str, wanted: Iterable[str]) -> bool:
    return value.casefold() in {one.casefold() for one in wanted}


def _services(case: Case, customer: Customer | None) -> Iterator[str]:
    """What the case is about by its form; else all that the customer owns."""
    named = [str(case.fields[name]) for name in ("service", "product") if case.fields.get(name)]
    yield from named
    if not named and customer:
        for asset in customer.assets:
            yield from (asset.name, asset.type)


# --- what happens to the clocks ---------------------------------------------------------------


def begun(terms: Terms, at: datetime, waits: bool = True) -> Promises:
    """What is promised to a case that began then; the reply only where the customer waits."""
    first = _start(terms, ClockName.FIRST_REPLY, at) if waits else None
    return Promises(
        first_reply=first, resolution=_start(terms, ClockName.RESOLUTION, at), **_named(terms)
    )


def heard(promises: Promises, terms: Terms, at: datetime) -> Promises:
    """A customer wrote: a next reply is due, unless they wait for one already."""
    first, following = promises.first_reply, promises.next_reply
    if (first and first.met_at is None) or (following and following.met_at is None):
        return promises
    fresh = _start(terms, ClockName.NEXT_REPLY, at)
    if fresh is None:
        return promises
    finished: dict[str, Any] = {}
    if following:
        name = "replies_missed" if following.breached_at else "replies_met"
        finished = {name: getattr(promises, name) + 1}
    return promises.model_copy(update={"next_reply": fresh, **finished})


def answered(promises: Promises, terms: Terms, at: datetime) -> Promises:
    """A person answered in public: whoever waited for a reply does no more."""
    return each(promises, REPLIES, lambda clock: _stop(clock, terms.calendar, at))


def moved(
    promises: Promises, terms: Terms, before: CaseStatus, after: CaseStatus, at: datetime
) -> Promises:
    """The case went from one state to another.

    Clocks stand while it waits. Solved, its resolution stops; a reply that nobody gave is not
    met by that, it stands until the case is reopened.
    """
    if before == after:
        return promises

    def resolution(clock: Promise) -> Promise:
        if after in SOLVED:
            return clock if before in SOLVED else _stop(clock, terms.calendar, at)
        if before in SOLVED:
            clock = _stated(clock.model_copy(update={"met_at": None}))
        return reply(clock)

    def reply(clock: Promise) -> Promise:
        if after in WAITING or after in SOLVED:
            return _pause(clock, terms.calendar, at)
        return _run(clock, terms, at)

    after_it = each(promises, (ClockName.RESOLUTION,), resolution)
    return _told_anew(promises, each(after_it, REPLIES, reply))


def _told_anew(before: Promises, after: Promises) -> Promises:
    """What the customer was told moves on with a clock that stood because of them."""
    was, now = before.first_reply, after.first_reply
    if not after.told_by or not was or not now or was.since is not None or now.since is None:
        return after
    return after.model_copy(update={"told_by": now.due_at})


def reassessed(promises: Promises, old: Terms, new: Terms, at: datetime, scene: Scene) -> Promises:
    """The promises under other terms; the time that was used stays used, stopped clocks stay.

    A case that has just been understood (`scene.afresh`) is reckoned from its beginning, as if the
    new terms had held then, but for clocks that stood. A first reply that the customer was told to
    expect by some moment is never put off beyond it.
    """
    if promises.excluded:
        return promises
    clocks: dict[str, Promise | None] = {}
    for name in ClockName:
        clock, seconds = getattr(promises, name), new.seconds(name)
        if clock and clock.met_at is not None:
            continue
        if seconds is None:
            clocks[name] = None
        elif clock is None:
            clocks[name] = _late_start(name, seconds, new, at, scene)
        else:
            changed = _changed(clock, seconds, old, new, at, scene)
            if scene.gentle and changed.due_at <= at < clock.due_at:
                changed = clock
            first = name == ClockName.FIRST_REPLY
            clocks[name] = _kept(changed, promises) if first else changed
    return promises.model_copy(update={**clocks, **_named(new)})


def _late_start(
    name: ClockName, seconds: float, terms: Terms, at: datetime, scene: Scene
) -> Promise | None:
    """A clock that the terms before did not promise."""
    if name == ClockName.NEXT_REPLY or (name == ClockName.FIRST_REPLY and not scene.waits):
        return None
    clock = _started(seconds, terms, scene.began if scene.afresh else at)
    return _pause(clock, terms.calendar, at) if scene.stands else clock


def _changed(
    clock: Promise, seconds: float, old: Terms, new: Terms, at: datetime, scene: Scene
) -> Promise:
    if scene.afresh and clock.since == clock.started_at and clock.breached_at is None:
        return _started(seconds, new, clock.started_at)
    running = clock.since is not None
    clock = _pause(clock, old.calendar, at).model_copy(update={"seconds": float(seconds)})
    return _run(clock, new, at) if running else clock


def joined(into: Promises, source: Promises) -> Promises:
    """The promises of a case into which another is merged: whoever waits for a reply there waits
    for it here, by the deadline that they had."""
    waits = _waiting(source)
    if waits is None or _waiting(into) is not None:
        return into
    name = ClockName.NEXT_REPLY if into.first_reply else ClockName.FIRST_REPLY
    return into.model_copy(update={name: waits})


def parted(into: Promises, source: Promises) -> Promises:
    """The promises of a case from which another is taken out again, with whoever waited there."""
    waits, here = _waiting(source), _waiting(into)
    if waits is None or here is None or here.started_at != waits.started_at:
        return into
    name = next(n for n in REPLIES if getattr(into, n) is here)
    return into.model_copy(update={name: None})


def _waiting(promises: Promises) -> Promise | None:
    clocks: tuple[Promise | None, ...] = (promises.first_reply, promises.next_reply)
    return next((clock for clock in clocks if clock and clock.met_at is None), None)


def told(promises: Promises, by: datetime) -> Promises:
    """The customer was told to expect the first reply by then."""
    return promises.model_copy(update={"told_by": by})


# --- warnings and breaches --------------------------------------------------------------------


def due_alarms(promises: Promises, now: datetime) -> tuple[Alarm, ...]:
    """What is to be said by now and was not: a breach goes before its warning."""
    found = []
    for name, clock in alert(promises):
        if now > clock.due_at:
            found.append(Alarm(clock=name, breach=True, due_at=clock.due_at))
        elif clock.warned_at is None and now >= clock.warn_at:
            found.append(Alarm(clock=name, breach=False, due_at=clock.due_at))
    return tuple(found)


def alarmed(promises: Promises, alarms: Iterable[Alarm], now: datetime) -> Promises:
    """The promises after those alarms were raised; they do not come again."""
    for alarm in alarms:
        clock = getattr(promises, alarm.clock)
        fields: dict[str, Any] = {"warned_at": clock.warned_at or now}
        if alarm.breach:
            fields |= {"breached_at": clock.breached_at or clock.due_at, "noted_at": now}
        clock = _stated(clock.model_copy(update=fields))
        promises = promises.model_copy(update={alarm.clock: clock})
    return promises


def slipped(promises: Promises, clock: ClockName, now: datetime, until: datetime) -> Promises:
    """The customer was told that a reply is late, and to expect it by `until`."""
    known = getattr(promises, clock)
    late = known.model_copy(update={"told_at": now, "expected_at": until})
    return promises.model_copy(update={clock: late})


# --- one clock --------------------------------------------------------------------------------


def _start(terms: Terms, name: ClockName, at: datetime) -> Promise | None:
    seconds = terms.seconds(name)
    return None if seconds is None else _started(seconds, terms, at)


def _started(seconds: float, terms: Terms, at: datetime) -> Promise:
    return Promise(
        started_at=at,
        since=at,
        seconds=seconds,
        due_at=add(terms.calendar, at, seconds),
        warn_at=add(terms.calendar, at, seconds * terms.warn),
    )


def _run(clock: Promise, terms: Terms, at: datetime) -> Promise:
    """Goes on where it stood; a clock that was stopped or is running is left alone."""
    if clock.met_at is not None or clock.since is not None:
        return clock
    fields: dict[str, Any] = {"since": at}
    if clock.breached_at is None:
        left = max(0.0, clock.seconds - clock.used)
        until_warning = max(0.0, clock.seconds * terms.warn - clock.used)
        fields["due_at"] = add(terms.calendar, at, left)
        fields["warn_at"] = add(terms.calendar, at, until_warning)
    return _stated(clock.model_copy(update=fields))


def _pause(clock: Promise, calendar: Calendar | None, at: datetime) -> Promise:
    if clock.since is None or clock.met_at is not None:
        return clock
    used = clock.used + elapsed(calendar, clock.since, at)
    fields: dict[str, Any] = {"used": used, "since": None}
    if at > clock.due_at:
        fields["breached_at"] = clock.breached_at or clock.due_at
    return _stated(clock.model_copy(update=fields))


def _stop(clock: Promise, calendar: Calendar | None, at: datetime) -> Promise:
    if clock.met_at is not None:
        return clock
    paused = _pause(clock, calendar, at)
    return _stated(paused.model_copy(update={"met_at": at}))


def _kept(clock: Promise, promises: Promises) -> Promise:
    """Not later than the customer was told."""
    by = promises.told_by
    if by is None or clock.since is None or clock.due_at <= by:
        return clock
    return clock.model_copy(update={"due_at": by, "warn_at": min(clock.warn_at, by)})


def _stated(clock: Promise) -> Promise:
    if clock.breached_at is not None:
        state = PromiseState.BREACHED
    elif clock.met_at is not None:
        state = PromiseState.MET
    elif clock.since is None:
        state = PromiseState.PAUSED
    else:
        state = PromiseState.AT_RISK if clock.warned_at else PromiseState.RUNNING
    return clock.model_copy(update={"state": state})


def _named(terms: Terms) -> dict[str, Any]:
    return {
        "policy": terms.policy,
        "policy_version": terms.policy_version,
        "calendar": terms.calendar.name if terms.calendar else "",
        "calendar_version": terms.calendar_version if terms.calendar else 0,
    }
