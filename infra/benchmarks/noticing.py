"""What noticing costs: a look at 10,000 cells with 12 weeks of history, and every look of a month.

Time and memory are those of fresh processes (trend_cost.py does the work); calls are counted on the
model of AWS, where an installation with little history is looked at every five minutes for a day.
"""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

from infra.benchmarks.meter import Bill, Meter
from infra.benchmarks.trend_cost import many_cells
from tests.support import World, installation

LOOKS_A_MONTH = 30 * 24 * 12
MEGABYTES, SECONDS = 512, 0.35  # of a warm look at a few hundred cells
_GOAL_SECONDS, _GOAL_MEGABYTES = 10, 512
_SHOWN = {
    "a look, all of it": "10,000 cells: a look that closes an hour",
    "a look: again, five minutes later": "… of which the search itself, five minutes later",
    "its peak memory": "… its peak memory",
    "first build from all the history": "… the first build, spread over looks by the day",
}
_LINE = re.compile(r"^(.*?)\s+([\d.]+) (s CPU|MB)$")


def rows() -> Iterator[tuple[str, str, str, str]]:
    """(what, figure, goal, ratio)"""
    command = [sys.executable, "-m", "infra.benchmarks.trend_cost"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    figures: dict[str, tuple[float, str]] = {}
    for line in told.splitlines():
        matched = _LINE.match(line)
        if matched:
            figures[matched[1]] = (float(matched[2]), matched[3])  # of the look: it comes last
    for name, shown in _SHOWN.items():
        figure, unit = figures[name]
        seconds = unit == "s CPU"
        goal = _GOAL_SECONDS if seconds else _GOAL_MEGABYTES
        unless = name.startswith("first")
        yield (
            shown,
            f"{figure:.2f} {unit}" if seconds else f"{figure:.0f} {unit}",
            "" if unless else f"{goal} {unit}",
            "" if unless else f"{figure / goal:.2f}",
        )
    bill, looks = _a_day()
    month = bill.total_dollars / looks * LOOKS_A_MONTH
    yield ("a look every five minutes: AWS calls", f"{bill.total_calls / looks:.1f}", "", "")
    yield ("… dollars a month, Lambda included", f"${month:.2f}", "", "")


def _a_day() -> tuple[Bill, int]:
    """The bill of a day of looks, with a hundred cells and about 200 contacts a day."""
    with installation() as world, contextlib.redirect_stdout(io.StringIO()):
        _history(world)
        world.app.detecting.detect()
        meter = Meter(world.aws)
        world.aws.call = meter.call  # type: ignore[method-assign]
        looks = 24 * 12
        for _ in range(looks):
            world.clock.forward(minutes=5)
            world.app.detecting.detect()
        meter.invoked(looks, MEGABYTES, SECONDS)
        return meter.bill, looks


def _history(world: World) -> None:
    """Counts of three weeks and of the day to come, written as they lie in the table."""
    from chalicelib.store import keys
    from chalicelib.store.counts import hour_name

    first = world.clock() - timedelta(weeks=3)
    items = []
    for name, series in many_cells(100).items():
        for hour, count in series.counts.items():
            at = first + timedelta(hours=hour - series.first)
            if at > world.clock() + timedelta(days=1):
                break
            pk, sk = keys.counts(hour_name(at), name)
            items.append({"pk": pk, "sk": sk, "type": "counts", "cases": count, "customers": count})
            if at < world.clock() - timedelta(days=3):
                continue
            for number in range(count):
                case = f"{name} {hour} {number}"
                pk, sk = keys.seen(name, hour_name(at), case)
                items.append({"pk": pk, "sk": sk, "type": "seen", "cases": {case}})
    world.app.table.batch_put(items)
