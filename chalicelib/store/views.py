"""Lists of cases that people saved: one item a person, one a team; one call has them all."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.base import Model
from chalicelib.cases.views import SavedView
from chalicelib.store import items
from chalicelib.store.table import Key, Table, put_new, put_version


class SavedViews(Model):
    """The lists of one owner, in their order; version 0 is none yet."""

    views: tuple[SavedView, ...] = ()
    version: int = 0


class ViewStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def some(self, owners: Sequence[Key]) -> list[SavedViews]:
        """Those of each owner (keys.agent_views, keys.team_views), as they stand now."""
        found = self._table.batch_get(owners)
        return [
            items.model(SavedViews, found[key]) if key in found else SavedViews() for key in owners
        ]

    def save(self, owner: Key, after: SavedViews) -> None:
        """Store what is one version on from what was read; raises WriteRefused."""
        item = items.item(owner, "views", after)
        first = after.version == 1
        write = put_new("views", item) if first else put_version("views", item, after.version - 1)
        self._table.commit(write)
