"""Messages that could not be taken in, each with its reason, until a person decides."""

from __future__ import annotations

from typing import Any

from chalicelib.base import Instant, Model
from chalicelib.channels.models import Verdicts
from chalicelib.errors import NotFound
from chalicelib.store import items, keys
from chalicelib.store.cursors import Merged, merge
from chalicelib.store.table import Table, Write, put
from chalicelib.store.table import delete as delete_item


class Quarantined(Model):
    """`raw` is the event's body where no file holds the original; `raw_key` names the file.

    Verdicts, recipients and return path are what the notice of a mail said: the file alone does not
    have them, and a second look must not judge a mail more kindly than the first.
    """

    id: str
    channel: str
    disposition: str = "quarantine"  # or automatic (recorded, not answered), replayed, released
    reason: str
    sender: str = ""
    subject: str = ""
    text: str = ""
    headers: dict[str, str] = {}
    verdicts: Verdicts = Verdicts()
    recipients: tuple[str, ...] = ()
    return_path: str | None = None  # "" is the null return path, None: not said
    raw_key: str = ""
    raw: str = ""
    created_at: Instant


class QuarantineStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, identifier: str) -> Quarantined:
        """Raises NotFound."""
        stored = self._table.get(keys.quarantine(identifier))
        if stored is None:
            raise NotFound(f"there is nothing in quarantine as {identifier}")
        return items.model(Quarantined, stored)

    def add(self, entry: Quarantined) -> Write:
        """The same message again overwrites its entry."""
        listed = keys.index(
            2, f"{keys.QUARANTINE}#{entry.disposition}", items.by_time(entry.created_at, entry.id)
        )
        return put(
            "quarantine", items.item(keys.quarantine(entry.id), "quarantine", entry, **listed)
        )

    def remove(self, identifier: str) -> Write:
        return delete_item("quarantine", keys.quarantine(identifier))

    def listing(self, disposition: str, limit: int, positions: dict[str, Any] | None) -> Merged:
        return merge(self._table, 2, [f"{keys.QUARANTINE}#{disposition}"], limit, positions)
