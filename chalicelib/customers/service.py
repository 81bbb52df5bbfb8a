"""Customers as agents keep them: found, made, changed, with what happened to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.base import Instant, Model
from chalicelib.cases.models import Case
from chalicelib.channels.models import Channel
from chalicelib.customers import rules
from chalicelib.customers.models import (
    Customer,
    CustomerInput,
    CustomerPatch,
    HistoryEntry,
    Identity,
)
from chalicelib.errors import Conflict, Invalid, StaleVersion
from chalicelib.ports import Clock, Ids
from chalicelib.store import items, keys
from chalicelib.store.reactions import look_again
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.store.case_lists import CaseLists
    from chalicelib.store.codec import Item
    from chalicelib.store.cursors import Cursors
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

GRACE = timedelta(minutes=2)
LARGEST = 200_000  # bytes of a customer; an item of the table has 400 KB


class CustomerPart(Model):
    """A page of customers, and where the next one begins."""

    customers: tuple[Customer, ...]
    cursor: str | None


class TimelineNotice(Model):
    """That the customer was told something by a campaign."""

    campaign_id: str
    name: str = ""
    channel: str
    subject: str = ""
    at: Instant


class TimelinePart(Model):
    """A page of what happened to a customer, and where the next one begins."""

    entries: tuple[Case | TimelineNotice | HistoryEntry, ...]
    cursor: str | None


@dataclass(frozen=True)
class CustomerService:
    table: Table
    customers: CustomerStore
    reactions: ReactionStore
    lists: CaseLists
    cursors: Cursors
    clock: Clock
    ids: Ids

    def find(self, query: str, limit: int, cursor: str | None) -> CustomerPart:
        """The customer with that address or number, or a page of all; raises Malformed, Invalid."""
        if query:
            found = self.by_address(query, "q")
            return CustomerPart(customers=(found,) if found else (), cursor=None)
        position = self.cursors.read("customers", cursor) or {}
        partitions = keys.customer_partitions()
        found_items: list[Item] = []
        number, after = int(position.get("partition", 0)), position.get("after")
        while number < len(partitions) and len(found_items) < limit:
            page = self.customers.page(partitions[number], limit - len(found_items), after)
            found_items += page.items
            after = page.last
            number += after is None
        more = {"partition": number, **({"after": after} if after else {})}
        return CustomerPart(
            customers=tuple(items.model(Customer, stored) for stored in found_items),
            cursor=self.cursors.write("customers", more if number < len(partitions) else None),
        )

    def parts(self, customer_id: str) -> tuple[str, ...]:
        """The records that a customer is made of, their own first; raises NotFound."""
        customer = self.customers.final(customer_id)
        return (customer.id, *customer.merged_customers)

    def by_address(self, query: str, field: str) -> Customer | None:
        """The customer who has that e-mail address or number; raises Invalid naming the field."""
        if "@" in query:
            owner = self.customers.owner(Channel.EMAIL, rules.email(query, field))
        else:
            owner = self.customers.owner(Channel.SMS, rules.phone(query, field))
        return self.customers.get(owner) if owner else None

    def create(self, given: CustomerInput, by: str) -> Customer:
        """Add a customer; raises Invalid, Conflict with the `customer_id` whose address it is."""
        if not (given.name or given.email or given.phone or given.external_id):
            raise Invalid.field("name", "give a name, an e-mail address or a phone number")
        customer = checked(rules.create(self.ids.new(), given, self.clock(), by))
        try:
            self.table.commit(*self.customers.new(customer))
        except WriteRefused as refused:
            raise self._taken(customer.identities) from refused
        return customer

    def patch(self, customer_id: str, version: int, given: CustomerPatch, by: str) -> Customer:
        """Change a customer; raises NotFound, Invalid, StaleVersion, Conflict."""
        customer = self.customers.get(customer_id)
        if customer.merged_into:
            into = customer.merged_into
            raise Conflict("they are a part of another customer", merged_into=into)
        rules.check_alive(customer)
        if customer.version != version:
            newest = customer.model_dump(mode="json")
            raise StaleVersion(f"it is at version {customer.version} by now", current=newest)
        changed = checked(rules.apply(customer, given, self.clock(), by))
        try:
            more = [*self._addresses(customer, changed), *self._look_again(customer, changed)]
            self.customers.save(changed, *more)
        except WriteRefused as refused:
            raise self._taken(_added(customer, changed)) from refused
        return changed

    def timeline(self, customer_id: str, limit: int, cursor: str | None) -> TimelinePart:
        """Their cases on all channels, their notices, and what was done to their record.

        Newest first, of all records that they are made of; raises NotFound, Malformed.
        """
        customer = self.customers.final(customer_id)
        parts = (customer.id, *customer.merged_customers)
        scope = f"timeline {' '.join(parts)}"
        page = self.lists.timeline(parts, limit, self.cursors.read(scope, cursor))
        return TimelinePart(
            entries=tuple(map(_entry, page.items)),
            cursor=self.cursors.write(scope, page.positions),
        )

    def _look_again(self, before: Customer, after: Customer) -> Iterator[Write]:
        """Another tier may mean another team and priority for what is open."""
        if before.tier != after.tier:
            look = look_again(keys.customer(after.id)[0], str(after.version), "tier")
            yield self.reactions.new(look, self.clock() + GRACE)

    def _addresses(self, before: Customer, after: Customer) -> Iterator[Write]:
        for identity in _added(before, after):
            yield self.customers.claim(after, identity)
        for identity in _added(after, before):
            yield self.customers.release(after, identity)

    def _taken(self, identities: tuple[Identity, ...]) -> Conflict:
        owners = self.customers.owners((i.channel, i.value) for i in identities)
        for (channel, _), owner in owners.items():
            name = "email" if channel == Channel.EMAIL else "phone"
            detail = f"{name}: it belongs to another customer"
            fields = [{"field": name, "reason": "it belongs to another customer"}]
            return Conflict(detail, fields=fields, customer_id=owner)
        return Conflict("it was changed at the same moment; try again")


def checked(customer: Customer) -> Customer:
    """The customer, if an item can hold them; raises Invalid."""
    size = len(customer.model_dump_json().encode())
    if size > LARGEST:
        raise Invalid.field("attributes", f"all of it has {size} bytes; {LARGEST} are allowed")
    return customer


def _entry(stored: Item) -> Case | TimelineNotice | HistoryEntry:
    if stored["type"] == "case":
        return items.model(Case, stored)
    if stored["type"] == "history":
        return items.model(HistoryEntry, stored)
    return items.model(TimelineNotice, stored)


def _added(before: Customer, after: Customer) -> tuple[Identity, ...]:
    known = {(i.channel, i.value) for i in before.identities}
    return tuple(i for i in after.identities if (i.channel, i.value) not in known)
