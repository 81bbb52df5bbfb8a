"""Lists of cases and of their messages, as agents ask for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from chalicelib.base import Model
from chalicelib.cases.models import Case, CaseStatus, Message
from chalicelib.cases.rules import UNSOLVED, references_in
from chalicelib.errors import NotFound
from chalicelib.store import items

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
    text: str = Field(default="", max_length=200)
    aside: Literal["", "spam", "merged"] = ""  # lists of what the others leave out
    order: Literal["created", "due"] = "created"  # due: unsolved ones, by their promises

    @property
    def name(self) -> str:
        """What a cursor of this list is bound to."""
        return "cases " + self.model_dump_json(exclude_defaults=True)


BUILT_IN: Mapping[str, CaseFilter] = {
    "all": CaseFilter(),
    "unsolved": CaseFilter(statuses=tuple(sorted(UNSOLVED))),
    "unassigned": CaseFilter(statuses=tuple(sorted(UNSOLVED)), assignee=NOBODY, order="due"),
    "queue": CaseFilter(order="due"),
    "mine": CaseFilter(statuses=tuple(sorted(UNSOLVED)), assignee="me", order="due"),
    "spam": CaseFilter(aside="spam"),
    "merged": CaseFilter(aside="merged"),
}
"""Views that every installation has; the document `views` adds more."""


class CasePart(Model):
    """A page of cases, and where the next one begins."""

    cases: tuple[Case, ...]
    cursor: str | None


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
        self, wanted: CaseFilter, limit: int, cursor: str | None, *, shown: Keep | None
    ) -> CasePart:
        """A page of cases in the order that was asked for: newest first, or those whose promise is
        due first; of those that may be `shown` to whoever asks (access/service.py). Raises
        Malformed for a cursor of another list.

        With a filter that no index answers, a page may be short and still have a cursor.
        """
        positions = self.cursors.read(wanted.name, cursor)
        keep = _keep(wanted, shown)
        if cursor is None and (named := self._named(wanted, shown)):
            return CasePart(cases=(named,), cursor=None)
        if wanted.order == "due" and not wanted.customer_id and not wanted.aside:
            page = self._queue(wanted, limit, positions, keep)
            found = tuple(items.model(Case, stored) for stored in page.items)
            return CasePart(cases=found, cursor=self.cursors.write(wanted.name, page.positions))
        page = self.lists.page(
            customer_ids=(wanted.customer_id, *wanted.customer_parts) if wanted.customer_id else (),
            aside=wanted.aside,
            assignee="" if wanted.assignee == NOBODY else wanted.assignee,
            team="" if wanted.team == NOBODY else wanted.team or None,
            statuses=wanted.statuses,
            limit=limit,
            positions=positions,
            keep=keep,
        )
        found = tuple(items.model(Case, stored) for stored in page.items)
        return CasePart(cases=found, cursor=self.cursors.write(wanted.name, page.positions))

    def _queue(
        self, wanted: CaseFilter, limit: int, positions: dict[str, Any] | None, keep: Keep | None
    ) -> Merged:
        own = "" if wanted.assignee == NOBODY else wanted.assignee
        unassigned = wanted.team if wanted.assignee == NOBODY and wanted.team else None
        return self.lists.queue(
            assignee=own,
            team="" if unassigned == NOBODY else unassigned,
            limit=limit,
            positions=positions,
            keep=keep,
        )

    def messages(
        self, case_id: str, limit: int, cursor: str | None, also: tuple[str, ...] = ()
    ) -> MessagePart:
        """A page of a case's timeline, with those of the cases in it; raises Malformed."""
        scope = f"messages {' '.join((case_id, *also))}"
        page = self.cases.timeline((case_id, *also), limit, self.cursors.read(scope, cursor))
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


def _keep(wanted: CaseFilter, shown: Keep | None) -> Keep | None:
    """What an item must satisfy; None where the filter asks for nothing."""
    tests: list[Keep] = []
    if wanted.statuses:
        tests.append(lambda item: item["status"] in wanted.statuses)
    if wanted.team:
        tests.append(lambda item: _is(item.get("team"), wanted.team))
    if wanted.assignee:
        tests.append(lambda item: _is(item.get("assignee"), wanted.assignee))
    if wanted.customer_id:  # whose list is read; all that is left out elsewhere is in it
        if wanted.aside:
            parts = {wanted.customer_id, *wanted.customer_parts}
            tests.append(lambda item: item["customer_id"] in parts)
        else:
            tests.append(lambda item: not item.get("spam") and not item.get("merged_into"))
    if wanted.topic:
        tests.append(lambda item: _is((item.get("topic") or {}).get("label"), wanted.topic))
    if wanted.tag:
        tests.append(lambda item: wanted.tag in item.get("tags", ()))
    if wanted.text:
        words = wanted.text.casefold().split()
        tests.append(lambda item: _contains(item, words))
    if shown:
        tests.append(shown)
    return (lambda item: all(test(item) for test in tests)) if tests else None


def _is(value: Any, wanted: str) -> bool:
    return not value if wanted == NOBODY else value == wanted


def _contains(item: Mapping[str, Any], words: list[str]) -> bool:
    """Whether every word occurs in what a list shows of a case."""
    people = " ".join(f"{p.get('name', '')} {p['address']}" for p in item.get("participants", ()))
    tags = " ".join(item.get("tags", ()))
    shown = f"{item['reference']} {item.get('subject', '')} {item.get('last_message', '')}"
    text = f"{shown} {people} {tags}".casefold()
    return all(word in text for word in words)
