"""What the providers tell us about messages that we sent: sent, delivered, bounced, complained.

Events may come twice, late, in any order, and before our own mark. The table of transitions in
cases/rules.py decides which of them still says something new.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.campaigns.rules import told_behind
from chalicelib.cases import rules
from chalicelib.cases.models import DeliveryEvent, DeliveryStatus, Message
from chalicelib.customers.models import Customer
from chalicelib.customers.rules import reachable, touch
from chalicelib.errors import Contended, NotFound
from chalicelib.flows.timeline import event
from chalicelib.notifications.rules import bundle_behind
from chalicelib.ports import Clock, Ids
from chalicelib.problems.rules import dispatch_behind
from chalicelib.store import keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.bundling import Bundling
    from chalicelib.flows.dispatching import Dispatching
    from chalicelib.flows.sending import Sending
    from chalicelib.flows.told import ToldSettling
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

ATTEMPTS = 6
D = DeliveryStatus


@dataclass(frozen=True)
class Settling:
    table: Table
    cases: CaseStore
    customers: CustomerStore
    ledger: Ledger
    reactions: ReactionStore
    sending: Sending
    told: ToldSettling
    dispatching: Callable[[], Dispatching]
    bundling: Callable[[], Bundling]
    clock: Clock
    ids: Ids

    def settle(self, given: DeliveryEvent) -> bool:
        """Apply an event; False where it is about none of our messages."""
        if told_behind(given.send_id):
            return self.told.settle_told(given)
        if dispatch_behind(given.send_id):
            return self.dispatching().settle(given)
        if bundle_behind(given.send_id):
            return self.bundling().settle(given)
        place = self.ledger.sent_as(given.send_id) if given.send_id else None
        if place is None:
            return False
        return self.apply(place, given)

    def apply(self, place: tuple[str, str], given: DeliveryEvent) -> bool:
        """Apply an event to the message at (case id, sort key)."""
        for _ in range(ATTEMPTS):
            try:
                self._apply(*place, given)
            except (WriteRefused, Contended):
                continue
            return True
        raise Contended("an event about a sent message")

    def _apply(self, case_id: str, sk: str, given: DeliveryEvent) -> None:
        try:
            message = self.cases.message(case_id, sk)
        except NotFound:
            self._follow(case_id, sk, given)
            return
        delivery = message.delivery
        if delivery is None or given.status not in rules.DELIVERY[delivery.status]:
            return  # it says nothing new
        now = self.clock()
        if _about_a_copy(message, given):
            self._copy_failed(message, given, now)
            return
        reason = given.reason if given.status in (D.BOUNCED, D.COMPLAINED, D.FAILED) else ""
        moved = rules.advance_delivery(
            delivery,
            given.status,
            now,
            provider_id=given.provider_id or delivery.provider_id,
            reason=reason,
        )
        changed = message.model_copy(
            update={"delivery": moved, "version": message.version + 1, "updated_at": now}
        )
        writes = [self.cases.change_message(changed), *self._done(message, sk)]
        writes += self.sending.provider_ids(message, given.provider_id)
        if given.status in (D.BOUNCED, D.COMPLAINED):
            writes += self._bad_news(changed, given, now)
        self.table.commit(*writes)

    def _follow(self, case_id: str, sk: str, given: DeliveryEvent) -> None:
        """The message was split off into another case meanwhile: look where it is now."""
        place = self.ledger.sent_as(given.send_id) if given.send_id else None
        if place and place != (case_id, sk):
            self._apply(*place, given)

    def _copy_failed(self, message: Message, given: DeliveryEvent, now: datetime) -> None:
        """One who was copied in did not get it; the message itself stands as it did."""
        case = self.cases.get(message.case_id)
        customer = self.customers.final(case.customer_id)
        if given.recipient in customer.suppressed or not given.permanent:
            return  # said before; or it is tried again
        text = f"{given.recipient} (copied in) did not get our message: {given.reason}"
        barred = _barred(customer, given.recipient, given, now)
        note = event(case, self.ids.new(), now, text, {})
        self.table.commit(self.customers.change(barred), self.cases.new_message(note))

    def _done(self, message: Message, sk: str) -> list[Write]:
        """The reaction that would send it, where it is still there."""
        owner = keys.case(message.case_id)[0]
        reaction = Reaction(owner=owner, kind="send", id=message.id, data={"message": sk})
        return [self.reactions.done(reaction)] if self.reactions.exists(reaction) else []

    def _bad_news(self, message: Message, given: DeliveryEvent, now: datetime) -> list[Write]:
        """Tell the agent, stop sending there, and offer another way to the customer."""
        case = self.cases.get(message.case_id)
        customer = self.customers.final(case.customer_id)
        address = given.recipient or message.to
        barred = customer
        if given.permanent and address not in customer.suppressed:
            barred = _barred(customer, address, given, now)
        other = reachable(barred, message.channel)
        words = "complained about" if given.status == D.COMPLAINED else "did not get"
        note = event(
            case,
            self.ids.new(),
            now,
            f"{address} {words} our message: {given.reason or given.status}",
            {"delivery": [str(message.delivery and D.SENT), str(given.status)]},
        )
        offer = f"they can be reached by {other[0]} at {other[1]}: answer there?" if other else ""
        writes = [self.cases.new_message(note.model_copy(update={"offer": offer}))]
        if barred is not customer:
            writes.append(self.customers.change(barred))
        if other:
            goes_on = self.cases.final(case.id)
            offered = goes_on.model_copy(update={"alternative_channel": other[0]})
            writes.append(self.cases.change(rules.touch(offered, now)))
        return writes


def _about_a_copy(message: Message, given: DeliveryEvent) -> bool:
    """Whether it is about somebody who was copied in, not about whom it was written to."""
    failed = given.status in (D.BOUNCED, D.FAILED, D.COMPLAINED)
    who = given.recipient.lower()
    return failed and who != message.to.lower() and who in {a.lower() for a in message.cc}


def _barred(customer: Customer, address: str, given: DeliveryEvent, now: datetime) -> Customer:
    known = {**customer.suppressed, address: given.reason or str(given.status)}
    return touch(customer.model_copy(update={"suppressed": known}), now)
