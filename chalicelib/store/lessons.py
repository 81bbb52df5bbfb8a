"""What people taught the machine: one item a correction, in partitions of a month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from chalicelib.store import items, keys
from chalicelib.store.table import Key, Table, Write, put
from chalicelib.understanding.lessons import Lesson, LessonKind

MONTHS = 24  # what is older is not learnt from any more


class LessonStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, *lessons: Lesson, writes: Sequence[Write] = ()) -> None:
        """Keep them, with what belongs to them; the same ones again change nothing."""
        self._table.commit(*map(self.kept, lessons), *writes)

    def kept(self, lesson: Lesson) -> Write:
        """A lesson as a part of a transaction."""
        return put(f"lesson {lesson.kind}", items.item(_key(lesson), "lesson", lesson))

    def has(self, lesson: Lesson) -> bool:
        """Whether it was kept before."""
        return self._table.get(_key(lesson)) is not None

    def newest(self, kind: LessonKind, now: datetime, most: int) -> list[Lesson]:
        """The newest lessons of that kind, newest first, from the last MONTHS months."""
        return list(islice(self._back(kind, now), most))

    def _back(self, kind: LessonKind, now: datetime) -> Iterator[Lesson]:
        month = now
        for _ in range(MONTHS):
            found = [
                items.model(Lesson, stored)
                for partition in keys.lessons_of_month(f"{month:%Y-%m}")
                for stored in self._table.query_all(partition)
                if stored["kind"] == kind
            ]
            yield from sorted(found, key=lambda lesson: (lesson.at, lesson.id), reverse=True)
            month = month.replace(day=1) - timedelta(days=1)


def _key(lesson: Lesson) -> Key:
    return keys.lesson(lesson.at, lesson.id)
