"""How a trend is told: its title, how sure it is, and whom it hits more than others. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chalicelib.trends.cells import ALL, attributes_of, single_cells
from chalicelib.trends.models import AttributeLift, Finding, TrendHour
from chalicelib.trends.series import hour_of

MOST_LIFTS = 6
_FEWEST = 3  # customers, below which an attribute says nothing
_SMALLEST_SHARE = 0.1
BASE = "customers who wrote in the weeks before, without outbreaks"
_FEWEST_IN_BASE = 30


def title_of(series: str, names: Mapping[str, str] | None = None) -> str:
    """A cell in words: "Login: product router x, version 2, region bavaria".

    `names` are what topics are called by their labels.
    """
    named = dict(attributes_of(series))
    topic = named.pop("topic", "")
    head = (names or {}).get(topic, topic) or "All contacts"
    rest = ", ".join(f"{name} {value}" for name, value in named.items())
    return f"{head}: {rest}" if topic and rest else (rest[:1].upper() + rest[1:] if rest else head)


def confidence(finding: Finding, findings: Sequence[Finding], tested: int) -> float:
    """One less the share of false ones among findings as certain as this one, 0 .. 1.

    The adjusted p-value of Benjamini and Hochberg (1995): the least p · tested / rank at or behind
    its rank.
    """
    ranked = sorted(f.p for f in findings)
    behind = [p * tested / rank for rank, p in enumerate(ranked, 1) if p >= finding.p]
    return round(1.0 - min([1.0, *behind]), 4)


def lifts(
    people: Sequence[tuple[str, ...]], level_of: Callable[[str], tuple[float, float] | None]
) -> list[AttributeLift]:
    """What those affected have in common, most telling first.

    `people` are the cells that each affected customer was counted in; `level_of` a cell is (cases
    an hour as usual, cases this is known from). The share of all is that of the customers who
    usually write; it stays unknown where too few of them are behind it.
    """
    counted: dict[tuple[str, str, str], int] = {}
    for cells in people:
        for key in set(single_cells(cells)):
            counted[key] = counted.get(key, 0) + 1
    everyone = level_of(ALL)
    found = []
    for (cell, attribute, value), seen in counted.items():
        share = seen / len(people)
        if seen < _FEWEST or share < _SMALLEST_SHARE:
            continue
        lift = AttributeLift(
            attribute=attribute, value=value, seen=seen, of=len(people), share=round(share, 4)
        )
        found.append(_with_base(lift, everyone, level_of(cell)))
    found.sort(key=lambda one: (-(one.lift or 1.0), -one.share, one.attribute, one.value))
    return found[:MOST_LIFTS]


def calm_since(ended: int, hours: Sequence[TrendHour], now: int) -> int:
    """The first hour since which all are within the band: that of the end, or one behind the last
    hour after it that was above. The running hour counts as soon as it is above."""
    above = [hour_of(h.hour) for h in hours if h.customers > h.upper]
    return max([ended, *(hour + 1 for hour in above if ended <= hour <= now)])


def _with_base(
    lift: AttributeLift,
    everyone: tuple[float, float] | None,
    those: tuple[float, float] | None,
) -> AttributeLift:
    if everyone is None or everyone[1] < _FEWEST_IN_BASE or everyone[0] <= 0:
        return lift.model_copy(update={"base": "too few customers wrote before to compare with"})
    base_share = min(1.0, those[0] / everyone[0]) if those else 0.0
    fields = {
        "base": BASE,
        "base_share": round(base_share, 4),
        "base_customers": int(everyone[1]),
        "lift": round(lift.share / base_share, 2) if base_share > 0 else None,
    }
    return lift.model_copy(update=fields)
