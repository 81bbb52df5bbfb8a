"""What the providers tell us about messages that we sent: sent, delivered, bounced, complained.

Events may come twice, late, in any order, and before our own mark. The table of transitions in
cases/rules.py decides which of them still says something new.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.campaigns.rules import told_behind
from chalicelib.cases import rules
from chalicelib.cases.models import DeliveryEvent, DeliveryStatus, Message
from chalicelib.customers.rules import touch
from chalicelib.errors import Contended, NotFound
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids
from chalicelib.store import keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
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
    clock: Clock
    ids: Ids

    def settle(self, given: DeliveryEvent) -> bool:
        """Apply an event; False where it is about none of our messages."""
        if told_behind(given.send_id):
            return self.told.settle_told(given)
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
            return
        delivery = message.delivery
        if delivery is None or given.status not in rules.DELIVERY[delivery.status]:
            return  # it says nothing new
        now = self.clock()
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

    def _done(self, message: Message, sk: str) -> list[Write]:
        """The reaction that would send it, where it is still there."""
        owner = keys.case(message.case_id)[0]
        reaction = Reaction(owner=owner, kind="send", id=message.id, data={"message": sk})
        return [self.reactions.done(reaction)] if self.reactions.exists(reaction) else []

    def _bad_news(self, message: Message, given: DeliveryEvent, now: datetime) -> list[Write]:
        case = self.cases.get(message.case_id)
        address = given.recipient or message.to
        words = "complained about" if given.status == D.COMPLAINED else "did not get"
        text = f"{address} {words} our message: {given.reason or given.status}"
        changes = {"delivery": [str(message.delivery and D.SENT), str(given.status)]}
        writes = [self.cases.new_message(event(case, self.ids.new(), now, text, changes))]
        if given.permanent:
            customer = self.customers.get(case.customer_id)
            if address not in customer.suppressed:
                known = {**customer.suppressed, address: given.reason or str(given.status)}
                barred = touch(customer.model_copy(update={"suppressed": known}), now)
                writes.append(self.customers.change(barred))
        return writes
