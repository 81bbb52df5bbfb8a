"""Labels that look odd are told, with whose they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.understanding.lessons import (
    Lesson,
    LessonKind,
    Origin,
    Taught,
    team_by_topic,
)
from chalicelib.understanding.poison import MANY, bursts, contradictions
from chalicelib.understanding.training import Example

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def taught(number: int, text: str, label: str, by: str = "eva", seconds: float = 0) -> Taught:
    return Taught(
        id=f"{by}{number}",
        example=Example(text=text, label=label),
        origin=Origin.PERSON,
        customer=f"c{number}",
        at=NOW + timedelta(seconds=seconds),
        by=by,
    )


def test_one_text_under_two_labels_is_told_with_the_people() -> None:
    given_ = [
        taught(1, "Where is my parcel?", "parcel"),
        taught(2, "where is my PARCEL", "voucher", by="mallory"),
        taught(3, "Where is my parcel", "parcel", by="tom"),
        taught(4, "My code is refused", "voucher"),
    ]
    [found] = contradictions(given_)
    assert found.labels == ("parcel", "voucher")
    assert found.by == {"parcel": ("eva", "tom"), "voucher": ("mallory",)}


def test_a_burst_of_labels_by_one_login_is_told() -> None:
    rush = [taught(n, f"text {n}", "x", by="mallory", seconds=5 * n) for n in range(MANY + 5)]
    calm = [taught(n, f"words {n}", "y", seconds=120 * n) for n in range(3 * MANY)]
    [burst] = bursts([*rush, *calm])
    assert (burst.by, burst.labels, burst.most_frequent) == ("mallory", MANY + 5, "x")
    assert (burst.since, burst.until) == (NOW, NOW + timedelta(seconds=5 * (MANY + 4)))


def test_many_people_at_once_are_no_burst() -> None:
    crowd = [taught(n, f"text {n}", "x", by=f"agent{n % 5}", seconds=n) for n in range(4 * MANY)]
    assert bursts(crowd) == ()


@given(st.lists(st.integers(0, 7_200), max_size=80))
def test_a_burst_never_holds_fewer_labels_than_it_takes(seconds: list[int]) -> None:
    found = bursts([taught(n, f"t{n}", "x", seconds=s) for n, s in enumerate(seconds)])
    assert all(burst.labels >= MANY for burst in found)
    assert sum(burst.labels for burst in found) <= len(seconds)


def lesson(case: str, topic: str, team: str, minutes: int) -> Lesson:
    return Lesson(
        id=f"{case}{minutes}",
        kind=LessonKind.TEAM,
        text="words",
        label=team,
        topic=topic,
        customer_id="c",
        case_id=case,
        by="eva",
        at=NOW + timedelta(minutes=minutes),
    )


def test_the_team_of_a_topic_is_the_last_word_on_each_case() -> None:
    lessons = [
        lesson("1", "parcel", "billing", 0),
        lesson("1", "parcel", "shipping", 5),
        lesson("2", "parcel", "shipping", 1),
        lesson("3", "parcel", "sales", 2),
        lesson("4", "voucher", "sales", 3),
        lesson("5", "", "sales", 4),
    ]
    assert team_by_topic(lessons) == {
        "parcel": {"shipping": 2, "sales": 1},
        "voucher": {"sales": 1},
    }
