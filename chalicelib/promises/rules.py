"""When a customer was promised an answer. Minutes on the clock round the day, by priority."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from chalicelib.base import Model
from chalicelib.cases.models import Priority, Promise, Promises, PromiseState


class Target(Model):
    """Minutes after the first contact."""

    first_reply: int = Field(gt=0, le=525_600)
    resolution: int = Field(gt=0, le=525_600)


class PromiseSettings(Model):
    """The document `promises`."""

    targets: dict[Priority, Target] = {
        Priority.URGENT: Target(first_reply=60, resolution=8 * 60),
        Priority.HIGH: Target(first_reply=4 * 60, resolution=24 * 60),
        Priority.NORMAL: Target(first_reply=8 * 60, resolution=3 * 24 * 60),
        Priority.LOW: Target(first_reply=24 * 60, resolution=5 * 24 * 60),
    }


def promise(settings: PromiseSettings, priority: Priority, since: datetime) -> Promises:
    """What is promised to a case of that priority that began then."""
    target = settings.targets.get(priority)
    if target is None:
        return Promises()
    return Promises(
        first_reply=Promise(due_at=since + timedelta(minutes=target.first_reply)),
        resolution=Promise(due_at=since + timedelta(minutes=target.resolution)),
    )


def again(
    promises: Promises, settings: PromiseSettings, priority: Priority, since: datetime
) -> Promises:
    """The promises under another priority; a clock that has stopped stays as it is."""
    fresh = promise(settings, priority, since)
    return Promises(
        first_reply=_keep(promises.first_reply, fresh.first_reply),
        resolution=_keep(promises.resolution, fresh.resolution),
    )


def kept(clock: Promise | None, at: datetime) -> Promise | None:
    """A running clock stopped at that moment: met, or missed if it was late."""
    if clock is None or clock.state != PromiseState.RUNNING:
        return clock
    state = PromiseState.MET if at <= clock.due_at else PromiseState.MISSED
    return clock.model_copy(update={"state": state, "met_at": at})


def _keep(old: Promise | None, fresh: Promise | None) -> Promise | None:
    return old if old and old.state != PromiseState.RUNNING else fresh
