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


class Facts(Model):
    """What a contact is counted under beside its topic; products with their versions ("" none)."""

    channel: str = ""
    region: str = ""
    products: tuple[tuple[str, str], ...] = ()


class Method(StrEnum):
    SCAN = "scan"
    COLD_START = "cold-start"
    WORDS = "words"


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
    """One hour of a plot; an ordinary hour exceeds `upper` once in two hundred, and as seldom
    stays below `lower`."""

    hour: Instant
    expected: float
    lower: float = 0.0
    upper: float
    seen: int


class TrendState(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"
    DISMISSED = "dismissed"


class TrendKind(StrEnum):
    COUNTED = "counted"  # a cell of the counts is too full
    EMERGING = "emerging"  # words burst together that no topic stands for as yet


class TrendRule(StrEnum):
    """By which rule it was found. The cautious one is for a cell that is watched for less than a
    week: it wants many cases and knows neither season nor scatter."""

    CALIBRATED = "calibrated"
    CAUTIOUS = "cautious"


class TrendHour(Model):
    """One hour of a trend as people see it: distinct customers as well as cases.

    `lower` .. `upper` is the band of an ordinary hour; it leaves either side once in two hundred.
    """

    hour: Instant
    expected: float
    lower: float = 0.0
    upper: float
    cases: int
    customers: int = 0


class AttributeLift(Model):
    """Of the customers of a trend, how many have this, and how many of all do.

    "31 of 34 own product X, 9 % of all customers do" is `seen` 31, `of` 34, `base_share` 0.09.
    `base` says where that share is from, with `base_customers` behind it; both shares and `lift`
    are None where nobody knows. `lift` is how many times as common it is among those affected.
    """

    attribute: str
    value: str
    seen: int
    of: int
    share: float
    base_share: float | None = None
    base: str = ""
    base_customers: int = 0
    lift: float | None = None


class Trend(Model):
    """Many customers hit the same trouble: what, since when, how many, against what is usual.

    `series` is the cell that explains it, such as `topic=login&product=app`; `p` and `lift` are
    those of its `Finding`. `example_case_ids` are for reading, not a complete list.
    `calm_since` is the first hour since which the cell is within its baseline band without a
    break; None while the trouble lasts. `confidence` is one less the share of false ones among
    trends that are as certain as this one (Benjamini and Hochberg); None under the cautious rule,
    which cannot tell. `terms` are the telling words of an emerging one.
    """

    id: str
    series: str
    kind: TrendKind = TrendKind.COUNTED
    title: str = ""
    topic: str | None = None
    attributes: dict[str, str] = {}
    rule: TrendRule = TrendRule.CALIBRATED
    confidence: float | None = None
    calm_since: Instant | None = None
    terms: list[str] = []
    lifts: list[AttributeLift] = []
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
