"""Both engines on the same cases: how often they agree, who is right, and what each costs. Pure.

The truth is what people made of a case since. Where only corrections count, the engine that decides
looks worse than it is, for nobody corrects what is right: so a case that an agent solved without
touching its topic counts too, for less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalicelib.base import Model
from chalicelib.understanding.costs import ENDPOINT_UNIT_SECOND
from chalicelib.understanding.engines import Engine, EnginesSettings, Opinion, Said
from chalicelib.understanding.judging import Pair, compare
from chalicelib.understanding.lessons import Comparison

JOB_PER_THOUSAND = 2.5  # US dollars: five units for a text of the usual 500 characters


class Sorted(Model):
    """How the cases stand by now that engines are held against: the label that is right, if known,
    and how much that is worth."""

    label: str | None = None
    worth: float = 0.0


class EngineFigures(Model):
    """One engine on the cases that both spoke of. Shares from 0 to 1."""

    coverage: float  # of the cases on which it did not say "don't know"
    right: float | None = None  # its best guess, of the cases on which the truth is known
    right_when_uttered: float | None = None
    right_on_corrections: float | None = None
    dollars_per_1000: float


class EngineComparison(Model):
    """The newest cases of which both engines said a word."""

    cases: int
    known: int  # cases of which the right topic is known
    agreement: float | None = None
    own: EngineFigures | None = None
    comprehend: EngineFigures | None = None
    difference: Comparison | None = None  # Comprehend's accuracy less ours, with its interval


def compared(
    opinions: Sequence[Opinion], truth: Mapping[str, Sorted], engines: EnginesSettings, days: float
) -> EngineComparison:
    """Both engines on these cases; `truth` by case id, `days` that the opinions span."""
    if not opinions:
        return EngineComparison(cases=0, known=0)
    known = [one for one in opinions if truth.get(one.case_id, Sorted()).label]
    agreed = sum(one.own.guess == one.other.guess for one in opinions)
    pairs = [
        Pair(
            one.customer_id,
            truth[one.case_id].worth,
            one.other.guess == truth[one.case_id].label,
            one.own.guess == truth[one.case_id].label,
        )
        for one in known
    ]
    return EngineComparison(
        cases=len(opinions),
        known=len(known),
        agreement=round(agreed / len(opinions), 4),
        own=_figures([(one.case_id, one.own) for one in opinions], truth, 0.0),
        comprehend=_figures(
            [(one.case_id, one.other) for one in opinions],
            truth,
            _per_thousand(len(opinions), engines, days),
        ),
        difference=compare(pairs),
    )


def _per_thousand(cases: int, engines: EnginesSettings, days: float) -> float:
    """An endpoint is paid by the second: the fewer the cases, the more each of them costs."""
    if engines.endpoint_arn and engines.topic is not Engine.JOB:
        seconds = max(days, 1.0) * 86_400
        return round(seconds * ENDPOINT_UNIT_SECOND * engines.endpoint_units / cases * 1000, 2)
    return JOB_PER_THOUSAND


def _figures(
    words: Sequence[tuple[str, Said]], truth: Mapping[str, Sorted], dollars: float
) -> EngineFigures:
    judged = [(one, truth[case]) for case, one in words if truth.get(case, Sorted()).label]
    uttered = [(one, right) for one, right in judged if one.label is not None]
    corrected = [(one, right) for one, right in judged if right.worth >= 1]
    return EngineFigures(
        coverage=round(sum(one.label is not None for _, one in words) / len(words), 4),
        right=_share(judged),
        right_when_uttered=_share(uttered),
        right_on_corrections=_share(corrected),
        dollars_per_1000=dollars,
    )


def _share(judged: Sequence[tuple[Said, Sorted]]) -> float | None:
    total = sum(right.worth for _, right in judged)
    if not total:
        return None
    return round(sum(right.worth for one, right in judged if one.guess == right.label) / total, 4)
