"""Training ends within the time that a function has, and learns from as much as fits into it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib.understanding.budget import MOST_TEXTS, affordable
from chalicelib.understanding.lessons import Origin, Taught
from chalicelib.understanding.training import Example

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def examples(count: int, words: int = 3) -> list[Taught]:
    return [
        Taught(
            id=f"e{n}",
            example=Example(text=" ".join(f"w{n + i}" for i in range(words)), label=f"l{n % 5}"),
            origin=Origin.PERSON,
            at=NOON + timedelta(minutes=n),
        )
        for n in range(count)
    ]


def test_few_examples_are_all_learnt_from_with_a_curve() -> None:
    found = affordable(examples(100))
    assert (len(found.taught), found.groups, found.curve) == (100, 5, True)


def test_what_costs_too_much_is_left_out_from_the_oldest_on() -> None:
    given = examples(MOST_TEXTS + 500)
    assert affordable(given).taught == given[-MOST_TEXTS:]
    found = affordable(given, 200_000_000)
    assert not found.curve
    assert found.taught == given[-len(found.taught) :]
    assert 500 < len(found.taught) < MOST_TEXTS


def test_long_texts_leave_room_for_fewer() -> None:
    most = 20_000_000
    short = affordable(examples(400), most)
    long = affordable(examples(400, words=40), most)
    assert 2 <= len(long.taught) < len(short.taught) / 4
