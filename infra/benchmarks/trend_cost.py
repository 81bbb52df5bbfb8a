"""What watching many cells costs: time and memory of a first build and of a look.

`python -m infra.benchmarks.trend_cost [CELLS]` makes 12 weeks of counts in which, as in life, most
cells are nearly empty. Two fresh processes then do what two functions would: one builds the memory
from all of the history and writes it; one reads it, closes an hour (the midnight of a week, which
is the dearest), looks at the running one, and writes it again.
"""

from __future__ import annotations

import gzip
import json
import pickle
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from math import exp, log
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import TypeVar

from chalicelib.trends.detector import Detector
from chalicelib.trends.models import DetectorConfig
from chalicelib.trends.series import HourlySeries, moment_of
from chalicelib.trends.state import dump, load

T = TypeVar("T")
_WEEKS = 12
_BEGIN = 490_896  # 2026-01-01T00:00Z
_END = _BEGIN + _WEEKS * 168
_RATES = (0.0005, 4.0)  # cases an hour, log-uniform to the power below: many small, few large
_SKEW = 2.4
_NEEDED = 75  # hours of history that a look needs beside the memory


def many_cells(cells: int, seed: int = 7) -> dict[str, HourlySeries]:
    """`cells` series of 12 weeks and one running hour; the median has a case in five days."""
    random = Random(seed)
    low, high = (log(rate) for rate in _RATES)
    found = {}
    for i in range(cells):
        rate = exp(low + (high - low) * random.random() ** _SKEW)
        counts: dict[int, int] = {}
        hour = _BEGIN + random.expovariate(rate)
        while hour < _END + 1:
            counts[int(hour)] = counts.get(int(hour), 0) + 1
            hour += random.expovariate(rate)
        name = f"topic={i % 50}" + (f"&product={i}" if i >= 50 else "")
        found[name] = HourlySeries(_BEGIN, counts)
    return found


def main(cells: int = 10_000) -> None:
    """Measure and print a table."""
    history = many_cells(cells)
    cases = sum(sum(s.counts.values()) for s in history.values())
    print(f"{cells} cells, {_WEEKS} weeks of history, {cases:,} counts")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "history").write_bytes(pickle.dumps(history))
        (path / "recent").write_bytes(pickle.dumps(_recent(history)))
        for work in (_first_build, _look):
            process = get_context("spawn").Process(target=work, args=(path,))
            process.start()
            process.join()
            if process.exitcode:
                raise SystemExit(process.exitcode)


def _first_build(path: Path) -> None:
    history: dict[str, HourlySeries] = pickle.loads((path / "history").read_bytes())
    print(f"{'the history alone':<44}{_megabytes():>9.0f} MB")
    detector = Detector(DetectorConfig())
    _timed("first build from all the history", lambda: detector.evaluate(history, moment_of(_END)))
    print(f"{'its peak memory':<44}{_megabytes():>9.0f} MB")
    # the look then has the last hour to close
    before = Detector(DetectorConfig())
    before.advance(history, _END - 1)
    _write(path, before)


def _look(path: Path) -> None:
    recent: dict[str, HourlySeries] = pickle.loads((path / "recent").read_bytes())
    begin = time.process_time()
    packed = (path / "memory").read_bytes()
    detector = _timed(
        "a look: read the memory",
        lambda: load(DetectorConfig(), json.loads(gzip.decompress(packed))),
    )
    now = moment_of(_END) + timedelta(minutes=20)
    _timed("a look: close an hour, look at the next", lambda: detector.evaluate(recent, now))
    _timed("a look: again, five minutes later", lambda: detector.evaluate(recent, now))
    _timed("a look: write the memory", lambda: _write(path, detector))
    print(f"{'a look, all of it':<44}{time.process_time() - begin:>9.2f} s CPU")
    print(f"{'its peak memory':<44}{_megabytes():>9.0f} MB")
    print(f"{'memory written, gzip':<44}{(path / 'memory').stat().st_size / 1e6:>9.2f} MB")


def _recent(history: dict[str, HourlySeries]) -> dict[str, HourlySeries]:
    found = {}
    for name, series in history.items():
        hours = range(_END - _NEEDED, _END + 1)
        counts = {h: series.counts[h] for h in hours if h in series.counts}
        if counts:
            found[name] = HourlySeries(series.first, counts)
    return found


def _write(path: Path, detector: Detector) -> None:
    text = json.dumps(dump(detector), separators=(",", ":"))
    (path / "memory").write_bytes(gzip.compress(text.encode(), 3))


def _timed(name: str, work: Callable[[], T]) -> T:
    begin = time.process_time()
    result = work()
    print(f"{name:<44}{time.process_time() - begin:>9.2f} s CPU", flush=True)
    return result


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
