"""The cost meter: what the paid service was asked, summed by day, in shards of one partition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from chalicelib.store import keys
from chalicelib.store.table import Table, Write, update
from chalicelib.understanding.costs import Paid, PaidKind, together

KEPT = timedelta(days=800)


class CostStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, paid: Iterable[Paid], now: datetime, spread: str) -> list[Write]:
        """One write for all of it, to go with the transaction of what it was paid for; none where
        nothing was paid. `spread` is any text that differs between writers."""
        values: dict[str, int] = {}
        for one in together(paid):
            values |= {
                f"{one.kind}_calls": one.calls,
                f"{one.kind}_units": one.units,
                f"{one.kind}_micros": one.micros,
            }
        if not values:
            return []
        terms = ", ".join(f"{name} :{name}" for name in values)
        expression = f"ADD {terms} SET expires = :expires"
        expires = int((now + KEPT).timestamp())
        return [update("cost", keys.cost(now, spread), expression, "", **values, expires=expires)]

    def month(self, month: str) -> Iterator[tuple[str, Paid]]:
        """(date, part of that day's sum) of a month such as 2026-11: one Query, 16 items a day."""
        for stored in self._table.query_all(keys.costs_of_month(month)):
            date = str(stored["sk"]).partition("#")[0]
            for kind in PaidKind:
                if f"{kind}_calls" in stored:
                    yield (
                        date,
                        Paid(
                            kind=kind,
                            calls=int(stored[f"{kind}_calls"]),
                            units=int(stored[f"{kind}_units"]),
                            micros=int(stored[f"{kind}_micros"]),
                        ),
                    )
