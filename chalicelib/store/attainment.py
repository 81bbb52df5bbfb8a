"""Promises kept and broken, counted by day and by policy, team and topic.

As what a case was counted lies beside it: a replay counts nothing twice, and a case that changes is
taken out of where it was. The counts of a day are spread over a few items, so that cases that are
answered at once do not wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from chalicelib.cases.models import Case
from chalicelib.promises.attainment import COUNTS, Standing
from chalicelib.store import items, keys
from chalicelib.store.table import Table, Write, put_new, put_version, update


class AttainmentStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def case(self, case_id: str) -> tuple[Case | None, Standing | None]:
        """A case, and as what it was counted, in one read."""
        found = self._table.batch_get([keys.case(case_id), keys.attained(case_id)])
        case, counted = found.get(keys.case(case_id)), found.get(keys.attained(case_id))
        return (
            items.model(Case, case) if case else None,
            items.model(Standing, counted) if counted else None,
        )

    def count(self, case_id: str, before: Standing | None, after: Standing) -> list[Write]:
        """Writes that take a case out of where it was counted and into where it stands.

        Refused as "attained" where it was counted by somebody else meanwhile.
        """
        version = before.version + 1 if before else 1
        after = after.model_copy(update={"version": version})
        mark = items.item(keys.attained(case_id), "attained", after)
        kept = put_version("attained", mark, version - 1) if before else put_new("attained", mark)
        changes: dict[tuple[str, str], dict[str, int]] = {}
        for standing, sign in ((before, -1), (after, 1)):
            if standing is None:
                continue
            for by, value in standing.cells.items():
                key = keys.attainment(by, standing.day, value, case_id)
                sums = changes.setdefault(key, {})
                for name, count in standing.counts.items():
                    sums[name] = sums.get(name, 0) + sign * count
        return [kept, *(add for key, sums in changes.items() if (add := _added(key, sums)))]

    def counts(self, by: str, since: date, until: date) -> Iterator[tuple[str, dict[str, int]]]:
        """(value, counts) of the days from `since` to `until`, both included, in parts."""
        for month in _months(since, until):
            between = (since.isoformat(), f"{until.isoformat()}$")  # "$" sorts behind "#"
            for stored in self._table.query_all(keys.attainment_of(by, month), between=between):
                value = str(stored["sk"])[11:].rpartition("#")[0]
                yield value, {name: int(stored[name]) for name in COUNTS if name in stored}


def _added(key: tuple[str, str], sums: dict[str, int]) -> Write | None:
    changed: dict[str, Any] = {name: count for name, count in sums.items() if count}
    if not changed:
        return None
    expression = "ADD " + ", ".join(f"{name} :{name}" for name in changed)
    return update("attainment", key, expression, **changed)


def _months(since: date, until: date) -> Iterator[str]:
    month = since.replace(day=1)
    while month <= until:
        yield month.isoformat()[:7]
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
