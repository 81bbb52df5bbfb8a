"""One-time codes: only a keyed digest is kept, for ten minutes, and for five tries."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.store import keys
from chalicelib.store.table import Table, Write, WriteRefused, delete, put, update

VALID = timedelta(minutes=10)
TRIES = 5


class CodeStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, customer_id: str, value: str, digest: str, now: datetime) -> None:
        """A code for a customer's number; a newer one replaces it."""
        pk, sk = keys.code(customer_id, value)
        until = int((now + VALID).timestamp())
        item = {"pk": pk, "sk": sk, "type": "code", "digest": digest, "expires": until, "tries": 0}
        self._table.commit(put("code", item))

    def last(self, customer_id: str, now: datetime) -> str:
        """The number to which the customer was sent a code last, "" where none holds."""
        stored = self._table.get(keys.code(customer_id, ""))
        alive = stored is not None and stored["expires"] > int(now.timestamp())
        return str(stored["digest"]) if stored and alive else ""

    def attempt(self, customer_id: str, value: str, now: datetime) -> str | None:
        """The digest to compare with, counting the try; None where there is no code to try."""
        key = keys.code(customer_id, value)
        moment = int(now.timestamp())
        counted = update(
            "code",
            key,
            "ADD tries :one",
            "attribute_exists(pk) AND tries < :most AND expires > :now",
            one=1,
            most=TRIES,
            now=moment,
        )
        try:
            self._table.commit(counted)
        except WriteRefused:
            return None
        stored = self._table.get(key)
        return str(stored["digest"]) if stored else None

    def use(self, customer_id: str, value: str, digest: str) -> Write:
        """The code is used up; refused as "code" where that happened before, or it was replaced."""
        return delete("code", keys.code(customer_id, value), "digest = :d", d=digest)
