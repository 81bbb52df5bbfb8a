"""Whether a model is good is asked of texts, and of customers, that it never met."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.understanding import judging
from chalicelib.understanding.judging import Judged, Pair
from chalicelib.understanding.lessons import Comparison, Origin, Taught
from chalicelib.understanding.models import TopicDecision
from chalicelib.understanding.training import Example

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def example(number: int, customer: str, label: str = "a", by: str = "ana") -> Taught:
    return Taught(
        id=f"e{number}",
        example=Example(text=f"text {number}", label=label),
        origin=Origin.PERSON,
        customer=customer,
        at=NOON + timedelta(minutes=number),
        by=by,
    )


def defined(number: int) -> Taught:
    said = Example(text=f"defined {number}", label="a")
    return Taught(id=f"d{number}", example=said, origin=Origin.DEFINITION)


def judged(one: Taught, guess: str, confidence: float = 0.9, uttered: bool = True) -> Judged:
    decision = TopicDecision(
        label=guess if uttered else None,
        guess=guess,
        confidence=confidence,
        source="test",
        model_version="1",
    )
    return Judged(one, decision)


customers = st.lists(st.integers(0, 60), max_size=400)


@settings(max_examples=60, deadline=None)
@given(customers)
def test_no_customer_is_on_both_sides_of_a_split(of: list[int]) -> None:
    taught = [defined(1), *(example(n, f"c{customer}") for n, customer in enumerate(of))]
    _, splits = judging.splits(taught)
    for split in splits:
        learnt = {one.customer for one in split.learn if one.at}
        assert not learnt & {one.customer for one in split.held_out}
        assert split.held_out
        assert all(one.at for one in split.held_out)
        assert defined(1) in split.learn


@settings(max_examples=60, deadline=None)
@given(customers)
def test_of_few_texts_each_is_held_out_once(of: list[int]) -> None:
    taught = [example(n, f"c{customer}") for n, customer in enumerate(of[: judging.MANY - 1])]
    _, splits = judging.splits(taught)
    held_out = [one.id for split in splits for one in split.held_out]
    assert sorted(held_out) == (sorted(one.id for one in taught) if splits else [])
    assert bool(splits) == (len({one.customer for one in taught}) > 1)


def test_of_many_texts_the_newest_are_held_out() -> None:
    taught = [example(n, f"c{n}") for n in range(500)]
    _, (split,) = judging.splits(taught)
    assert {one.id for one in split.held_out} == {f"e{n}" for n in range(400, 500)}
    assert len(split.learn) == 400


def test_a_customer_with_very_many_texts_is_learnt_from() -> None:
    taught = [example(n, "large" if n % 2 else f"c{n}") for n in range(500)]
    _, (split,) = judging.splits(taught)
    assert all(one.customer != "large" for one in split.held_out)
    assert any(one.customer == "large" for one in split.learn)


def compared(new: int, both: int, old: int) -> Comparison:
    """So many texts, each of a customer, that only the new model, both, or only the old one got."""
    kinds = [(True, False)] * new + [(True, True)] * both + [(False, True)] * old
    pairs = [Pair(f"c{n}", 1.0, *kind) for n, kind in enumerate(kinds)]
    comparison = judging.compare(pairs)
    assert comparison is not None
    return comparison


def test_a_better_model_is_promoted_with_its_interval() -> None:
    comparison = compared(new=30, both=60, old=10)
    assert (comparison.candidate, comparison.in_use, comparison.difference) == (0.9, 0.7, 0.2)
    assert 0 < comparison.low < 0.2 < comparison.high < 0.4
    verdict = judging.verdict(comparison)
    assert verdict.promote
    assert "90.0% of 100 texts" in verdict.reason


def test_a_worse_model_is_refused_and_told_by_how_much() -> None:
    verdict = judging.verdict(compared(new=5, both=60, old=35))
    assert not verdict.promote
    assert verdict.reason.startswith("worse than the model in use")
    assert "-30.0%" in verdict.reason


def test_a_model_that_is_surely_no_more_than_two_points_worse_is_not_worse() -> None:
    assert judging.verdict(compared(new=1, both=4_000, old=11)).promote
    assert not judging.verdict(compared(new=1, both=40, old=2)).promote


def test_many_texts_of_one_customer_are_one_proof() -> None:
    one = [Pair("same", 1.0, True, False)] * 50
    others = [Pair(f"c{n}", 1.0, n % 2 == 0, n % 2 == 1) for n in range(20)]
    clustered = judging.compare(one + others)
    apart = judging.compare(
        [pair._replace(customer=f"k{n}") for n, pair in enumerate(one + others)]
    )
    assert clustered and apart
    assert clustered.difference == apart.difference
    assert clustered.high - clustered.low > 2 * (apart.high - apart.low)


def test_without_a_text_that_neither_was_taught_nothing_is_promoted() -> None:
    assert not judging.verdict(judging.compare([])).promote


def test_the_figures_tell_guesses_from_what_is_uttered() -> None:
    said = [
        judged(example(1, "c1", "a"), "a", 0.95),
        judged(example(2, "c2", "a"), "b", 0.35, uttered=False),
        judged(example(3, "c3", "b"), "b", 0.95),
        judged(example(4, "c4", "b"), "a", 0.95),
    ]
    figures = judging.figures(said)
    assert figures is not None
    assert (figures.accuracy, figures.coverage) == (0.5, 0.75)
    assert figures.right_when_uttered == round(2 / 3, 4)
    assert {(one.label, one.guess): one.texts for one in figures.confusion} == {
        ("a", "b"): 1,
        ("b", "a"): 1,
    }
    assert [(one.texts, one.right) for one in figures.bins] == [(1, 0.0), (3, round(2 / 3, 4))]


def test_who_labels_against_all_others_is_named() -> None:
    honest = [judged(example(n, f"c{n}", "a", "ana"), "a") for n in range(40)]
    poisoned = [judged(example(n, f"p{n}", "b", "mallory"), "a") for n in range(40, 48)]
    found = judging.doubts(honest + poisoned)
    assert {doubt.by for doubt in found} == {"mallory"}
    (teacher,) = judging.suspicious(honest + poisoned, found)
    assert (teacher.by, teacher.labels, teacher.doubtful) == ("mallory", 8, 8)
