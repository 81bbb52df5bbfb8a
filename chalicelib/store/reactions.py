"""The outbox: what is still to be done about a fact, written with the fact itself.

A reaction is an item beside its subject. The stream tells the forwarder of each new one; whoever
reacts deletes it in the same transaction as the effect, so that the second delivery finds nothing
left to do. What stays too long is found by the sweep in the index of outstanding reactions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chalicelib.base import Model, iso
from chalicelib.store import keys
from chalicelib.store.codec import Item
from chalicelib.store.table import Key, Table, Write, delete, put_new, update

HOLD = "hold"  # of a reaction's data: seconds that its queue waits before it brings it
FACT = "fact"  # of a handover reaction's data: an entry of a timeline that agents are told of
BUNDLE = "bundle"  # and: a mail or webhook to an agent
ERASE = "erase"  # of one of a customer: which step of their erasure it stands for
AGAIN = "again"  # of a triage reaction's data: the case was understood, and why to look again


class Reaction(Model):
    """Something outstanding. `owner` is the partition key of its subject."""

    owner: str
    kind: str  # which queue: triage, acknowledge, count, send, plan, train
    id: str
    data: dict[str, str] = {}

    @property
    def key(self) -> Key:
        return keys.reaction(self.owner, self.kind, self.id)

    @property
    def case_id(self) -> str:
        return self.owner.removeprefix("CASE#")

    def body(self) -> str:
        """What travels on a queue."""
        return self.model_dump_json()


def look_again(owner: str, identifier: str, why: str, message: str = "") -> Reaction:
    """Decide priority, team and agent again (flows/rerouting.py), of a case, or of all open ones
    of a customer. `message` is the sort key of what was written."""
    data = {AGAIN: why, **({"message": message} if message else {})}
    return Reaction(owner=owner, kind="triage", id=f"{identifier}-again", data=data)


def tell_agents(owner: str, entry: str, message: str, note: str = "") -> Reaction:
    """Tell agents of an entry of a case's timeline (flows/alerting.py). `message` is its sort key;
    `note` that of a note which was written with it and has the words."""
    data = {FACT: message, **({"note": note} if note else {})}
    return Reaction(owner=owner, kind="handover", id=f"{entry}-tell", data=data)


def parse(body: str) -> Reaction:
    """The inverse of `Reaction.body`; raises ValueError."""
    return Reaction.model_validate(json.loads(body))


def from_item(stored: Item) -> Reaction:
    return Reaction(
        owner=stored["pk"],
        kind=stored["kind"],
        id=stored["sk"].split("#", 2)[2],
        data=stored.get("data", {}),
    )


class ReactionStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def new(self, reaction: Reaction, due: datetime) -> Write:
        """Add it; the sweep looks after it once `due` has passed."""
        pk, sk = reaction.key
        item: dict[str, Any] = {
            "pk": pk,
            "sk": sk,
            "type": "reaction",
            "kind": reaction.kind,
            "data": reaction.data,
            "created_at": iso(due),
            **keys.due(pk + sk, due),
        }
        return put_new("reaction", item)

    def done(self, reaction: Reaction) -> Write:
        """Refused as "done" where somebody was faster."""
        return delete("done", reaction.key, "attribute_exists(pk)")

    def postpone(self, reaction: Reaction, until: datetime) -> Write:
        """Let the sweep look again later; refused as "reaction" where it is done."""
        pk, sk = reaction.key
        listing = keys.due(pk + sk, until)
        return update(
            "reaction",
            reaction.key,
            "SET gsi2sk = :s",
            "attribute_exists(pk)",
            s=listing["gsi2sk"],
        )

    def exists(self, reaction: Reaction) -> bool:
        return self._table.get(reaction.key) is not None

    def overdue(self, now: datetime) -> Iterator[Reaction]:
        """Outstanding reactions that were due before now, oldest first within a shard."""
        for partition in keys.due_partitions():
            for stored in self._table.query_all(partition, index="gsi2", between=("0", iso(now))):
                yield from_item(stored)
