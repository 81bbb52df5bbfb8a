"""What is usual for a cell: its level, its season and how much it scatters.

1. The level is a gamma belief about cases an hour. Each settled hour updates it; between hours it
   widens a little, so that it follows a slow drift, fast where there is much to see and slowly
   where there is little.
2. The season is a factor for each hour of the week: a profile pooled over all cells, and for cells
   with enough cases their own day, weekend and hour factors, each shrunk to the level above it.
3. The dispersion is a ratio of sums of squared residuals to expectations, shrunk to that of all
   cells by how much it can be known. Days that are busier or quieter as a whole are a second,
   relative variance, from the totals of days, shrunk likewise.
4. An hour *settles*, that is enters this memory, only when it is 48 hours old: by then it is known
   whether it belonged to an outbreak, and such an hour is replaced by what was expected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from operator import mul

from chalicelib.trends.series import HOURS_A_WEEK, Calendar

SETTLING_HOURS = 48
_KEPT_A_WEEK = 0.965  # season and dispersion forget half of it in 20 weeks
YOUNG_DAYS = 14
_KEPT_A_YOUNG_DAY, _REBASED_DAYS = 0.7, 28
_OWN_SEASON_FROM = 60.0  # effective cases; below, a season of one's own is mostly noise
_DAY, _HOUR, _KIND, _SLOT = 10.0, 3.0, 10.0, 20.0  # effective cases the pooled factor is worth
_PRIOR_DISPERSION, _PRIOR_INFORMATION = 1.6, 6.0
_CLIP = 5.0  # standard deviations after which a residual says no more about dispersion
_DAY_CLIP = 3.5
_UNREST_INFORMATION = 1 / 0.01**2  # cells differ by about 0.01 in it
_FLAT = [1.0] * HOURS_A_WEEK


@dataclass(slots=True)
class Days:
    """Totals of days against what was expected of them: how restless they are beyond the hours.

    `seen` and `expected` are the running day's; the others are sums over days.
    """

    seen: float = 0.0
    expected: float = 0.0
    beyond: float = 0.0
    squares: float = 0.0
    uncertainty: float = 0.0

    def close(self, spread: float, unrest: float) -> None:
        """The day is over."""
        mean, noise = self.expected, spread * self.expected
        if mean > 0:
            variance = noise + unrest * mean * mean
            residual = min((self.seen - mean) ** 2, _DAY_CLIP * _DAY_CLIP * variance)
            self.beyond += residual - noise
            self.squares += mean * mean
            self.uncertainty += 2 * variance * variance + noise * spread * spread
        self.seen = self.expected = 0.0

    def information(self) -> float:
        """1 / variance of `estimate`."""
        return self.squares**2 / self.uncertainty if self.uncertainty > 0 else 0.0

    def estimate(self) -> float:
        """The relative variance of whole days; below zero by chance where there is none."""
        return self.beyond / self.squares if self.squares > 0 else 0.0

    def forget(self, kept: float) -> None:
        """Let older days count less."""
        self.beyond *= kept
        self.squares *= kept
        self.uncertainty *= kept


@dataclass(slots=True)
class Cell:
    """The memory of one cell. `shape` / `rate` is the level in cases an hour.

    `unrest` is the relative variance of whole days.
    """

    since: int
    settled: int
    shape: float = 0.5
    rate: float = 1.0
    squares: float = 0.0
    expected: float = 0.0
    uncertainty: float = 0.0
    counts: dict[int, float] = field(default_factory=dict)
    visits: list[float] | None = None
    profile: list[float] | None = None
    dispersion: float = _PRIOR_DISPERSION
    days: Days = field(default_factory=lambda: Days())
    unrest: float = 0.0

    @property
    def level(self) -> float:
        """Cases an hour, averaged over a week."""
        return self.shape / self.rate

    def effective(self) -> float:
        """Cases behind the season, in units of independent ones."""
        return sum(self.counts.values()) / self.dispersion


@dataclass(slots=True)
class Pool:
    """What all cells share: the profile of the week (mean 1) and the usual dispersion."""

    profile: list[float] = field(default_factory=lambda: list(_FLAT))
    dispersion: float = _PRIOR_DISPERSION
    unrest: float = 0.0


def new_cell(first: int, pool: Pool) -> Cell:
    """A cell of which nothing is known but that most cells are quiet."""
    return Cell(first, first, dispersion=pool.dispersion, unrest=pool.unrest)


@dataclass(frozen=True, slots=True)
class Memory:
    """How a cell remembers: its calendar and how fast a level may drift (share a week)."""

    calendar: Calendar
    drift_a_week: float

    @property
    def widening(self) -> float:
        """Relative variance that a level gains in an hour."""
        return self.drift_a_week**2 / HOURS_A_WEEK

    def settle(
        self,
        cell: Cell,
        until: int,
        seen: Mapping[int, int],
        replaced: Sequence[tuple[int, int]],
        pool: Pool,
    ) -> None:
        """Take the hours from `cell.settled` to before `until` into the memory of `cell`.

        `replaced` are ranges (first, last) of hours that belonged to an outbreak.
        """
        if until <= cell.settled:
            return
        if cell.visits is None:
            self._settle_sparse(cell, until, seen, replaced, pool)
        else:
            self._settle_dense(cell, until, seen, replaced, pool)
        cell.settled = until

    def _settle_sparse(
        self,
        cell: Cell,
        until: int,
        seen: Mapping[int, int],
        replaced: Sequence[tuple[int, int]],
        pool: Pool,
    ) -> None:
        begin = cell.settled
        slots = self.calendar.slots(begin, until)
        factors = [pool.profile[s] for s in slots]
        at = 0
        for i, slot in enumerate(slots):
            count = seen.get(begin + i, 0)
            if not count:
                continue
            _empty(cell, factors[at:i], self.widening)
            at = i + 1
            usual = cell.level * factors[i]
            if _covered(begin + i, replaced):
                cell.counts[slot] = cell.counts.get(slot, 0.0) + usual
                _widen(cell, self.widening)
                continue
            cell.counts[slot] = cell.counts.get(slot, 0.0) + count
            _observe(cell, count, factors[i], self.widening)
        _empty(cell, factors[at:], self.widening)

    def _settle_dense(
        self,
        cell: Cell,
        until: int,
        seen: Mapping[int, int],
        replaced: Sequence[tuple[int, int]],
        pool: Pool,
    ) -> None:
        profile, visits, counts = cell.profile or pool.profile, cell.visits or [], cell.counts
        begin, widening, days = cell.settled, self.widening, cell.days
        for i, slot in enumerate(self.calendar.slots(begin, until)):
            count: float = seen.get(begin + i, 0)
            visits[slot] += 1.0
            if slot % 24 == 0:
                days.close(cell.dispersion, cell.unrest)
            if replaced and _covered(begin + i, replaced):
                count = cell.level * profile[slot]
                _widen(cell, widening)
            else:
                days.seen += count
                days.expected += cell.shape / cell.rate * profile[slot]
                _observe(cell, count, profile[slot], widening)
            if count:
                counts[slot] = counts.get(slot, 0.0) + count

    def refresh(self, cell: Cell, pool: Pool, age: int) -> None:
        """Bring dispersion, season and a young level up to what was counted; once a day at most.

        `age` is in days. Residuals of the first days were those of a flat season: they are soon
        forgotten, and a young level is estimated again with the season as it is known now.
        """
        if age <= YOUNG_DAYS:
            _forget_noise(cell, _KEPT_A_YOUNG_DAY)
        elif age % 7 == 0:
            _forget_noise(cell, _KEPT_A_WEEK)
            _forget_season(cell)
        cell.dispersion = _dispersion(cell, pool)
        cell.unrest = _unrest(cell, pool)
        if cell.visits is None:
            if cell.effective() < _OWN_SEASON_FROM:
                return
            visited = Counter(self.calendar.slots(cell.since, cell.settled))
            cell.visits = [float(visited[s]) for s in range(HOURS_A_WEEK)]
        cell.profile = _own_profile(cell, pool.profile)
        if age <= _REBASED_DAYS:
            self._rebase(cell, age * 24)

    def _rebase(self, cell: Cell, hours: int) -> None:
        profile = cell.profile or _FLAT
        exposure = sum(v * f for v, f in zip(cell.visits or [], profile, strict=True))
        total = sum(cell.counts.values())
        variance = cell.dispersion / (total + 1) + self.widening * hours / 3
        cell.shape = 1 / variance
        cell.rate = cell.shape * exposure / (total + 0.5)


def season_error(cell: Cell, hours: int) -> float:
    """Relative variance of the season's mean over a window of `hours`, roughly.

    The day's 24 factors are each known from a 24th of the cases; over a day their errors cancel,
    because the profile's mean is 1 by construction.
    """
    known = cell.effective() + 60.0
    share = min(hours, 24)
    return 24.0 / (known * share) * (1 - share / 30.0)


def pooled(cells: Iterable[Cell], before: Pool) -> Pool:
    """What `cells` have in common. A large cell counts no more than one with a case an hour."""
    sums, exposure = [0.0] * HOURS_A_WEEK, [0.0] * HOURS_A_WEEK
    weighted, weight = _PRIOR_DISPERSION * 10.0, 10.0
    unrest, unrest_weight = 0.0, _UNREST_INFORMATION
    any_cell = False
    for cell in cells:
        if cell.expected > 0 and cell.uncertainty > 0:
            known = min(cell.expected**2 / cell.uncertainty, 50.0)
            weighted += known * min(cell.squares / cell.expected, 8.0)
            weight += known
        known = min(cell.days.information(), 10 * _UNREST_INFORMATION)
        unrest += known * cell.days.estimate()
        unrest_weight += known
        if cell.visits is None:
            continue
        any_cell = True
        level = max(cell.level, 1e-6)
        share = min(1.0, 1.0 / level)
        for slot, count in cell.counts.items():
            sums[slot] += count * share
        for slot, visits in enumerate(cell.visits):
            exposure[slot] += visits * level * share
    profile = _factors(sums, exposure, _FLAT) if any_cell else before.profile
    return Pool(profile, weighted / weight, max(0.0, unrest / unrest_weight))


def _covered(hour: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(first <= hour <= last for first, last in ranges)


def _observe(cell: Cell, count: float, factor: float, widening: float) -> None:
    """One settled hour: first how surprising it was, then what it says about the level."""
    spread = cell.dispersion
    usual = cell.shape / cell.rate * factor
    limit = _CLIP * sqrt(spread * usual) + 2.0
    residual = count - usual
    if residual > limit:
        residual = limit
        count = usual + limit
    cell.squares += residual * residual
    cell.expected += usual
    cell.uncertainty += usual * (_excess(spread) + 2 * spread * spread * usual)
    _widen(cell, widening)
    cell.shape += count / spread
    cell.rate += factor / spread


def _empty(cell: Cell, factors: Sequence[float], widening: float) -> None:
    """A run of hours in which nothing came, all at once."""
    if not factors:
        return
    spread, level, exposure = cell.dispersion, cell.level, sum(factors)
    usual = level * exposure
    square = level * usual * 1.5  # the mean square of a week's factors is about 1.5
    cell.squares += square
    cell.expected += usual
    cell.uncertainty += usual * _excess(spread) + 2 * spread * spread * square
    _widen(cell, widening * len(factors))
    cell.rate += exposure / spread


def _widen(cell: Cell, variance: float) -> None:
    """The level may have drifted: its relative variance grows, its mean stays."""
    kept = 1.0 / (1.0 + variance * cell.shape)
    cell.shape *= kept
    cell.rate *= kept


def _excess(spread: float) -> float:
    """Fourth cumulant of a negative binomial with this dispersion, for each case expected."""
    return spread * (6 * spread * spread - 6 * spread + 1)


def _forget_noise(cell: Cell, kept: float) -> None:
    cell.squares *= kept
    cell.expected *= kept
    cell.uncertainty *= kept
    cell.days.forget(kept)


def _forget_season(cell: Cell) -> None:
    if cell.visits is not None:
        cell.counts = {s: c * _KEPT_A_WEEK for s, c in cell.counts.items()}
        cell.visits = [v * _KEPT_A_WEEK for v in cell.visits]


def _dispersion(cell: Cell, pool: Pool) -> float:
    if cell.expected <= 0 or cell.uncertainty <= 0:
        return pool.dispersion
    known = cell.expected**2 / cell.uncertainty
    ratio = cell.squares / cell.expected
    shrunk = (known * ratio + _PRIOR_INFORMATION * pool.dispersion) / (known + _PRIOR_INFORMATION)
    return max(1.0, shrunk)


def _unrest(cell: Cell, pool: Pool) -> float:
    known = cell.days.information()
    shrunk = (known * cell.days.estimate() + _UNREST_INFORMATION * pool.unrest) / (
        known + _UNREST_INFORMATION
    )
    return max(0.0, shrunk)


def _own_profile(cell: Cell, prior: Sequence[float]) -> list[float]:
    visits = cell.visits or []
    spread = cell.dispersion
    sums = [cell.counts.get(s, 0.0) / spread for s in range(HOURS_A_WEEK)]
    exposed = sum(v * p for v, p in zip(visits, prior, strict=True))
    level = sum(sums) / exposed if exposed else 0.0
    return _factors(sums, [v * level for v in visits], prior)


def _factors(
    sums: Sequence[float], exposure: Sequence[float], prior: Sequence[float]
) -> list[float]:
    """Factors of the 168 hours, mean 1: `prior` corrected by day, by hour, by kind of day, by slot.

    Each correction is (cases + k) / (expected so far + k): the mean of a gamma belief around 1 that
    is worth k effective cases.
    """
    found = list(prior)
    for parts, worth in _CORRECTIONS:
        usual = list(map(mul, exposure, found))
        for part in parts:
            factor = (sum(sums[part]) + worth) / (sum(usual[part]) + worth)
            found[part] = [f * factor for f in found[part]]
    found = [
        f * (s + _SLOT) / (e * f + _SLOT) for f, s, e in zip(found, sums, exposure, strict=True)
    ]
    mean = sum(found) / HOURS_A_WEEK
    return [f / mean for f in found]


_CORRECTIONS: tuple[tuple[list[slice], float], ...] = (
    ([slice(day * 24, day * 24 + 24) for day in range(7)], _DAY),
    ([slice(hour, None, 24) for hour in range(24)], _HOUR),
    ([slice(h, 120, 24) for h in range(24)] + [slice(h, None, 24) for h in range(120, 144)], _KIND),
)
