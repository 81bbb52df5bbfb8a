"""A table: its items by partition in key order, its sparse indexes, its stream.

Index entries may become visible later than the write (`index_lag`, in seconds), as on AWS, where a
global secondary index is eventually consistent; the default is at once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.aws.dynamodb.values import (
    MAX_ITEM_BYTES,
    Item,
    Value,
    item_bytes,
    sort_value,
    stored,
)
from tests.simulation.aws.errors import invalid

Key = tuple[Any, ...]
"""(partition value,) or (partition value, sort value), in the form that sorts."""


@dataclass(frozen=True)
class Schema:
    """The names of the key attributes of a table or index."""

    hash: str
    range: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.hash,) if self.range is None else (self.hash, self.range)

    def key_of(self, item: Item) -> Key:
        return tuple(sort_value(item[name]) for name in self.names)


@dataclass
class Index:
    """A global secondary index: per partition the sorted (sort value, key of the item)."""

    name: str
    schema: Schema
    partitions: dict[Any, list[tuple[Any, Key]]] = field(default_factory=dict)
    images: dict[Key, Item] = field(default_factory=dict)

    def replace(self, key: Key, new: Item | None) -> None:
        old = self.images.pop(key, None)
        if old is not None:
            entries = self.partitions[sort_value(old[self.schema.hash])]
            entries.pop(bisect_left(entries, self._entry(key, old)))
        if new is not None and all(name in new for name in self.schema.names):
            self.images[key] = new
            insort(
                self.partitions.setdefault(sort_value(new[self.schema.hash]), []),
                self._entry(key, new),
            )

    def _entry(self, key: Key, item: Item) -> tuple[Any, Key]:
        return (sort_value(item[self.schema.range]) if self.schema.range else "", key)


@dataclass(frozen=True)
class Change:
    """One record of the stream, before it gets the form in which a Lambda sees it."""

    sequence: int
    at: float  # seconds since 1970
    keys: Item
    old: Item | None
    new: Item | None
    by_expiry: bool = False

    @property
    def event(self) -> str:
        if self.old is None:
            return "INSERT"
        return "REMOVE" if self.new is None else "MODIFY"


class Table:
    """One table. All writes go through `commit`, which alone touches items, indexes and stream."""

    def __init__(
        self,
        name: str,
        schema: Schema,
        indexes: list[Index],
        kinds: dict[str, str],
        *,
        streams: bool,
        clock: Callable[[], float],
    ) -> None:
        self.name = name
        self.schema = schema
        self.indexes = {index.name: index for index in indexes}
        self.kinds = kinds
        self.streams = streams
        self.clock = clock
        self.items: dict[Key, Item] = {}
        self.partitions: dict[Any, list[Any]] = {}
        self.changes: list[Change] = []
        self.expiry_attribute: str | None = None
        self.changed: Callable[[Change], None] | None = None  # hears of each record of the stream
        self.index_lag: Callable[[Item], float] | None = None
        self._late: list[tuple[float, int, Key, Item | None]] = []
        self._writes = 0

    def key_of_request(self, key: Item) -> Key:
        """The key that a request names; raises where it does not fit the table."""
        if set(key) != set(self.schema.names):
            raise invalid("The provided key element does not match the schema")
        for name in self.schema.names:
            if self.kinds[name] not in key[name]:
                raise invalid("The provided key element does not match the schema")
            self._not_empty(name, key[name], "")
        return tuple(sort_value(stored(key[name])) for name in self.schema.names)

    def check_item(self, item: Item) -> Key:
        """The key of a whole new item; raises where keys, index keys or size do not fit."""
        for name in self.schema.names:
            if name not in item:
                raise invalid(
                    f"One or more parameter values were invalid: Missing the key {name} in the item"
                )
            if self.kinds[name] not in item[name]:
                raise invalid(
                    f"One or more parameter values were invalid: Type mismatch for key {name} "
                    f"expected: {self.kinds[name]} actual: {next(iter(item[name]))}"
                )
            self._not_empty(name, item[name], "")
        for index in self.indexes.values():
            for name in index.schema.names:
                if name in item:
                    self._check_index_key(index, name, item[name])
        if item_bytes(item) > MAX_ITEM_BYTES:
            raise invalid("Item size has exceeded the maximum allowed size")
        return self.schema.key_of(item)

    def commit(self, key: Key, new: Item | None, *, by_expiry: bool = False) -> None:
        """Write or delete (None) an item that was checked before."""
        old = self.items.get(key)
        if old == new:
            return
        self._put(key, new)
        self._writes += 1
        self._list_in_indexes(key, new, old)
        if self.streams:
            known = new if new is not None else old
            assert known is not None
            keys = {name: known[name] for name in self.schema.names}
            change = Change(len(self.changes) + 1, self.clock(), keys, old, new, by_expiry)
            self.changes.append(change)
            if self.changed is not None:
                self.changed(change)

    def expire(self) -> int:
        """Delete what its time-to-live attribute says is over; returns how many items."""
        if self.expiry_attribute is None:
            return 0
        now = self.clock()
        over = [
            key
            for key, item in self.items.items()
            if float(item.get(self.expiry_attribute, {}).get("N", "inf")) < now
        ]
        for key in over:
            self.commit(key, None, by_expiry=True)
        return len(over)

    @contextmanager
    def as_of(self, moment: float) -> Iterator[None]:
        """Inside, items are what they were then: an eventually consistent read sees that."""
        later = [change for change in self.changes if change.at > moment]
        for change in reversed(later):
            self._put(self.schema.key_of(change.keys), change.old)
        try:
            yield
        finally:
            for change in later:
                self._put(self.schema.key_of(change.keys), change.new)

    def rows(
        self,
        partition: Any,
        *,
        backward: bool,
        after: Key | None,
        low: Any = None,
        high: Any = None,
    ) -> Iterator[Item]:
        """Items of a partition in order, from `low` to `high` inclusive, after a key."""
        if len(self.schema.names) == 1:
            if (partition,) in self.items and after is None:
                yield self.items[(partition,)]
            return
        entries = self.partitions.get(partition, [])
        start = 0 if low is None else bisect_left(entries, low)
        end = len(entries) if high is None else bisect_right(entries, high)
        if after is not None and backward:
            end = min(end, bisect_left(entries, after[1]))
        elif after is not None:
            start = max(start, bisect_right(entries, after[1]))
        found = entries[start:end]
        for sort in reversed(found) if backward else found:
            yield self.items[partition, sort]

    def index_rows(
        self, name: str, partition: Any, *, backward: bool, after: tuple[Any, Key] | None
    ) -> Iterator[Item]:
        self._catch_up()
        index = self.indexes[name]
        entries = list(index.partitions.get(partition, []))
        if after is not None and backward:
            entries = entries[: bisect_left(entries, after)]
        elif after is not None:
            entries = entries[bisect_right(entries, after) :]
        for _, key in reversed(entries) if backward else entries:
            yield index.images[key]

    def _list_in_indexes(self, key: Key, new: Item | None, old: Item | None) -> None:
        lag = self.index_lag(new or old or {}) if self.index_lag else 0.0
        if lag <= 0 and not self._late:
            for index in self.indexes.values():
                index.replace(key, new)
            return
        self._late.append((self.clock() + lag, self._writes, key, new))

    def _catch_up(self) -> None:
        """Let the indexes see what is old enough; an item's writes become visible in order."""
        now = self.clock()
        waiting: list[tuple[float, int, Key, Item | None]] = []
        held: set[Key] = set()
        for entry in self._late:
            if entry[0] > now or entry[2] in held:
                waiting.append(entry)
                held.add(entry[2])
                continue
            for index in self.indexes.values():
                index.replace(entry[2], entry[3])
        self._late = waiting

    def _put(self, key: Key, new: Item | None) -> None:
        """The item and its place in the order of its partition, nothing else."""
        old = self.items.get(key)
        if new is not None:
            self.items[key] = new
            if old is None and len(key) == 2:
                insort(self.partitions.setdefault(key[0], []), key[1])
        elif old is not None:
            del self.items[key]
            self._unlist(key)

    def _unlist(self, key: Key) -> None:
        if len(key) == 2:
            entries = self.partitions[key[0]]
            entries.pop(bisect_left(entries, key[1]))

    def _check_index_key(self, index: Index, name: str, value: Value) -> None:
        if self.kinds[name] not in value:
            raise invalid(
                "One or more parameter values were invalid: Type mismatch for Index Key "
                f"{name} Expected: {self.kinds[name]} Actual: {next(iter(value))} "
                f"IndexName: {index.name}"
            )
        self._not_empty(name, value, f" IndexName: {index.name}")

    def _not_empty(self, name: str, value: Value, where: str) -> None:
        if not next(iter(value.values())):
            raise invalid(
                "One or more parameter values are not valid. The AttributeValue for a "
                f"key attribute cannot contain an empty string value. Key: {name}{where}"
            )
