"""Trends, and which of them is the newest of its cell."""

from __future__ import annotations

from typing import Any

from chalicelib.errors import NotFound, StaleVersion
from chalicelib.store import items, keys
from chalicelib.store.cursors import Merged, merge
from chalicelib.store.table import Table, WriteRefused, put, put_new, put_version
from chalicelib.trends.models import Trend, TrendState


class TrendStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, trend_id: str) -> Trend:
        """Raises NotFound."""
        stored = self._table.get(keys.trend(trend_id))
        if stored is None:
            raise NotFound(f"there is no trend {trend_id}")
        return items.model(Trend, stored)

    def newest(self, cell: str) -> Trend | None:
        """The newest trend of a cell, whatever its state."""
        pointer = self._table.get(keys.cell(cell))
        return self.get(pointer["trend_id"]) if pointer else None

    def active(self) -> list[Trend]:
        partition = f"{keys.TRENDS}#{TrendState.ACTIVE}"
        found = self._table.query_all(partition, index="gsi2")
        return [items.model(Trend, stored) for stored in found]

    def newest_in(self, states: list[TrendState], limit: int = 50) -> list[Trend]:
        """The newest trends in each of those states, one Query a state."""
        found: list[Trend] = []
        for state in states:
            partition = f"{keys.TRENDS}#{state}"
            page = self._table.query(partition, index="gsi2", newest_first=True, limit=limit)
            found += [items.model(Trend, stored) for stored in page.items]
        return found

    def listing(
        self, states: list[TrendState], limit: int, positions: dict[str, Any] | None
    ) -> Merged:
        partitions = [f"{keys.TRENDS}#{state}" for state in states]
        return merge(self._table, 2, partitions, limit, positions)

    def add(self, trend: Trend) -> None:
        """Store a new trend as the newest of its cell."""
        pk, sk = keys.cell(trend.series)
        pointer = {"pk": pk, "sk": sk, "type": "cell", "trend_id": trend.id}
        self._table.commit(put_new("trend", _item(trend)), put("cell", pointer))

    def save(self, trend: Trend, moved: bool = False) -> None:
        """Store a trend that is one version on; raises StaleVersion after a lost race.

        `moved` makes it the newest of its cell: it is told at another level by now.
        """
        pk, sk = keys.cell(trend.series)
        pointer = {"pk": pk, "sk": sk, "type": "cell", "trend_id": trend.id}
        writes = [put_version("trend", _item(trend), trend.version - 1)]
        if moved:
            writes.append(put("cell", pointer))
        try:
            self._table.commit(*writes)
        except WriteRefused as refused:
            newest = self.get(trend.id)
            raise StaleVersion(
                f"it is at version {newest.version} by now", current=newest.model_dump(mode="json")
            ) from refused


def _item(trend: Trend) -> dict[str, Any]:
    listed = keys.index(
        2, f"{keys.TRENDS}#{trend.state}", items.by_time(trend.created_at, trend.id)
    )
    return items.item(keys.trend(trend.id), "trend", trend, **listed)
