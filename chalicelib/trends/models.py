"""What the detector says, what it may be told, and the trend that people see."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field

from chalicelib.base import Instant, Model


class DetectorConfig(Model):
    """How the detector behaves in one installation."""

    false_alarms_per_series_month: float = Field(default=0.1, gt=0, le=30)
    """Of a series with one attribute; combinations of attributes share the same total."""
    false_alarms_per_month: float | None = Field(default=None, gt=0)
    """Of the whole installation; lowers the above where there are many series."""
    false_discovery_rate: float = Field(default=0.2, gt=0, lt=1)
    min_seen: int = Field(default=5, ge=1)
    """Cases without which nothing is said, however unusual they are."""
    cold_hours: int = Field(default=168, ge=24)
    """A series observed for less is judged by the cautious rule."""
    drift_a_week: float = Field(default=0.05, gt=0, lt=1)
    zone: str = "UTC"
    holidays: frozenset[date] = frozenset()


class Method(StrEnum):
    SCAN = "scan"
    COLD_START = "cold-start"


class Finding(Model):
    """One series is too full. Counts and expectation are those from `start` until now.

    `p` is the chance that an ordinary series shows this much in any one hour, over all windows and
    as calibrated by replay; `detected_at` is the hour in which it was first seen.
    """

    series: str
    window_hours: int
    start: Instant
    detected_at: Instant
    expected: float
    seen: int
    p: float
    lift: float
    method: Method


class PlotHour(Model):
    """One hour of a plot; an ordinary hour exceeds `upper` once in two hundred."""

    hour: Instant
    expected: float
    upper: float
    seen: int


class TrendState(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"
    DISMISSED = "dismissed"


class TrendHour(Model):
    """One hour of a trend as people see it: distinct customers as well as cases."""

    hour: Instant
    expected: float
    upper: float
    cases: int
    customers: int = 0


class Trend(Model):
    """Many customers hit the same trouble: what, since when, how many, against what is usual.

    `series` is the cell that explains it, such as `topic=login&product=app`; `p` and `lift` are
    those of its `Finding`. `example_case_ids` are for reading, not a complete list.
    """

    id: str
    series: str
    topic: str | None = None
    state: TrendState = TrendState.ACTIVE
    started_at: Instant
    detected_at: Instant
    last_seen_at: Instant
    ended_at: Instant | None = None
    window_hours: int
    expected: float
    seen: int
    p: float
    lift: float
    method: Method
    customers: int = 0
    cases: int = 0
    hours: list[TrendHour] = []
    example_case_ids: list[str] = []
    dismissed_reason: str | None = None
    problem_id: str | None = None
    created_at: Instant
    updated_at: Instant
    version: int = 1
