"""Hourly counts as a helpdesk sees them, with outbreaks whose truth is known.

Each series has a base rate (0.05 to 50 an hour, log-uniform), a season of its own that is partly
shared (office hours, weekend), a slowly drifting level and overdispersed noise (variance / mean 1
to 2.5). Outbreaks add 3 to 12 standard deviations of their own window, for 3, 12 or 48 hours, as a
step, a ramp or a decay. Everything comes from one seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, floor, log, pi, sin, sqrt
from random import Random

WEEK = 168
DURATIONS = (3, 12, 48)
SHAPES = ("step", "ramp", "decay")


@dataclass(frozen=True)
class World:
    """What to simulate. `outbreaks_a_month` is per series, after `quiet_weeks`."""

    series: int = 60
    weeks: int = 12
    quiet_weeks: int = 4
    outbreaks_a_month: float = 1.5
    outbreaks_in_training: bool = True
    own_season: float = 0.35
    drift_a_week: float = 0.04
    rates: tuple[float, float] = (0.05, 50.0)
    dispersions: tuple[float, float] = (1.0, 2.5)


@dataclass(frozen=True)
class Outbreak:
    """Hours `start` .. `end` - 1, `extra` additional cases expected, `lift` times the usual."""

    start: int
    end: int
    shape: str
    deviations: float
    extra: float
    lift: float

    @property
    def clear(self) -> bool:
        """At least ten extra cases and at least three times the rate."""
        return self.extra >= 10 and self.lift >= 3


@dataclass(frozen=True)
class Simulated:
    """One series: what was seen, what was to be expected, and the outbreaks put in."""

    name: str
    counts: list[int]
    means: list[float]
    dispersion: float
    outbreaks: list[Outbreak]


def simulate(world: World, seed: int) -> list[Simulated]:
    """All series of `world`; the first hour is a Monday 00:00."""
    random = Random(seed)
    shared = _Season.draw(random, 0.0, None)
    return [_series(world, random, shared, i) for i in range(world.series)]


@dataclass(frozen=True)
class _Season:
    peak: float
    depth: float
    second: float
    days: tuple[float, ...]

    @classmethod
    def draw(cls, random: Random, own: float, shared: _Season | None) -> _Season:
        if shared is None:
            weekend = random.uniform(0.3, 0.9)
            days = [random.uniform(0.9, 1.15) for _ in range(5)] + [weekend, weekend * 0.9]
            return cls(random.uniform(11, 16), random.uniform(0.8, 1.4), 0.3, tuple(days))
        return cls(
            shared.peak + random.gauss(0, 4 * own),
            shared.depth * exp(random.gauss(0, own)),
            shared.second * random.uniform(0, 2),
            tuple(d * exp(random.gauss(0, own / 2)) for d in shared.days),
        )

    def factors(self) -> list[float]:
        raw = [self.days[h // 24] * exp(self._daily(h % 24)) for h in range(WEEK)]
        mean = sum(raw) / WEEK
        return [r / mean for r in raw]

    def _daily(self, hour: int) -> float:
        angle = 2 * pi * (hour - self.peak) / 24
        return self.depth * cos(angle) + self.second * sin(2 * angle)


def _series(world: World, random: Random, shared: _Season, index: int) -> Simulated:
    low, high = world.rates
    rate = exp(random.uniform(log(low), log(high)))
    dispersion = random.uniform(*world.dispersions)
    factors = _Season.draw(random, world.own_season, shared).factors()
    levels = _levels(world, random)
    means = [rate * levels[h] * factors[h % WEEK] for h in range(world.weeks * WEEK)]
    outbreaks = _outbreaks(world, random, means, dispersion)
    counts = [_negative_binomial(random, m, dispersion) for m in means]
    for outbreak in outbreaks:
        for hour, extra in _spread(outbreak):
            counts[hour] += _poisson(random, extra)
    return Simulated(f"series-{index:03d}", counts, means, dispersion, outbreaks)


def _levels(world: World, random: Random) -> list[float]:
    """exp of a random walk with weekly knots, straight between them."""
    knots = [0.0]
    for _ in range(world.weeks + 1):
        knots.append(knots[-1] + random.gauss(0, world.drift_a_week))
    return [
        exp(knots[h // WEEK] + (knots[h // WEEK + 1] - knots[h // WEEK]) * (h % WEEK) / WEEK)
        for h in range(world.weeks * WEEK)
    ]


def _outbreaks(
    world: World, random: Random, means: list[float], dispersion: float
) -> list[Outbreak]:
    found: list[Outbreak] = []
    if world.outbreaks_a_month <= 0:
        return found
    first = WEEK if world.outbreaks_in_training else world.quiet_weeks * WEEK
    hour = first
    while True:
        hour += 96 + int(random.expovariate(world.outbreaks_a_month / 720))
        duration = random.choice(DURATIONS)
        if hour + duration + 24 > len(means):
            return found
        usual = sum(means[hour : hour + duration])
        size = random.uniform(3, 12)
        extra = size * sqrt(dispersion * usual)
        shape = random.choice(SHAPES)
        found.append(Outbreak(hour, hour + duration, shape, size, extra, 1 + extra / usual))
        hour += duration


def _spread(outbreak: Outbreak) -> list[tuple[int, float]]:
    n = outbreak.end - outbreak.start
    weights = {
        "step": [1.0] * n,
        "ramp": [i + 1.0 for i in range(n)],
        "decay": [exp(-3.0 * i / n) for i in range(n)],
    }[outbreak.shape]
    scale = outbreak.extra / sum(weights)
    return [(outbreak.start + i, w * scale) for i, w in enumerate(weights)]


def _negative_binomial(random: Random, mean: float, dispersion: float) -> int:
    if dispersion <= 1.0001 or mean <= 0:
        return _poisson(random, mean)
    return _poisson(random, random.gammavariate(mean / (dispersion - 1), dispersion - 1))


def _poisson(random: Random, mean: float) -> int:
    """Knuth's product for small means; above 30 halves by the gamma-binomial-free normal fit."""
    if mean > 200:
        return max(0, floor(random.gauss(mean, sqrt(mean)) + 0.5))
    total = 0
    while mean > 20:
        total += _poisson(random, 20.0)
        mean -= 20
    limit, product = exp(-mean), random.random()
    while product > limit:
        total += 1
        product *= random.random()
    return total
