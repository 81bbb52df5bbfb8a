"""A problem goes to the department that can end it, and comes back with an answer.

1. `hand_over` writes the task with its evidence, a dispatch for the mail and one for each webhook,
   and a watch over its due time: one transaction, all or nothing.
2. Each dispatch goes out by itself (flows/dispatching.py), once.
3. The department answers by its link (flows/departments.py); what it asks back, agents answer here.
4. The watch reminds once when it is overdue, and tells the lead when that does not help. It is a
   reaction that lies in the index of outstanding ones until then, so the sweep brings it up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from chalicelib.base import Instant, Model
from chalicelib.cases.models import Delivery
from chalicelib.customers.rules import email
from chalicelib.errors import Conflict, Contended, Invalid, NotFound
from chalicelib.flows.evidence import EvidencePackage
from chalicelib.ports import Clock, Ids
from chalicelib.problems import rules
from chalicelib.problems.models import (
    Dispatch,
    Handover,
    HandoverState,
    Holder,
    Problem,
    ProblemSettings,
    ProblemState,
)
from chalicelib.problems.service import GRACE, Problems
from chalicelib.promises.calendars import NeverOpen, add
from chalicelib.promises.models import CalendarsSettings
from chalicelib.settings_documents import TeamsSettings, WebhooksSettings
from chalicelib.store import keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused, put_new

if TYPE_CHECKING:
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

DAY = timedelta(days=1)
HOUR = 3600.0
ATTEMPTS = 5
WITH_DEPARTMENTS = frozenset({ProblemState.ACCEPTED, ProblemState.BEING_FIXED, ProblemState.FIXED})
H = HandoverState


class HandoverInput(Model):
    """To whom: a team (which has an address in the settings) or an address; due when, else as
    the settings `problems` promise."""

    team: str = Field(default="", max_length=64)
    address: str = Field(default="", max_length=254)
    note: str = Field(default="", max_length=5_000)
    due_at: Instant | None = None


class HandoverAction(Model):
    """What an agent does about a handover: answer a question, take it back, or cut off the links
    that were given out and send a new one."""

    action: str = Field(pattern=r"^(?:answer|withdraw|renew_link)$")
    text: str = Field(default="", max_length=5_000)


@dataclass(frozen=True)
class HandingOver:
    table: Table
    problems: ProblemStore
    problem_service: Problems
    reactions: ReactionStore
    settings: SettingsStore
    evidence_package: EvidencePackage
    clock: Clock
    ids: Ids

    def hand_over(self, problem_id: str, given: HandoverInput, by: str, key: str = "") -> Handover:
        """A new task; the same idempotency key gives the same one again.

        Raises NotFound, Conflict where the problem is not accepted, Invalid.
        """
        scope = f"handover {problem_id} {by}"
        if key and (before := self._before(scope, key, problem_id)):
            return before
        problem = self.problems.get(problem_id)
        if problem.state not in WITH_DEPARTMENTS:
            raise Conflict(f"a problem that is {problem.state} is not handed over")
        handover = self._drawn(problem, given, by)
        words = f"handed over to {handover.address}"
        writes = [
            self.problems.write_handover(handover),
            self.entry(handover, by, words, given.note),
            *self.dispatches(handover, "handed_over"),
            *self.watch(handover),
        ]
        if key:
            writes.append(self._remember(scope, key, handover))
        try:
            self.table.commit(*writes)
        except WriteRefused as refused:
            if "idempotency" in refused.names and (before := self._before(scope, key, problem_id)):
                return before
            raise
        return handover

    def act(self, problem_id: str, handover_id: str, given: HandoverAction, by: str) -> Handover:
        """The handover after an agent's word; raises NotFound, Conflict, Invalid, Contended."""
        for _ in range(ATTEMPTS):
            before = self.problems.handover(problem_id, handover_id)
            after, writes = self._acted(before, given, by)
            try:
                self.table.commit(self.problems.write_handover(after), *writes)
            except (WriteRefused, Contended):
                continue
            return after
        raise Contended("a handover changes too often")

    def _acted(
        self, before: Handover, given: HandoverAction, by: str
    ) -> tuple[Handover, list[Write]]:
        now = self.clock()
        if given.action == "withdraw":
            after = rules.move_handover(before, H.WITHDRAWN, now)
            after = after.model_copy(update={"revoked_below": before.link_number + 1})
            return after, [self.entry(after, by, "handover withdrawn", given.text)]
        if given.action == "renew_link":
            if before.state in (H.RESOLVED, H.WITHDRAWN):
                raise Conflict(f"a handover that is {before.state} needs no link")
            number = before.link_number + 1
            after = self._next(before, before.address, number).model_copy(
                update={"revoked_below": number}
            )
            said = self.entry(after, by, "links withdrawn, a new one sent", given.text)
            return after, [said, *self.dispatches(after, "handed_over")]
        if not given.text.strip():
            raise Invalid.field("text", "say something")
        if before.state != H.ASKED_BACK:
            raise Conflict("the department waits for no answer")
        state = H.ACCEPTED if before.accepted_at else H.OPEN
        after = rules.move_handover(before, state, now)
        said = self.entry(after, by, "question answered", given.text)
        return after, [said, *self.dispatches(after, "answered", given.text)]

    # --- parts that others use -----------------------------------------------------------

    def passed_on(self, before: Handover, address: str) -> Handover:
        """The handover with somebody else, under a new number."""
        return self._next(before, address, before.link_number + 1)

    def dispatches(
        self, handover: Handover, kind: str, text: str = "", to: str = ""
    ) -> list[Write]:
        """Writes that send a mail, and the webhooks that want to know.

        The same step of a handover has the same dispatches, however often it is tried.
        """
        ways = {"email": to or handover.address}
        hooks = self.settings.read("webhooks", WebhooksSettings).webhooks
        event = f"problem.{kind}"
        ways |= {
            hook.name: hook.url
            for hook in hooks
            if hook.enabled and (not hook.events or event in hook.events)
        }
        now = self.clock()
        writes: list[Write] = []
        for way, address in ways.items():
            dispatch = Dispatch(
                id=f"{handover.id}-{kind}-{handover.version}-{way}",
                problem_id=handover.problem_id,
                handover_id=handover.id,
                way=way,
                kind=kind,
                to=address,
                link_number=handover.link_number,
                text=text,
                delivery=Delivery(updated_at=now),
                created_at=now,
            )
            writes.append(self.problems.write_dispatch(dispatch))
            errand = self._errand(handover.problem_id, dispatch.id, dispatch=dispatch.id)
            writes.append(self.reactions.new(errand, now + GRACE))
        return writes

    def watch(self, handover: Handover) -> list[Write]:
        """The reaction that looks whether it is overdue."""
        errand = self._errand(
            handover.problem_id, f"watch-{handover.id}-{handover.version}", watch=handover.id
        )
        return [self.reactions.new(errand, handover.due_at)]

    def entry(
        self, handover: Handover, by: str, what: str, text: str = "", role: str = ""
    ) -> Write:
        """A line of the problem's history about this handover."""
        return self.problem_service.entry(
            handover.problem_id, by, what, text, role=role, handover_id=handover.id
        )

    def reopened(self, problem_id: str, because: str) -> list[Write]:
        """Writes that give the newest resolved handover back: the fix did not hold."""
        resolved = [one for one in self.problems.handovers(problem_id) if one.state == H.RESOLVED]
        if not resolved:
            return []
        now = self.clock()
        after = rules.move_handover(resolved[-1], H.OPEN, now).model_copy(
            update={
                "due_at": self.due(now),
                "reminded_at": None,
                "escalated_at": None,
                "promised_date": None,
            }
        )
        return [
            self.problems.write_handover(after),
            self.entry(after, "", "given back: the fix did not hold", because),
            *self.dispatches(after, "not_fixed", because),
            *self.watch(after),
        ]

    def due(self, now: datetime) -> datetime:
        """When a task that is handed over now is due: hours of the calendar in the settings, hours
        on the clock where there is none."""
        settings = self.settings.read("problems", ProblemSettings)
        calendars = self.settings.read("calendars", CalendarsSettings)
        calendar = calendars.named(settings.calendar) if settings.calendar else None
        try:
            return add(calendar, now, settings.handover_hours * HOUR)
        except NeverOpen:
            return now + timedelta(hours=settings.handover_hours)

    # --- helpers -------------------------------------------------------------------------

    def _drawn(self, problem: Problem, given: HandoverInput, by: str) -> Handover:
        now = self.clock()
        if given.due_at and given.due_at <= now:
            raise Invalid.field("due_at", "lies in the past")
        address = self._address(given)
        return Handover(
            id=self.ids.new(),
            problem_id=problem.id,
            team=given.team,
            address=address,
            note=given.note,
            evidence=self.evidence_package.of(problem),
            due_at=given.due_at or self.due(now),
            holders=(Holder(number=1, address=address, at=now),),
            created_by=by,
            created_at=now,
            updated_at=now,
        )

    def _address(self, given: HandoverInput) -> str:
        if given.address:
            return email(given.address, "address")
        if not given.team:
            raise Invalid.field("team", "name a team or an address")
        teams = self.settings.read("teams", TeamsSettings).teams
        known = next((one for one in teams if one.name == given.team), None)
        if known is None:
            raise Invalid.field("team", "there is no such team")
        if not known.email:
            raise Invalid.field("team", "this team has no address; give one")
        return known.email

    def _next(self, before: Handover, address: str, number: int) -> Handover:
        now = self.clock()
        holder = Holder(number=number, address=address, at=now)
        return before.model_copy(
            update={
                "address": address,
                "link_number": number,
                "holders": (*before.holders, holder)[-20:],
                "version": before.version + 1,
                "updated_at": now,
            }
        )

    def _errand(self, problem_id: str, identifier: str, **data: str) -> Reaction:
        owner = keys.problem(problem_id)[0]
        return Reaction(owner=owner, kind="handover", id=identifier, data=data)

    def _before(self, scope: str, key: str, problem_id: str) -> Handover | None:
        stored = self.table.get(keys.idempotency(scope, key))
        if stored is None:
            return None
        try:
            return self.problems.handover(problem_id, stored["handover_id"])
        except NotFound:
            return None

    def _remember(self, scope: str, key: str, handover: Handover) -> Write:
        pk, sk = keys.idempotency(scope, key)
        expires = int((handover.created_at + DAY).timestamp())
        item = {"type": "idempotency", "handover_id": handover.id, "expires": expires}
        return put_new("idempotency", {"pk": pk, "sk": sk, **item})
