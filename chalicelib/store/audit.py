"""The audit list: entries are added and read, and go by themselves when their time is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.access.models import AuditEntry
from chalicelib.base import iso
from chalicelib.store import items, keys
from chalicelib.store.table import Table, Write, put_new

READ = 100  # entries a Query
QUERIES = 20  # a page looks no further for what a filter lets through
END = "~"  # sorts behind every id


@dataclass(frozen=True)
class Entries:
    """A page, newest first, and the place to go on from; None at the end."""

    entries: list[AuditEntry]
    after: dict[str, Any] | None


class AuditStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def new(self, entry: AuditEntry, expires: datetime) -> Write:
        key = keys.audit(entry.at, entry.id)
        stored = items.item(key, "audit", entry, expires=int(expires.timestamp()))
        return put_new("audit", stored)

    def page(
        self,
        since: datetime,
        until: datetime,
        now: datetime,
        limit: int,
        after: dict[str, Any] | None,
        keep: Callable[[AuditEntry], bool],
    ) -> Entries:
        """Entries from `since` to `until`, both included, that are to be kept. A page may be short
        and not the last."""
        found: list[AuditEntry] = []
        between = (iso(since), iso(until) + END)
        month = after["month"] if after else iso(until)[:7]
        sk = after["sk"] if after else ""
        for _ in range(QUERIES):
            pk = keys.audit_of_month(month)
            start = {"pk": pk, "sk": sk} if sk else None
            page = self._table.query(
                pk, between=between, newest_first=True, limit=READ, start=start, consistent=True
            )
            for stored in page.items:
                entry = items.model(AuditEntry, stored)
                if stored["expires"] > now.timestamp() and keep(entry):
                    found.append(entry)
                if len(found) == limit:
                    return Entries(found, {"month": month, "sk": str(stored["sk"])})
            sk = str(page.last["sk"]) if page.last else ""
            if not sk:
                month = _before(month)
            if month < iso(since)[:7]:
                return Entries(found, None)
        return Entries(found, {"month": month, "sk": sk})


def _before(month: str) -> str:
    first = datetime.fromisoformat(f"{month}-01")
    return f"{first - timedelta(days=1):%Y-%m}"
