"""What both engines said of a case, beside the case, listed by time for their comparison."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from chalicelib.store import items, keys
from chalicelib.store.cursors import merge
from chalicelib.store.table import Table, Write, put
from chalicelib.understanding.engines import Opinion

KEPT = timedelta(days=180)


class OpinionStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, opinion: Opinion) -> Write:
        """The newest word on a case takes the place of an older one."""
        created = items.by_time(opinion.at, opinion.case_id)
        listed = keys.index(2, keys.opinions(opinion.case_id), created)
        expires = int((opinion.at + KEPT).timestamp())
        key = keys.opinion(opinion.case_id)
        return put("opinion", items.item(key, "opinion", opinion, **listed, expires=expires))

    def of(self, case_ids: Iterable[str]) -> dict[str, Opinion]:
        """By case, where there is one."""
        found = self._table.batch_get([keys.opinion(case_id) for case_id in case_ids])
        opinions = (items.model(Opinion, stored) for stored in found.values())
        return {opinion.case_id: opinion for opinion in opinions}

    def newest(self, most: int) -> list[Opinion]:
        """The newest of all, newest first."""
        page = merge(self._table, 2, keys.opinion_partitions(), most, None)
        return [items.model(Opinion, stored) for stored in page.items]
