"""Problems with their cases, counts, history and handovers; all of one in one partition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from chalicelib.base import iso
from chalicelib.errors import NotFound, StaleVersion
from chalicelib.problems.models import (
    Dispatch,
    Entry,
    Handover,
    HourCount,
    Link,
    LinkState,
    Problem,
    ProblemState,
)
from chalicelib.problems.rules import TAKES_CASES
from chalicelib.store import items, keys
from chalicelib.store.cursors import Merged, Stream, interleave, merge
from chalicelib.store.table import (
    Page,
    Table,
    Write,
    WriteRefused,
    delete,
    put,
    put_new,
    put_version,
    update,
)

M = TypeVar("M", bound=BaseModel)


class ProblemStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    # --- problems ------------------------------------------------------------------------

    def get(self, problem_id: str) -> Problem:
        """Raises NotFound."""
        stored = self._table.get(keys.problem(problem_id))
        if stored is None:
            raise NotFound(f"there is no problem {problem_id}")
        return items.model(Problem, stored)

    def some(self, ids: Iterable[str]) -> list[Problem]:
        """Those of the ids that exist."""
        found = self._table.batch_get([keys.problem(one) for one in ids])
        return [items.model(Problem, stored) for stored in found.values()]

    def listing(
        self, states: list[ProblemState], limit: int, positions: dict[str, Any] | None
    ) -> Merged:
        """A page of problems in those states, newest first: one Query a state."""
        partitions = [f"{keys.PROBLEMS}#{state}" for state in states]
        return merge(self._table, 2, partitions, limit, positions)

    def open(self) -> list[Problem]:
        """All that new cases may belong to."""
        found = self._table.query_all(keys.OPEN_PROBLEMS, index="gsi4")
        return [items.model(Problem, stored) for stored in found]

    def issues(self, limit: int) -> list[Problem]:
        """The newest that the help centre shows, in one Query."""
        page = self._table.query(keys.ISSUES, index="gsi5", newest_first=True, limit=limit)
        return [items.model(Problem, stored) for stored in page.items]

    def new(self, problem: Problem) -> Write:
        return put_new("problem", _item(problem))

    def change(self, problem: Problem) -> Write:
        """Write a problem that is one version on; refused as "problem" after a lost race."""
        return put_version("problem", _item(problem), problem.version - 1)

    def save(self, problem: Problem, *more: Write) -> None:
        """Commit a changed problem; raises StaleVersion with the newest state."""
        try:
            self._table.commit(self.change(problem), *more)
        except WriteRefused as refused:
            if "problem" not in refused.names:
                raise
            newest = self.get(problem.id)
            raise StaleVersion(
                f"it is at version {newest.version} by now", current=newest.model_dump(mode="json")
            ) from refused

    # --- where trends lead ---------------------------------------------------------------

    def of_cell(self, cell: str) -> str | None:
        """The newest problem of a cell."""
        stored = self._table.get(keys.problem_of_cell(cell))
        return str(stored["problem_id"]) if stored else None

    def take_cell(self, cell: str, problem_id: str) -> Write:
        pk, sk = keys.problem_of_cell(cell)
        return put("cell", {"pk": pk, "sk": sk, "type": "cell", "problem_id": problem_id})

    def take_trend(self, trend_id: str, problem_id: str, now: datetime) -> Write:
        """Refused as "trend" where it belongs to another problem already, or is gone."""
        return update(
            "trend",
            keys.trend(trend_id),
            "SET problem_id = :p, updated_at = :t ADD version :one",
            "attribute_exists(pk) AND (attribute_not_exists(problem_id) OR problem_id = :p)",
            p=problem_id,
            t=iso(now),
            one=1,
        )

    # --- its cases -----------------------------------------------------------------------

    def link(self, problem_id: str, case_id: str) -> Link | None:
        stored = self._table.get(keys.problem_link(problem_id, case_id))
        return items.model(Link, stored) if stored else None

    def links_of(self, case_id: str, problem_ids: Iterable[str]) -> dict[str, Link]:
        """Problem id → link of that case, where there is one."""
        found = self._table.batch_get([keys.problem_link(one, case_id) for one in problem_ids])
        return {stored["problem_id"]: items.model(Link, stored) for stored in found.values()}

    def links(
        self, problem_id: str, states: list[LinkState], limit: int, positions: dict[str, Any] | None
    ) -> Merged:
        """A page of its cases in those states, newest case first."""
        partitions = [keys.problem_links(problem_id, state) for state in states]
        return merge(self._table, 2, partitions, limit, positions)

    def links_after(self, problem_id: str, case_id: str, limit: int) -> list[Link]:
        """Links in the order of case ids, behind that one ("" is the beginning)."""
        between = (f"{keys.LINK}{case_id}\x01" if case_id else keys.LINK, "LINK$")
        pk = keys.problem(problem_id)[0]
        page = self._table.query(pk, between=between, limit=limit, consistent=True)
        return [items.model(Link, stored) for stored in page.items]

    def newest_link(self, problem_id: str) -> Link | None:
        """The linked case that came last."""
        return self._link_at_an_end(problem_id, newest=True)

    def oldest_link(self, problem_id: str) -> Link | None:
        """The linked case that came first."""
        return self._link_at_an_end(problem_id, newest=False)

    def _link_at_an_end(self, problem_id: str, *, newest: bool) -> Link | None:
        partition = keys.problem_links(problem_id, LinkState.LINKED)
        page = self._table.query(partition, index="gsi2", newest_first=newest, limit=1)
        return items.model(Link, page.items[0]) if page.items else None

    def write_link(self, link: Link) -> Write:
        """Refused as "link" where it is not what it was when it was read."""
        listed = keys.index(
            2,
            keys.problem_links(link.problem_id, link.state),
            items.by_time(link.created_at, link.case_id),
        )
        item = items.item(
            keys.problem_link(link.problem_id, link.case_id), "problem-link", link, **listed
        )
        return _versioned("link", item, link.version)

    # --- counts --------------------------------------------------------------------------

    def count_in(self, link: Link) -> list[Write]:
        """Writes that count a case where it was not; refused as "who" after a lost race."""
        cases, hour, known = self._who(link)
        key = keys.problem_customer(link.problem_id, link.customer_id)
        place = {"pk": key[0], "sk": key[1], "type": "affected", "hour": hour or link.hour}
        item = {**place, "cases": cases | {link.case_id}}
        who = put("who", item, "cases = :b", b=cases) if known else put_new("who", item)
        if link.case_id in cases:
            return []
        return [who, self._add(link.problem_id, link.hour, cases=1, customers=int(not cases))]

    def count_out(self, link: Link) -> list[Write]:
        """The opposite of `count_in`."""
        cases, hour, _ = self._who(link)
        if link.case_id not in cases:
            return []
        key = keys.problem_customer(link.problem_id, link.customer_id)
        left = cases - {link.case_id}
        if left:
            item = {"pk": key[0], "sk": key[1], "type": "affected", "hour": hour, "cases": left}
            who = put("who", item, "cases = :b", b=cases)
            return [who, self._add(link.problem_id, link.hour, cases=-1)]
        who = delete("who", key, "cases = :b", b=cases)
        if hour == link.hour:
            return [who, self._add(link.problem_id, hour, cases=-1, customers=-1)]
        return [
            who,
            self._add(link.problem_id, link.hour, cases=-1),
            self._add(link.problem_id, hour, customers=-1),
        ]

    def counting(
        self, customer_ids: Iterable[str], problem_ids: Iterable[str]
    ) -> dict[str, set[str]]:
        """Those of the problems that count cases of one of those customers, and which cases."""
        people = tuple(customer_ids)
        wanted = [keys.problem_customer(one, who) for one in problem_ids for who in people]
        found: dict[str, set[str]] = {}
        for (pk, _), stored in self._table.batch_get(wanted).items():
            found.setdefault(pk.removeprefix("PROB#"), set()).update(stored["cases"])
        return found

    def count_told(self, problem_id: str, hour: str) -> Write:
        return self._add(problem_id, hour, told=1)

    def hours(self, problem_id: str) -> list[HourCount]:
        """Its counts by the hour, oldest first; one Query for some months."""
        pk = keys.problem(problem_id)[0]
        found = self._table.query_all(pk, prefix=keys.HOUR, consistent=True)
        return [
            HourCount(
                hour=stored["sk"].removeprefix(keys.HOUR),
                cases=int(stored.get("cases", 0)),
                customers=int(stored.get("customers", 0)),
                told=int(stored.get("told", 0)),
            )
            for stored in found
        ]

    def _who(self, link: Link) -> tuple[set[str], str, bool]:
        """(their cases, the hour in which they are counted, whether there is such an item)."""
        stored = self._table.get(keys.problem_customer(link.problem_id, link.customer_id))
        if stored is None:
            return set(), "", False
        return set(stored["cases"]), str(stored["hour"]), True

    def _add(self, problem_id: str, hour: str, **more: int) -> Write:
        adds = ", ".join(f"{name} :{name}" for name in more)
        return update("hour", keys.problem_hour(problem_id, hour), f"ADD {adds}", "", **more)

    # --- history -------------------------------------------------------------------------

    def entry(self, problem_id: str, entry: Entry) -> Write:
        key = keys.problem_history(problem_id, entry.at, entry.id)
        return put_new("entry", items.item(key, "problem-history", entry))

    def history(self, problem_id: str, limit: int, positions: dict[str, Any] | None) -> Merged:
        """A page of its history, newest first."""
        return self._newest(problem_id, keys.HISTORY, limit, positions)

    def handover_page(
        self, problem_id: str, limit: int, positions: dict[str, Any] | None
    ) -> Merged:
        """A page of its handovers, newest first."""
        return self._newest(problem_id, keys.HANDOVER, limit, positions)

    def _newest(
        self, problem_id: str, prefix: str, limit: int, positions: dict[str, Any] | None
    ) -> Merged:
        pk = keys.problem(problem_id)[0]

        def read(start: Any) -> Page:
            return self._table.query(
                pk, prefix=prefix, newest_first=True, limit=limit, start=start, consistent=True
            )

        stream = Stream(problem_id, read, lambda item: str(item["sk"]), ("pk", "sk"))
        return interleave([stream], limit, positions, newest_first=True)

    # --- handovers -----------------------------------------------------------------------

    def handover(self, problem_id: str, handover_id: str) -> Handover:
        """Raises NotFound."""
        stored = self._table.get(keys.handover(problem_id, handover_id))
        if stored is None:
            raise NotFound("there is no such handover")
        return items.model(Handover, stored)

    def handovers(self, problem_id: str) -> Iterator[Handover]:
        """All handovers of a problem, oldest first."""
        pk = keys.problem(problem_id)[0]
        for stored in self._table.query_all(pk, prefix=keys.HANDOVER, consistent=True):
            yield items.model(Handover, stored)

    def write_handover(self, handover: Handover) -> Write:
        """Refused as "handover" after a lost race."""
        key = keys.handover(handover.problem_id, handover.id)
        return _versioned("handover", items.item(key, "handover", handover), handover.version)

    def dispatch(self, problem_id: str, dispatch_id: str) -> Dispatch:
        """Raises NotFound."""
        stored = self._table.get(keys.dispatch(problem_id, dispatch_id))
        if stored is None:
            raise NotFound("there is no such dispatch")
        return items.model(Dispatch, stored)

    def write_dispatch(self, dispatch: Dispatch) -> Write:
        """Refused as "dispatch" after a lost race."""
        key = keys.dispatch(dispatch.problem_id, dispatch.id)
        return _versioned("dispatch", items.item(key, "dispatch", dispatch), dispatch.version)


def _versioned(name: str, item: dict[str, Any], version: int) -> Write:
    return put_new(name, item) if version == 1 else put_version(name, item, version - 1)


def _item(problem: Problem) -> dict[str, Any]:
    created = items.by_time(problem.created_at, problem.id)
    lists = keys.index(2, f"{keys.PROBLEMS}#{problem.state}", created)
    if problem.state in TAKES_CASES:
        lists |= keys.index(4, keys.OPEN_PROBLEMS, created)
    if problem.public.visible:
        lists |= keys.index(5, keys.ISSUES, created)
    return items.item(keys.problem(problem.id), "problem", problem, **lists)
