"""Hours, and counts by hour: what the detector reads.

An hour is an integer: whole hours since 1970-01-01T00:00Z. That makes windows plain arithmetic and
keeps time zones out of everything except `Calendar`, which says to which of the 168 hours of the
local week an hour belongs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

HOURS_A_WEEK = 168
_SUNDAY = 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def hour_of(moment: datetime) -> int:
    """The hour that `moment` (aware, or naive UTC) lies in."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int((aware - _EPOCH) // timedelta(hours=1))


def moment_of(hour: int) -> datetime:
    """The UTC moment at which `hour` begins."""
    return _EPOCH + timedelta(hours=hour)


@dataclass(frozen=True, slots=True)
class HourlySeries:
    """Counts of one cell. Only hours with something in them are listed.

    `first` is the first hour that was observed at all: hours from there on that are not listed
    count as zero. For a cell that is new in an old installation it is the hour since which the cell
    could have been counted, normally that of the installation. `gaps` are ranges (first, last) of
    hours in which nobody counted: they say nothing about what is usual.
    """

    first: int
    counts: Mapping[int, int]
    gaps: tuple[tuple[int, int], ...] = ()

    @classmethod
    def dense(cls, first: datetime, counts: Iterable[int]) -> HourlySeries:
        """From a row of counts, one an hour, the first of them in the hour of `first`."""
        begin = hour_of(first)
        return cls(begin, {begin + i: c for i, c in enumerate(counts) if c})


@dataclass(slots=True)
class Calendar:
    """Which hour of the local week (0 = Monday 00:00) an hour is. A holiday counts as a Sunday."""

    zone: str = "UTC"
    holidays: frozenset[date] = frozenset()
    _days: dict[int, list[int]] = field(default_factory=dict, repr=False)

    def slot(self, hour: int) -> int:
        """The hour of the week, 0..167."""
        day, rest = divmod(hour, 24)
        return self._day(day)[rest]

    def slots(self, begin: int, end: int) -> list[int]:
        """The hours of the week of `begin` .. `end` - 1."""
        if end <= begin:
            return []
        first, last = begin // 24, (end - 1) // 24
        if first == last:
            return self._day(first)[begin - first * 24 : end - first * 24]
        found = self._day(first)[begin - first * 24 :]
        for day in range(first + 1, last):
            found = found + self._day(day)
        return found + self._day(last)[: end - last * 24]

    def _day(self, day: int) -> list[int]:
        known = self._days.get(day)
        if known is None:
            zone: tzinfo = ZoneInfo(self.zone) if self.zone != "UTC" else UTC
            known = [self._look_up(day * 24 + i, zone) for i in range(24)]
            self._days[day] = known
        return known

    def _look_up(self, hour: int, zone: tzinfo) -> int:
        local = moment_of(hour).astimezone(zone)
        weekday = _SUNDAY if local.date() in self.holidays else local.weekday()
        return weekday * 24 + local.hour
