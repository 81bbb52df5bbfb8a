"""A plot of counts by the hour as shapes of an SVG. Pure: points in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib.base import Model
from chalicelib.problems.models import PlotPoint

WIDTH, HEIGHT = 720, 180
MOST = 168  # hours that are drawn, the newest
ROWS = 48  # of the table beside it


class Bar(Model):
    x: float
    y: float
    width: float
    height: float


class Plot(Model):
    """Bars of the counts; `band` are the points of the line over what is usual, "" where nobody
    knows; `rows` are the newest points for reading."""

    width: int = WIDTH
    height: int = HEIGHT
    bars: tuple[Bar, ...] = ()
    band: str = ""
    most: int = 0
    first: datetime | None = None
    last: datetime | None = None
    rows: tuple[PlotPoint, ...] = ()


def plot(points: Sequence[PlotPoint]) -> Plot:
    """The newest week of the points, on one scale of time: an hour without any stays empty."""
    shown = list(points[-MOST:])
    if not shown:
        return Plot()
    first, last = shown[0].hour, shown[-1].hour
    hours = max(1.0, (last - first).total_seconds() / 3600 + 1)
    top = max(1.0, *(max(p.contacts, p.upper or 0.0) for p in shown)) * 1.05
    step = WIDTH / hours

    def x(point: PlotPoint) -> float:
        return round((point.hour - first).total_seconds() / 3600 * step, 2)

    def y(value: float) -> float:
        return round(HEIGHT - value / top * HEIGHT, 2)

    bars = tuple(
        Bar(
            x=x(point),
            y=y(point.contacts),
            width=round(max(0.8, min(step * 0.8, WIDTH / 12)), 2),
            height=round(HEIGHT - y(point.contacts), 2),
        )
        for point in shown
        if point.contacts
    )
    band = " ".join(f"{x(p)},{y(p.upper)}" for p in shown if p.upper is not None)
    most = max(point.contacts for point in shown)
    rows = tuple(reversed(shown[-ROWS:]))
    return Plot(bars=bars, band=band, most=most, first=first, last=last, rows=rows)
