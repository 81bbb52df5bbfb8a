"""Settings that people change while the system runs, one document a name.

Each version is kept beside the newest one: what was promised under it is told by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from chalicelib.base import iso
from chalicelib.errors import StaleVersion
from chalicelib.store import keys
from chalicelib.store.codec import Item
from chalicelib.store.table import Table, Write, WriteRefused, put

M = TypeVar("M", bound=BaseModel)
FRESH = timedelta(seconds=10)  # how long a warm function may use what it read


class SettingsStore:
    def __init__(self, table: Table, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._clock = clock
        self._cache: dict[str, tuple[datetime, Item | None]] = {}
        self._models: dict[tuple[str, type[BaseModel]], tuple[Item | None, BaseModel]] = {}
        self._past: dict[tuple[str, int], BaseModel] = {}  # versions never change

    def document(self, name: str) -> tuple[dict[str, Any] | None, int]:
        """(the stored document or None, its version or 0), read anew."""
        stored = self._table.get(keys.settings(name))
        self._cache[name] = (self._clock(), stored)
        return (stored["document"], int(stored["version"])) if stored else (None, 0)

    def read(self, name: str, cls: type[M]) -> M:
        """The document as its model, at most ten seconds old; the model's defaults if none."""
        cached = self._cache.get(name)
        if cached is None or self._clock() - cached[0] > FRESH:
            self.document(name)
        stored = self._cache[name][1]
        # A model is frozen, and its defaults can be large: it is made once for what was read.
        made = self._models.get((name, cls))
        if made is None or made[0] is not stored:
            made = stored, cls.model_validate(stored["document"] if stored else {})
            self._models[name, cls] = made
        model = made[1]
        assert isinstance(model, cls)
        return model

    def version(self, name: str) -> int:
        """Of the document that `read` gives; 0 where nothing is stored."""
        cached = self._cache.get(name)
        stored = cached[1] if cached else self._stored(name)
        return int(stored["version"]) if stored else 0

    def as_of(self, name: str, version: int, cls: type[M]) -> M:
        """The document as it was at that version; as it is now where that was not kept."""
        if version == 0:
            return cls()
        now = self.read(name, cls)
        if version == self.version(name):
            return now
        past = self._past.get((name, version))
        if past is None:
            stored = self._table.get(keys.settings_version(name, version))
            if stored is None:
                return now
            past = self._past[name, version] = cls.model_validate(stored["document"])
        assert isinstance(past, cls)
        return past

    def _stored(self, name: str) -> Item | None:
        self.document(name)
        return self._cache[name][1]

    def write(
        self,
        name: str,
        document: Mapping[str, Any],
        read_version: int | None,
        by: str,
        *more: Write,
    ) -> int:
        """Store a document, with `more` in the same transaction; returns its version. Raises
        StaleVersion after a lost race.

        `read_version` None overwrites whatever is there.
        """
        current = read_version if read_version is not None else self.document(name)[1]
        pk, sk = keys.settings(name)
        fields = {"document": document, "version": current + 1, "updated_by": by}
        item = {"pk": pk, "sk": sk, "type": "settings", **fields, "updated_at": iso(self._clock())}
        condition = "version = :read" if current else "attribute_not_exists(pk)"
        values = {"read": current} if current else {}
        past_pk, past_sk = keys.settings_version(name, current + 1)
        kept = {**item, "pk": past_pk, "sk": past_sk, "type": "settings_version"}
        try:
            self._table.commit(
                put("settings", item, condition, **values), put("settings_version", kept), *more
            )
        except WriteRefused as refused:
            newest, version = self.document(name)
            raise StaleVersion(
                f"it is at version {version} by now", current=newest or {}
            ) from refused
        self._cache.pop(name, None)
        return current + 1
