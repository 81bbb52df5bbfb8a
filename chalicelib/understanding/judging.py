"""Whether a trained model is good, and better than the one in use. Pure.

No customer is on both sides of a split: people repeat themselves, and a model that knows them looks
better than it is. With many dated examples the newest are held out, as the model will meet what is
newer than itself; with few, customers are dealt into groups that are held out in turn.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chalicelib.understanding.lessons import (
    Bin,
    Comparison,
    Confused,
    Doubt,
    Figures,
    Origin,
    Taught,
    Teacher,
)
from chalicelib.understanding.models import TopicDecision

MANY = 200  # dated examples from which the newest are held out
SHARE, MOST_HELD_OUT = 0.2, 1_500
GROUPS = 5
TOLERATED = 0.02  # a model that is surely not worse by more than this is not worse
RESAMPLES = 1_000
SURE_DOUBT = 0.8  # confidence from which a contradicted label is doubtful
_BINS, _MOST_CONFUSED, _MOST_DOUBTS = 10, 40, 50
_LEAST_LABELS, _FACTOR, _LEAST_SHARE = 5, 3.0, 0.3


class Split(NamedTuple):
    learn: list[Taught]
    held_out: list[Taught]


class Judged(NamedTuple):
    """What a model that never saw it, nor its customer, says about a text."""

    taught: Taught
    decision: TopicDecision

    @property
    def right(self) -> bool:
        return self.decision.guess == self.taught.example.label


class Pair(NamedTuple):
    """Both models' word on a text that neither was taught."""

    customer: str
    worth: float
    candidate: bool
    in_use: bool


class Verdict(NamedTuple):
    promote: bool
    reason: str


def splits(taught: Sequence[Taught], most_groups: int = GROUPS) -> tuple[str, list[Split]]:
    """How texts are held out, in words, and what to learn and to hold out. Definitions are always
    learnt. Empty where all dated examples are of one customer."""
    dated = sorted((one for one in taught if one.at), key=lambda one: (str(one.at), one.id))
    always = [one for one in taught if not one.at]
    if len(dated) >= MANY:
        late = _newest(always, dated)
        if late.held_out:
            return "the newest texts, of customers who are not learnt from", [late]
    groups = _groups(dated, most_groups)
    if len(groups) < 2:
        return "nothing could be held out: there is but one customer", []
    found = [
        Split(always + [one for other in groups if other is not group for one in other], group)
        for group in groups
    ]
    return f"customers in {len(groups)} groups, each held out in turn", found


def _newest(always: list[Taught], dated: Sequence[Taught]) -> Split:
    """Customers with a large part of all texts are learnt from, the others' newest are held out."""
    cut = len(dated) - min(MOST_HELD_OUT, int(SHARE * len(dated)))
    texts = Counter(one.customer for one in dated)
    large = {customer for customer, count in texts.items() if count > 0.1 * len(dated)}
    held_out = [one for one in dated[cut:] if one.customer not in large]
    kept_out = {one.customer for one in held_out}
    learn = [one for one in dated[:cut] if one.customer not in kept_out]
    return Split([*always, *learn], held_out)


def _groups(dated: Sequence[Taught], most: int) -> list[list[Taught]]:
    by_customer: dict[str, list[Taught]] = defaultdict(list)
    for one in dated:
        by_customer[one.customer].append(one)
    groups: list[list[Taught]] = [[] for _ in range(min(most, len(by_customer)))]
    for mine in sorted(by_customer.values(), key=len, reverse=True):
        min(groups, key=len).extend(mine)
    return groups


def figures(judged: Sequence[Judged]) -> Figures | None:
    """None where nothing was held out."""
    if not judged:
        return None
    uttered = [one for one in judged if one.decision.label is not None]
    corrected = [one for one in judged if one.taught.origin is Origin.PERSON]
    bins = _bins(judged)
    total = sum(_worth(one) for one in judged)
    gaps = sum(abs(each.confidence - each.right) * each.texts for each in bins)
    return Figures(
        texts=len(judged),
        accuracy=_share(judged),
        accuracy_on_corrections=_share(corrected) if corrected else None,
        macro_f1=_macro_f1(judged),
        coverage=round(sum(map(_worth, uttered)) / total, 4),
        right_when_uttered=_share(uttered),
        calibration_error=round(gaps / len(judged), 4),
        bins=bins,
        confusion=_confusion(judged),
    )


def _worth(one: Judged) -> float:
    return one.taught.example.worth


def _share(judged: Sequence[Judged]) -> float:
    total = sum(map(_worth, judged))
    return round(sum(_worth(one) for one in judged if one.right) / total, 4) if total else 0.0


def _macro_f1(judged: Sequence[Judged]) -> float:
    wanted = Counter(one.taught.example.label for one in judged)
    given = Counter(one.decision.guess for one in judged)
    right = Counter(one.decision.guess for one in judged if one.right)
    each = [2 * right[label] / (wanted[label] + given[label]) for label in wanted]
    return round(sum(each) / len(each), 4)


