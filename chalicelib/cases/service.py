"""Lists of cases and of their messages, as agents ask for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from chalicelib.base import Model
from chalicelib.cases.models import Case, CaseStatus, Message, Priority
from chalicelib.cases.rules import UNSOLVED, references_in
from chalicelib.errors import NotFound
from chalicelib.store import items
from chalicelib.store.cursors import LOOKS

if TYPE_CHECKING:
    from chalicelib.store.case_lists import CaseLists
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.cursors import Cursors, Merged

Keep = Callable[[Mapping[str, Any]], bool]
"""A test of a stored case."""
NOBODY = "none"
"""As a filter: cases without an assignee, team or topic."""


class CaseFilter(Model):
    """Which cases. Several statuses are or-ed, everything else is and-ed."""

    statuses: tuple[CaseStatus, ...] = ()
    team: str = Field(default="", max_length=64)
    assignee: str = Field(default="", max_length=254)
    customer_id: str = Field(default="", max_length=64)
    customer_parts: tuple[str, ...] = ()  # records that were merged into that customer
    topic: str = Field(default="", max_length=64)
    tag: str = Field(default="", max_length=64)
    channel: str = Field(default="", max_length=20)
    priorities: tuple[Priority, ...] = ()
    language: str = Field(default="", max_length=8)
    problem: str = Field(default="", max_length=64)
    text: str = Field(default="", max_length=200)
    follower: str = Field(default="", max_length=254)  # an agent's own list; the others filter it
    aside: Literal["", "spam", "merged"] = ""  # lists of what the others leave out
    snoozed: Literal["", "no", "only"] = ""  # without them, or those alone, by when they come back
    field: str = Field(default="", max_length=600)  # name=value of a field of the company's own
    order: Literal["created", "due"] = "created"  # due: unsolved ones, by their promises

    @property
    def name(self) -> str:
        """What a cursor of this list is bound to."""
        return "cases " + self.model_dump_json(exclude_defaults=True)


BUILT_IN: Mapping[str, CaseFilter] = {
    "all": CaseFilter(),
    "unsolved": CaseFilter(statuses=tuple(sorted(UNSOLVED)), snoozed="no"),
    "unassigned": CaseFilter(statuses=tuple(sorted(UNSOLVED)), assignee=NOBODY, order="due"),
    "queue": CaseFilter(order="due"),
    "mine": CaseFilter(statuses=tuple(sorted(UNSOLVED)), assignee="me", order="due"),
    "snoozed": CaseFilter(snoozed="only"),
    "followed": CaseFilter(follower="me"),
    "spam": CaseFilter(aside="spam"),
    "merged": CaseFilter(aside="merged"),
}
"""Views that every installation has; the document `views` adds more."""


class CasePart(Model):
    """A page of cases, and where the next one begins. `looked_at` says how many were read for it,
    also those that a filter passed over."""

    cases: tuple[Case, ...]
    cursor: str | None
    looked_at: int = 0


class MessagePart(Model):
    """A page of a timeline, oldest first."""

    messages: tuple[Message, ...]
    cursor: str | None


@dataclass(frozen=True)
class CaseService:
    cases: CaseStore
    lists: CaseLists
    cursors: Cursors

    def find(
        self,
        wanted: CaseFilter,
        limit: int,
        cursor: str | None,
        looks: int = LOOKS,
        *,
        shown: Keep | None,
    ) -> CasePart:
        """A page of cases in the order that was asked for: newest first, or those whose promise is
        due first; of those that may be `shown` to whoever asks (access/service.py). Raises
        Malformed for a cursor of another list.

        With a filter that no index answers, up to `looks` Queries a partition are made; a page may
        then be short and still have a cursor.
        """
        positions = self.cursors.read(wanted.name, cursor)
        looked = _Looked(shown) if shown else None
        keep = _keep(wanted, looked)
        if cursor is None and (named := self._named(wanted, shown)):
            return CasePart(cases=(named,), cursor=None, looked_at=1)
        if wanted.follower:
            page = self.lists.followed(wanted.follower, limit, positions, keep)
        elif wanted.order == "due" and not wanted.customer_id and not wanted.aside:
            page = self._queue(wanted, limit, positions, keep, looks)
        elif wanted.snoozed == "only" and not wanted.customer_id and not wanted.aside:
            page = self.lists.snoozed(limit, positions, keep, looks)
        else:
            page = self._listed(wanted, limit, positions, keep, looks)
        return CasePart(
            cases=tuple(items.model(Case, stored) for stored in page.items),
            cursor=self.cursors.write(wanted.name, page.positions),
            looked_at=looked.count if looked else page.read,
        )

    def of(self, wanted: CaseFilter, ids: Sequence[str], *, shown: Keep | None) -> tuple[Case, ...]:
        """Those of the cases that are in such a list, and may be `shown`, in no order."""
        keep = _keep(wanted.model_copy(update={"aside": ""}), shown)
        found = []
        for case in self.cases.some(ids).values():
            aside = "merged" if case.merged_into else "spam" if case.spam else ""
            whose = (wanted.customer_id, *wanted.customer_parts)
            if wanted.customer_id and case.customer_id not in whose:
                continue
            if wanted.order == "due" and not aside and not _queued(case):
                continue
            if wanted.follower and wanted.follower not in case.followers:
                continue
            if aside == wanted.aside and (keep is None or keep(case.model_dump(mode="json"))):
                found.append(case)
        return tuple(found)

    def _listed(
        self,
        wanted: CaseFilter,
        limit: int,
        positions: dict[str, Any] | None,
        keep: Keep | None,
        looks: int,
    ) -> Merged:
        return self.lists.page(
            customer_ids=(wanted.customer_id, *wanted.customer_parts) if wanted.customer_id else (),
            aside=wanted.aside,
            assignee="" if wanted.assignee == NOBODY else wanted.assignee,
            team="" if wanted.team == NOBODY else wanted.team or None,
            statuses=wanted.statuses,
            limit=limit,
            positions=positions,
            keep=keep,
            looks=looks,
        )

    def _queue(
        self,
        wanted: CaseFilter,
        limit: int,
        positions: dict[str, Any] | None,
        keep: Keep | None,
        looks: int,
    ) -> Merged:
        own = "" if wanted.assignee == NOBODY else wanted.assignee
        unassigned = wanted.team if wanted.assignee == NOBODY and wanted.team else None
        return self.lists.queue(
            assignee=own,
            team="" if unassigned == NOBODY else unassigned,
            limit=limit,
            positions=positions,
            keep=keep,
            looks=looks,
        )

    def newest_of(
        self, customer_ids: tuple[str, ...], limit: int, *, shown: Keep | None
    ) -> tuple[Case, ...]:
        """The newest cases of a customer, by the records that they are made of."""
        head, *rest = customer_ids
        wanted = CaseFilter(customer_id=head, customer_parts=tuple(rest))
        return self.find(wanted, limit, None, shown=shown).cases

    def messages(
        self,
        case_id: str,
        limit: int,
        cursor: str | None,
        also: tuple[str, ...] = (),
        newest_first: bool = False,
    ) -> MessagePart:
        """A page of a case's timeline, with those of the cases in it; raises Malformed."""
        scope = f"messages {' '.join((case_id, *also))}{' newest' if newest_first else ''}"
        positions = self.cursors.read(scope, cursor)
        page = self.cases.timeline((case_id, *also), limit, positions, newest_first)
        found = tuple(items.model(Message, stored) for stored in page.items)
        return MessagePart(messages=found, cursor=self.cursors.write(scope, page.positions))

    def _named(self, wanted: CaseFilter, shown: Keep | None) -> Case | None:
        """The case whose reference was typed into the search."""
        references = references_in(wanted.text)
        if not references or wanted.text.strip().upper() != references[0]:
            return None
        try:
            case = self.cases.get(references[0])
        except NotFound:
            return None
        keep = _keep(wanted.model_copy(update={"text": ""}), shown)
        return case if keep is None or keep(case.model_dump(mode="json")) else None


