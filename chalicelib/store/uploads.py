"""Which message an uploaded file went into: it serves one, however often that one comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.store import keys
from chalicelib.store.table import Table, put

KEPT = timedelta(days=2)  # longer than the id of an upload is taken


class UploadStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, uploads: Mapping[str, str], owner: str, now: datetime) -> None:
        """Bind uploads (name of the write → id) to a message; once more by it changes nothing.

        Raises WriteRefused with the names of those that went into another message.
        """
        expires = int((now + KEPT).timestamp())
        writes = []
        for name, upload in uploads.items():
            pk, sk = keys.upload(upload)
            item = {"pk": pk, "sk": sk, "type": "upload", "message": owner, "expires": expires}
            free = "attribute_not_exists(pk) OR message = :owner"
            writes.append(put(name, item, free, owner=owner))
        self._table.commit(*writes)
