"""Which index answers which question about cases, and a customer's timeline.

The narrowest partition that a filter names is read; what it does not express is filtered by the
caller (`keep`). A list over all cases costs one Query a shard, whatever the number of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from chalicelib.cases.models import CaseStatus
from chalicelib.store import items, keys
from chalicelib.store.cases import CaseStore
from chalicelib.store.codec import Item
from chalicelib.store.cursors import LOOKS, Merged, Stream, interleave
from chalicelib.store.table import Page, Table

Positions = dict[str, Any]


class CaseLists:
    def __init__(self, table: Table, cases: CaseStore) -> None:
        self._table = table
        self._cases = cases

    def page(
        self,
        *,
        customer_ids: Sequence[str],
        assignee: str,
        team: str | None,
        statuses: Sequence[CaseStatus],
        aside: str,
        limit: int,
        positions: Positions | None,
        keep: Callable[[Item], bool] | None,
        looks: int = LOOKS,
    ) -> Merged:
        """A page of cases, newest first, that the index can find; `keep` filters further.

        "" and None mean: not asked for; `team` "" is the cases without a team. `aside` names one
        of the lists of cases that all others leave out: spam, merged.
        """
        if aside:
            listed = self._cases.partitions(aside.upper())
            return self._cases.listing(3, listed, limit, positions, keep, looks=looks)
        index, partitions = self._place(customer_ids, assignee, team, statuses)
        return self._cases.listing(index, partitions, limit, positions, keep, looks=looks)

    def queue(
        self,
        *,
        assignee: str,
        team: str | None,
        limit: int,
        positions: Positions | None,
        keep: Callable[[Item], bool] | None,
        looks: int = LOOKS,
    ) -> Merged:
        """A page of unsolved cases, those whose promise is due first at the head.

        An agent's own, or with a `team` ("" is none) what nobody of it has yet, or all.
        """
        index, partitions = 8, [f"QUEUE-OF#{assignee}"]
        if not assignee:
            partitions = [f"QUEUE-TEAM#{team}"]
        if not assignee and team is None:
            index, partitions = 7, self._cases.partitions("QUEUE")
        return self._cases.listing(
            index, partitions, limit, positions, keep, newest_first=False, looks=looks
        )

    def snoozed(
        self,
        limit: int,
        positions: Positions | None,
        keep: Callable[[Item], bool] | None,
        looks: int = LOOKS,
    ) -> Merged:
        """A page of snoozed cases, those that come back first at the head."""
        listed = self._cases.partitions(keys.SNOOZED)
        return self._cases.listing(
            7, listed, limit, positions, keep, newest_first=False, looks=looks
        )

    def followed(
        self,
        email: str,
        limit: int,
        positions: Positions | None,
        keep: Callable[[Item], bool] | None,
    ) -> Merged:
        """A page of the cases that an agent follows, newest first: a Query and a read of them."""
        page = self._table.query(
            keys.agent(email)[0],
            prefix=keys.FOLLOW,
            newest_first=True,
            limit=limit,
            start=positions,
        )
        wanted = [keys.case(str(one["sk"]).removeprefix(keys.FOLLOW)) for one in page.items]
        found = self._table.batch_get(wanted)
        cases = [found[key] for key in wanted if key in found]
        shown = [case for case in cases if not keep or keep(case)]
        return Merged(shown, page.last)

    def _place(
        self,
        customer_ids: Sequence[str],
        assignee: str,
        team: str | None,
        statuses: Sequence[CaseStatus],
    ) -> tuple[int, list[str]]:
        if customer_ids:
            return 1, [f"CUST#{customer_id}" for customer_id in customer_ids]
        if assignee:
            return 5, [f"ASSIGNEE#{assignee}"]
        if team is not None:
            return 4, [f"TEAM#{team}#{status}" for status in statuses or CaseStatus]
        if statuses:
            heads = [f"STATUS#{status}" for status in statuses]
            return 2, [part for head in heads for part in self._cases.partitions(head)]
        return 3, self._cases.partitions("CASES")

    def timeline(
        self, customer_ids: Sequence[str], limit: int, positions: Positions | None
    ) -> Merged:
        """A customer's cases, notices and history as stored items, newest first.

        A customer whom others were merged into has their partitions too.
        """
        return interleave(
            [stream for one in customer_ids for stream in self._streams(one, limit)],
            limit,
            positions,
            newest_first=True,
        )

    def notices(self, customer_ids: Sequence[str], limit: int) -> list[dict[str, Any]]:
        """The newest notices that a customer got, newest first; one Query a record."""
        found = [
            stored
            for one in customer_ids
            for stored in self._reader(keys.customer(one)[0], "", keys.TOLD, limit)(None).items
        ]
        found.sort(key=_moment, reverse=True)
        return [items.plain(stored) for stored in found[:limit]]

    def _streams(self, customer_id: str, limit: int) -> Iterator[Stream]:
        pk = keys.customer(customer_id)[0]
        place = ("pk", "sk", "gsi1pk", "gsi1sk")
        yield Stream(f"cases {customer_id}", self._reader(pk, "gsi1", "", limit), _listed, place)
        for prefix in (keys.TOLD, keys.HISTORY):
            read = self._reader(pk, "", prefix, limit)
            yield Stream(f"{prefix} {customer_id}", read, _moment, ("pk", "sk"))

    def _reader(self, pk: str, index: str, prefix: str, limit: int) -> Callable[[Any], Page]:
        def read(start: Any) -> Page:
            return self._table.query(
                pk, index=index, prefix=prefix, newest_first=True, limit=limit, start=start
            )

        return read


def _listed(item: Item) -> str:
    return str(item["gsi1sk"])


def _moment(item: Item) -> str:
    return str(item["sk"].partition("#")[2])
