"""How good a list of alarms is, given the truth: found, found of the clear ones, delay, false."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from infra.benchmarks.trend_simulator import Outbreak, Simulated

HOURS_A_MONTH = 720.0
_AFTERMATH = 24  # an alarm this soon after an outbreak is late, neither found nor false


@dataclass(frozen=True)
class Score:
    """Shares of outbreaks, median delays in hours, and false alarms a series-month."""

    outbreaks: int
    clear_ones: int
    found: float
    found_clear: float
    delay: float
    delay_clear: float
    false_alarms: float

    def row(self, name: str) -> str:
        return (
            f"{name:<44}{self.found:>7.3f}{self.found_clear:>8.3f}"
            f"{self.delay:>8.1f}{self.delay_clear:>9.1f}{self.false_alarms:>15.3f}"
        )


def score(
    worlds: Sequence[Sequence[Simulated]],
    alarms: Sequence[Mapping[str, Sequence[int]]],
    begin: int,
) -> Score:
    """Judge `alarms` (by world and series the hours in which one was raised) from `begin` on.

    An outbreak is found by an alarm between its first hour and the hour after its last.
    """
    truth: list[Outbreak] = []
    delays: list[int] = []
    clear_delays: list[int] = []
    clear = months = false = 0.0
    for series_list, raised in zip(worlds, alarms, strict=True):
        for series in series_list:
            hours = [h for h in raised.get(series.name, ()) if h >= begin]
            months += (len(series.counts) - begin) / HOURS_A_MONTH
            judged = [o for o in series.outbreaks if o.start >= begin]
            for outbreak in judged:
                truth.append(outbreak)
                clear += outbreak.clear
                hits = [h for h in hours if outbreak.start <= h <= outbreak.end]
                if hits:
                    delays.append(hits[0] - outbreak.start)
                    clear_delays += [hits[0] - outbreak.start] * outbreak.clear
            false += sum(not _explained(h, series.outbreaks) for h in hours)
    return Score(
        outbreaks=len(truth),
        clear_ones=int(clear),
        found=len(delays) / max(len(truth), 1),
        found_clear=len(clear_delays) / max(clear, 1),
        delay=float(median(delays)) if delays else float("nan"),
        delay_clear=float(median(clear_delays)) if clear_delays else float("nan"),
        false_alarms=false / max(months, 1e-9),
    )


def _explained(hour: int, outbreaks: Sequence[Outbreak]) -> bool:
    return any(o.start <= hour <= o.end + _AFTERMATH for o in outbreaks)
