"""Jobs of the classifier that label cases, and which one is under way."""

from __future__ import annotations

from chalicelib.store import items, keys
from chalicelib.store.table import Table, Write, put, put_new
from chalicelib.understanding.classifiers import Labelling


class LabellingStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, job_id: str) -> Labelling | None:
        stored = self._table.get(keys.labelling(job_id))
        return items.model(Labelling, stored) if stored else None

    def newest(self) -> Labelling | None:
        """The one that was begun last."""
        stored = self._table.get(keys.labelling_current())
        return self.get(str(stored["id"])) if stored else None

    def begin(self, job: Labelling, before: Labelling | None) -> list[Write]:
        """Refused as "current" where somebody else began one meanwhile."""
        pk, sk = keys.labelling_current()
        pointer = {"pk": pk, "sk": sk, "type": "labelling_current", "id": job.id}
        if before is None:
            current = put_new("current", pointer)
        else:
            current = put("current", pointer, "id = :read", read=before.id)
        return [current, put_new("labelling", _item(job))]

    def save(self, job: Labelling) -> Write:
        return put("labelling", _item(job))


def _item(job: Labelling) -> dict[str, object]:
    return items.item(keys.labelling(job.id), "labelling", job)
