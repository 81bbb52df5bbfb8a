"""Labels that cannot all be right, or that look odd: told to people, never averaged away. Pure.

Whose labels a model, taught by all others, contradicts is found when it is measured (judging.py).
Here are the signs that need no model: one text under two labels, and many labels at once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.text import words
from chalicelib.understanding.lessons import Burst, Contradiction, Origin, Taught

MANY = 20  # labels
SHORT = timedelta(minutes=10)
_MOST, _LONGEST = 50, 300


def contradictions(taught: Sequence[Taught]) -> tuple[Contradiction, ...]:
    """Texts with the same words under several labels, most often repeated first."""
    groups: dict[tuple[str, ...], list[Taught]] = defaultdict(list)
    for one in taught:
        if said := tuple(words(one.example.text)):
            groups[said].append(one)
    found = []
    for same in sorted(groups.values(), key=len, reverse=True):
        by: dict[str, set[str]] = defaultdict(set)
        for one in same:
            by[one.example.label].add(one.by or str(one.origin))
        if len(by) > 1:
            most = Counter(one.example.label for one in same).most_common()
            found.append(
                Contradiction(
                    text=same[0].example.text[:_LONGEST],
                    labels=tuple(label for label, _ in most),
                    by={label: tuple(sorted(people)) for label, people in by.items()},
                )
            )
    return tuple(found[:_MOST])


def bursts(taught: Sequence[Taught]) -> tuple[Burst, ...]:
    """People who gave MANY labels within SHORT, with the whole of each such rush."""
    by_person: dict[str, list[Taught]] = defaultdict(list)
    for one in taught:
        if one.origin is Origin.PERSON and one.at:
            by_person[one.by].append(one)
    found = [
        burst for by, given in by_person.items() for burst in _rushes(by, sorted(given, key=_time))
    ]
    return tuple(sorted(found, key=lambda burst: -burst.labels)[:_MOST])


def _rushes(by: str, given: Sequence[Taught]) -> list[Burst]:
    """Stretches in which each label is one of MANY within SHORT; neighbours are one stretch."""
    fast: set[int] = set()
    first = 0
    for last, one in enumerate(given):
        while _at(one) - _at(given[first]) > SHORT:
            first += 1
        if last - first + 1 >= MANY:
            fast.update(range(first, last + 1))
    stretches: list[list[Taught]] = []
    for place in sorted(fast):
        if place - 1 in fast and stretches:
            stretches[-1].append(given[place])
        else:
            stretches.append([given[place]])
    return [
        Burst(
            by=by,
            labels=len(rush),
            since=_at(rush[0]),
            until=_at(rush[-1]),
            most_frequent=Counter(one.example.label for one in rush).most_common(1)[0][0],
        )
        for rush in stretches
    ]


def _at(one: Taught) -> datetime:
    assert one.at is not None
    return one.at


def _time(one: Taught) -> tuple[datetime, str]:
    return _at(one), one.id
