"""Contacts counted by cell and hour: cases, and distinct customers.

A cell is what is counted together, for example `topic=login`; `*` is everything. What a case was
counted as lies beside the case, so that a replay counts nothing twice and a corrected topic moves
the count from one cell to the other, in the hour in which the case came. An hour that is over is
then marked as changed, so that who reads the counts every few minutes need not read it again
otherwise. The words of new contacts lie here for three days, for troubles without a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.base import Instant, Model, iso, to_utc
from chalicelib.store import keys
from chalicelib.store.items import plain
from chalicelib.store.table import Table, Write, delete, put, put_new, update
from chalicelib.trends.models import Facts

WORDS_KEPT = timedelta(days=3)
MARKS_KEPT = timedelta(days=7)  # that an hour of the past was counted once more
KEPT = timedelta(days=400)  # of who was counted in an hour; the counts themselves stay


class Counted(Model):
    """As what a case stands in the counts. `facts` are those of the first time: see cells.py."""

    hour: str  # 2026-11-22T20
    cells: tuple[str, ...]
    customer_id: str
    facts: Facts = Facts()
    version: int = 1


class Cell(Model):
    """What was counted in one cell and hour."""

    cell: str
    hour: str
    cases: int = 0
    customers: int = 0


def hour_name(moment: datetime) -> str:
    return to_utc(moment).strftime("%Y-%m-%dT%H")


class NewWords(Model):
    """What a contact was about, as its folded words without empty ones and personal data."""

    case_id: str
    customer_id: str
    at: Instant
    words: str


@dataclass(frozen=True)
class Late:
    """Hours to be read again, and what changed in those that nobody reads again: customers by (day
    of the change, hour, cell), summed over that day."""

    hours: set[str]
    customers: dict[tuple[str, str, str], int]


class CountStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def counted(self, case_id: str) -> Counted | None:
        stored = self._table.get(keys.counted(case_id))
        return Counted.model_validate(plain(stored)) if stored else None

    def mark(self, case_id: str, counted: Counted) -> Write:
        """Refused as "counted" where the case was counted by somebody else meanwhile."""
        pk, sk = keys.counted(case_id)
        item = {"pk": pk, "sk": sk, "type": "counted", **counted.model_dump(mode="json")}
        if counted.version == 1:
            return put_new("counted", item)
        return put("counted", item, "version = :read", read=counted.version - 1)

    def present(
        self, marks: Iterable[tuple[str, str, str]]
    ) -> dict[tuple[str, str, str], set[str]]:
        """Cases by (cell, hour, customer), for those that have any."""
        wanted = {keys.seen(*mark): mark for mark in marks}
        found = self._table.batch_get(list(wanted))
        return {wanted[key]: item["cases"] for key, item in found.items()}

    def step(
        self, mark: tuple[str, str, str], before: set[str], after: set[str], now: datetime
    ) -> list[Write]:
        """Writes that turn a customer's cases in a cell and hour from `before` into `after`."""
        cell, hour, _ = mark
        customers = bool(after) - bool(before)
        count = self.add(cell, hour, len(after) - len(before), customers)
        return [self.seen(mark, before, after, now), count]

    def add(self, cell: str, hour: str, cases: int, customers: int) -> Write:
        """So many cases and customers more (or fewer) in a cell and hour."""
        key = keys.counts(hour, cell)
        return update("count", key, "ADD cases :c, customers :k", c=cases, k=customers)

    def late(self, hour: str, now: datetime) -> Write:
        """Mark an hour of the past as counted once more."""
        pk, sk = keys.late(hour_name(now)[:10], hour)
        expires = int((now + MARKS_KEPT).timestamp())
        return put("late", {"pk": pk, "sk": sk, "type": "late", "at": iso(now), "expires": expires})

    def very_late(self, cell: str, hour: str, customers: int, now: datetime) -> Write:
        """Note how many customers more (or fewer) an hour has that nobody reads again."""
        pk, sk = keys.late(hour_name(now)[:10], f"{hour}#{cell}")
        expires = int((now + MARKS_KEPT).timestamp())
        change = "SET #t = :t, expires = :e ADD customers :k"
        written = update("late", (pk, sk), change, t="late", e=expires, k=customers)
        names = {"ExpressionAttributeNames": {"#t": "type"}}
        return Write(written.name, written.kind, {**written.body, **names})

    def late_since(self, moment: datetime, now: datetime) -> Late:
        """What was counted of hours of the past at `moment` or after it."""
        hours: set[str] = set()
        customers: dict[tuple[str, str, str], int] = {}
        day = to_utc(moment).date()
        while day <= to_utc(now).date():
            for mark in self._table.query_all(keys.late(day.isoformat())[0], consistent=True):
                hour, _, cell = mark["sk"].partition("#")
                if cell:
                    customers[day.isoformat(), hour, cell] = int(mark["customers"])
                elif mark["at"] >= iso(moment):
                    hours.add(hour)
            day += timedelta(days=1)
        return Late(hours, customers)

    def keep_words(self, words: NewWords, now: datetime) -> Write:
        pk, sk = keys.new_words(hour_name(words.at), words.case_id)
        kept = words.model_dump(mode="json")
        expires = int((now + WORDS_KEPT).timestamp())
        return put("words", {"pk": pk, "sk": sk, "type": "new_words", **kept, "expires": expires})

    def drop_words(self, hour: str, case_id: str) -> Write:
        return delete("words", keys.new_words(hour, case_id))

    def words_of(self, hour: str) -> Iterator[NewWords]:
        """The words of the contacts that came in an hour, in no order."""
        for partition in keys.new_words_of_hour(hour):
            for stored in self._table.query_all(partition):
                yield NewWords.model_validate(plain(stored))

    def seen(
        self, mark: tuple[str, str, str], before: set[str], after: set[str], now: datetime
    ) -> Write:
        """Keep which cases of a customer are counted there; refused as "seen" after a lost race."""
        pk, sk = keys.seen(*mark)
        if not after:
            return delete("seen", (pk, sk), "cases = :b", b=before)
        expires = int((now + KEPT).timestamp())
        item = {"pk": pk, "sk": sk, "type": "seen", "cases": after, "expires": expires}
        if before:
            return put("seen", item, "cases = :b", b=before)
        return put_new("seen", item)

    def day(self, date: str) -> Iterator[Cell]:
        """All counts of a day (2026-11-22), in no order."""
        return self._read(date, "")

    def hour(self, hour: str) -> Iterator[Cell]:
        """All counts of an hour (2026-11-22T14), in no order."""
        return self._read(hour[:10], f"{hour[11:]}#")

    def of_cell(self, cell: str, hours: Sequence[str]) -> Iterator[Cell]:
        """The counts of one cell in those hours, in no order."""
        found = self._table.batch_get([keys.counts(hour, cell) for hour in hours])
        for (pk, sk), stored in found.items():
            yield from _cell(pk.split("#")[1], sk, stored)

    def facts(self, case_ids: Sequence[str]) -> list[Counted]:
        """As what some cases stand in the counts; those that do not are left out."""
        found = self._table.batch_get([keys.counted(case_id) for case_id in case_ids])
        return [Counted.model_validate(plain(stored)) for stored in found.values()]

    def _read(self, date: str, prefix: str) -> Iterator[Cell]:
        for partition in keys.counts_of_day(date):
            for stored in self._table.query_all(partition, prefix=prefix):
                yield from _cell(date, stored["sk"], stored)

    def people(self, cell: str, hours: Sequence[str]) -> dict[str, set[str]]:
        """Customers with their case ids in a cell, over those hours."""
        found: dict[str, set[str]] = {}
        for hour in hours:
            pk, _ = keys.seen(cell, hour, "")
            for stored in self._table.query_all(pk, consistent=True):
                found.setdefault(stored["sk"], set()).update(stored["cases"])
        return found


def _cell(date: str, sk: str, stored: Mapping[str, Any]) -> Iterator[Cell]:
    """The count, where there is one left."""
    hour, _, cell = sk.partition("#")
    cases, customers = int(stored["cases"]), int(stored["customers"])
    if cases or customers:
        yield Cell(cell=cell, hour=f"{date}T{hour}", cases=cases, customers=customers)
