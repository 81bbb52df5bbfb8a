"""How many promises were kept: as what a case stands, and the share with its interval. Pure.

Missed is what was answered too late, and what is open and overdue. What is open and in time is not
decided and in neither. Cases to which nothing is promised are excluded, and said.
Interval: E. B. Wilson, "Probable inference, the law of succession, and statistical inference"
(1927), 95 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt

from chalicelib.base import Model
from chalicelib.cases.models import Case, CaseStatus
from chalicelib.promises.alarms import CLOCKS

SOLVED = frozenset({CaseStatus.RESOLVED, CaseStatus.CLOSED})
EXCLUDED = ("spam", "history", "merged", "unanswered", "unpromised")
COUNTS = (*(f"{clock}_{what}" for clock in CLOCKS for what in ("met", "missed")), *EXCLUDED)
Z = 1.959963984540054


class Standing(Model):
    """As what a case is counted: on the day (UTC) of its beginning, in these cells."""

    day: str
    cells: dict[str, str]  # policy, team, topic -> its value
    counts: dict[str, int]
    version: int = 1

    def same(self, other: Standing) -> bool:
        return self == other.model_copy(update={"version": self.version})


class Share(Model):
    """How often a promise was kept; `low` and `high` are where the share surely lies (95 %)."""

    met: int
    missed: int
    share: float | None
    low: float | None
    high: float | None


class Attained(Model):
    """One policy, team or topic ("" is none). `excluded` says why cases are not in the shares."""

    value: str
    first_reply: Share
    next_reply: Share
    resolution: Share
    excluded: dict[str, int]


def standing(case: Case) -> Standing:
    """As what the case is counted now."""
    promises = case.promises
    cells = {
        "policy": promises.policy,
        "team": case.team or "",
        "topic": case.topic.label or "",
    }
    counts = {name: count for name, count in _counts(case).items() if count}
    return Standing(day=case.created_at.date().isoformat(), cells=cells, counts=counts)


def _counts(case: Case) -> dict[str, int]:
    promises = case.promises
    why = "merged" if case.merged_into else "spam" if case.spam else promises.excluded
    if why:
        return {why: 1}
    counts = dict.fromkeys(COUNTS, 0)
    counts["next_reply_met"] = promises.replies_met
    counts["next_reply_missed"] = promises.replies_missed
    promised = False
    for name in CLOCKS:
        clock = getattr(promises, name)
        promised = promised or clock is not None
        if clock is None:
            continue
        if clock.breached_at is not None:
            counts[f"{name}_missed"] += 1
        elif clock.met_at is not None:
            counts[f"{name}_met"] += 1
        elif case.status in SOLVED and name == "first_reply":
            counts["unanswered"] += 1
    return counts if promised else {"unpromised": 1}


def attained(value: str, counts: Mapping[str, int]) -> Attained:
    """The shares of summed counts."""
    first, following, resolution = (
        share(counts.get(f"{name}_met", 0), counts.get(f"{name}_missed", 0)) for name in CLOCKS
    )
    excluded = {name: counts[name] for name in EXCLUDED if counts.get(name)}
    return Attained(
        value=value,
        first_reply=first,
        next_reply=following,
        resolution=resolution,
        excluded=excluded,
    )


def share(met: int, missed: int) -> Share:
    """The share with Wilson's interval; None where nothing is decided."""
    of = met + missed
    if of <= 0:
        return Share(met=met, missed=missed, share=None, low=None, high=None)
    kept = met / of
    middle = kept + Z * Z / (2 * of)
    wide = Z * sqrt(kept * (1 - kept) / of + Z * Z / (4 * of * of))
    below = 1 + Z * Z / of
    low, high = max(0.0, (middle - wide) / below), min(1.0, (middle + wide) / below)
    return Share(
        met=met, missed=missed, share=round(kept, 4), low=round(low, 4), high=round(high, 4)
    )


def summed(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Counts added up by name."""
    total: dict[str, int] = {}
    for part in parts:
        for name, count in part.items():
            total[name] = total.get(name, 0) + count
    return total
