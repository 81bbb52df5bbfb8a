"""Run the real handlers under faults, so many seeds.

    python -m tests.simulation --seeds 2000             seeds 0 to 1999
    python -m tests.simulation --seeds 1 --start 1234   one of them again
    python -m tests.simulation --singles                every single fault on two contacts
    python -m tests.simulation --pairs 3/100            on one contact: pairs, the third hundredth

A failing run is printed, made small and kept in tests/simulation/corpus, where the tests replay it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.simulation.house.scenario import HouseScenario
from tests.simulation.world import search
from tests.simulation.world.search import Run, Tally

CORPUS = Path(__file__).parent / "corpus"
CHUNK = 10  # seeds that a process takes at once


def main() -> int:
    """0 where every promise held."""
    options = _options()
    tally, began, told = Tally(), time.monotonic(), 0.0
    for run in _runs(options):
        tally.add(run)
        if run.violations:
            _report(run, options.keep)
        if time.monotonic() - told > 5.0:
            told = time.monotonic()
            _progress(tally, told - began)
    _progress(tally, time.monotonic() - began)
    return 1 if tally.failing else 0


def _runs(options: argparse.Namespace) -> Iterator[Run]:
    if options.singles:
        return search.singles(HouseScenario, 2)
    if options.pairs:
        part, _, parts = options.pairs.partition("/")
        return search.pairs(HouseScenario, 1, part=(int(part), int(parts)))
    numbers = range(options.start, options.start + options.seeds)
    chunks = [numbers[at : at + CHUNK] for at in range(0, len(numbers), CHUNK)]
    if options.jobs == 1 or len(chunks) == 1:
        return search.seeds(HouseScenario, numbers, options.contacts)
    return _in_processes(chunks, options)


def _in_processes(chunks: Iterable[range], options: argparse.Namespace) -> Iterator[Run]:
    with ProcessPoolExecutor(options.jobs) as pool:
        for runs in pool.map(partial(_chunk, options.contacts), chunks):
            yield from runs


def _chunk(contacts: int, numbers: range) -> list[Run]:
    """Runs without the places at which nothing happened: those need not travel."""
    found = search.seeds(HouseScenario, numbers, contacts)
    return [replace(run, places={}) for run in found]


def _report(run: Run, keep: bool) -> None:
    print(f"\nseed {run.seed} with {run.messages} contacts breaks:")
    for violation in run.violations[:5]:
        print(f"  {violation.promise}: {violation.detail}")
    small = search.minimised(HouseScenario, run)
    print(f"made small: seed {small.seed}, {small.messages} contacts, {len(small.happened)} faults")
    for place, fault in small.happened.items():
        print(f"  {fault:16} {place}")
    if keep:
        print(f"kept as {search.save(CORPUS, 'house', small).name}")
    sys.stdout.flush()


def _progress(tally: Tally, seconds: float) -> None:
    print(
        f"{tally.runs} runs, {tally.calls} calls, {tally.faults} faults, "
        f"{len(tally.failing)} failing, {tally.runs / max(seconds, 0.001):.1f} runs/s",
        flush=True,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seeds", type=int, default=200, help="how many runs")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--contacts", type=int, default=8, help="contacts a run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--singles", action="store_true", help="every single fault")
    parser.add_argument("--pairs", default="", metavar="I/N", help="pairs of faults, part I of N")
    parser.add_argument("--no-keep", dest="keep", action="store_false", help="leave the corpus")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
