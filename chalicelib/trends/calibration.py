"""From scores to false alarms: how often an ordinary series would show this.

The rate at which ordinary series reach a score falls exponentially with it. Its height and slope
were measured by volume on simulated series without outbreaks (`infra.benchmarks.trends`). No two
companies are alike, so each installation then corrects the height from its own replay: how often
its series come near the threshold *without* passing it, against how often they should. What passed
is left out, for it may be a true outbreak.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log10

HOURS_A_MONTH = 720.0
NEAR = 2.5  # the score from which on a series is "near"; about once a month
_BOUNDS = (0.5, 2.0, 8.0, 30.0, 120.0, 480.0)  # cases a day between the classes
# by class: log10 of clusters a series-month that reach NEAR, and decades lost per unit of score
_HEIGHT = (-0.22, -0.12, -0.07, 0.0, 0.08, 0.03, 0.02)
_SLOPE = (0.92, 0.92, 0.92, 0.92, 0.92, 0.92, 0.92)
_PRIOR_CLUSTERS = 12.0
CLASSES = len(_BOUNDS) + 1


def volume_class(a_day: float) -> int:
    """The class of a series with `a_day` expected cases a day."""
    return sum(a_day >= bound for bound in _BOUNDS)


@dataclass(slots=True)
class Replay:
    """What this installation's own past says: hours watched and clusters that came near."""

    hours: list[float] = field(default_factory=lambda: [0.0] * CLASSES)
    near: list[float] = field(default_factory=lambda: [0.0] * CLASSES)

    def correction(self, volume: int) -> float:
        """log10 of near clusters seen to those due, shrunk to none."""
        due = self.hours[volume] / HOURS_A_MONTH * 10 ** _HEIGHT[volume]
        return log10((self.near[volume] + _PRIOR_CLUSTERS) / (due + _PRIOR_CLUSTERS))

    def false_alarms(self, score: float, volume: int) -> float:
        """Alarms a series-month that a threshold at `score` would cost in this class."""
        height = _HEIGHT[volume] + self.correction(volume)
        return min(HOURS_A_MONTH, 10 ** (height - _SLOPE[volume] * (score - NEAR)))

    def threshold(self, budget: float, volume: int) -> float:
        """The score whose cost is `budget` alarms a series-month."""
        height = _HEIGHT[volume] + self.correction(volume)
        return NEAR + (height - log10(budget)) / _SLOPE[volume]
