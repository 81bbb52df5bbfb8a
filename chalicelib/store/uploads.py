"""Which message an uploaded file went into: it serves one, however often that one comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.store import keys
from chalicelib.store.table import Table, Write, delete, put

KEPT = timedelta(days=8)  # longer than the id of an upload is taken


class UploadStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, uploads: Mapping[str, str], owner: str, now: datetime) -> None:
        """Bind uploads (name of the write → id) to a message; once more by it changes nothing.

        Raises WriteRefused with the names of those that went into another message.
        """
        self._table.commit(*(bind(name, key, owner, now) for name, key in uploads.items()))


def bind(name: str, upload: str, owner: str, now: datetime) -> Write:
    """Bind one upload to a message, as a part of a transaction; refused where another has it."""
    pk, sk = keys.upload(upload)
    expires = int((now + KEPT).timestamp())
    item = {"pk": pk, "sk": sk, "type": "upload", "message": owner, "expires": expires}
    return put(name, item, "attribute_not_exists(pk) OR message = :owner", owner=owner)


def free(upload: str, owner: str) -> Write:
    """Let an upload go again that a message had which was taken back."""
    condition = "attribute_not_exists(pk) OR message = :owner"
    return delete("free", keys.upload(upload), condition, owner=owner)