def _queued(case: Case) -> bool:
    """Whether lists of work have it: unsolved, and awake."""
    return case.status in UNSOLVED and not case.snoozed_until


@dataclass
class _Looked:
    """Whether a case may be shown, counting those that may: no number tells of the others."""

    shown: Keep
    count: int = 0

    def __call__(self, item: Mapping[str, Any]) -> bool:
        seen = self.shown(item)
        self.count += seen
        return seen


def _keep(wanted: CaseFilter, shown: Keep | None) -> Keep | None:
    """What an item must satisfy; None where the filter asks for nothing."""
    tests: list[Keep] = [shown] if shown else []
    if wanted.statuses:
        tests.append(lambda item: item["status"] in wanted.statuses)
    if wanted.team:
        tests.append(lambda item: _is(item.get("team"), wanted.team))
    if wanted.assignee:
        tests.append(lambda item: _is(item.get("assignee"), wanted.assignee))
    if wanted.customer_id or wanted.follower:  # in whose list is what others leave out
        if wanted.aside:
            parts = {wanted.customer_id, *wanted.customer_parts}
            tests.append(lambda item: item["customer_id"] in parts)
        else:
            tests.append(lambda item: not item.get("spam") and not item.get("merged_into"))
    if wanted.topic:
        tests.append(lambda item: _is((item.get("topic") or {}).get("label"), wanted.topic))
    if wanted.snoozed:
        asleep = wanted.snoozed == "only"
        tests.append(lambda item: bool(item.get("snoozed_until")) == asleep)
    if wanted.field:
        name, _, value = wanted.field.partition("=")
        tests.append(lambda item: _of_field(item, name) == value.strip().casefold())
    if wanted.tag:
        tests.append(lambda item: wanted.tag in item.get("tags", ()))
    if wanted.channel:
        tests.append(lambda item: item["channel"] == wanted.channel)
    if wanted.priorities:
        tests.append(lambda item: item["priority"] in wanted.priorities)
    if wanted.language:
        tests.append(lambda item: item.get("language") == wanted.language)
    if wanted.problem:
        tests.append(lambda item: item.get("problem_id") == wanted.problem)
    if wanted.text:
        words = wanted.text.casefold().split()
        tests.append(lambda item: _contains(item, words))
    return (lambda item: all(test(item) for test in tests)) if tests else None


def _is(value: Any, wanted: str) -> bool:
    return not value if wanted == NOBODY else value == wanted


def _of_field(item: Mapping[str, Any], name: str) -> str:
    """A field of the company's own as a query names its value."""
    value = item.get("fields", {}).get(name.strip(), "")
    return (str(value).lower() if isinstance(value, bool) else str(value)).casefold()


def _contains(item: Mapping[str, Any], words: list[str]) -> bool:
    """Whether every word occurs in what a list shows of a case."""
    people = " ".join(f"{p.get('name', '')} {p['address']}" for p in item.get("participants", ()))
    tags = " ".join(item.get("tags", ()))
    shown = f"{item['reference']} {item.get('subject', '')} {item.get('last_message', '')}"
    text = f"{shown} {people} {tags}".casefold()
    return all(word in text for word in words)
