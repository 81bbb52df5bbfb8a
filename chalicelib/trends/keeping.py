"""What a look leaves for the next one, as bytes: the detector's memory and what it last read.

The object is written whole and read whole. It is a cache of what the counts say: where it is lost,
damaged, of another version or made with other settings, it is built again from the counts.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.base import from_iso, iso
from chalicelib.trends.detector import Detector
from chalicelib.trends.models import DetectorConfig
from chalicelib.trends.series import HourlySeries
from chalicelib.trends.state import StateNotUnderstood, dump, load

VERSION = 2
NEEDED_HOURS = 75  # before the hour last closed: a day and what has not settled
YOUNG_HOURS = 400  # after the cautious rule: an outbreak lasts two weeks at most
MOST_CELLS = 10_000
NEW_CELLS_A_LOOK = 500
_REBUILT_FOR = ("zone", "holidays", "drift_a_week", "cold_hours")
Recent = dict[str, dict[int, tuple[int, int]]]
"""(cases, customers) by cell and hour."""


@dataclass
class Kept:
    """`first` is the hour of the first contact, None before there is any; `looked_at` the moment
    of the last look. `amended` are the late counts that were taken in, `people` the customers of
    running trends by hour, `dismissed` the trends whose dismissal was learnt."""

    detector: Detector
    first: int | None = None
    looked_at: datetime | None = None
    recent: Recent = field(default_factory=dict)
    amended: dict[str, int] = field(default_factory=dict)
    people: dict[str, dict[str, dict[str, list[str]]]] = field(default_factory=dict)
    dismissed: list[str] = field(default_factory=list)
    left_out: int = 0

    def series(self) -> dict[str, HourlySeries]:
        """What the detector reads: customers an hour of the cells that are watched."""
        first = self.first or 0
        return {
            name: HourlySeries(first, {hour: people for hour, (_, people) in hours.items()})
            for name, hours in self.recent.items()
            if name in self.detector.watches
        }

    def admit(self, at_once: int = NEW_CELLS_A_LOOK) -> dict[str, HourlySeries]:
        """As `series`, with cells that are new: at most so many at once, the general ones and
        those with the most customers first. Those left out come to their turn at a later look."""
        watched = self.detector.watches
        new = [name for name in self.recent if name not in watched]
        new.sort(key=lambda name: (name.count("&"), -_customers(self.recent[name]), name))
        if len(watched) + len(new) > MOST_CELLS:
            self._make_room(len(watched) + min(len(new), at_once) - MOST_CELLS)
        room = min(at_once, MOST_CELLS - len(watched))
        self.left_out = max(0, len(new) - room)
        found = self.series()
        for name in new[:room]:
            counts = {hour: people for hour, (_, people) in self.recent[name].items()}
            found[name] = HourlySeries(self.first or 0, counts)
        return found

    def prune(self) -> None:
        """Forget the counts that nobody asks for any more. The cautious rule, and an outbreak that
        it found, want all of the first weeks."""
        hour = self.detector.hour or 0
        if hour - (self.first or 0) < self.detector.config.cold_hours + YOUNG_HOURS:
            return
        oldest = hour - NEEDED_HOURS
        for name in list(self.recent):
            left = {hour: count for hour, count in self.recent[name].items() if hour >= oldest}
            if left:
                self.recent[name] = left
            else:
                del self.recent[name]

    def _make_room(self, cells: int) -> None:
        idle = [
            (watch.cell.level, name)
            for name, watch in self.detector.watches.items()
            if name not in self.recent and watch.episode is None
        ]
        self.detector.forget(name for _, name in sorted(idle)[: max(cells, 0)])


def fresh(config: DetectorConfig) -> Kept:
    return Kept(Detector(config))


def pack(kept: Kept) -> bytes:
    """Everything, compressed: about 600 bytes a cell."""
    state = {
        "version": VERSION,
        "made_for": _made_for(kept.detector.config),
        "detector": dump(kept.detector),
        "first": kept.first,
        "looked_at": iso(kept.looked_at) if kept.looked_at else None,
        "recent": kept.recent,
        "amended": kept.amended,
        "people": kept.people,
        "dismissed": kept.dismissed,
    }
    return gzip.compress(json.dumps(state, separators=(",", ":")).encode(), 3)


def unpack(config: DetectorConfig, packed: bytes) -> Kept:
    """The inverse of `pack`; raises StateNotUnderstood."""
    try:
        state: dict[str, Any] = json.loads(gzip.decompress(packed))
        if state["version"] != VERSION:
            raise StateNotUnderstood(f"version {state['version']!r}, expected {VERSION}")
        if state["made_for"] != _made_for(config):
            raise StateNotUnderstood("it was made with other settings")
        recent = {
            name: {int(hour): (count[0], count[1]) for hour, count in hours.items()}
            for name, hours in state["recent"].items()
        }
        return Kept(
            detector=load(config, state["detector"]),
            first=state["first"],
            looked_at=from_iso(state["looked_at"]) if state["looked_at"] else None,
            recent=recent,
            amended=state["amended"],
            people=state["people"],
            dismissed=state["dismissed"],
        )
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
    ) as error:
        raise StateNotUnderstood(str(error)) from error


def _made_for(config: DetectorConfig) -> dict[str, Any]:
    """The settings that the memory depends on; thresholds may change at any time."""
    dumped = config.model_dump(mode="json", include=set(_REBUILT_FOR))
    return {**dumped, "holidays": sorted(dumped["holidays"])}


def _customers(hours: dict[int, tuple[int, int]]) -> int:
    return sum(people for _, people in hours.values())
