"""Cases with their messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.base import Instant, Model, iso
from chalicelib.cases.erasing import shell
from chalicelib.cases.models import Case, Message, Priority
from chalicelib.cases.rules import UNSOLVED
from chalicelib.errors import Contended, NotFound, StaleVersion
from chalicelib.promises.alarms import first_due, next_alarm
from chalicelib.routing.load import counted_for, waits_for
from chalicelib.store import items, keys
from chalicelib.store.codec import Item
from chalicelib.store.cursors import LOOKS, Merged, Stream, interleave, merge
from chalicelib.store.table import (
    Page,
    Table,
    Tally,
    Write,
    WriteRefused,
    delete,
    put,
    put_new,
    put_version,
)

PAGE = 100  # entries of a Query, where a whole timeline is read
URGENT_FIRST = (Priority.URGENT, Priority.HIGH, Priority.NORMAL, Priority.LOW)
LAST = "~"  # sorts behind every time
CHANGES_FOR = timedelta(days=7)  # that one may have been away and hears what is new
MEETINGS = 3  # at the count of an agent
HOPS = 20  # merges one behind the other: cases/joining.py allows no more in one case


class Change(Model):
    """A case's last change, as the desk hears of it."""

    case_id: str
    reference: str
    version: int
    at: Instant


