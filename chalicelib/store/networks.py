"""How far the mentions of a social network have been taken in."""

from __future__ import annotations

from datetime import datetime

from chalicelib.base import iso
from chalicelib.store import keys
from chalicelib.store.table import Table, put


class NetworkStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def position(self, name: str) -> str:
        """The id behind which the next look begins, "" at first."""
        stored = self._table.get(keys.network(name))
        return str(stored["after"]) if stored else ""

    def keep(self, name: str, after: str, now: datetime) -> None:
        pk, sk = keys.network(name)
        item = {"pk": pk, "sk": sk, "type": "network", "after": after, "updated_at": iso(now)}
        self._table.commit(put("network", item))
