"""Which runs to make: seeds, every single fault, every pair; and making a failing one small.

A scenario is made anew for every run. What a run did is told by its plan, so that a failure found
by the dice can be replayed, thinned out and kept in the corpus.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.simulation.world.world import World


@dataclass(frozen=True)
class Violation:
    """A promise that does not hold. `promise` is a fixed name, `detail` speaks of this run."""

    promise: str
    detail: str


class Scenario(Protocol):
    """Something to run: made for a number of messages, played once in a world."""

    def play(self, world: World) -> list[Violation]:
        """Build, run to rest, and say what does not hold."""


Make = Callable[[int], Scenario]
"""A scenario with so many messages."""


@dataclass(frozen=True)
class Run:
    """What one run did. `places` are all at which something could have failed."""

    seed: int
    messages: int
    violations: tuple[Violation, ...]
    happened: Mapping[str, str]
    places: Mapping[str, tuple[str, ...]]
    calls: int

    def breaks(self, promise: str) -> bool:
        return any(violation.promise == promise for violation in self.violations)


@dataclass
class Tally:
    """Runs made, and the failing ones among them."""

    runs: int = 0
    calls: int = 0
    faults: int = 0
    failing: list[Run] = field(default_factory=list)

    def add(self, run: Run) -> None:
        self.runs += 1
        self.calls += run.calls
        self.faults += len(run.happened)
        if run.violations:
            self.failing.append(run)


def play(make: Make, seed: int, messages: int, plan: Mapping[str, str] | None = None) -> Run:
    """One run. The same arguments make the same run, to the last call."""
    world = World(seed, plan)
    violations = make(messages).play(world)
    faults = world.faults
    return Run(
        seed, messages, tuple(violations), dict(faults.happened), dict(faults.places),
        world.line.calls,
    )  # fmt: skip


def seeds(make: Make, numbers: range, messages: int) -> Iterator[Run]:
    for seed in numbers:
        yield play(make, seed, messages)


def singles(make: Make, messages: int, seed: int = 0) -> Iterator[Run]:
    """Every fault of every kind at every place of a run without faults."""
    clean = play(make, seed, messages, {})
    yield clean
    for place, kinds in clean.places.items():
        for kind in kinds:
            yield play(make, seed, messages, {place: kind})


def pairs(
    make: Make, messages: int, seed: int = 0, part: tuple[int, int] = (0, 1)
) -> Iterator[Run]:
    """Every second fault after every first one; `part` (i, n) makes only each n-th first one."""
    clean = play(make, seed, messages, {})
    firsts = [(place, kind) for place, kinds in clean.places.items() for kind in kinds]
    for place, kind in firsts[part[0] :: part[1]]:
        once = play(make, seed, messages, {place: kind})
        after = list(once.places.items())
        position = [name for name, _ in after].index(place)
        for second, kinds in after[position + 1 :]:
            for other in kinds:
                yield play(make, seed, messages, {place: kind, second: other})


def minimised(make: Make, run: Run) -> Run:
    """The smallest run found that breaks the same promise: fewer faults, then fewer messages."""
    promise = run.violations[0].promise

    def broken(plan: Mapping[str, str], messages: int) -> Run | None:
        again = play(make, run.seed, messages, plan)
        return again if again.breaks(promise) else None

    small = broken(run.happened, run.messages)
    if small is None:
        return run  # the plan does not repeat what the dice did: worth a look in itself
    kept = _thinned(list(run.happened.items()), lambda some: broken(dict(some), run.messages))
    small = broken(dict(kept), run.messages) or small
    for messages in range(1, run.messages):
        fewer = broken(dict(kept), messages)
        if fewer is not None:
            return fewer
    return small


Fault = tuple[str, str]


def _thinned(faults: list[Fault], breaks: Callable[[list[Fault]], object]) -> list[Fault]:
    """Delta debugging (Zeller and Hildebrandt, 2002), on complements."""
    parts = 2
    while len(faults) >= 2:
        size = -(-len(faults) // parts)
        chunks = [faults[at : at + size] for at in range(0, len(faults), size)]
        for chunk in chunks:
            rest = [fault for fault in faults if fault not in chunk]
            if breaks(rest):
                faults, parts = rest, max(parts - 1, 2)
                break
        else:
            if parts >= len(faults):
                break
            parts = min(len(faults), 2 * parts)
    return [] if faults and breaks([]) else faults


def save(folder: Path, name: str, run: Run, note: str = "") -> Path:
    """Keep a failing run in the corpus, where the tests replay it for ever."""
    folder.mkdir(parents=True, exist_ok=True)
    entry = {
        "seed": run.seed,
        "messages": run.messages,
        "promise": run.violations[0].promise,
        "detail": run.violations[0].detail,
        "plan": dict(run.happened),
        "note": note,
    }
    promise = run.violations[0].promise.replace(" ", "-")
    path = folder / f"{name}-{run.seed}-{promise}.json"
    path.write_text(json.dumps(entry, indent=2) + "\n")
    return path


def saved(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    """What is kept in the corpus."""
    return [
        (path, {"name": path.stem, **json.loads(path.read_text())})
        for path in sorted(folder.glob("*.json"))
    ]
