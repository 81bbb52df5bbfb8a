"""Customers and the addresses that lead to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chalicelib.cases.models import Case
from chalicelib.channels.models import Channel
from chalicelib.customers import rules
from chalicelib.customers.models import Customer, HistoryEntry, Identity
from chalicelib.errors import NotFound, StaleVersion
from chalicelib.store import items, keys
from chalicelib.store.table import (
    Key,
    Page,
    Table,
    Write,
    WriteRefused,
    check,
    delete,
    put_new,
    put_version,
    update,
)
from chalicelib.text import fold

PAGE = 100  # cases of a Query, where all are read


class CustomerStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, customer_id: str) -> Customer:
        """Raises NotFound."""
        stored = self._table.get(keys.customer(customer_id))
        if stored is None:
            raise NotFound(f"there is no customer {customer_id}")
        return items.model(Customer, stored)

    def some(self, ids: Iterable[str]) -> dict[str, Customer]:
        """Those of the ids that exist."""
        found = self._table.batch_get([keys.customer(i) for i in ids])
        return {stored["id"]: items.model(Customer, stored) for stored in found.values()}

    def owner(self, channel: Channel, value: str) -> str | None:
        """The id of the customer whose address this is."""
        stored = self._table.get(keys.identity(channel, value))
        return str(stored["customer_id"]) if stored else None

    def owners(self, identities: Iterable[tuple[str, str]]) -> dict[Key, str]:
        """(channel, value) of known addresses → customer id."""
        wanted = {keys.identity(channel, value): (channel, value) for channel, value in identities}
        found = self._table.batch_get(list(wanted))
        return {wanted[key]: stored["customer_id"] for key, stored in found.items()}

    def new(self, customer: Customer) -> list[Write]:
        """Writes that add a customer with their addresses; each address may have one owner."""
        return [
            put_new("customer", _item(customer)),
            *(self.claim(customer, identity) for identity in customer.identities),
        ]

    def claim(self, customer: Customer, identity: Identity) -> Write:
        pk, sk = keys.identity(identity.channel, identity.value)
        return put_new(
            "identity",
            {"pk": pk, "sk": sk, "type": "identity", "customer_id": customer.id},
        )

    def release(self, customer: Customer, identity: Identity) -> Write:
        key = keys.identity(identity.channel, identity.value)
        return delete("identity", key, "customer_id = :c", c=customer.id)

    def move(self, identity: Identity, before: str, after: str) -> Write:
        """An address goes from one customer to another, if it still is the first one's."""
        return update(
            "identity",
            keys.identity(identity.channel, identity.value),
            "SET customer_id = :a",
            "customer_id = :b",
            a=after,
            b=before,
        )

    def is_part_of(self, customer_id: str, other: str) -> Write:
        """A condition: the first was merged into the second ("": into nobody)."""
        key = keys.customer(customer_id)
        return check("merged", key, "merged_into = :o", o=other)

    def note(self, customer_id: str, entry: HistoryEntry) -> Write:
        """Add to the history of a customer's record."""
        key = keys.history(customer_id, entry.at, entry.id)
        return put_new("history", items.item(key, "history", entry))

    def final(self, customer_id: str) -> Customer:
        """The customer, or whom they were merged into; raises NotFound."""
        customer = self.get(customer_id)
        while customer.merged_into:
            customer = self.get(customer.merged_into)
        return customer

    def change(self, customer: Customer) -> Write:
        """Write a customer who is one version on from what was read."""
        return put_version("customer", _item(customer), customer.version - 1)

    def save(self, customer: Customer, *more: Write) -> None:
        """Commit a changed customer; raises StaleVersion with the newest state."""
        try:
            self._table.commit(self.change(customer), *more)
        except WriteRefused as refused:
            if "customer" not in refused.names:
                raise
            newest = self.get(customer.id)
            raise StaleVersion(
                f"it is at version {newest.version} by now", current=newest.model_dump(mode="json")
            ) from refused

    def page(self, partition: str, limit: int, start: dict[str, str] | None) -> Page:
        """A page of one of `keys.customer_partitions()`."""
        return self._table.query(partition, index="gsi2", limit=limit, start=start)

    def by_name(self, text: str, limit: int) -> list[Customer]:
        """Customers whose name, or last name, begins so; two Queries and one call for them."""
        begun = _name(text)
        if not begun:
            return []
        partition = keys.names_partition(begun)
        pages = [
            self._table.query(partition, index=f"gsi{number}", prefix=begun, limit=limit)
            for number in keys.NAME_INDEXES
        ]
        ids = dict.fromkeys(
            str(one["pk"]).removeprefix("CUST#") for page in pages for one in page.items
        )
        known = self.some(list(ids)[:limit]) if ids else {}
        return [known[one] for one in ids if one in known]

    def everyone(self) -> Iterator[Customer]:
        """All customers, one partition after the other."""
        for partition in keys.customer_partitions():
            for stored in self._table.query_all(partition, index="gsi2"):
                yield items.model(Customer, stored)

    def cases(self, customer_id: str, limit: int, start: dict[str, str] | None = None) -> Page:
        """A page of their cases, newest first."""
        return self._table.query(
            f"CUST#{customer_id}", index="gsi1", newest_first=True, limit=limit, start=start
        )

    def every_case(self, customer_id: str) -> Iterator[Case]:
        """All of their cases, newest first, read page by page."""
        pages = self._table.query_all(
            f"CUST#{customer_id}", index="gsi1", newest_first=True, limit=PAGE
        )
        return (items.model(Case, stored) for stored in pages)

    def told(self, customer_id: str, limit: int) -> Page:
        """Notices that they got, newest first."""
        pk = keys.customer(customer_id)[0]
        return self._table.query(pk, prefix=keys.TOLD, newest_first=True, limit=limit)


def _item(customer: Customer) -> dict[str, object]:
    if customer.erased:  # whoever writes: nothing of the person comes back
        customer = rules.bare(customer)
    hidden = customer.merged_into or customer.erased
    lists = {} if hidden else keys.customers(customer.id)
    if (name := _name(customer.name)) and lists:
        lists |= keys.customer_names(name, customer.id)
    return items.item(keys.customer(customer.id), "customer", customer, **lists)


def _name(text: str) -> str:
    """A name as it is compared: folded, single spaces, of a length that a key can have."""
    return " ".join(fold(text).split())[:120]
