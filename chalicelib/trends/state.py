"""The detector's memory as plain JSON values, to be kept between two looks.

`dump` gives what `load` needs to go on as if nothing had happened, to six digits. A quiet cell is
about 100 bytes, one with a season of its own about 3 KB; it compresses to a quarter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.trends.baseline import Cell, Days, Pool
from chalicelib.trends.calibration import Replay
from chalicelib.trends.detector import Detector
from chalicelib.trends.ground import Episode, Watch
from chalicelib.trends.models import DetectorConfig, Method

VERSION = 1


class StateNotUnderstood(ValueError):
    """The state was written by another version, or is not one: build anew from the counts."""


def dump(detector: Detector) -> dict[str, Any]:
    """The memory of `detector`."""
    return {
        "version": VERSION,
        "hour": detector.hour,
        "open": detector.open_at_midnight,
        "pool": {
            "profile": _short(detector.ground.pool.profile),
            "dispersion": detector.ground.pool.dispersion,
            "unrest": detector.ground.pool.unrest,
        },
        "replay": {"hours": detector.replay.hours, "near": detector.replay.near},
        "cells": {name: _watch(watch) for name, watch in detector.watches.items()},
    }


def load(config: DetectorConfig, state: Mapping[str, Any]) -> Detector:
    """A detector that goes on from `state`; raises StateNotUnderstood."""
    if state.get("version") != VERSION:
        raise StateNotUnderstood(f"version {state.get('version')!r}, expected {VERSION}")
    detector = Detector(config)
    try:
        detector.hour = state["hour"]
        detector.open_at_midnight = state["open"]
        detector.ground.pool = Pool(**state["pool"])
        detector.replay = Replay(**state["replay"])
        for name, kept in state["cells"].items():
            detector.adopt(name, _watch_from(kept))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateNotUnderstood(str(error)) from error
    return detector


def _watch(watch: Watch) -> dict[str, Any]:
    cell = watch.cell
    kept: dict[str, Any] = {
        "from": [cell.since, cell.settled, watch.free_from, watch.near],
        "level": _short([cell.shape, cell.rate]),
        "noise": _short(
            [cell.squares, cell.expected, cell.uncertainty, cell.dispersion, cell.unrest]
        ),
        "counts": {str(slot): _digits(count) for slot, count in cell.counts.items()},
    }
    if cell.visits is not None:
        kept["days"] = _short([getattr(cell.days, name) for name in Days.__slots__])
        kept["visits"] = _short(cell.visits)
    if cell.profile is not None:
        kept["profile"] = _short(cell.profile)
    if watch.season:
        kept["season"] = _short(watch.season)
    if watch.replaced:
        kept["replaced"] = watch.replaced
    if watch.episode is not None:
        kept["episode"] = _episode(watch.episode)
    return kept


def _watch_from(kept: Mapping[str, Any]) -> Watch:
    since, settled, free_from, near = kept["from"]
    shape, rate = kept["level"]
    squares, expected, uncertainty, dispersion, unrest = kept["noise"]
    cell = Cell(
        since=since,
        settled=settled,
        shape=shape,
        rate=rate,
        squares=squares,
        expected=expected,
        uncertainty=uncertainty,
        counts={int(slot): count for slot, count in kept["counts"].items()},
        visits=kept.get("visits"),
        profile=kept.get("profile"),
        dispersion=dispersion,
        days=Days(*kept.get("days", [])),
        unrest=unrest,
    )
    return Watch(
        cell=cell,
        episode=_episode_from(kept["episode"]) if "episode" in kept else None,
        replaced=[(first, last) for first, last in kept.get("replaced", [])],
        free_from=free_from,
        near=near,
        season=kept.get("season", []),
    )


def _episode(episode: Episode) -> dict[str, Any]:
    return {name: getattr(episode, name) for name in Episode.__slots__}


def _episode_from(kept: Mapping[str, Any]) -> Episode:
    return Episode(**{**kept, "method": Method(kept["method"])})


def _digits(value: float) -> float:
    return float(f"{value:.6g}")


def _short(values: list[float]) -> list[float]:
    return [_digits(value) for value in values]
