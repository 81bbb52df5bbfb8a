"""Every few minutes: which topics are too full, and what becomes of the trends that we know.

The detector itself is pure (trends/detector.py). Here its counts are read, and what it finds is
told to people: a trend is one item that is updated while it lasts, with its plot, how many
customers and cases it has, and examples. Customers are counted, not cases: one person who writes
forty times is no trend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.errors import StaleVersion
from chalicelib.ports import Clock, Ids
from chalicelib.store.counts import hour_name
from chalicelib.trends.cells import ALL
from chalicelib.trends.detector import Detector
from chalicelib.trends.models import DetectorConfig, Trend, TrendHour
from chalicelib.trends.rules import advance, report_once
from chalicelib.trends.series import HourlySeries, hour_of, moment_of

if TYPE_CHECKING:
    from chalicelib.store.counts import Cell, CountStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.trends import TrendStore

WEEKS = 12
PLOT_HOURS = 14 * 24
EXAMPLES = 10
Counts = dict[str, dict[int, "Cell"]]


class Detected(Model):
    """What a look found: how many cells were looked at, how many trends are active, new, over."""

    cells: int = 0
    active: int = 0
    new: int = 0
    ended: int = 0


@dataclass(frozen=True)
class Detecting:
    counts: CountStore
    trends: TrendStore
    settings: SettingsStore
    clock: Clock
    ids: Ids

    def detect(self) -> Detected:
        """Look once; safe to run twice at a time: the slower one's update is dropped."""
        now = self.clock()
        counts = self._read(now)
        config = self.settings.read("detection", DetectorConfig)
        detector = Detector(config)
        series = _series(counts)
        found = {f.series: f for f in report_once(detector.evaluate(series, now))}
        known = {trend.series: trend for trend in self.trends.active()}
        new = ended = active = 0
        for cell in {*found, *known}:
            before = known.get(cell) or self.trends.newest(cell)
            after = advance(before, found.get(cell), now, self.ids.new)
            if after is None:
                continue
            if after is not before:
                after = self._shown(after, counts.get(cell, {}), detector, series, now)
                self._keep(before, after)
            new += before is None or before.id != after.id
            ended += after.ended_at is not None
            active += after.ended_at is None
        return Detected(cells=len(series), active=active, new=new, ended=ended)

    def _read(self, now: datetime) -> Counts:
        counts: Counts = {}
        for back in range(WEEKS * 7, -1, -1):
            day = (now - timedelta(days=back)).strftime("%Y-%m-%d")
            for cell in self.counts.day(day):
                hour = hour_of(datetime.fromisoformat(f"{cell.hour}:00:00+00:00"))
                counts.setdefault(cell.cell, {})[hour] = cell
        return counts

    def _keep(self, before: Trend | None, after: Trend) -> None:
        if before is None or before.id != after.id:
            self.trends.add(after)
            return
        try:
            self.trends.save(after)
        except StaleVersion:
            return  # a person or another look changed it: the next look, in minutes, goes on

    def _shown(
        self,
        trend: Trend,
        counts: Mapping[int, Cell],
        detector: Detector,
        series: Mapping[str, HourlySeries],
        now: datetime,
    ) -> Trend:
        """The trend with its plot, its people and its examples."""
        last = hour_of(trend.ended_at or now)
        first = hour_of(trend.started_at)
        hours = [hour_name(moment_of(hour)) for hour in range(first, last + 1)]
        people = self.counts.people(trend.series, hours)
        cases = sorted({case for theirs in people.values() for case in theirs})
        fields = {
            "customers": len(people),
            "cases": len(cases),
            "example_case_ids": cases[-EXAMPLES:],
        }
        return trend.model_copy(
            update={**fields, "hours": self._plot(trend, counts, detector, series, now)}
        )

    def _plot(
        self,
        trend: Trend,
        counts: Mapping[int, Cell],
        detector: Detector,
        series: Mapping[str, HourlySeries],
        now: datetime,
    ) -> list[TrendHour]:
        if trend.series not in series:
            return trend.hours
        end = hour_of(now) + 1
        points = detector.plot(trend.series, series[trend.series], end - PLOT_HOURS, end)
        shown = []
        for point in points:
            cell = counts.get(hour_of(point.hour))
            shown.append(
                TrendHour(
                    hour=point.hour,
                    expected=round(point.expected, 3),
                    upper=point.upper,
                    cases=cell.cases if cell else 0,
                    customers=cell.customers if cell else 0,
                )
            )
        return shown


def _series(counts: Counts) -> dict[str, HourlySeries]:
    """What the detector reads: customers an hour, of every cell but that of everything."""
    first = min((hour for hours in counts.values() for hour in hours), default=0)
    return {
        name: HourlySeries(first, {hour: cell.customers for hour, cell in hours.items()})
        for name, hours in counts.items()
        if name != ALL
    }
