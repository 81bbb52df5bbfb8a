"""Contacts counted by cell and hour: cases, and distinct customers.

A cell is what is counted together, for example `topic=login`; `*` is everything. What a case was
counted as lies beside the case, so that a replay counts nothing twice and a corrected topic moves
the count from one cell to the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from chalicelib.base import Model, to_utc
from chalicelib.store import keys
from chalicelib.store.items import plain
from chalicelib.store.table import Table, Write, delete, put, put_new, update

KEPT = timedelta(days=400)  # of who was counted in an hour; the counts themselves stay


class Counted(Model):
    """As what a case stands in the counts."""

    hour: str  # 2026-11-22T20
    cells: tuple[str, ...]
    customer_id: str
    version: int = 1


class Cell(Model):
    """What was counted in one cell and hour."""

    cell: str
    hour: str
    cases: int = 0
    customers: int = 0


def hour_name(moment: datetime) -> str:
    return to_utc(moment).strftime("%Y-%m-%dT%H")


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
        key = (keys.counts(hour[:10], cell), f"{cell}#{hour[11:]}")
        return update("count", key, "ADD cases :c, customers :k", c=cases, k=customers)

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
        for partition in keys.counts_of_day(date):
            for stored in self._table.query_all(partition):
                cell, _, hour = stored["sk"].rpartition("#")
                cases, customers = int(stored["cases"]), int(stored["customers"])
                if cases or customers:
                    yield Cell(cell=cell, hour=f"{date}T{hour}", cases=cases, customers=customers)

    def people(self, cell: str, hours: Sequence[str]) -> dict[str, set[str]]:
        """Customers with their case ids in a cell, over those hours."""
        found: dict[str, set[str]] = {}
        for hour in hours:
            pk, _ = keys.seen(cell, hour, "")
            for stored in self._table.query_all(pk, consistent=True):
                found.setdefault(stored["sk"], set()).update(stored["cases"])
        return found
