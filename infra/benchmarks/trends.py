"""`python -m infra.benchmarks.trends [SEED]`: our detector beside the simpler methods.

All see the same simulated series (trend_simulator.py). The rivals get the threshold at which they
have just the allowed false alarms on these very series; ours gets none, only its setting of 0.1.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from chalicelib.trends.detector import Detector
from chalicelib.trends.models import DetectorConfig
from chalicelib.trends.series import HourlySeries
from infra.benchmarks.trend_rivals import RIVALS, at_false_alarms
from infra.benchmarks.trend_score import Score, score
from infra.benchmarks.trend_simulator import WEEK, Simulated, World, simulate

ALLOWED = 0.1
_MONDAY = 490_992  # 2026-01-05T00:00Z; the simulated week begins with a Monday
_MIN_SEEN = 3
WORLDS = {
    "standard": World(series=80),
    "seasons of their own, twice the drift": World(series=80, own_season=0.6, drift_a_week=0.08),
    "Poisson": World(series=80, dispersions=(1.0, 1.001)),
    "twice the outbreaks": World(series=80, outbreaks_a_month=3.0),
}


def detected(series: Sequence[Simulated], allowed: float = ALLOWED) -> dict[str, list[int]]:
    """The hours, by series, in which our detector raises an alarm, as it would have live."""
    config = DetectorConfig(false_alarms_per_series_month=allowed, min_seen=_MIN_SEEN)
    history = {
        s.name: HourlySeries(_MONDAY, {_MONDAY + i: c for i, c in enumerate(s.counts) if c})
        for s in series
    }
    hours = max(len(s.counts) for s in series)
    raised: dict[str, list[int]] = {}
    for name, episode in Detector(config).advance(history, _MONDAY + hours):
        raised.setdefault(name, []).append(episode.opened - _MONDAY)
    return raised


def judged(world: World, seeds: Sequence[int]) -> Score:
    """How our detector does in `world`."""
    worlds = [simulate(world, seed) for seed in seeds]
    return score(worlds, [detected(w) for w in worlds], world.quiet_weeks * WEEK)


def main(seed: int = 2026) -> None:
    """Print the table."""
    seeds = [seed, seed + 1, seed + 2]
    print(f"{'':<44}{'found':>7}{'clear':>8}{'delay h':>8}{'of clear':>9}{'false a month':>15}")
    for name, world in WORLDS.items():
        result = judged(world, seeds)
        print(f"{result.row(f'ours, {name}')}   n={result.outbreaks}", flush=True)
    standard = WORLDS["standard"]
    worlds = [simulate(standard, s) for s in seeds]
    for name, rival in RIVALS.items():
        result = at_false_alarms(worlds, rival, standard.quiet_weeks * WEEK, ALLOWED)
        print(result.row(name), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
