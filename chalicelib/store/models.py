"""Models that were trained, and which of them decides."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import get_args

from chalicelib.errors import NotFound
from chalicelib.store import items, keys
from chalicelib.store.table import Page, Table, Write, WriteRefused, put, put_new
from chalicelib.understanding.lessons import InUse, ModelKind, ModelState, TopicModel


class ModelStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, model_id: str, kind: ModelKind = "topic") -> TopicModel:
        """Raises NotFound."""
        stored = self._table.get(keys.model(kind, model_id))
        if stored is None:
            raise NotFound(f"there is no model {model_id}")
        return items.model(TopicModel, stored)

    def of_any_kind(self, model_id: str) -> TopicModel:
        """Whichever history it is in; raises NotFound."""
        found = self._table.batch_get([keys.model(kind, model_id) for kind in get_args(ModelKind)])
        for stored in found.values():
            return items.model(TopicModel, stored)
        raise NotFound(f"there is no model {model_id}")

    def progress(self, model: TopicModel, line: str, now: datetime) -> None:
        """Say how far its training is; nothing where it is over."""
        said = {"state": ModelState.TRAINING, "progress": line, "progress_at": now}
        told = put(
            "progress", _item(model.model_copy(update=said)), "attribute_not_exists(trained_at)"
        )
        with suppress(WriteRefused):
            self._table.commit(told)

    def in_use(self, kind: ModelKind = "topic") -> InUse | None:
        """Which model decides; None while there is none."""
        stored = self._table.get(keys.model_in_use(kind))
        return items.model(InUse, stored) if stored else None

    def listing(self, kind: ModelKind, limit: int, start: dict[str, str] | None) -> Page:
        """A page of records, newest first, as stored items."""
        pk, _ = keys.model(kind, "")
        return self._table.query(pk, prefix=keys.MODEL, newest_first=True, limit=limit, start=start)

    def new(self, model: TopicModel) -> Write:
        return put_new("model", _item(model))

    def save(self, model: TopicModel) -> Write:
        return put("model", _item(model))

    def use(self, model: TopicModel, before: InUse | None) -> list[Write]:
        """The writes that put `model` into use in place of `before`; refused as "in use" where
        another one was put into use meanwhile."""
        chosen = InUse(id=model.id, key=model.key or model.arn, model_version=model.model_version)
        pointer = items.item(keys.model_in_use(model.kind), "in_use", chosen)
        if before is None:
            writes = [put_new("in use", pointer)]
        else:
            writes = [put("in use", pointer, "id = :read", read=before.id)]
            if before.id != model.id:
                retired = {
                    "state": ModelState.RETIRED,
                    "reason": f"model {model.id} took its place",
                }
                old = self.get(before.id, model.kind).model_copy(update=retired)
                writes.append(put("retired", _item(old)))
        return [*writes, put("model", _item(model))]


def _item(model: TopicModel) -> dict[str, object]:
    return items.item(keys.model(model.kind, model.id), "model", model)
