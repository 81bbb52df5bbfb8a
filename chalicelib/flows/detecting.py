"""Every few minutes: what is too full, and what becomes of the trends that we know.

The detector itself is pure (trends/detector.py), and `watching` brings it its counts. Here what it
finds is told to people: a trend is one item that is updated while it lasts, with its plot, how many
customers and cases it has, what they have in common, and examples. Customers are counted, not
cases: one person who writes forty times is no trend. What people dismissed is told to the detector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.errors import StaleVersion
from chalicelib.flows.watching import Seen
from chalicelib.ports import Clock, Ids
from chalicelib.store.counts import hour_name
from chalicelib.trends import showing
from chalicelib.trends.cells import attributes_of
from chalicelib.trends.models import (
    DetectorConfig,
    Finding,
    Trend,
    TrendHour,
    TrendKind,
    TrendRule,
    TrendState,
)
from chalicelib.trends.rules import advance, is_shift, pair, related, report_once
from chalicelib.trends.series import HourlySeries, hour_of, moment_of

if TYPE_CHECKING:
    from chalicelib.flows.noticing import Noticing
    from chalicelib.flows.watching import Watching
    from chalicelib.store.counts import CountStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.trends import TrendStore

PLOT_HOURS = 14 * 24
EXAMPLES = 10
MOST_HOURS = 14 * 24  # of a trend, of which the customers are known one by one
ASKED = 200  # newest cases, of which is asked what their customers have in common
FOLLOWED = timedelta(days=8)  # after its end: is it still calm?
SHARED = 0.6  # of a cell's extra cases, from which on a trend of another cell stands for it
LEARNT = 200  # dismissals that are remembered


class Detected(Model):
    """What a look found: how many cells were looked at, how many trends are active, new, over.

    `whole` is False while the history is still being read; `left_out` are cells beyond the bound.
    """

    cells: int = 0
    active: int = 0
    new: int = 0
    ended: int = 0
    emerging: int = 0
    whole: bool = True
    left_out: int = 0


@dataclass(frozen=True)
class Detecting:
    counts: CountStore
    trends: TrendStore
    settings: SettingsStore
    watching: Watching
    noticing: Noticing
    clock: Clock
    ids: Ids

    def detect(self) -> Detected:
        """Look once; safe to run twice at a time: the slower one's update is dropped."""
        now = self.clock()
        seen = self.watching.look(self.settings.read("detection", DetectorConfig), now)
        known = self._known(now)
        learnt = self._learn(seen, known)
        findings = self._worth_telling(seen)
        told = self._tell(seen, findings, known, now)
        if seen.changed or learnt or any(told):
            self.watching.keep(seen.kept)
        emerging = self.noticing.notice(now)
        new, ended, active = told
        return Detected(
            cells=len(seen.series),
            active=active + emerging,
            new=new,
            ended=ended,
            emerging=emerging,
            whole=seen.whole,
            left_out=seen.kept.left_out,
        )

    def _known(self, now: datetime) -> list[Trend]:
        """Trends of cells that are running, dismissed while they ran, or lately ended."""
        found = {trend.id: trend for trend in self.trends.active()}
        for trend in self.trends.newest_in([TrendState.ENDED, TrendState.DISMISSED]):
            if trend.ended_at is None or now - trend.ended_at <= FOLLOWED:
                found.setdefault(trend.id, trend)
        return [trend for trend in found.values() if trend.kind is TrendKind.COUNTED]

    def _learn(self, seen: Seen, known: Iterable[Trend]) -> bool:
        """Tell the detector what people dismissed since the last look."""
        new = [
            trend
            for trend in known
            if trend.state is TrendState.DISMISSED and trend.id not in seen.kept.dismissed
        ]
        if not seen.whole:
            return False
        for trend in new:
            seen.detector.dismiss(trend.series)
            seen.kept.dismissed.append(trend.id)
        del seen.kept.dismissed[:-LEARNT]
        return bool(new)

    def _worth_telling(self, seen: Seen) -> list[Finding]:
        """One finding a trouble; a version that takes over from another one is none."""
        running = {name for name, watch in seen.detector.watches.items() if watch.episode}
        still = [finding for finding in seen.findings if finding.series in running]
        return report_once([f for f in still if not is_shift(f, _excess_of(seen, f))])

    def _tell(
        self,
        seen: Seen,
        findings: list[Finding],
        known: list[Trend],
        now: datetime,
    ) -> tuple[int, int, int]:
        """(new, ended, active) trends after this look."""
        names = self._names() if findings else {}
        latest = _latest_of_each_cell(known)
        pairs = pair(findings, latest)
        explained = self._explained(findings, pairs, seen, now)
        new = ended = active = 0
        for finding in findings:
            if finding.series in explained:
                continue
            before = pairs.get(finding.series) or self.trends.newest(finding.series)
            after = advance(before, finding, now, self.ids.new)
            if after is None:
                continue
            if after is not before:
                self._keep(before, self._shown(after, finding, seen, names, now))
            new += before is None or before.id != after.id
            active += after.ended_at is None
        going_on = {trend.id for trend in pairs.values()}
        for trend in known:
            if trend.id in going_on:
                continue
            if not seen.whole or _lasts(trend, findings, seen):
                active += trend.state is TrendState.ACTIVE
            else:
                ended += self._without_finding(trend, seen, now)
        return new, ended, active

    def _explained(
        self, findings: list[Finding], pairs: dict[str, Trend], seen: Seen, now: datetime
    ) -> set[str]:
        """Cells that no trend stands for as yet, and whose extra cases one of another cell has.

        Cells that are no part of each other by their names still meet in their cases: what comes
        by text message, and what is about one product. The trend that was told first stays, and
        goes over to a cell that says more of it and stands out no less.
        """
        running = {
            trend.id: trend
            for trend in pairs.values()
            if trend.ended_at is None and trend.state is TrendState.ACTIVE
        }
        explained: set[str] = set()
        for finding in sorted(findings, key=lambda f: -f.lift):
            if finding.series in pairs or not running:
                continue
            fresh = advance(None, finding, now, lambda: "-")
            assert fresh is not None
            own = _cases(self._people(fresh, seen, now))
            seen.kept.people.pop(_place(fresh), None)
            for trend in running.values():
                shared = own & _cases(self._people(trend, seen, now))
                if len(shared) < SHARED * (finding.seen - finding.expected):
                    continue
                names = len(attributes_of(finding.series))
                if names > len(attributes_of(trend.series)) and finding.lift >= trend.lift:
                    explained.add(trend.series)
                    pairs.pop(trend.series, None)
                    pairs[finding.series] = running.pop(trend.id)
                else:
                    explained.add(finding.series)
                break
        return explained

    def _without_finding(self, trend: Trend, seen: Seen, now: datetime) -> bool:
        """End it, or see whether it is still calm; True where it ends now."""
        after = advance(trend, None, now, self.ids.new)
        assert after is not None
        if after is not trend:
            after = after.model_copy(update={"hours": self._plot(after, seen, now)})
            seen.kept.people.pop(_place(trend), None)
        calm = _calm_since(after, seen, now)
        if after is not trend:
            self._keep(trend, after.model_copy(update={"calm_since": calm}))
        elif calm != trend.calm_since:
            fields = {"calm_since": calm, "updated_at": now, "version": trend.version + 1}
            self._keep(trend, trend.model_copy(update=fields))
        return after is not trend

    def _keep(self, before: Trend | None, after: Trend) -> None:
        if before is None or before.id != after.id:
            self.trends.add(after)
            return
        try:
            self.trends.save(after, moved=before.series != after.series)
        except StaleVersion:
            return  # a person or another look changed it: the next look, in minutes, goes on

    def _shown(
        self, trend: Trend, finding: Finding, seen: Seen, names: dict[str, str], now: datetime
    ) -> Trend:
        """The trend with its plot, its people, what they have in common, and its examples."""
        people = self._people(trend, seen, now)
        cases = sorted({case for theirs in people.values() for case in theirs})
        cautious = trend.rule is TrendRule.CAUTIOUS
        sure = None if cautious else showing.confidence(finding, seen.findings, seen.tested)
        counted = self.counts.facts(cases[-ASKED:])
        affected = {one.customer_id: one.cells for one in counted}
        return trend.model_copy(
            update={
                "title": showing.title_of(trend.series, names),
                "attributes": attributes_of(trend.series),
                "confidence": sure,
                "customers": len(people),
                "cases": len(cases),
                "lifts": showing.lifts(list(affected.values()), seen.detector.level),
                "example_case_ids": cases[-EXAMPLES:],
                "hours": self._plot(trend, seen, now),
            }
        )

    def _people(self, trend: Trend, seen: Seen, now: datetime) -> dict[str, set[str]]:
        """Its customers with their cases. Only hours whose counts changed are read again."""
        known = seen.kept.people.setdefault(_place(trend), {})
        last = hour_of(now)
        counts = seen.kept.recent.get(trend.series, {})
        for hour in range(max(hour_of(trend.started_at), last - MOST_HOURS), last + 1):
            name = hour_name(moment_of(hour))
            kept = known.get(name)
            cases, customers = counts.get(hour, (0, 0))
            same = kept is not None and (len(kept), sum(map(len, kept.values()))) == (
                customers,
                cases,
            )
            if same or (kept is not None and hour < last - 48):
                continue
            found = self.counts.people(trend.series, [name])
            known[name] = {who: sorted(theirs) for who, theirs in found.items()}
        people: dict[str, set[str]] = {}
        for of_hour in known.values():
            for who, theirs in of_hour.items():
                people.setdefault(who, set()).update(theirs)
        return people

    def _plot(self, trend: Trend, seen: Seen, now: datetime) -> list[TrendHour]:
        """Two weeks, of which those hours that were shown before are not read again."""
        series = seen.series.get(trend.series) or HourlySeries(seen.kept.first or 0, {})
        if trend.series not in seen.detector.watches:
            return trend.hours
        end = hour_of(now) + 1
        counts = dict(seen.kept.recent.get(trend.series, {}))
        shown = {hour_of(h.hour): (h.cases, h.customers) for h in trend.hours}
        oldest = min(counts, default=end)
        begin = end - PLOT_HOURS
        if begin not in shown or trend.attributes != attributes_of(trend.series):
            names = [hour_name(moment_of(hour)) for hour in range(begin, oldest)]
            for cell in self.counts.of_cell(trend.series, names):
                at = hour_of(datetime.fromisoformat(f"{cell.hour}:00:00+00:00"))
                counts.setdefault(at, (cell.cases, cell.customers))
        else:
            counts = {**shown, **counts}
        return [
            TrendHour(
                hour=point.hour,
                expected=round(point.expected, 3),
                lower=point.lower,
                upper=point.upper,
                cases=counts.get(hour, (0, 0))[0],
                customers=counts.get(hour, (0, 0))[1],
            )
            for hour, point in enumerate(
                seen.detector.plot(trend.series, series, begin, end), begin
            )
        ]

    def _names(self) -> dict[str, str]:
        """What topics are called, by label."""
        document = self.settings.document("topics")[0] or {}
        return {t["label"]: t.get("name") or t["label"] for t in document.get("topics", [])}


