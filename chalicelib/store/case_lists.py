"""Which index answers which question about cases, and a customer's timeline.

The narrowest partition that a filter names is read; what it does not express is filtered by the
caller (`keep`). A list over all cases costs one Query a shard, whatever the number of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.cases.models import CaseStatus
from chalicelib.store import keys
from chalicelib.store.cases import CaseStore
from chalicelib.store.codec import Item
from chalicelib.store.cursors import Merged
from chalicelib.store.table import Table

Positions = dict[str, Any]


class CaseLists:
    def __init__(self, table: Table, cases: CaseStore) -> None:
        self._table = table
        self._cases = cases

    def page(
        self,
        *,
        customer_id: str,
        assignee: str,
        team: str | None,
        statuses: Sequence[CaseStatus],
        limit: int,
        positions: Positions | None,
        keep: Callable[[Item], bool] | None,
    ) -> Merged:
        """A page of cases, newest first, that the index can find; `keep` filters further.

        "" and None mean: not asked for; `team` "" is the cases without a team.
        """
        index, partitions = self._place(customer_id, assignee, team, statuses)
        return self._cases.listing(index, partitions, limit, positions, keep)

    def _place(
        self, customer_id: str, assignee: str, team: str | None, statuses: Sequence[CaseStatus]
    ) -> tuple[int, list[str]]:
        if customer_id:
            return 1, [f"CUST#{customer_id}"]
        if assignee:
            return 5, [f"ASSIGNEE#{assignee}"]
        if team is not None:
            return 4, [f"TEAM#{team}#{status}" for status in statuses or CaseStatus]
        if statuses:
            heads = [f"STATUS#{status}" for status in statuses]
            return 2, [part for head in heads for part in self._cases.partitions(head)]
        return 3, self._cases.partitions("CASES")

    def timeline(self, customer_id: str, limit: int, positions: Positions | None) -> Merged:
        """A customer's cases and the notices that they got, as stored items, newest first."""
        started = positions or {}
        cases = self._read(f"CUST#{customer_id}", "gsi1", "", limit, started.get("cases"))
        told = self._read(keys.customer(customer_id)[0], "", keys.TOLD, limit, started.get("told"))
        both = [(_moment(item), "cases", item) for item in cases[0]]
        both += [(_moment(item), "told", item) for item in told[0]]
        both.sort(key=lambda entry: entry[0], reverse=True)
        taken = both[:limit]
        after = {
            "cases": _after(
                [i for _, kind, i in taken if kind == "cases"], cases, started, "cases"
            ),
            "told": _after([i for _, kind, i in taken if kind == "told"], told, started, "told"),
        }
        ended = all(position == "end" for position in after.values())
        found = {name: position for name, position in after.items() if position is not None}
        return Merged([item for *_, item in taken], None if ended else found)

    def _read(
        self, pk: str, index: str, prefix: str, limit: int, start: Any
    ) -> tuple[list[Item], Item | None]:
        if start == "end":
            return [], None
        page = self._table.query(
            pk, index=index, prefix=prefix, newest_first=True, limit=limit, start=start
        )
        return page.items, page.last


def _moment(item: Item) -> str:
    return str(item["gsi1sk"] if item["type"] == "case" else item["sk"].removeprefix(keys.TOLD))


def _after(
    taken: list[Item], read: tuple[list[Item], Item | None], started: Positions, name: str
) -> Any:
    """Where a stream goes on: behind what was taken of it, or where it began."""
    items, last = read
    if len(taken) == len(items):
        return last or "end"
    if not taken:
        return started.get(name)
    parts = ("pk", "sk", "gsi1pk", "gsi1sk") if name == "cases" else ("pk", "sk")
    return {part: taken[-1][part] for part in parts}
