"""Rules over findings and trends: what is reported, at which level, and how a trend lives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from chalicelib.trends.cells import ALL, topic_of
from chalicelib.trends.models import Finding, Method, Trend, TrendRule, TrendState

_CLEARLY_HIGHER = 1.5  # a child must lift this much more to explain better than its parent
_MOST_OF_IT = 0.6  # of the parent's extra cases a child must hold to stand for it
_NEARLY_ALL = 0.9
_MORE_THAN_ALL = 1.05
_SAME_TROUBLE = timedelta(hours=48)
_PART_OF_A_SHIFT = 0.3
_WORSE_RATE = 2.0
_WORSE_CASES = 10


def depth_of(series: str) -> int:
    """How many attributes name this cell: `topic=login&product=app` has two, `*` none."""
    return 0 if series == ALL else series.count("&") + 1


def control_false_discoveries(
    findings: Sequence[Finding], tested: int, rate: float
) -> list[Finding]:
    """Benjamini and Hochberg (1995): of what is returned, about the share `rate` is noise.

    `tested` is the number of cells looked at, empty ones included. Most certain first.
    """
    ranked = sorted(findings, key=lambda f: f.p)
    kept = 0
    for rank, finding in enumerate(ranked, 1):
        if finding.p <= rate * rank / max(tested, 1):
            kept = rank
    return ranked[:kept]


def report_once(findings: Sequence[Finding]) -> list[Finding]:
    """Of findings that are one trouble seen at several levels, the one that explains it best.

    Two cells are related when the attributes of one contain those of the other and their windows
    overlap. A child that holds most of its parent's extra cases at a clearly higher lift stands for
    the parent, and for any other parent nearly all of whose extra cases it holds; any other child
    is a mere part of it. Of two children that together hold more than all of their parent's extra
    cases, so that they must share cases, the higher lift stays. Of two cells that are not related,
    but share most of one's extra cases in a common child, the one with more of them stays.
    Most specific and highest lift come first; the order of the input is kept.
    """
    order = sorted(findings, key=lambda f: (-depth_of(f.series), -f.lift, f.series))
    dropped: set[str] = set()
    for child in order:
        if child.series in dropped:
            continue
        parents = [f for f in order if f.series not in dropped and _is_part_of(child, f)]
        explained = [f for f in parents if _explains(child, f)]
        rest = [f for f in parents if f not in explained]
        part = any(_extra(child) < _NEARLY_ALL * _extra(f) for f in rest)
        if (parents and not explained) or part:
            dropped.add(child.series)
            continue
        for parent in parents:
            dropped.add(parent.series)
            others = [f for f in order if f != child and _is_part_of(f, parent)]
            dropped.update(f.series for f in others if _shares_cases(child, f, parent))
    left = [f for f in findings if f.series not in dropped]
    return [f for f in left if not any(_is_told_by(f, other, findings) for other in left)]


def pair(findings: Sequence[Finding], trends: Sequence[Trend]) -> dict[str, Trend]:
    """Which known trend each finding goes on with, by the finding's series.

    The one of the same cell; else one of a cell above or below it whose own cell is not found any
    more, while both last: one trouble that is told at another level by now.
    """
    found = {finding.series for finding in findings}
    going = {trend.series: trend for trend in trends}
    pairs = {f.series: going.pop(f.series) for f in findings if f.series in going}
    for finding in findings:
        if finding.series in pairs:
            continue
        for series, trend in sorted(going.items()):
            running = trend.ended_at is None and trend.state is not TrendState.DISMISSED
            near = abs(trend.started_at - finding.start) <= _SAME_TROUBLE
            if related(series, finding.series) and running and near and series not in found:
                pairs[finding.series] = going.pop(series)
                break
    return pairs


def related(one: str, other: str) -> bool:
    """Whether one of two cells is a part of the other, or both are the same."""
    named, others = _attributes(one), _attributes(other)
    return named <= others or others <= named


def is_shift(finding: Finding, excess_of: Callable[[str], tuple[float, float] | None]) -> bool:
    """Whether a version is only taking over from another one: nothing more comes of its product.

    `excess_of` a cell is (cases beyond what is expected, their standard deviation) in the hours of
    the finding. Where the product is so busy that the version's would not show, it is no shift.
    """
    named = finding.series.split("&")
    rest = [part for part in named if not part.startswith("version=")]
    if len(rest) == len(named) or not rest:
        return False
    above = excess_of("&".join(rest))
    if above is None:
        return False
    extra, deviation = above
    own = _extra(finding)
    return extra < _PART_OF_A_SHIFT * own and 2 * deviation < own


def advance(
    trend: Trend | None, finding: Finding | None, now: datetime, new_id: Callable[[], str]
) -> Trend | None:
    """The trend after this look at its series; the same object when nothing changes.

    | trend     | finding                               | becomes                          |
    |-----------|---------------------------------------|----------------------------------|
    | none      | yes                                   | a new one, active                |
    | active    | yes                                   | active, figures updated          |
    | active    | no                                    | ended                            |
    | ended     | yes, within 48 h of its end           | active again                     |
    | ended     | yes, later                            | a new one, active                |
    | dismissed | yes, clearly worse than when dismissed| active again                     |
    | dismissed | yes, else                             | dismissed, unchanged             |
    | dismissed | no                                    | dismissed, marked as over        |
    | dismissed, over | yes, 48 h later or more         | a new one, active                |
    """
    if finding is None:
        return _without_finding(trend, now)
    if trend is None or _over_for_long(trend, finding):
        return _begin(finding, now, new_id())
    if trend.state is TrendState.DISMISSED and not _clearly_worse(trend, finding):
        return trend
    return _update(trend, finding, now)


def _without_finding(trend: Trend | None, now: datetime) -> Trend | None:
    if trend is None or trend.ended_at is not None:
        return trend
    state = TrendState.ENDED if trend.state is TrendState.ACTIVE else trend.state
    return _changed(trend, now, state=state, ended_at=now)


def _begin(finding: Finding, now: datetime, new_id: str) -> Trend:
    return Trend(
        id=new_id,
        series=finding.series,
        rule=_rule(finding),
        topic=topic_of(finding.series),
        started_at=finding.start,
        detected_at=now,
        last_seen_at=now,
        window_hours=finding.window_hours,
        expected=finding.expected,
        seen=finding.seen,
        p=finding.p,
        lift=finding.lift,
        method=finding.method,
        cases=finding.seen,
        created_at=now,
        updated_at=now,
    )


def _update(trend: Trend, finding: Finding, now: datetime) -> Trend:
    return _changed(
        trend,
        now,
        state=TrendState.ACTIVE,
        started_at=min(trend.started_at, finding.start),
        last_seen_at=now,
        ended_at=None,
        calm_since=None,
        series=finding.series,
        topic=topic_of(finding.series),
        rule=_rule(finding),
        window_hours=finding.window_hours,
        expected=finding.expected,
        seen=finding.seen,
        p=min(trend.p, finding.p),
        lift=finding.lift,
        method=finding.method,
        cases=finding.seen,
    )


def _changed(trend: Trend, now: datetime, **fields: object) -> Trend:
    return trend.model_copy(update={**fields, "updated_at": now, "version": trend.version + 1})


def _rule(finding: Finding) -> TrendRule:
    cautious = finding.method is Method.COLD_START
    return TrendRule.CAUTIOUS if cautious else TrendRule.CALIBRATED


def _over_for_long(trend: Trend, finding: Finding) -> bool:
    return trend.ended_at is not None and finding.detected_at > trend.ended_at + _SAME_TROUBLE


def _clearly_worse(trend: Trend, finding: Finding) -> bool:
    before = trend.seen / max(trend.window_hours, 1)
    after = finding.seen / max(finding.window_hours, 1)
    more = finding.seen >= trend.seen + _WORSE_CASES
    return more and after >= _WORSE_RATE * before


def _attributes(series: str) -> frozenset[str]:
    return frozenset() if series == ALL else frozenset(series.split("&"))


def _is_part_of(child: Finding, parent: Finding) -> bool:
    if not _attributes(parent.series) < _attributes(child.series):
        return False
    return child.start < _end(parent) and parent.start < _end(child)


def _end(finding: Finding) -> datetime:
    return finding.start + timedelta(hours=finding.window_hours)


def _extra(finding: Finding) -> float:
    return max(finding.seen - finding.expected, 0.0)


def _explains(child: Finding, parent: Finding) -> bool:
    higher = child.lift >= _CLEARLY_HIGHER * parent.lift
    return higher and _extra(child) >= _MOST_OF_IT * _extra(parent)


def _is_told_by(one: Finding, other: Finding, findings: Sequence[Finding]) -> bool:
    """Whether most of what is extra in one is extra in a common child with the other, too."""
    if one is other or (_extra(other), other.series) <= (_extra(one), one.series):
        return False
    return any(
        _is_part_of(child, one)
        and _is_part_of(child, other)
        and _extra(child) >= _MOST_OF_IT * _extra(one)
        for child in findings
    )


def _shares_cases(one: Finding, other: Finding, parent: Finding) -> bool:
    return _extra(one) + _extra(other) > _MORE_THAN_ALL * _extra(parent)