def _place(trend: Trend) -> str:
    return f"{trend.id} {trend.series}"


def _cases(people: dict[str, set[str]]) -> set[str]:
    return {case for theirs in people.values() for case in theirs}


def _latest_of_each_cell(trends: Iterable[Trend]) -> list[Trend]:
    latest: dict[str, Trend] = {}
    for trend in sorted(trends, key=lambda t: t.created_at):
        latest[trend.series] = trend
    return list(latest.values())


def _lasts(trend: Trend, findings: Iterable[Finding], seen: Seen) -> bool:
    """Whether a trend that was told goes on although others are more certain by now."""
    watch = seen.detector.watches.get(trend.series)
    if trend.state is not TrendState.ACTIVE or watch is None or watch.episode is None:
        return False
    return not any(related(trend.series, finding.series) for finding in findings)


def _calm_since(trend: Trend, seen: Seen, now: datetime) -> datetime | None:
    """See Trend.calm_since; None while the cell is too full, whatever became of the trend."""
    watch = seen.detector.watches.get(trend.series)
    if watch is not None and watch.episode is not None:
        return None
    ended = hour_of(trend.ended_at or now)
    if watch is not None and hour_of(trend.started_at) < watch.free_from <= ended:
        ended = watch.free_from - 1
    calm = moment_of(showing.calm_since(ended, _latest_hours(trend, seen, now), hour_of(now)))
    return max(calm, trend.calm_since or calm)


def _latest_hours(trend: Trend, seen: Seen, now: datetime) -> list[TrendHour]:
    """The last two days of its cell, as known now."""
    series = seen.series.get(trend.series)
    if series is None:
        return []
    end = hour_of(now) + 1
    points = seen.detector.plot(trend.series, series, end - 48, end)
    return [
        TrendHour(hour=p.hour, expected=p.expected, upper=p.upper, cases=p.seen, customers=p.seen)
        for p in points
    ]


def _excess_of(seen: Seen, finding: Finding) -> Callable[[str], tuple[float, float] | None]:
    begin = hour_of(finding.start)

    def excess(cell: str) -> tuple[float, float] | None:
        series = seen.series.get(cell) or HourlySeries(seen.kept.first or 0, {})
        return seen.detector.excess(cell, series, begin, begin + finding.window_hours)

    return excess