def _bins(judged: Sequence[Judged]) -> tuple[Bin, ...]:
    found: dict[int, list[Judged]] = defaultdict(list)
    for one in judged:
        found[min(_BINS - 1, int(one.decision.confidence * _BINS))].append(one)
    return tuple(
        Bin(
            confidence=round(sum(one.decision.confidence for one in mine) / len(mine), 4),
            right=round(sum(one.right for one in mine) / len(mine), 4),
            texts=len(mine),
        )
        for _, mine in sorted(found.items())
    )


def _confusion(judged: Sequence[Judged]) -> tuple[Confused, ...]:
    counts = Counter(
        (one.taught.example.label, one.decision.guess) for one in judged if not one.right
    )
    return tuple(
        Confused(label=label, guess=guess, texts=texts)
        for (label, guess), texts in counts.most_common(_MOST_CONFUSED)
    )


def compare(pairs: Sequence[Pair], seed: int = 11) -> Comparison | None:
    """Both models on the same texts; None without any. Whole customers are drawn again and again
    (cluster bootstrap), for the texts of one are no independent proofs."""
    if not pairs:
        return None
    sums: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for pair in pairs:
        gained, worth = sums[pair.customer]
        sums[pair.customer] = (
            gained + pair.worth * (pair.candidate - pair.in_use),
            worth + pair.worth,
        )
    customers = list(sums.values())
    chance = random.Random(seed)
    drawn = sorted(
        _difference(chance.choices(customers, k=len(customers))) for _ in range(RESAMPLES)
    )
    total = sum(pair.worth for pair in pairs)
    return Comparison(
        texts=len(pairs),
        candidate=round(sum(p.worth for p in pairs if p.candidate) / total, 4),
        in_use=round(sum(p.worth for p in pairs if p.in_use) / total, 4),
        difference=round(_difference(customers), 4),
        low=round(drawn[int(0.025 * RESAMPLES)], 4),
        high=round(drawn[int(0.975 * RESAMPLES) - 1], 4),
    )


def _difference(customers: Sequence[tuple[float, float]]) -> float:
    return sum(gained for gained, _ in customers) / sum(worth for _, worth in customers)


def verdict(comparison: Comparison | None) -> Verdict:
    """Whether to put the new model into use, and why."""
    if comparison is None:
        return Verdict(False, "nothing to compare by: no text that neither model was taught")
    said = (
        f"right on {comparison.candidate:.1%} of {comparison.texts} texts that neither was taught,"
        f" against {comparison.in_use:.1%} (difference {comparison.difference:+.1%},"
        f" 95 % interval {comparison.low:+.1%} to {comparison.high:+.1%})"
    )
    if comparison.difference >= 0 or comparison.low >= -TOLERATED:
        return Verdict(True, f"not worse: {said}")
    return Verdict(False, f"worse than the model in use: {said}")


def doubts(judged: Sequence[Judged]) -> tuple[Doubt, ...]:
    """Labels by people that a model, taught by all others, contradicts with confidence."""
    found = [
        Doubt(
            id=one.taught.id,
            by=one.taught.by,
            label=one.taught.example.label,
            guess=one.decision.guess,
            confidence=one.decision.confidence,
        )
        for one in judged
        if one.taught.origin is Origin.PERSON
        and not one.right
        and one.decision.confidence >= SURE_DOUBT
    ]
    return tuple(sorted(found, key=lambda doubt: -doubt.confidence))


def shown(found: Sequence[Doubt]) -> tuple[Doubt, ...]:
    """The strongest of them, as many as a record holds."""
    return tuple(found[:_MOST_DOUBTS])


def suspicious(judged: Sequence[Judged], found: Sequence[Doubt]) -> tuple[Teacher, ...]:
    """People whose labels are doubtful three times as often as those of all others."""
    labels = Counter(one.taught.by for one in judged if one.taught.origin is Origin.PERSON)
    doubted = Counter(doubt.by for doubt in found)
    told = []
    for by, count in labels.items():
        others = sum(labels.values()) - count
        usual = (sum(doubted.values()) - doubted[by]) / others if others else 0.0
        share = doubted[by] / count
        if count >= _LEAST_LABELS and share >= max(_LEAST_SHARE, _FACTOR * usual):
            told.append(Teacher(by=by, labels=count, doubtful=doubted[by]))
    return tuple(sorted(told, key=lambda one: -one.doubtful))


def paired(judged: Sequence[Judged], in_use: Mapping[str, bool]) -> list[Pair]:
    """Both models' words on the texts for which that of the model in use is known."""
    return [
        Pair(one.taught.customer, _worth(one), one.right, in_use[one.taught.id])
        for one in judged
        if one.taught.id in in_use
    ]
