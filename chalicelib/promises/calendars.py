"""When a calendar is open, by interval arithmetic in UTC. Pure.

1. The zone's UTC offset is constant but for its changes: a span of UTC is cut into pieces of one
   offset (`_pieces`).
2. Within a piece local time is UTC plus that offset, so the hours of each local date are cut to
   the piece and moved back to UTC (`spans`).
3. Elapsed time is the sum of those spans; a deadline is reached by walking them.

Open is what the wall clock says: an hour that a change of the clocks leaves out counts nothing, an
hour that comes twice counts twice. A calendar of None is round the clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from chalicelib.base import to_utc
from chalicelib.promises.models import Calendar, Closure, Interval, Weekday, minutes

Span = tuple[datetime, datetime]
Ranges = list[tuple[int, int]]

DAY = timedelta(days=1)
HORIZON = timedelta(days=5 * 366)
WEEKDAYS = tuple(Weekday)


class NeverOpen(ValueError):
    """So much open time does not come within five years."""


def open_at(calendar: Calendar | None, at: datetime) -> bool:
    """Whether people work at that moment; an interval's end is not a part of it."""
    if calendar is None:
        return True
    local = to_utc(at).astimezone(ZoneInfo(calendar.zone))
    minute = local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in _Days.of(calendar).ranges(local.date()))


def elapsed(calendar: Calendar | None, start: datetime, end: datetime) -> float:
    """Seconds of open time from `start` to `end`; 0 where `end` is not later."""
    if end <= start:
        return 0.0
    if calendar is None:
        return (end - start).total_seconds()
    open_for = (until - since for since, until in spans(calendar, start, end))
    return sum(open_for, timedelta()).total_seconds()


def add(calendar: Calendar | None, start: datetime, seconds: float) -> datetime:
    """The first moment (UTC) at which so many seconds of open time have passed since `start`.

    Raises NeverOpen.
    """
    start = to_utc(start)
    left = timedelta(seconds=seconds)
    if left <= timedelta():
        return start
    if calendar is None:
        return start + left
    for since, until in spans(calendar, start, start + HORIZON):
        if until - since >= left:
            return since + left
        left -= until - since
    raise NeverOpen(f"{calendar.name} is not open for {seconds:.0f} s within five years")


def next_open(calendar: Calendar | None, at: datetime) -> datetime:
    """The moment itself where people work then, else when they next begin; raises NeverOpen."""
    at = to_utc(at)
    if calendar is None:
        return at
    for since, _ in spans(calendar, at, at + HORIZON):
        return since
    raise NeverOpen(f"{calendar.name} does not open within five years")


def spans(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Span]:
    """The open spans of UTC between two moments, in order, none empty; neighbours may touch."""
    zone = ZoneInfo(calendar.zone)
    days = _Days.of(calendar)
    start, end = to_utc(start), to_utc(end)
    for piece_start, piece_end, offset in _pieces(zone, start, end):
        local_start, local_end = (_naive(at) + offset for at in (piece_start, piece_end))
        day = local_start.date()
        while datetime.combine(day, time()) < local_end:
            midnight = datetime.combine(day, time())
            for first, last in days.ranges(day):
                since = max(local_start, midnight + timedelta(minutes=first))
                until = min(local_end, midnight + timedelta(minutes=last))
                if since < until:
                    yield _aware(since - offset), _aware(until - offset)
            day += DAY


# --- the hours of a date ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Days:
    """A calendar made ready to be asked for many dates."""

    weekly: tuple[Ranges, ...]
    holidays: frozenset[date]
    closures: tuple[Closure, ...]
    openings: dict[date, Ranges]

    @classmethod
    def of(cls, calendar: Calendar) -> _Days:
        openings: dict[date, Ranges] = {}
        for one in calendar.openings:
            openings.setdefault(one.date, []).append((minutes(one.start), minutes(one.end)))
        return cls(
            weekly=tuple(_ranges(calendar.hours.get(day, ())) for day in WEEKDAYS),
            holidays=frozenset(calendar.observed),
            closures=calendar.closures,
            openings=openings,
        )

    def ranges(self, day: date) -> Ranges:
        """Minutes of the day by the wall clock, in order, without overlap."""
        usual = [] if day in self.holidays else self.weekly[day.weekday()]
        for closure in self.closures:
            if closure.date <= day <= (closure.until or closure.date):
                usual = _without(usual, minutes(closure.start), minutes(closure.end))
        extra = self.openings.get(day)
        return _merged([*usual, *extra]) if extra else usual


def _ranges(intervals: tuple[Interval, ...]) -> Ranges:
    return _merged([(minutes(one.start), minutes(one.end)) for one in intervals])


def _merged(ranges: Ranges) -> Ranges:
    merged: Ranges = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _without(ranges: Ranges, start: int, end: int) -> Ranges:
    left = []
    for since, until in ranges:
        left += [(since, min(until, start)), (max(since, end), until)]
    return [(since, until) for since, until in left if since < until]


# --- offsets ----------------------------------------------------------------------------------


def _pieces(
    zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """A span of UTC cut where the zone's offset changes, day by day."""
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    while midnight < end:
        for since, until, offset in _day_pieces(zone, midnight):
            since, until = max(since, start), min(until, end)
            if since < until:
                yield since, until, offset
        midnight += DAY


@lru_cache(maxsize=4096)
def _day_pieces(
    zone: ZoneInfo, midnight: datetime
) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """One UTC day; no zone changes its offset twice within one."""
    end = midnight + DAY
    before, after = _offset(zone, midnight), _offset(zone, end - timedelta(microseconds=1))
    if before == after:
        return ((midnight, end, before),)
    low, high = 0, 86_400  # the change is after `low` and not after `high`
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, midnight + timedelta(seconds=middle)) == before:
            low = middle
        else:
            high = middle
    change = midnight + timedelta(seconds=high)
    return (midnight, change, before), (change, end, after)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _naive(at: datetime) -> datetime:
    return at.replace(tzinfo=None)


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)
