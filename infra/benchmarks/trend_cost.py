"""What watching many cells costs: time and memory of a first build, of an hour, of a look.

`python -m infra.benchmarks.trend_cost [CELLS]` builds 12 weeks of counts in which, as in life, most
cells are nearly empty, and measures in one process: the first build from all of the history, the
write and read of the memory, and a look (one new hour to close, and the running one).
"""

from __future__ import annotations

import gzip
import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from math import exp, log
from random import Random
from typing import TypeVar

from chalicelib.trends.detector import Detector
from chalicelib.trends.models import DetectorConfig
from chalicelib.trends.series import HourlySeries, moment_of
from chalicelib.trends.state import dump, load

T = TypeVar("T")
_WEEKS = 12
_BEGIN = 490_896  # 2026-01-01T00:00Z
_RATES = (0.0005, 20.0)  # cases an hour, log-uniform to the power below: many small, few large
_SKEW = 2.2


def many_cells(cells: int, seed: int = 7) -> dict[str, HourlySeries]:
    """`cells` series of 12 weeks and one running hour; the median has a case in four days."""
    random = Random(seed)
    low, high = (log(rate) for rate in _RATES)
    end = _BEGIN + _WEEKS * 168 + 1
    found = {}
    for i in range(cells):
        rate = exp(low + (high - low) * random.random() ** _SKEW)
        counts: dict[int, int] = {}
        hour = _BEGIN + random.expovariate(rate)
        while hour < end:
            counts[int(hour)] = counts.get(int(hour), 0) + 1
            hour += random.expovariate(rate)
        name = f"topic={i % 50}" + (f"&product={i}" if i >= 50 else "")
        found[name] = HourlySeries(_BEGIN, counts)
    return found


def recent(history: dict[str, HourlySeries], until: int) -> dict[str, HourlySeries]:
    """What a look after the first needs: the last 50 hours of the cells that have any."""
    begin = until - 50
    found = {}
    for name, series in history.items():
        counts = {h: series.counts[h] for h in range(begin, until + 1) if h in series.counts}
        if counts:
            found[name] = HourlySeries(series.first, counts)
    return found


def main(cells: int = 10_000) -> None:
    """Measure and print a table."""
    history = many_cells(cells)
    cases = sum(sum(s.counts.values()) for s in history.values())
    now = moment_of(_BEGIN + _WEEKS * 168)
    held = _megabytes()
    print(f"{cells} cells, {_WEEKS} weeks, {cases} cases; {held:.0f} MB with the history in memory")
    detector = Detector(DetectorConfig())
    _timed("first build from all the history", lambda: detector.evaluate(history, now))
    packed = _timed("write the memory", lambda: gzip.compress(_json(dump(detector)), 3))
    print(f"{'memory written, gzip':<44}{len(packed) / 1e6:>9.2f} MB")
    part = recent(history, _BEGIN + _WEEKS * 168)
    again = _timed(
        "read the memory", lambda: load(DetectorConfig(), json.loads(gzip.decompress(packed)))
    )
    _timed("a look within the hour", lambda: again.evaluate(part, now + timedelta(minutes=5)))
    _timed("a look that closes an hour", lambda: again.evaluate(part, now + timedelta(hours=1)))
    print(f"{'peak memory of all of it':<44}{_megabytes():>9.0f} MB")


def _timed(name: str, work: Callable[[], T]) -> T:
    begin = time.perf_counter()
    result = work()
    print(f"{name:<44}{time.perf_counter() - begin:>9.2f} s")
    return result


def _json(state: object) -> bytes:
    return json.dumps(state, separators=(",", ":")).encode()


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
