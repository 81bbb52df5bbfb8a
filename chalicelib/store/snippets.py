"""The short texts that an agent keeps for themselves: one item an agent."""

from __future__ import annotations

from chalicelib.cases.snippets import OwnSnippets
from chalicelib.errors import StaleVersion
from chalicelib.store import items, keys
from chalicelib.store.table import Table, WriteRefused, put


class SnippetStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def own(self, email: str) -> OwnSnippets:
        stored = self._table.get(keys.snippets(email))
        return items.model(OwnSnippets, stored) if stored else OwnSnippets()

    def keep(self, email: str, own: OwnSnippets) -> OwnSnippets:
        """Save them in place of the version that `own` names; raises StaleVersion."""
        saved = own.model_copy(update={"version": own.version + 1})
        item = items.item(keys.snippets(email), "snippets", saved)
        free = "attribute_not_exists(pk)" if not own.version else "version = :read"
        values = {"read": own.version} if own.version else {}
        try:
            self._table.commit(put("snippets", item, free, **values))
        except WriteRefused as refused:
            current = self.own(email).model_dump(mode="json")
            raise StaleVersion("they were changed elsewhere", current=current) from refused
        return saved
