"""The promise on fresh simulated series; `python -m infra.benchmarks.trends` prints the whole."""

from __future__ import annotations

from infra.benchmarks.trend_simulator import World
from infra.benchmarks.trends import judged


def test_more_outbreaks_are_found_than_by_the_simple_methods_at_few_false_alarms() -> None:
    result = judged(World(series=60), seeds=[31, 32, 33])
    assert result.outbreaks > 250
    assert result.found > 0.54
    assert result.found_clear > 0.69
    assert result.false_alarms <= 0.1


def test_alarms_stay_rare_where_seasons_differ_and_levels_drift() -> None:
    result = judged(World(series=60, own_season=0.6, drift_a_week=0.08), seeds=[41, 42])
    assert result.found > 0.54
    assert result.false_alarms <= 0.15
