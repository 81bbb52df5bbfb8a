"""What Amazon Comprehend is paid for: units, prices, and the sums of a month. Pure.

Prices are those of us-east-1, first tier, in US dollars, looked up on 2026-11-22 (Amazon Comprehend
pricing). A unit is 100 characters, three at least a document. An endpoint is paid for by its
seconds whether it is asked or not, so its calls cost nothing more: what it costs a day is said.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from chalicelib.base import Model

CHARACTERS_A_UNIT, LEAST_UNITS = 100, 3
MICROS = 1_000_000
ENDPOINT_UNIT_SECOND = 0.0005  # an inference unit for a second, from CreateEndpoint on
TRAINING_HOUR = 3.0
MANAGEMENT_MONTH = 0.5  # each custom model that is kept


class PaidKind(StrEnum):
    """What was asked for."""

    SENTIMENT = "sentiment"
    KEY_PHRASES = "key_phrases"
    PII = "pii"
    CLASSIFY = "classify"  # through an endpoint
    CLASSIFY_JOB = "classify_job"  # hourly, by StartDocumentClassificationJob
    TRAINING = "training"  # of a custom classifier; its units are seconds


_MICROS_A_UNIT = {
    PaidKind.SENTIMENT: 100.0,
    PaidKind.KEY_PHRASES: 100.0,
    PaidKind.PII: 100.0,
    PaidKind.CLASSIFY: 0.0,
    PaidKind.CLASSIFY_JOB: 500.0,
    PaidKind.TRAINING: TRAINING_HOUR * MICROS / 3600,
}


class Paid(Model):
    """Calls of one kind. `micros` are millionths of a US dollar."""

    kind: PaidKind
    calls: int = Field(default=1, ge=0)
    units: int = Field(ge=0)
    micros: int = Field(ge=0)


class CostLine(Model):
    """What one kind cost on one day (UTC)."""

    date: str
    kind: PaidKind
    calls: int
    units: int
    dollars: float


class Costs(Model):
    """A month of the paid service: by day and kind, and together."""

    month: str
    lines: tuple[CostLine, ...] = ()
    dollars: float = 0.0
    endpoint_dollars_a_day: float = 0.0  # of the endpoint in the settings, asked or not


def units_of(text: str) -> int:
    """Units that a document is charged."""
    return max(LEAST_UNITS, math.ceil(len(text) / CHARACTERS_A_UNIT))


def paid(kind: PaidKind, *texts: str) -> Paid:
    """What a call about these texts costs."""
    return charge(kind, sum(map(units_of, texts)))


def charge(kind: PaidKind, units: int, calls: int = 1) -> Paid:
    """So many units of a kind."""
    return Paid(kind=kind, calls=calls, units=units, micros=round(units * _MICROS_A_UNIT[kind]))


def together(all_paid: Iterable[Paid]) -> tuple[Paid, ...]:
    """One sum a kind, in the order of their names."""
    sums: dict[PaidKind, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in all_paid:
        total = sums[one.kind]
        total[:] = [total[0] + one.calls, total[1] + one.units, total[2] + one.micros]
    return tuple(
        Paid(kind=kind, calls=calls, units=units, micros=micros)
        for kind, (calls, units, micros) in sorted(sums.items())
    )


def bill(month: str, by_day: Iterable[tuple[str, Paid]], endpoint_units: int) -> Costs:
    """The sums of a month; (date, part of that day's sum) in any order."""
    days: dict[str, list[Paid]] = defaultdict(list)
    for date, one in by_day:
        days[date].append(one)
    lines = tuple(
        CostLine(
            date=date,
            kind=one.kind,
            calls=one.calls,
            units=one.units,
            dollars=round(one.micros / MICROS, 6),
        )
        for date, parts in sorted(days.items())
        for one in together(parts)
    )
    return Costs(
        month=month,
        lines=lines,
        dollars=round(sum(line.dollars for line in lines), 6),
        endpoint_dollars_a_day=round(endpoint_units * ENDPOINT_UNIT_SECOND * 86_400, 2),
    )
