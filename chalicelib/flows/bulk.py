"""The same change to several cases at once, and its undoing within ten minutes.

Each case is changed by itself, as a person would: one that refuses does not hold up the others.
What each was before is kept, and undone where nobody has changed it since.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field

from chalicelib.base import Model
from chalicelib.cases.models import Case, CasePatch, CaseStatus
from chalicelib.errors import NotFound, Refused, StaleVersion
from chalicelib.ports import Clock, Ids
from chalicelib.store import keys
from chalicelib.store.table import put_new

if TYPE_CHECKING:
    from chalicelib.flows.casework import Casework
    from chalicelib.store.table import Table

KEPT = timedelta(minutes=10)
TRIES = 3  # of a case that others change at the same time
Values = dict[str, Any]
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
        fields = given.patch.model_dump(exclude_unset=True, mode="json")
        found: list[BulkItem] = []
        before: dict[str, Values] = {}
        for case_id in dict.fromkeys(given.ids):
            item, was = self._one(case_id, given.patch, by, find)
            found.append(item)
            if item.ok and was is not None:
                before[was.id] = {"was": _values(was, fields), "set": fields}
        return BulkDone(items=tuple(found), undo=self._keep(before, by))

    def undo(self, token: str, by: str, find: Find) -> BulkDone:
        """Restore what nobody changed since; raises NotFound after ten minutes, or for a token of
        somebody else's."""
        stored = self.table.get(keys.undo(token))
        if stored is None or stored["by"] != by or stored["expires"] < self.clock().timestamp():
            raise NotFound("there is nothing to undo, or it is more than ten minutes ago")
        return BulkDone(
            items=tuple(
                self._back(case_id, kept, by, find) for case_id, kept in stored["cases"].items()
            )
        )

    def _one(
        self, case_id: str, patch: CasePatch, by: str, find: Find
    ) -> tuple[BulkItem, Case | None]:
        case = None
        for _ in range(TRIES):
            try:
                case = find(case_id)
                after = self.casework.patch(case.id, case.version, patch, by)
            except StaleVersion as stale:
                problem = stale.detail
                continue
            except Refused as refused:
                reference = case.reference if case else ""
                item = BulkItem(id=case_id, reference=reference, ok=False, problem=refused.detail)
                return item, None
            item = BulkItem(id=case.id, reference=case.reference, ok=True, version=after.version)
            return item, case if after.version != case.version else None
        return BulkItem(id=case_id, ok=False, problem=problem), None

    def _keep(self, before: dict[str, Values], by: str) -> str | None:
        if not before:
            return None
        token = self.ids.new()
        pk, sk = keys.undo(token)
        expires = int((self.clock() + KEPT).timestamp())
        item = {"pk": pk, "sk": sk, "type": "undo", "by": by, "cases": before, "expires": expires}
        self.table.commit(put_new("undo", item))
        return token

    def _back(self, case_id: str, kept: Values, by: str, find: Find) -> BulkItem:
        try:
            case = find(case_id)
        except NotFound as error:
            return BulkItem(id=case_id, ok=False, problem=error.detail)
        now = _values(case, kept["set"])
        changed = [name for name, value in kept["set"].items() if now[name] != _plain(value)]
        if changed:
            problem = f"somebody changed {', '.join(changed)} since"
            return BulkItem(id=case_id, reference=case.reference, ok=False, problem=problem)
        restorable = {n: v for n, v in kept["was"].items() if (n, v) != ("status", CaseStatus.NEW)}
        return self._one(case_id, CasePatch.model_validate(restorable), by, find)[0]


def _values(case: Case, fields: Values) -> Values:
    """The case's own values of those fields, as a patch would set them."""
    shown = case.model_dump(mode="json")
    shown["topic"] = case.topic.label
    return {name: _plain(shown[name]) for name in fields}


def _plain(value: Any) -> Any:
    """Nothing is the same to a patch in whatever form."""
    return None if value in ("", [], ()) else value