class CaseStore:
    def __init__(self, table: Table, shards: int = 1) -> None:
        self._table = table
        self._shards = shards

    def get(self, case_id: str) -> Case:
        """By id or by reference; raises NotFound."""
        if case_id[:2].upper() == "C-":
            case_id = self.id_of(case_id.upper())
        stored = self._table.get(keys.case(case_id))
        if stored is None:
            raise NotFound(f"there is no case {case_id}")
        return items.model(Case, stored)

    def id_of(self, reference: str) -> str:
        """The id behind a reference; raises NotFound."""
        stored = self._table.get(keys.reference(reference))
        if stored is None:
            raise NotFound(f"there is no case {reference}")
        return str(stored["case_id"])

    def some(self, ids: Iterable[str]) -> dict[str, Case]:
        """Those of the ids that exist."""
        found = self._table.batch_get([keys.case(case_id) for case_id in ids])
        return {stored["id"]: items.model(Case, stored) for stored in found.values()}

    def settled(self, ids: Iterable[str]) -> dict[str, Case]:
        """Id that was asked for → the case in which it goes on, where cases were merged."""
        asked = list(dict.fromkeys(ids))
        known = self.some(asked)
        ends = {case_id: case_id for case_id in asked if case_id in known}
        for _ in range(HOPS):
            further = {known[end].merged_into for end in ends.values()} - {None}
            missing = [case_id for case_id in further if case_id and case_id not in known]
            if missing:
                known |= self.some(missing)
            if not further:
                break
            ends = {i: known[end].merged_into or end for i, end in ends.items()}
        return {case_id: known[end] for case_id, end in ends.items()}

    def final(self, case_id: str) -> Case:
        """By id or reference, the case in which it goes on; raises NotFound."""
        case = self.get(case_id)
        return self.settled([case.merged_into])[case.merged_into] if case.merged_into else case

    def message(self, case_id: str, message_sk: str) -> Message:
        """By the sort key that a reaction carries; raises NotFound."""
        stored = self._table.get((keys.case(case_id)[0], message_sk))
        if stored is None:
            raise NotFound(f"there is no message {message_sk} in case {case_id}")
        return items.model(Message, stored)

    def some_messages(self, places: Iterable[tuple[str, str]]) -> dict[str, Message]:
        """By case id: those messages that exist at (case id, sort key), one for each case."""
        found = self._table.batch_get([(keys.case(c)[0], sort_key) for c, sort_key in places])
        return {one["case_id"]: items.model(Message, one) for one in found.values()}

    def messages(self, case_id: str, limit: int, start: dict[str, str] | None) -> Page:
        """A page of the timeline, oldest first, as stored items."""
        pk = keys.case(case_id)[0]
        return self._table.query(
            pk, prefix=keys.MESSAGES, limit=limit, start=start, consistent=True
        )

    def every_message(self, case_id: str) -> Iterator[Message]:
        """The whole timeline, oldest first, read page by page."""
        pk = keys.case(case_id)[0]
        pages = self._table.query_all(pk, prefix=keys.MESSAGES, limit=PAGE, consistent=True)
        return (items.model(Message, stored) for stored in pages)

    def messages_after(self, case_id: str, after: str, limit: int) -> list[Message]:
        """Entries of a timeline from the time `after` on ("" is the beginning), oldest first."""
        between = (keys.MESSAGES + after, keys.MESSAGES_END)
        pk = keys.case(case_id)[0]
        page = self._table.query(pk, between=between, limit=limit, consistent=True)
        return [items.model(Message, stored) for stored in page.items]

    def newest(self, case_id: str, limit: int) -> list[Message]:
        """The newest entries of a timeline, newest first."""
        pk = keys.case(case_id)[0]
        page = self._table.query(
            pk, prefix=keys.MESSAGES, newest_first=True, limit=limit, consistent=True
        )
        return [items.model(Message, stored) for stored in page.items]

    def timeline(
        self,
        case_ids: Sequence[str],
        limit: int,
        positions: dict[str, Any] | None,
        newest_first: bool = False,
    ) -> Merged:
        """A page of the timelines of several cases as one, oldest first unless asked for."""
        streams = [
            Stream(
                case_id,
                self._reader(case_id, limit, newest_first),
                lambda item: str(item["sk"]),
                ("pk", "sk"),
            )
            for case_id in case_ids
        ]
        return interleave(streams, limit, positions, newest_first)

    def _reader(self, case_id: str, limit: int, newest_first: bool) -> Callable[[Any], Page]:
        pk = keys.case(case_id)[0]
        return lambda start: self._table.query(
            pk,
            prefix=keys.MESSAGES,
            newest_first=newest_first,
            limit=limit,
            start=start,
            consistent=True,
        )

    def new(self, case: Case) -> list[Write]:
        """Writes that add a case under its reference."""
        ref = {"type": "reference", "case_id": case.id}
        pk, sk = keys.reference(case.reference)
        counted = _counted(case)
        write = put_new("case", self._item(counted))
        return [
            replace(write, also=_load(None, counted)),
            put_new("reference", {"pk": pk, "sk": sk, **ref}),
        ]

    def change(self, case: Case) -> Write:
        """Write a case that is one version on from what was read.

        The load of whoever has it, or had it, changes with it. Refused also where the case that
        was read is not the one that was counted.
        """
        counted = _counted(case)
        was = case.counted_for
        condition = "counted_for = :was" if was else "attribute_not_exists(counted_for)"
        values = {"was": was} if was else {}
        write = put(
            "case",
            self._item(counted),
            f"version = :read AND {condition}",
            read=case.version - 1,
            **values,
        )
        return replace(write, also=_load(was, counted))

    def new_message(self, message: Message) -> Write:
        return put_new("message", _message_item(message))

    def take_away(self, message: Message) -> Write:
        """Remove a message that goes elsewhere, if it still is as it was read."""
        version = message.version
        return delete("message", message_key(message), "version = :read", read=version)

    def change_message(self, message: Message) -> Write:
        return put_version("message", _message_item(message), message.version - 1)

    def save(self, case: Case, *more: Write | Tally) -> None:
        """Commit a changed case; raises StaleVersion with the newest state after a lost race.

        Two cases of one agent that change at the same moment meet at their count: of such a
        meeting nothing was written, so it is simply tried again.
        """
        try:
            self._commit(self.change(case), *more)
        except WriteRefused as refused:
            if "case" not in refused.names:
                raise
            newest = self.get(case.id)
            raise StaleVersion(
                f"it is at version {newest.version} by now", current=newest.model_dump(mode="json")
            ) from refused

    def _commit(self, *writes: Write | Tally) -> None:
        for _ in range(MEETINGS):
            with suppress(Contended):
                self._table.commit(*writes)
                return
        self._table.commit(*writes)

    def listing(
        self,
        index: int,
        partitions: Sequence[str],
        limit: int,
        positions: dict[str, Any] | None,
        keep: Callable[[Item], bool] | None = None,
        newest_first: bool = True,
        looks: int = LOOKS,
    ) -> Merged:
        """A page of cases, newest first or as the index has them, over some of its partitions."""
        return merge(
            self._table,
            index,
            partitions,
            limit,
            positions,
            keep,
            looks,
            newest_first=newest_first,
        )

    def message_sk(self, message: Message) -> str:
        """The sort key by which a reaction finds a message again."""
        return message_key(message)[1]

    def changed(self, since: datetime, until: datetime, limit: int) -> list[Change]:
        """Cases that changed between the two, the oldest change first; a week back at most."""
        found: list[Change] = []
        day = max(since, until - CHANGES_FOR).date()
        while day <= until.date() and len(found) < limit:
            for partition in self.partitions(f"{keys.CHANGED}{day}"):
                page = self._table.query(
                    partition, index="gsi9", between=(iso(since), LAST), limit=limit
                )
                found += [_change(stored) for stored in page.items]
            day += timedelta(days=1)
        return sorted(found, key=lambda one: (one.at, one.case_id))[:limit]

    def partitions(self, head: str) -> list[str]:
        return [f"{head}#{number}" for number in range(self._shards)]

    def _item(self, case: Case) -> dict[str, object]:
        if case.erased_at:  # whoever writes: nothing that was said comes back
            case = shell(case)
        created = items.by_time(case.created_at, case.id)
        spread = keys.shard(case.id, self._shards)
        lists = keys.index(1, f"CUST#{case.customer_id}", created)
        last = items.by_time(case.updated_at, case.id)
        lists |= keys.index(9, f"{keys.CHANGED}{last[:10]}#{spread}", last)
        aside = "MERGED" if case.merged_into else "SPAM" if case.spam else ""
        if aside:  # in no ordinary list
            lists |= keys.index(3, f"{aside}#{spread}", created)
            return items.item(keys.case(case.id), "case", case, **lists)
        lists |= {
            **keys.index(2, f"STATUS#{case.status}#{spread}", created),
            **keys.index(3, f"CASES#{spread}", created),
            **keys.index(4, f"TEAM#{case.team or ''}#{case.status}", created),
        }
        if case.assignee:
            lists |= keys.index(5, f"ASSIGNEE#{case.assignee}", created)
        elif team := waits_for(case):
            lists |= keys.waiting(team, URGENT_FIRST.index(case.priority), created)
        return items.item(keys.case(case.id), "case", case, **lists, **self._queue(case))

    def _queue(self, case: Case) -> dict[str, str]:
        """Where an unsolved case stands in queues by its deadlines, and when to look at it.

        What waits for nothing stands behind all that does, oldest first ("~" sorts behind digits).
        """
        if case.status not in UNSOLVED:
            return {}
        due = first_due(case.promises)
        place = items.by_time(due or case.created_at, case.id)
        place = place if due else f"~{place}"
        owner = f"QUEUE-OF#{case.assignee}" if case.assignee else f"QUEUE-TEAM#{case.team or ''}"
        spread = keys.shard(case.id, self._shards)
        found = keys.index(7, f"QUEUE#{spread}", place) | keys.index(8, owner, place)
        if case.snoozed_until:  # it comes back by that list, and is in no other queue until then
            again = items.by_time(case.snoozed_until, case.id)
            found = keys.index(7, f"{keys.SNOOZED}#{spread}", again)
        alarm = next_alarm(case.promises)
        return found | (keys.alarm(case.id, alarm) if alarm else {})

    def waking(self, now: datetime) -> Iterator[str]:
        """Ids of snoozed cases whose time has come by now."""
        until = iso(now + timedelta(milliseconds=1))
        for partition in self.partitions(keys.SNOOZED):
            for stored in self._table.query_all(partition, index="gsi7", between=("0", until)):
                yield str(stored["id"])

    def alarming(self, now: datetime) -> Iterator[str]:
        """Ids of cases with a promise to look at by now, the longest waiting of a shard first."""
        for partition in keys.alarm_partitions():
            until = iso(now + timedelta(milliseconds=1))
            for stored in self._table.query_all(partition, index="gsi6", between=("0", until)):
                yield str(stored["gsi6sk"]).partition("#")[2]


def _change(stored: Item) -> Change:
    at, _, case_id = str(stored["gsi9sk"]).partition("#")
    reference, version = stored["reference"], stored["version"]
    return Change.model_validate(
        {"case_id": case_id, "reference": reference, "version": version, "at": at}
    )


def _counted(case: Case) -> Case:
    return case.model_copy(update={"counted_for": counted_for(case)})


def _load(was: str | None, counted: Case) -> tuple[Tally, ...]:
    """What changes in the loads of agents; nothing where the case stays with whom it was."""
    if was == counted.counted_for:
        return ()
    channel = f"n_{counted.channel}"
    return tuple(
        Tally("load", keys.agent(email), {channel: more})
        for email, more in ((was, -1), (counted.counted_for, 1))
        if email
    )


def message_key(message: Message) -> tuple[str, str]:
    return keys.message(message.case_id, message.created_at, message.id)


def _message_item(message: Message) -> dict[str, object]:
    return items.item(message_key(message), "message", message)
