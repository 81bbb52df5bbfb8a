"""Cursors that are opaque and signed, and pages that are merged from several partitions.

A cursor says, for each partition, the key after which to go on. It is bound to the list that it
came from: a cursor of another list, or one that somebody made up, is refused as Malformed. Nobody
reads it: the key may be that of a case which its reader does not see.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import heapq
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import Malformed
from chalicelib.store.codec import Item
from chalicelib.store.table import Page, Table

Sign = Callable[[bytes], bytes]
LOOKS = 10  # Queries a partition that look for matches of one page
TAG = 12  # bytes of the signature that a cursor carries


@dataclass(frozen=True)
class Merged:
    items: list[Item]
    positions: dict[str, Any] | None  # where to go on, by partition; None at the end
    read: int = 0  # items that were looked at for it, also those that were passed over


class Cursors:
    """Makes and reads cursors. `sign` is an HMAC under the installation's key."""

    def __init__(self, sign: Sign) -> None:
        self._sign = sign

    def write(self, scope: str, positions: dict[str, Any] | None) -> str | None:
        if positions is None:
            return None
        body = json.dumps(positions, separators=(",", ":"), sort_keys=True).encode()
        tag = self._sign(scope.encode() + b"\n" + body)[:TAG]
        return base64.urlsafe_b64encode(tag + self._veiled(tag, body)).decode().rstrip("=")

    def read(self, scope: str, cursor: str | None) -> dict[str, Any] | None:
        """Positions, or None for the first page; raises Malformed."""
        if not cursor:
            return None
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError) as error:
            raise Malformed("the cursor is not one of ours") from error
        tag = raw[:TAG]
        body = self._veiled(tag, raw[TAG:])
        if len(tag) < TAG or not hmac.compare_digest(
            self._sign(scope.encode() + b"\n" + body)[:TAG], tag
        ):
            raise Malformed("the cursor is not one of this list")
        positions: dict[str, Any] = json.loads(body)
        return positions

    def _veiled(self, tag: bytes, body: bytes) -> bytes:
        """The body under a key stream that its tag chooses, or back (RFC 5297's idea)."""
        stream = hashlib.shake_256(self._sign(b"veil\n" + tag)).digest(len(body))
        return bytes(a ^ b for a, b in zip(body, stream, strict=True))


def merge(
    table: Table,
    index: int,
    partitions: Sequence[str],
    limit: int,
    positions: dict[str, Any] | None,
    keep: Callable[[Item], bool] | None = None,
    reads: int = LOOKS,
    newest_first: bool = True,
) -> Merged:
    """A page of at most `limit` items, newest first, over the partitions of a secondary index.

    Or in the order of the index, where `newest_first` is not wanted.

    One Query a partition where nothing is filtered. With `keep`, up to `reads` Queries a partition
    look for matches; what they passed over is not read again by the next page.
    """
    name = f"gsi{index}"
    streams = [
        _walk(
            _reader(table, name, partition, newest_first),
            partition,
            limit,
            (positions or {}).get(partition),
            keep,
            reads,
        )
        for partition in partitions
        if positions is None or positions.get(partition) != "end"
    ]
    taken: list[Item] = []
    ends = {p: "end" for p in partitions if positions is not None and positions.get(p) == "end"}
    found = {walk.partition: walk for walk in streams}
    turned: Callable[[str], Any] = _Descending if newest_first else str
    order = heapq.merge(
        *(walk.items for walk in streams), key=lambda item: turned(item[f"{name}sk"])
    )
    last: dict[str, Item] = {}
    for item in order:
        if len(taken) == limit:
            break
        taken.append(item)
        last[item[f"{name}pk"]] = item
    went_on: dict[str, Any] = dict(ends)
    for partition, walk in found.items():
        used = sum(1 for item in taken if item[f"{name}pk"] == partition)
        if used < len(walk.items):
            position = _key(last[partition], name) if partition in last else walk.start
            went_on[partition] = position
        else:
            went_on[partition] = walk.after if walk.after else "end"
    looked_at = sum(walk.read for walk in streams)
    if all(position == "end" for position in went_on.values()):
        return Merged(taken, None, looked_at)
    return Merged(taken, {p: v for p, v in went_on.items() if v is not None}, looked_at)


@dataclass(frozen=True)
class _Walk:
    partition: str
    items: list[Item]
    start: Item | None
    after: Item | None
    read: int


Reader = Callable[[int, Item | None], Page]
"""Reads so many items of one partition after a position."""


def _reader(table: Table, name: str, partition: str, newest_first: bool) -> Reader:
    return lambda limit, start: table.query(
        partition, index=name, newest_first=newest_first, limit=limit, start=start
    )


def _walk(
    read: Reader,
    partition: str,
    limit: int,
    start: Item | None,
    keep: Callable[[Item], bool] | None,
    reads: int,
) -> _Walk:
    items: list[Item] = []
    after, read_items = start, 0
    for _ in range(reads):
        ask = limit if keep is None else max(limit, 100)
        page = read(ask, after)
        items += [item for item in page.items if keep is None or keep(item)]
        after = page.last
        read_items += len(page.items)
        if keep is None or after is None or len(items) >= limit:
            break
    return _Walk(partition, items, start, after, read_items)


def _key(item: Item, name: str) -> Item:
    return {part: item[part] for part in ("pk", "sk", f"{name}pk", f"{name}sk")}


@dataclass(frozen=True)
class Stream:
    """A partition that is read in order, beside others. `order` gives the text to sort by."""

    name: str
    read: Callable[[Item | None], Page]
    order: Callable[[Item], str]
    parts: tuple[str, ...]  # attributes of the key to go on after


def interleave(
    streams: Sequence[Stream], limit: int, positions: dict[str, Any] | None, newest_first: bool
) -> Merged:
    """A page of at most `limit` items of several streams in one order: one Query a stream.

    Each stream is read in that order itself; one that ended is not read again.
    """
    started = positions or {}
    pages = {s.name: s.read(started.get(s.name)) for s in streams if started.get(s.name) != "end"}
    entries = [
        (stream, item)
        for stream in streams
        if stream.name in pages
        for item in pages[stream.name].items
    ]
    entries.sort(key=lambda entry: entry[0].order(entry[1]), reverse=newest_first)
    taken = entries[:limit]
    after: dict[str, Any] = {}
    for stream in streams:
        if stream.name not in pages:
            after[stream.name] = "end"
            continue
        used = [item for owner, item in taken if owner is stream]
        page = pages[stream.name]
        if len(used) == len(page.items):
            after[stream.name] = page.last or "end"
        elif used:
            after[stream.name] = {part: used[-1][part] for part in stream.parts}
        else:
            after[stream.name] = started.get(stream.name)
    ended = all(position == "end" for position in after.values())
    found = {name: position for name, position in after.items() if position is not None}
    return Merged([item for _, item in taken], None if ended else found)


class _Descending:
    """Turns the order of text round for the merge."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __lt__(self, other: _Descending) -> bool:
        return self.text > other.text
