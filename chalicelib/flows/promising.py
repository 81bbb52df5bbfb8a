"""What a case's customer was promised, kept in step with what happens to the case.

A case keeps the name of its policy and the versions of the settings that promised it. Its clocks go
on by those, however the settings change; a new policy is looked for only when the case changes in
what policies ask for. Whoever changes a case asks here for its promises and writes both at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.cases.models import Case, CaseStatus, Promises
from chalicelib.customers.models import Customer
from chalicelib.promises import rules
from chalicelib.promises.attainment import standing
from chalicelib.promises.calendars import add
from chalicelib.promises.models import (
    Calendar,
    CalendarsSettings,
    Policy,
    PromiseSettings,
    Targets,
)
from chalicelib.promises.rules import SOLVED, WAITING, Scene, Terms
from chalicelib.store import keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write

if TYPE_CHECKING:
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore

FRESH = timedelta(hours=1)  # a case is understood; what comes later is another change
GRACE = timedelta(minutes=2)
HISTORY = "history"
SPAM = "spam"


@dataclass(frozen=True)
class Promising:
    settings: SettingsStore
    customers: CustomerStore
    reactions: ReactionStore

    # --- what happens --------------------------------------------------------------------

    def begun(self, case: Case, customer: Customer | None, waits: bool = True) -> Case:
        """A new case with what is promised to it since it was created."""
        if case.spam:
            return _with(case, Promises(excluded=SPAM))
        return _with(case, rules.begun(self._new(case, customer), case.created_at, waits))

    def record(self, case: Case) -> Case:
        """A case from the past: nothing is promised to it."""
        return _with(case, Promises(excluded=HISTORY))

    def understood(self, case: Case, customer: Customer, now: datetime) -> Promises:
        """The promises of a case that the machine has understood, at first or again.

        At first it is as if that had been known at once. Whatever a machine decides breaks no
        promise by itself: where the new time is used up already the old deadline holds.
        """
        if case.promises.excluded:
            return case.promises
        afresh = now - case.created_at <= FRESH
        scene = Scene(case.created_at, afresh, True, _waits(case), _stands(case.status))
        return rules.reassessed(
            case.promises, self._kept(case), self._new(case, customer), now, scene
        )

    def heard(self, before: Case, after: Case, now: datetime) -> Case:
        """The customer wrote, which may have taken the case from one state to another."""
        moved = self.moved(before, after, now)
        if moved.promises.excluded:
            return moved
        return _with(moved, rules.heard(moved.promises, self._kept(moved), now))

    def answered(self, case: Case, now: datetime) -> Case:
        """A person answered in public. Whatever a machine says keeps no promise."""
        return _with(case, rules.answered(case.promises, self._kept(case), now))

    def moved(self, before: Case, after: Case, now: datetime) -> Case:
        """Clocks stand, go on, or stop as the case's state has changed."""
        if before.status == after.status or after.promises.excluded:
            return after
        terms = self._kept(after)
        return _with(after, rules.moved(after.promises, terms, before.status, after.status, now))

    def changed(self, before: Case, after: Case, now: datetime) -> Case:
        """A person changed the case: its state, or what policies ask for."""
        if before.spam != after.spam:
            return self._released(after, now) if before.spam else self._spam(after)
        after = self.moved(before, after, now)
        if not _asked_for(before, after) or after.promises.excluded:
            return after
        customer = self.customers.final(after.customer_id)
        scene = Scene(after.created_at, waits=_waits(after), stands=_stands(after.status))
        new = self._new(after, customer)
        return _with(after, rules.reassessed(after.promises, self._kept(after), new, now, scene))

    def joined(self, case: Case, source: Case) -> Case:
        """A case that another was merged into: whoever waited there for a reply waits here."""
        if _stands(case.status) or _stands(source.status):
            return case
        return _with(case, rules.joined(case.promises, source.promises))

    def parted(self, case: Case, source: Case) -> Case:
        """The case after that merge was undone."""
        return _with(case, rules.parted(case.promises, source.promises))

    def outcome(self, before: Case, after: Case, now: datetime) -> list[Write]:
        """What has a case counted anew where promises of it were kept or broken by the change."""
        if standing(before).same(standing(after)):
            return []
        owner, name = keys.case(after.id)[0], f"promises-{after.version}"
        return [self.reactions.new(Reaction(owner=owner, kind="count", id=name), now + GRACE)]

    def _spam(self, case: Case) -> Case:
        return _with(case, Promises(excluded=SPAM))

    def _released(self, case: Case, now: datetime) -> Case:
        """What was taken for spam is promised an answer from now on."""
        terms = self._new(case, self.customers.final(case.customer_id))
        promises = rules.begun(terms, now, _waits(case))
        return _with(case, rules.moved(promises, terms, CaseStatus.OPEN, case.status, now))

    # --- for others ----------------------------------------------------------------------

    def deadline(self, calendar: str, start: datetime, seconds: float) -> datetime:
        """When so many seconds of open time of a calendar of that name have passed (UTC).

        Round the clock where there is none of that name. Raises NeverOpen.
        """
        return add(self._calendar(calendar), start, seconds)

    def extended(self, case: Case, seconds: float, now: datetime) -> datetime:
        """So much open time from now, by the calendar that the case was promised."""
        return add(self._kept(case).calendar, now, seconds)

    def zone(self, case: Case, customer: Customer) -> str:
        """In which zone a customer reads a time: theirs, else that of the calendar, else ours."""
        calendar = self._kept(case).calendar
        ours = self.settings.read("promises", PromiseSettings).zone
        return customer.time_zone or (calendar.zone if calendar else ours)

    # --- terms ---------------------------------------------------------------------------

    def _new(self, case: Case, customer: Customer | None) -> Terms:
        """The terms that the settings promise to such a case now."""
        settings = self.settings.read("promises", PromiseSettings)
        policy = rules.chosen(settings, case, customer)
        if policy is None:
            return Terms(Targets(), warn=settings.warn_at_percent / 100)
        return Terms(
            targets=policy.targets,
            calendar=self._calendar(policy.calendar),
            warn=settings.warn_at_percent / 100,
            policy=policy.name,
            policy_version=self.settings.version("promises"),
            calendar_version=self.settings.version("calendars") if policy.calendar else 0,
        )

    def _kept(self, case: Case) -> Terms:
        """The terms by which the case was promised what it was."""
        kept = case.promises
        settings = self.settings.as_of("promises", kept.policy_version, PromiseSettings)
        policy = _named(settings, kept.policy)
        return Terms(
            targets=policy.targets if policy else Targets(),
            calendar=self._calendar(kept.calendar, kept.calendar_version),
            warn=settings.warn_at_percent / 100,
            policy=kept.policy,
            policy_version=kept.policy_version,
            calendar_version=kept.calendar_version,
        )

    def _calendar(self, name: str, version: int | None = None) -> Calendar | None:
        if not name:
            return None
        if version is None:
            return self.settings.read("calendars", CalendarsSettings).named(name)
        return self.settings.as_of("calendars", version, CalendarsSettings).named(name)


def _named(settings: PromiseSettings, name: str) -> Policy | None:
    return next((policy for policy in settings.policies if policy.name == name), None)


def _with(case: Case, promises: Promises) -> Case:
    return case.model_copy(update={"promises": promises})


def _stands(status: CaseStatus) -> bool:
    return status in WAITING or status in SOLVED


def _waits(case: Case) -> bool:
    return case.first_reply_at is None and case.last_direction == "inbound"


def _asked_for(before: Case, after: Case) -> bool:
    """Whether the case changed in what the conditions of policies look at."""
    return (before.priority, before.team, before.topic.label, before.fields) != (
        after.priority,
        after.team,
        after.topic.label,
        after.fields,
    )
