"""The detector: hourly counts in, findings out, with a memory that can be written down.

1. `advance` closes one hour after the other. In each, only cells that got a case or have an
   episode open are looked at; the others cost nothing until they are settled, a day at a time.
2. A closed hour is scanned (`scan`), or judged by the cautious rule while the cell is young
   (`cold`). A score above the threshold of the cell's volume (`calibration`) opens an episode.
3. An episode lasts as long as its last hours are too full. Its hours never enter the baseline; one
   that lasts two weeks is the new level.
4. `evaluate` closes what is complete, looks at the running hour as the part of an hour that it is,
   and returns what is open now, after false discovery control over all cells.
The outcome does not depend on how often it is called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import exp, log, sqrt

from chalicelib.base import to_utc
from chalicelib.trends.baseline import (
    SETTLING_HOURS,
    YOUNG_DAYS,
    Memory,
    Pool,
    new_cell,
    pooled,
)
from chalicelib.trends.calibration import HOURS_A_MONTH, NEAR, Replay, volume_class
from chalicelib.trends.cold import cold_start
from chalicelib.trends.distribution import log_upper_tail
from chalicelib.trends.ground import Episode, Ground, Watch, season_errors
from chalicelib.trends.models import DetectorConfig, Finding, Method, PlotHour
from chalicelib.trends.rules import control_false_discoveries, depth_of
from chalicelib.trends.scan import LONGEST, Stretch, Usual, Window, fullest
from chalicelib.trends.series import Calendar, HourlySeries, hour_of, moment_of

_LASTING_HOURS = 336
_MOSTLY = 0.5
_NEW_LEVEL_HOURS = 96
_TAILS = (3, 6, 12)
_LOG_STILL = log(0.02)
_SMALLEST_PART = 1 / 12
_PARTIAL_PRICE = 0.3  # decades: a running hour is looked at a dozen times
_CLUSTER_GAP = 48
_NOTHING = HourlySeries(0, {})


class Detector:
    """Finds series that are too full. Pure: no clock, no I/O; `history` and `now` come in."""

    def __init__(self, config: DetectorConfig | None = None) -> None:
        self.config = config or DetectorConfig()
        calendar = Calendar(self.config.zone, self.config.holidays)
        memory = Memory(calendar, self.config.drift_a_week)
        self.ground = Ground(memory, Pool(), self.config.cold_hours)
        self.replay = Replay()
        self.watches: dict[str, Watch] = {}
        self.hour: int | None = None
        self.open_at_midnight = 0
        self._depths: Counter[int] = Counter()
        self._begun: list[tuple[str, Episode]] = []

    # -- the entrances

    def evaluate(self, history: Mapping[str, HourlySeries], now: datetime) -> list[Finding]:
        """What is too full at `now`, the running hour included, most certain first.

        `history` need reach back only to 75 hours before the hour last closed (all of it the first
        time, and while the installation is young). Cells that are left out are taken as empty.
        """
        hour = hour_of(now)
        self.advance(history, hour)
        part = (to_utc(now) - moment_of(hour)).total_seconds() / 3600
        part = max(part, _SMALLEST_PART)
        for name, series in history.items():
            watch = self._watch(name, series)
            if watch.episode is None and series.counts.get(hour):
                stretch = self.ground.stretch(watch.cell, series, hour, hour + 1)
                stretch.exposure[-1] -= (1 - part) * (stretch.exposure[-1] - stretch.exposure[-2])
                self._look(name, watch, series, stretch, hour, part)
        found = [
            self._finding(name, watch, history.get(name, _NOTHING), hour, part)
            for name, watch in self.watches.items()
            if watch.episode is not None
        ]
        return control_false_discoveries(found, len(self.watches), self.config.false_discovery_rate)

    def advance(self, history: Mapping[str, HourlySeries], until: int) -> list[tuple[str, Episode]]:
        """Close all hours before `until`. Returns the episodes that began; their `end` follows."""
        # What is added up over cells is rounded: always in the same order, whatever they came in.
        history = dict(sorted(history.items()))
        for name, series in history.items():
            self._watch(name, series)
        self._begun = []
        if self.hour is None:
            self.hour = min((s.first for s in history.values()), default=until)
        while self.hour < until:
            end = min(until, (self.hour // 24 + 1) * 24)
            for name, watch in self.watches.items():
                series = history.get(name, _NOTHING)
                self._close(name, watch, series, self.hour, end)
            self.hour = end
            if end % 24 == 0:
                self._midnight(history, end)
        return self._begun

    def dismiss(self, name: str) -> None:
        """A person says that this was nothing: its hours are ordinary, and such come more often.

        Closes the episode of `name`, lets its hours into the baseline and counts it as one that
        came near. Without an open episode nothing happens.
        """
        watch = self.watches.get(name)
        if watch is None or watch.episode is None or self.hour is None:
            return
        watch.episode.end = self.hour
        watch.episode = None
        watch.free_from = self.hour + 1
        self.replay.near[volume_class(watch.cell.level * 24)] += 1

    def reconsider(self, name: str, series: HourlySeries, hour: int) -> None:
        """An hour that was closed got more: would an episode have begun in it?"""
        watch = self.watches.get(name)
        if watch is None or watch.episode or self.hour is None:
            return
        if not max(watch.cell.since, watch.free_from) <= hour < self.hour:
            return
        stretch = self.ground.stretch(watch.cell, series, hour, hour + 1)
        if series.counts.get(hour):
            self._look(name, watch, series, stretch, hour, 1.0)
        for later in range(hour + 1, self.hour):
            episode = self.watches[name].episode
            if episode is not None:
                self._follow(watch, episode, series, later)

    def amend(self, name: str, hour: int, difference: int) -> None:
        """So many more (or fewer) were counted in an hour that has settled long ago.

        What the level still remembers of that hour fades as the level may drift.
        """
        watch = self.watches.get(name)
        if watch is None or not watch.cell.since <= hour < watch.cell.settled:
            return
        cell, memory = watch.cell, self.ground.memory
        age = cell.settled - hour
        kept = exp(-memory.widening * cell.shape * age)
        slot = memory.calendar.slot(hour)
        cell.counts[slot] = max(0.0, cell.counts.get(slot, 0.0) + difference)
        cell.shape = max(cell.shape + kept * difference / cell.dispersion, 0.1)

    def excess(
        self, name: str, series: HourlySeries, begin: int, end: int
    ) -> tuple[float, float] | None:
        """(cases beyond the expected, their standard deviation) in the hours `begin` .. `end` - 1;
        None of a cell that is not watched."""
        watch = self.watches.get(name)
        if watch is None:
            return None
        usual = self.ground.usual(watch, series, begin)
        mean = usual.level * sum(self.ground.factors(watch.cell, begin, end))
        seen = sum(series.counts.get(hour, 0) for hour in range(begin, end))
        return seen - mean, sqrt(max(mean, 0.1) * usual.spread(mean, end - begin))

    def level(self, name: str) -> tuple[float, float] | None:
        """(cases an hour, cases that this is known from); None of a cell that is not watched."""
        watch = self.watches.get(name)
        return (watch.cell.level, sum(watch.cell.counts.values())) if watch else None

    def forget(self, names: Iterable[str]) -> None:
        """Stop watching some cells."""
        for name in names:
            if self.watches.pop(name, None) is not None:
                self._depths[depth_of(name)] -= 1

    def plot(self, name: str, series: HourlySeries, begin: int, end: int) -> list[PlotHour]:
        """Expected, upper band and seen of each hour from `begin` to before `end`."""
        return self.ground.plot(self._watch(name, series), series, begin, end)

    def adopt(self, name: str, watch: Watch) -> None:
        """Go on with a cell whose memory was kept elsewhere."""
        if name not in self.watches:
            self._depths[depth_of(name)] += 1
        self.watches[name] = watch

    # -- closing hours

    def _watch(self, name: str, series: HourlySeries) -> Watch:
        watch = self.watches.get(name)
        if watch is None:
            watch = Watch(new_cell(series.first, self.ground.pool), free_from=series.first)
            self.adopt(name, watch)
        return watch

    def _close(self, name: str, watch: Watch, series: HourlySeries, begin: int, end: int) -> None:
        counts = series.counts
        stretch: Stretch | None = None
        for hour in range(max(begin, watch.cell.since), end):
            if watch.episode is not None:
                self._follow(watch, watch.episode, series, hour)
            elif counts.get(hour):
                stretch = stretch or self.ground.stretch(watch.cell, series, begin, end)
                self._look(name, watch, series, stretch, hour, 1.0)

    def _look(
        self,
        name: str,
        watch: Watch,
        series: HourlySeries,
        stretch: Stretch,
        hour: int,
        part: float,
    ) -> None:
        """Does an episode begin in this hour?"""
        cell, counts = watch.cell, series.counts
        if hour - cell.since < self.config.cold_hours:
            seen = [counts.get(h, 0) for h in range(max(cell.since, watch.free_from), hour + 1)]
            window = cold_start(seen, part)
            if window is not None:
                p = exp(window.log_p)
                self._open(name, watch, series, hour, part, window, p, Method.COLD_START)
            return
        at = hour - stretch.first
        if counts[hour] <= cell.level * (stretch.exposure[at + 1] - stretch.exposure[at]):
            return  # what ends with an ordinary hour was fuller an hour before
        self._settle(watch, series, hour - LONGEST + 1)
        usual = self.ground.usual(watch, series, hour)
        window = fullest(usual, stretch, hour, watch.free_from, self.config.min_seen)
        if window is not None:
            self._judge(name, watch, series, hour, part, window)

    def _judge(
        self, name: str, watch: Watch, series: HourlySeries, hour: int, part: float, window: Window
    ) -> None:
        volume = volume_class(watch.cell.level * 24)
        score = window.score - (_PARTIAL_PRICE if part < 1.0 else 0.0)
        p = self.replay.false_alarms(score, volume) / HOURS_A_MONTH
        if p <= self.allowed(name):
            self._open(name, watch, series, hour, part, window, p, Method.SCAN)
        elif part == 1.0 and score >= NEAR:
            if hour - watch.near > _CLUSTER_GAP:
                self.replay.near[volume] += 1
            watch.near = hour

    def allowed(self, name: str) -> float:
        """The chance in an hour at which this series may alarm when nothing is the matter.

        Combinations of two attributes are many; together they may cost what single ones do. Where
        very many cells are watched, the first step of Benjamini and Hochberg is the tighter limit.
        """
        depth = depth_of(name)
        alike = self._depths[depth]
        budget = self.config.false_alarms_per_series_month
        budget *= min(1.0, max(self._depths[1], 1) / alike)
        if self.config.false_alarms_per_month is not None:
            levels = sum(1 for level, cells in self._depths.items() if level and cells)
            total = self.config.false_alarms_per_month / max(levels, 1)
            budget = min(budget, total / alike)
        discoveries = (1 + self.open_at_midnight) / len(self.watches)
        return min(budget / HOURS_A_MONTH, self.config.false_discovery_rate * discoveries)

    def _open(
        self,
        name: str,
        watch: Watch,
        series: HourlySeries,
        hour: int,
        part: float,
        window: Window,
        p: float,
        method: Method,
    ) -> None:
        start = hour - window.hours + 1
        closed = hour + 1 if part == 1.0 else hour
        level = self.ground.usual(watch, series, start).level
        watch.episode = Episode(
            start=start,
            opened=hour,
            window=window.hours,
            expected=window.expected,
            seen=window.seen,
            p=p,
            method=method,
            p_opened=p,
            total_seen=sum(series.counts.get(h, 0) for h in range(start, closed)),
            total_expected=level * sum(self.ground.factors(watch.cell, start, closed)),
        )
        self._begun.append((name, watch.episode))

    def _follow(self, watch: Watch, episode: Episode, series: HourlySeries, hour: int) -> None:
        """Does the episode go on in this hour?"""
        usual = self.ground.usual(watch, series, episode.start)
        if not self._still(watch, usual, episode, series, hour):
            self._end(watch, episode, series, hour)
            return
        self._confirm(watch, usual, episode, series, hour)
        episode.total_seen += series.counts.get(hour, 0)
        episode.total_expected += usual.level * self.ground.factors(watch.cell, hour, hour + 1)[0]
        if hour - episode.start >= _LASTING_HOURS:
            self._end(watch, episode, series, hour)

    def _still(
        self, watch: Watch, usual: Usual, episode: Episode, series: HourlySeries, hour: int
    ) -> bool:
        for tail in _TAILS:
            first = max(episode.start, hour - tail + 1)
            seen = sum(series.counts.get(h, 0) for h in range(first, hour + 1))
            mean = usual.level * sum(self.ground.factors(watch.cell, first, hour + 1))
            spread = usual.spread(mean, hour + 1 - first)
            if seen and log_upper_tail(seen, mean, spread) < _LOG_STILL:
                return True
        return False

    def _confirm(
        self, watch: Watch, usual: Usual, episode: Episode, series: HourlySeries, hour: int
    ) -> None:
        """An outbreak that goes on becomes more certain."""
        if episode.method is Method.COLD_START:
            return
        stretch = self.ground.stretch(watch.cell, series, hour, hour + 1)
        window = fullest(usual, stretch, hour, episode.start, 1)
        if window is not None:
            volume = volume_class(watch.cell.level * 24)
            cost = self.replay.false_alarms(window.score, volume)
            episode.p = min(episode.p, cost / HOURS_A_MONTH)

    def _end(self, watch: Watch, episode: Episode, series: HourlySeries, hour: int) -> None:
        episode.end = hour
        watch.replaced.append((episode.start, hour))
        watch.free_from = hour + 1
        watch.episode = None
        recent = hour - _LASTING_HOURS
        unusual = sum(last - max(first, recent) + 1 for first, last in watch.replaced)
        if unusual > _LASTING_HOURS * _MOSTLY:
            self._new_level(watch, series, hour)

    def _new_level(self, watch: Watch, series: HourlySeries, hour: int) -> None:
        """What was unusual for most of two weeks is no outbreak any more but how it is now."""
        first = hour - _NEW_LEVEL_HOURS + 1
        watch.replaced = []
        seen = sum(series.counts.get(h, 0) for h in range(first, hour + 1))
        watch.cell.shape = 25.0
        watch.cell.rate = (
            25.0 * sum(self.ground.factors(watch.cell, first, hour + 1)) / max(seen, 1)
        )

    # -- memory

    def _settle(self, watch: Watch, series: HourlySeries, until: int) -> None:
        replaced: Sequence[tuple[int, int]] = watch.replaced
        if watch.episode is not None:
            replaced = [*replaced, (watch.episode.start, until)]
        if series.gaps:
            replaced = [*replaced, *series.gaps]
        self.ground.memory.settle(watch.cell, until, series.counts, replaced, self.ground.pool)
        oldest = until - _LASTING_HOURS
        if watch.replaced and watch.replaced[0][1] < oldest:
            watch.replaced = [r for r in watch.replaced if r[1] >= oldest]

    def _midnight(self, history: Mapping[str, HourlySeries], hour: int) -> None:
        self.open_at_midnight = sum(w.episode is not None for w in self.watches.values())
        refreshed = False
        for name, watch in self.watches.items():
            cell, series = watch.cell, history.get(name, _NOTHING)
            age = (hour - cell.since) // 24
            if name in history:  # what is not settled by now may not be read again
                self._settle(watch, series, hour - SETTLING_HOURS)
            if (cell.visits is None or age > YOUNG_DAYS) and age % 7:
                continue
            self._settle(watch, series, hour - SETTLING_HOURS)
            volume = volume_class(cell.level * 24)
            self.ground.memory.refresh(cell, self.ground.pool, age)
            watch.season = season_errors(cell)
            if age % 7 == 0 and hour - cell.since > self.config.cold_hours:
                self.replay.hours[volume] += 168
            refreshed = True
        if refreshed:
            self.ground.pool = pooled((w.cell for w in self.watches.values()), self.ground.pool)

    def _finding(
        self, name: str, watch: Watch, series: HourlySeries, hour: int, part: float
    ) -> Finding:
        episode = watch.episode
        assert episode is not None
        usual = self.ground.usual(watch, series, episode.start)
        seen = episode.total_seen + series.counts.get(hour, 0)
        expected = episode.total_expected
        expected += usual.level * self.ground.factors(watch.cell, hour, hour + 1)[0] * part
        return Finding(
            series=name,
            window_hours=hour - episode.start + 1,
            start=moment_of(episode.start),
            detected_at=moment_of(episode.opened),
            expected=expected,
            seen=seen,
            p=episode.p,
            lift=seen / max(expected, 1e-9),
            method=episode.method,
        )
