"""The same change to several cases at once, and its undoing within ten minutes.

Each case is changed by itself, as a person would: one that refuses does not hold up the others.
The entries of their histories are kept together, and undone one by one (flows/casework.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from chalicelib.base import Model
from chalicelib.cases.models import Case, CasePatch
from chalicelib.errors import NotFound, Refused, StaleVersion
from chalicelib.ports import Clock, Ids
from chalicelib.store import keys
from chalicelib.store.table import put_new

if TYPE_CHECKING:
    from chalicelib.flows.casework import Casework
    from chalicelib.store.table import Table

KEPT = timedelta(minutes=10)
TRIES = 3  # of a case that others change at the same time
Find = Callable[[str], Case]  # a case by id or reference; raises NotFound


class BulkInput(Model):
    """Which cases, by id, and what to change in each."""

    ids: tuple[str, ...] = Field(min_length=1, max_length=50)
    patch: CasePatch


class UndoInput(Model):
    undo: str = Field(min_length=1, max_length=64)


class BulkItem(Model):
    """What became of one case; `problem` says why it was not changed."""

    id: str
    reference: str = ""
    ok: bool
    version: int = 0
    problem: str = ""


class BulkDone(Model):
    """`undo` takes it all back for ten minutes; None where nothing was changed."""

    items: tuple[BulkItem, ...]
    undo: str | None = None


@dataclass(frozen=True)
class Bulk:
    table: Table
    casework: Casework
    clock: Clock
    ids: Ids

    def change(self, given: BulkInput, by: str, find: Find) -> BulkDone:
        """Change each of the cases, as `find` lets whoever asks see it; errors are in the items."""
        found: list[BulkItem] = []
        entries: dict[str, str] = {}
        for case_id in dict.fromkeys(given.ids):
            item, entry = self._one(case_id, given.patch, by, find)
            found.append(item)
            if entry:
                entries[item.id] = entry
        return BulkDone(items=tuple(found), undo=self._keep(entries, by))

    def undo(self, token: str, by: str, find: Find) -> BulkDone:
        """Restore what nobody changed since; raises NotFound after ten minutes, or for a token of
        somebody else's."""
        stored = self.table.get(keys.undo(token))
        if stored is None or stored["by"] != by or stored["expires"] < self.clock().timestamp():
            raise NotFound("there is nothing to undo, or it is more than ten minutes ago")
        return BulkDone(
            items=tuple(
                self._back(case_id, entry, by, find) for case_id, entry in stored["cases"].items()
            )
        )

    def _one(self, case_id: str, patch: CasePatch, by: str, find: Find) -> tuple[BulkItem, str]:
        """What became of a case, and the entry of its history, "" where nothing changed."""
        case = None
        for _ in range(TRIES):
            try:
                case = find(case_id)
                done = self.casework.change(case.id, case.version, patch, by)
            except StaleVersion as stale:
                problem = stale.detail
                continue
            except Refused as refused:
                reference = case.reference if case else ""
                item = BulkItem(id=case_id, reference=reference, ok=False, problem=refused.detail)
                return item, ""
            return _done(done.case), done.entry.id if done.entry else ""
        return BulkItem(id=case_id, ok=False, problem=problem), ""

    def _keep(self, entries: dict[str, str], by: str) -> str | None:
        if not entries:
            return None
        token = self.ids.new()
        pk, sk = keys.undo(token)
        expires = int((self.clock() + KEPT).timestamp())
        item = {"pk": pk, "sk": sk, "type": "undo", "by": by, "cases": entries, "expires": expires}
        self.table.commit(put_new("undo", item))
        return token

    def _back(self, case_id: str, entry: str, by: str, find: Find) -> BulkItem:
        reference = ""
        try:
            reference = find(case_id).reference
            return _done(self.casework.undo(case_id, entry, by).case)
        except Refused as refused:
            return BulkItem(id=case_id, reference=reference, ok=False, problem=refused.detail)


def _done(case: Case) -> BulkItem:
    return BulkItem(id=case.id, reference=case.reference, ok=True, version=case.version)
