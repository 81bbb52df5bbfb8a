"""Promises at risk and promises broken: who should know hears of each, once.

The index of alarms lists cases with a clock whose warning or breach is due; the place of a case in
it follows from its clocks, so it moves in the same transaction as the case. A run reads only what
is due. What it found is marked in the case, written into its history, and where the customer waits
they are told, in one transaction: a death before it leaves the alarm due, a second run finds it
done, and an answer given meanwhile makes the case another version, so that it is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from chalicelib.access.rules import Signer, mailed_token
from chalicelib.base import Model, iso
from chalicelib.cases import acknowledging as limits
from chalicelib.cases import rules as case_rules
from chalicelib.cases.acknowledging import Acknowledged
from chalicelib.cases.models import Author, AuthorType, Case, Message
from chalicelib.channels import compose
from chalicelib.channels.models import Channel
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers.models import Customer
from chalicelib.errors import Conflict, Contended, CustOpsError, StaleVersion
from chalicelib.flows.acknowledging import limits_of
from chalicelib.flows.answers import pick
from chalicelib.flows.facts import facts
from chalicelib.flows.timeline import event
from chalicelib.observability import logger
from chalicelib.ports import Clock, Ids
from chalicelib.promises import rules, texts
from chalicelib.promises.models import PromiseSettings
from chalicelib.promises.rules import Alarm
from chalicelib.store import keys
from chalicelib.store.reactions import Reaction, look_again
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.promising import Promising
    from chalicelib.flows.replying import Replying
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore

ATTEMPTS = 4
MOST = 400  # cases a run; the next one goes on
GRACE = timedelta(minutes=2)
STALE = timedelta(days=3)  # who waits longer than that has no use for our apology by machine
WORDS = {"first_reply": "first reply", "next_reply": "next reply", "resolution": "resolution"}


class Reminded(Model):
    """What a run did."""

    warnings: int = 0
    breaches: int = 0
    told: int = 0
    failed: int = 0

    def plus(self, other: Reminded) -> Reminded:
        return Reminded(
            warnings=self.warnings + other.warnings,
            breaches=self.breaches + other.breaches,
            told=self.told + other.told,
            failed=self.failed + other.failed,
        )


@dataclass(frozen=True)
class Told:
    """A message to a customer, and the writes that belong to it."""

    message: Message
    writes: list[Write]
    until: datetime


@dataclass(frozen=True)
class Reminding:
    cases: CaseStore
    customers: CustomerStore
    ledger: Ledger
    reactions: ReactionStore
    settings: SettingsStore
    promising: Promising
    replying: Replying
    signer: Callable[[], Signer]
    public_url: Callable[[], str]
    clock: Clock
    ids: Ids

    def remind(self) -> Reminded:
        """Raise the alarms that are due. One case that fails is in nobody's way."""
        total = Reminded()
        for case_id in islice(self.cases.alarming(self.clock()), MOST):
            try:
                one = self.look(case_id)
            except CustOpsError as error:
                failure = {"case": case_id, "error": str(error)}
                logger().error("a promise was not looked at", extra=failure)
                one = Reminded(failed=1)
            total = total.plus(one)
        return total

    def look(self, case_id: str) -> Reminded:
        """Raise what is due for one case; raises Contended after lost races."""
        for _ in range(ATTEMPTS):
            try:
                return self._look(self.cases.get(case_id))
            except (StaleVersion, Contended, WriteRefused):
                continue  # somebody changed the case, or the record of what they were sent
        raise Contended("the promises of a case lost their races")

    def _look(self, before: Case) -> Reminded:
        now = self.clock()
        alarms = rules.due_alarms(before.promises, now)
        if not alarms:
            return Reminded()
        promises = rules.alarmed(before.promises, alarms, now)
        case = case_rules.touch(before.model_copy(update={"promises": promises}), now)
        told = self._told(case, alarms, now)
        noted = [self._noted(case, alarm, now) for alarm in alarms]
        writes = [self.cases.new_message(entry) for entry in noted]
        writes += [one for e in noted for one in facts(self.cases, self.reactions, case, e, now)]
        breaches = sum(alarm.breach for alarm in alarms)
        if breaches:
            writes.append(self._counted(case, now))
        # A rule may want another priority or team for what slips.
        look = look_again(keys.case(case.id)[0], self.ids.new(), "promise")
        writes.append(self.reactions.new(look, now + GRACE))
        if told:
            case = self._with(case, alarms, told, now)
            writes += [self.cases.new_message(told.message), *told.writes]
        self.cases.save(case, *writes)
        return Reminded(warnings=len(alarms) - breaches, breaches=breaches, told=bool(told))

    # --- what is written -----------------------------------------------------------------

    def _noted(self, case: Case, alarm: Alarm, now: datetime) -> Message:
        """The entry in the history, from which agents are notified."""
        what, due = WORDS[alarm.clock], iso(alarm.due_at)
        if alarm.breach:
            text, state = f"promise broken: {what} was due {due}", ["at_risk", "breached"]
        else:
            text, state = f"promise at risk: {what} is due {due}", ["running", "at_risk"]
        return event(case, self.ids.new(), now, text, {f"promises.{alarm.clock}": state})

    def _counted(self, case: Case, now: datetime) -> Write:
        count = Reaction(owner=keys.case(case.id)[0], kind="count", id=self.ids.new())
        return self.reactions.new(count, now + GRACE)

    def _with(self, case: Case, alarms: tuple[Alarm, ...], told: Told, now: datetime) -> Case:
        late = next(alarm for alarm in alarms if alarm.breach and alarm.clock in rules.REPLIES)
        promises = rules.slipped(case.promises, late.clock, now, told.until)
        return case.model_copy(update={"promises": promises})

    # --- the customer --------------------------------------------------------------------

    def _told(self, case: Case, alarms: tuple[Alarm, ...], now: datetime) -> Told | None:
        """What the customer is told, where a reply is late, the settings want it, and it may go."""
        settings = self.settings.read("promises", PromiseSettings)
        late = next((a for a in alarms if a.breach and a.clock in settings.tell_when_late), None)
        if late is None or now - late.due_at > STALE or case.spam or case.merged_into:
            return None
        customer = self.customers.final(case.customer_id)
        try:
            channel, to = self.replying.way(case, customer)
        except Conflict:
            return None
        channels = self.settings.read("channels", ChannelSettings)
        known = self.ledger.acknowledged(to)
        fresh = Acknowledged(at=now, same=_mark(case.id, late), similar=_mark("late"))
        if limits.withheld(known, fresh, limits_of(channels)):
            return None
        clock = getattr(case.promises, late.clock)
        until = self.promising.extended(case, settings.again_seconds or clock.seconds, now)
        message = self._message(case, customer, channel, to, (clock.due_at, until), now)
        record = limits.counted(known, fresh)
        kept = self.ledger.acknowledge(to, record, now + timedelta(days=31))
        return Told(message, [*self.replying.to_send(message), kept], until)

    def _message(
        self,
        case: Case,
        customer: Customer,
        channel: Channel,
        to: str,
        times: tuple[datetime, datetime],
        now: datetime,
    ) -> Message:
        company = self.settings.read("channels", ChannelSettings).company
        zone = self.promising.zone(case, customer)
        language = case.language or customer.language
        sms = channel == Channel.SMS
        was, by = (
            texts.brief(at, zone) if sms else texts.moment(at, zone, language) for at in times
        )
        token = mailed_token(self.signer(), case.reference, case.link_version, to)
        fields = {
            "company": company,
            "reference": case.reference,
            "link": f"{self.public_url()}/c/{token}",
            "was": was,
            "by": by,
        }
        text = compose.fill(pick(texts.SLIPPED_SMS if sms else texts.SLIPPED, language), fields)
        author = Author(type=AuthorType.SYSTEM, name=company)
        message = self.replying.message(case, channel, to, text, author, now)
        return message.model_copy(update={"automatic": True})


def _mark(what: str, late: Alarm | None = None) -> str:
    due = iso(late.due_at) if late else ""
    return keys.digest(f"late {what} {due}")[:12]
