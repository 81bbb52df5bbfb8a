"""How often somebody did something within an hour: what stands against floods from outside."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.errors import TooMany
from chalicelib.store import keys
from chalicelib.store.table import Table, WriteRefused, update

HOUR = timedelta(hours=1)


class RateStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def count(self, what: str, who: str, most: int, now: datetime) -> None:
        """Count once more; raises TooMany with `retry_after` seconds past `most` in this hour.

        `who` should be a digest: what is counted by must not be readable in the table.
        """
        counted = update(
            "rate",
            keys.rate(what, who, now.strftime("%Y-%m-%dT%H")),
            "SET expires = :e ADD seen :one",
            "attribute_not_exists(seen) OR seen < :most",
            e=int((now + 2 * HOUR).timestamp()),
            one=1,
            most=most,
        )
        try:
            self._table.commit(counted)
        except WriteRefused as refused:
            left = 3600 - (now.minute * 60 + now.second)
            raise TooMany(
                f"that was done {most} times within the hour; try again later", retry_after=left
            ) from refused
