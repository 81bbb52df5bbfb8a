"""The detector between two looks: what it remembers is kept in the bucket, the counts are read on.

1. The memory of the last look is read. Where there is none that can be used, a new one begins
   twelve weeks ago.
2. Days that it lacks are read and taken in, oldest first, for as long as one look may take. What is
   left is for the next look; meanwhile the cautious rule looks at the last days alone.
3. Of the present only the running hour and the one before it are read, and those of the last two
   days that were counted once more since. What was corrected in older hours is taken in as a
   difference.
4. What is too full is returned, with a way to ask what is usual. `keep` writes the memory, when
   something in it changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.errors import NotFound
from chalicelib.observability import logger
from chalicelib.ports import Clock, Objects
from chalicelib.store.counts import hour_name
from chalicelib.trends import keeping
from chalicelib.trends.cells import ALL
from chalicelib.trends.detector import Detector
from chalicelib.trends.keeping import Kept
from chalicelib.trends.models import DetectorConfig, Finding
from chalicelib.trends.series import HourlySeries, hour_of, moment_of
from chalicelib.trends.state import StateNotUnderstood

if TYPE_CHECKING:
    from chalicelib.store.counts import Cell, CountStore

KEY = "trends/memory.json.gz"
WEEKS = 12
A_LOOK = timedelta(seconds=60)  # for catching up; the function has two minutes
CAUTIOUS_DAYS = 4
MARGIN = timedelta(minutes=10)  # a count may be written this long after its time was taken
MOST_AMENDED = 300  # late counts in one look, beyond which everything is read again
_A_DAY_AT_ONCE = 8  # hours of a day from which on it is cheaper to read all of it


@dataclass(frozen=True)
class Seen:
    """One look. `whole` is False while the past is still being read: the rule is the cautious one.

    `series` and `detector` tell what is usual of a cell; `tested` is the number of cells.
    """

    kept: Kept
    detector: Detector
    series: dict[str, HourlySeries]
    findings: list[Finding]
    whole: bool
    changed: bool

    @property
    def tested(self) -> int:
        return len(self.detector.watches)


@dataclass(frozen=True)
class Watching:
    counts: CountStore
    objects: Objects
    clock: Clock

    def look(self, config: DetectorConfig, now: datetime) -> Seen:
        """What is too full at `now`."""
        kept = self._load(config)
        before = _mark(kept)
        if self._overtaken(kept, now):
            kept = replace(keeping.fresh(config), dismissed=kept.dismissed)
        if kept.detector.hour is None:
            kept.detector.hour = hour_of(now - timedelta(weeks=WEEKS)) // 24 * 24
        if not self._catch_up(kept, now):
            return self._cautious(kept, config, now)
        changed = self._read_on(kept, now)
        self._amend(kept, now)
        series = kept.admit()
        for name, hour in sorted(changed.items()):
            if name in series:
                kept.detector.reconsider(name, series[name], hour)
        findings = kept.detector.evaluate(series, now)
        kept.prune()
        kept.looked_at = now
        told = [finding for finding in findings if finding.series != ALL]
        return Seen(kept, kept.detector, kept.series(), told, True, _mark(kept) != before)

    def keep(self, kept: Kept) -> None:
        """Write the memory. Who is slower writes the same again, or a little less."""
        self.objects.put(KEY, keeping.pack(kept), "application/gzip")

    def _load(self, config: DetectorConfig) -> Kept:
        try:
            return keeping.unpack(config, self.objects.get(KEY))
        except NotFound:
            return keeping.fresh(config)
        except StateNotUnderstood as error:
            logger().warning("memory of trends is built anew", extra={"reason": str(error)})
            return keeping.fresh(config)

    def _overtaken(self, kept: Kept, now: datetime) -> bool:
        """Whether so much was counted in the past that the memory is better built anew: history
        was imported, from before the first contact or a lot of it."""
        if kept.looked_at is None:
            return False
        late = self.counts.late_since(kept.looked_at - MARGIN, now).customers
        new = [key for key, count in late.items() if kept.amended.get(" ".join(key), 0) != count]
        earlier = any(kept.first is None or _hour(hour) < kept.first for _, hour, _ in new)
        return earlier or len(new) > MOST_AMENDED

    def _catch_up(self, kept: Kept, now: datetime) -> bool:
        """Take in whole days that are over; False where the time did not suffice."""
        started, detector = self.clock(), kept.detector
        today = hour_of(now) // 24 * 24
        while detector.hour is not None and detector.hour < today - 24:
            begin = detector.hour // 24 * 24
            self._take(kept, self.counts.day(_date(begin)), range(begin, begin + 24))
            if kept.first is None:  # nothing as yet: the installation begins later
                detector.hour = begin + 24
            else:
                detector.advance(kept.admit(keeping.MOST_CELLS), begin + 24)
            kept.prune()
            if self.clock() - started > A_LOOK:
                return False
        return True

    def _read_on(self, kept: Kept, now: datetime) -> dict[str, int]:
        """Read the hours that are new or changed since the last look; the first closed hour in
        which a cell got more."""
        running, closed = hour_of(now), kept.detector.hour or 0
        before = {name: dict(hours) for name, hours in kept.recent.items()}
        since = kept.looked_at or moment_of(kept.detector.hour or running)
        oldest = running - keeping.NEEDED_HOURS
        hours = set(range(max(hour_of(since) - 1, oldest), running + 1))
        if kept.looked_at is not None:
            late = self.counts.late_since(since - MARGIN, now).hours
            hours |= {h for h in map(_hour, late) if oldest <= h <= running}
        by_day: dict[int, set[int]] = {}
        for hour in hours:
            by_day.setdefault(hour // 24 * 24, set()).add(hour)
        for day, wanted in sorted(by_day.items()):
            if len(wanted) >= _A_DAY_AT_ONCE:
                self._take(kept, self.counts.day(_date(day)), wanted)
            else:
                for hour in sorted(wanted):
                    self._take(kept, self.counts.hour(hour_name(moment_of(hour))), [hour])
        changed: dict[str, int] = {}
        for name, counts in kept.recent.items():
            had = before.get(name, {})
            more = [h for h, c in counts.items() if h < closed and c[1] > had.get(h, (0, 0))[1]]
            if more:
                changed[name] = min(more)
        return changed

    def _take(self, kept: Kept, cells: Iterator[Cell], hours: Iterable[int]) -> None:
        """Put what was read in the place of what was known of those hours."""
        wanted = set(hours)
        for known in kept.recent.values():
            for hour in wanted & known.keys():
                del known[hour]
        for cell in cells:
            hour = _hour(cell.hour)
            if hour in wanted:
                kept.recent.setdefault(cell.cell, {})[hour] = (cell.cases, cell.customers)
                kept.first = hour if kept.first is None else min(kept.first, hour)

    def _amend(self, kept: Kept, now: datetime) -> None:
        """Take in what was corrected in hours that have settled. What was corrected before the
        memory was built was read with the counts."""
        known = kept.looked_at is not None
        late = self.counts.late_since((kept.looked_at or now) - MARGIN, now).customers
        for (day, hour, cell), customers in late.items():
            key = f"{day} {hour} {cell}"
            difference = customers - kept.amended.get(key, 0)
            if known and difference:
                kept.detector.amend(cell, _hour(hour), difference)
            kept.amended[key] = customers
        oldest = (now - timedelta(days=3)).strftime("%Y-%m-%d")
        for key in [key for key in kept.amended if key < oldest]:
            del kept.amended[key]

    def _cautious(self, kept: Kept, config: DetectorConfig, now: datetime) -> Seen:
        """A look at the last days alone, by the rule for those who know nothing yet."""
        young = keeping.fresh(config)
        for back in range(CAUTIOUS_DAYS, -1, -1):
            begin = hour_of(now - timedelta(days=back)) // 24 * 24
            self._take(young, self.counts.day(_date(begin)), range(begin, begin + 24))
        young.detector.hour = hour_of(now - timedelta(days=CAUTIOUS_DAYS)) // 24 * 24
        findings = (
            young.detector.evaluate(young.admit(keeping.MOST_CELLS), now)
            if young.first is not None
            else []
        )
        told = [finding for finding in findings if finding.series != ALL]
        return Seen(kept, young.detector, young.series(), told, False, True)


def _mark(kept: Kept) -> tuple[object, ...]:
    """What has to be written when it changes: hours closed, episodes begun or over, corrections."""
    running = sorted(
        (name, watch.episode.opened)
        for name, watch in kept.detector.watches.items()
        if watch.episode is not None
    )
    return (kept.detector.hour, running, dict(kept.amended), len(kept.detector.watches))


def _hour(name: str) -> int:
    return hour_of(datetime.fromisoformat(f"{name}:00:00+00:00"))


def _date(hour: int) -> str:
    return moment_of(hour).astimezone(UTC).strftime("%Y-%m-%d")
