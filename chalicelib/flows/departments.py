"""What a department sees and does by its link, on the page and in the API alike.

Reading changes nothing (mail programs follow links). Of several links of one task only the newest
acts; an older one shows to whom it went. Each answer is written with its line of the history and
with what follows for the problem, and the same answer twice is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from chalicelib.access.partners import PARTNER, WRONG, open_partner
from chalicelib.access.rules import Signer
from chalicelib.base import Instant, Model
from chalicelib.customers.rules import email
from chalicelib.errors import Conflict, Contended, Forbidden, Invalid, NotFound, StaleVersion
from chalicelib.ports import Clock
from chalicelib.problems import rules
from chalicelib.problems.models import (
    Answer,
    Entry,
    Evidence,
    Handover,
    HandoverState,
    Problem,
    ProblemState,
)
from chalicelib.problems.service import Problems
from chalicelib.store import items, keys
from chalicelib.store.table import Write, WriteRefused, put_new

if TYPE_CHECKING:
    from chalicelib.flows.handing_over import HandingOver
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.table import Table

ATTEMPTS = 6
DAYS = timedelta(days=30)  # how long the same answer is recognised
FURTHEST = timedelta(days=730)
MOST_HOLDERS = 20  # a link in wrong hands must not become a way to send mail
H = HandoverState
S = ProblemState


class PartnerAnswer(Model):
    """What a department says: `text` is the question of `ask` and welcome elsewhere; `address` is
    whom it is passed on to; `date` when it will be fixed. `once` makes a second press the same."""

    answer: Answer
    text: str = Field(default="", max_length=5_000)
    address: str = Field(default="", max_length=254)
    date: Instant | None = None
    once: str = Field(default="", max_length=100)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.answer == Answer.ASK and not self.text.strip():
            raise ValueError("text: what do you want to know?")
        if self.answer == Answer.PASS_ON and not self.address:
            raise ValueError("address: to whom?")
        if self.answer == Answer.DATE and self.date is None:
            raise ValueError("date: by when?")
        return self


class PartnerLine(Model):
    """A line of the history as the department sees it: nothing from inside but what concerns it."""

    at: Instant
    who: str
    what: str
    text: str = ""


class PartnerView(Model):
    """The task behind a link. `may_act` is false once it lies with somebody else or is over."""

    title: str
    state: HandoverState
    with_address: str
    note: str = ""
    evidence: Evidence
    due_at: Instant
    promised_date: Instant | None = None
    may_act: bool
    actions: tuple[Answer, ...] = ()
    history: tuple[PartnerLine, ...] = ()
    version: int


@dataclass(frozen=True)
class Departments:
    table: Table
    problems: ProblemStore
    problem_service: Problems
    handing_over: HandingOver
    signer: Callable[[], Signer]
    clock: Clock

    def view(self, token: str) -> PartnerView:
        """What the link shows; raises Forbidden."""
        handover, number = self._enter(token)
        actions = _actions(handover) if number == handover.link_number else ()
        return PartnerView(
            title=handover.evidence.title,
            state=handover.state,
            with_address=handover.address,
            note=handover.note,
            evidence=handover.evidence,
            due_at=handover.due_at,
            promised_date=handover.promised_date,
            may_act=bool(actions),
            actions=actions,
            history=tuple(self._history(handover)),
            version=handover.version,
        )

    def answer(self, token: str, given: PartnerAnswer) -> PartnerView:
        """The task after an answer; raises Forbidden, Conflict, Invalid, Contended."""
        for _ in range(ATTEMPTS):
            handover, number = self._enter(token)
            if given.once and self._heard(handover, given.once):
                return self.view(token)
            if number != handover.link_number:
                raise Conflict(f"this task lies with {handover.address} by now")
            if given.answer not in _actions(handover):
                raise Conflict(f"a task that is {handover.state} takes no such answer")
            try:
                self.table.commit(*self._answered(handover, given))
            except (WriteRefused, Contended, StaleVersion):
                continue
            return self.view(token)
        raise Contended("a handover changes too often")

    # --- what an answer does -------------------------------------------------------------

    def _answered(self, before: Handover, given: PartnerAnswer) -> list[Write]:
        after, what, more = self._changed(before, given)
        text = given.text.strip()
        said = self.handing_over.entry(after, before.address, what, text, PARTNER)
        writes = [self.problems.write_handover(after), said, *more]
        if given.once:
            writes.append(self._remember(before, given.once))
        return writes

    def _changed(self, before: Handover, given: PartnerAnswer) -> tuple[Handover, str, list[Write]]:
        now = self.clock()
        match given.answer:
            case Answer.ACCEPT:
                after = rules.move_handover(before, H.ACCEPTED, now)
                return after, "accepted", self._problem(before, S.BEING_FIXED, "being fixed")
            case Answer.ASK:
                return rules.move_handover(before, H.ASKED_BACK, now), "asked back", []
            case Answer.RESOLVE:
                after = rules.move_handover(before, H.RESOLVED, now)
                return after, "says that it is fixed", self._problem(before, S.FIXED, "fixed")
            case Answer.PASS_ON:
                address = email(given.address, "address")
                if before.link_number >= MOST_HOLDERS:
                    raise Conflict("it was passed on too often: ask customer service")
                after = self.handing_over.passed_on(before, address)
                sent = self.handing_over.dispatches(after, "passed_on", given.text.strip())
                return after, f"passed on to {address}", sent
            case Answer.DATE:
                return self._dated(before, given.date, now)

    def _dated(
        self, before: Handover, date: datetime | None, now: datetime
    ) -> tuple[Handover, str, list[Write]]:
        if date is None or not now < date <= now + FURTHEST:
            raise Invalid.field("date", "lies in the past, or more than two years ahead")
        after = rules.move_handover(before, H.ACCEPTED, now).model_copy(
            update={"promised_date": date}
        )
        more = [] if before.accepted_at else self._problem(before, S.BEING_FIXED, "being fixed")
        return after, f"promised for {date:%Y-%m-%d %H:%M} UTC", more

    def _problem(self, handover: Handover, to: ProblemState, what: str) -> list[Write]:
        """Writes that bring the problem along, where it is not there or beyond."""
        problem: Problem = self.problems.get(handover.problem_id)
        if to == problem.state or to not in rules.TRANSITIONS[problem.state]:
            return []
        if to == S.BEING_FIXED and problem.state != S.ACCEPTED:
            return []
        after, writes = self.problem_service.moved(problem, to, handover.address, what, PARTNER)
        return [self.problems.change(after), *writes]

    # --- helpers -------------------------------------------------------------------------

    def _enter(self, token: str) -> tuple[Handover, int]:
        problem_id, handover_id, number = open_partner(self.signer(), token)
        try:
            handover = self.problems.handover(problem_id, handover_id)
        except NotFound as error:
            raise Forbidden(WRONG) from error
        if number < handover.revoked_below:
            raise Forbidden(WRONG)
        return handover, number

    def _history(self, handover: Handover) -> list[PartnerLine]:
        """The newest lines about this task, oldest first; colleagues are not named."""
        page = self.problems.history(handover.problem_id, 100, None)
        entries = [items.model(Entry, stored) for stored in reversed(page.items)]
        return [
            PartnerLine(
                at=entry.at,
                who=entry.by if entry.role == PARTNER else "Customer service",
                what=entry.what,
                text=entry.text,
            )
            for entry in entries
            if entry.handover_id == handover.id
        ]

    def _heard(self, handover: Handover, once: str) -> bool:
        return self.table.get(keys.idempotency(f"partner {handover.id}", once)) is not None

    def _remember(self, handover: Handover, once: str) -> Write:
        pk, sk = keys.idempotency(f"partner {handover.id}", once)
        expires = int((self.clock() + DAYS).timestamp())
        item = {"pk": pk, "sk": sk, "type": "idempotency", "expires": expires}
        return put_new("idempotency", item)


def _actions(handover: Handover) -> tuple[Answer, ...]:
    """What can be said in that state."""
    match handover.state:
        case H.OPEN:
            return tuple(Answer)
        case H.ACCEPTED:
            return (Answer.ASK, Answer.PASS_ON, Answer.DATE, Answer.RESOLVE)
        case H.ASKED_BACK:
            return (Answer.PASS_ON, Answer.DATE, Answer.RESOLVE)
    return ()
