"""What the detector stands on: what is usual for a watched cell, hour by hour."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.trends.baseline import Cell, Memory, Pool, season_error
from chalicelib.trends.distribution import lower_bound, upper_bound
from chalicelib.trends.models import Method, PlotHour
from chalicelib.trends.scan import LONGEST, Stretch, Usual
from chalicelib.trends.series import HourlySeries, moment_of

_BAND = 0.005


@dataclass(slots=True)
class Episode:
    """A cell is too full since `start`. `opened` is the hour in which that was noticed.

    `window`, `expected`, `seen` and `p_opened` are the figures of that moment; `p` falls while the
    episode goes on, and the totals are those of its closed hours. `end` is the first quiet hour.
    """

    start: int
    opened: int
    window: int
    expected: float
    seen: int
    p: float
    method: Method
    end: int | None = None
    p_opened: float = 1.0
    total_seen: int = 0
    total_expected: float = 0.0


@dataclass(slots=True)
class Watch:
    """A cell under watch: its memory, its open episode, and the hours kept out of the memory.

    Windows begin no earlier than `free_from`; `near` is the last hour that nearly alarmed;
    `season` the relative variance of what its season expects of 0 .. 24 hours.
    """

    cell: Cell
    episode: Episode | None = None
    replaced: list[tuple[int, int]] = field(default_factory=list)
    free_from: int = 0
    near: int = -(10**9)
    season: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Ground:
    """The memory and the pool that all cells share."""

    memory: Memory
    pool: Pool
    cold_hours: int

    def factors(self, cell: Cell, begin: int, end: int) -> list[float]:
        """The season of the hours `begin` .. `end` - 1."""
        profile = cell.profile or self.pool.profile
        return [profile[s] for s in self.memory.calendar.slots(begin, end)]

    def stretch(self, cell: Cell, series: HourlySeries, begin: int, end: int) -> Stretch:
        """What the windows that end with one of the hours `begin` .. `end` - 1 need."""
        first = begin - LONGEST + 1
        get = series.counts.get
        return Stretch.of(
            first, [get(h, 0) for h in range(first, end)], self.factors(cell, first, end)
        )

    def usual(self, watch: Watch, series: HourlySeries, before: int) -> Usual:
        """What to expect; of a cell that is young then, the mean of its hours `before`."""
        cell = watch.cell
        if not watch.season:
            watch.season = season_errors(cell)
        level = cell.level
        if before - cell.since < self.cold_hours:
            hours = max(before - cell.since, 1)
            level = (sum(c for h, c in series.counts.items() if h < before) + 0.5) / (hours + 1)
        known = 1.0 / cell.shape + self.memory.widening * LONGEST
        return Usual(level, cell.dispersion, [known + error for error in watch.season])

    def plot(self, watch: Watch, series: HourlySeries, begin: int, end: int) -> list[PlotHour]:
        """Expected, upper band and seen of the hours `begin` .. `end` - 1, as known today."""
        before = watch.episode.start if watch.episode else end
        usual = self.usual(watch, series, before)
        rows = []
        for hour, factor in enumerate(self.factors(watch.cell, begin, end), begin):
            mean = max(usual.level * factor, 1e-6)
            rows.append(
                PlotHour(
                    hour=moment_of(hour),
                    expected=mean,
                    lower=lower_bound(mean, usual.spread(mean, 1), _BAND),
                    upper=upper_bound(mean, usual.spread(mean, 1), _BAND),
                    seen=series.counts.get(hour, 0),
                )
            )
        return rows


def season_errors(cell: Cell) -> list[float]:
    """The relative variance of the season and of whole days in windows of 0 .. 24 hours."""
    return [0.0] + [season_error(cell, hours) + cell.unrest for hours in range(1, 25)]
