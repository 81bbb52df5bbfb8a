"""A text message: its keyword first, then the conversation.

STOP and START change the consent before anything else happens, and open no case. (End User
Messaging has answered them itself by then; what we mirror is that nothing more may be sent.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.cases.rules import UNSOLVED
from chalicelib.channels.models import Channel, InboundMessage
from chalicelib.channels.sms import Keyword, keyword, parse_sms
from chalicelib.customers import rules
from chalicelib.customers.models import ConsentStatus, Customer
from chalicelib.errors import Contended
from chalicelib.flows.intake import Receipt
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.intake import Intake
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.table import Table

ATTEMPTS = 6
SAID = {
    Keyword.STOP: "no text messages may go to them any more",
    Keyword.START: "text messages may go to them again",
}
CONSENT = {Keyword.STOP: ConsentStatus.OPTED_OUT, Keyword.START: ConsentStatus.OPTED_IN}


@dataclass(frozen=True)
class Texting:
    intake: Intake
    table: Table
    cases: CaseStore
    customers: CustomerStore
    ledger: Ledger
    clock: Clock
    ids: Ids

    def receive(self, payload: Mapping[str, Any]) -> Receipt:
        """Take in a two-way message; raises Unprocessable where it is none."""
        inbound = parse_sms(dict(payload), self.clock())
        word = keyword(inbound.text)
        if word is None:
            return self.intake.accept(inbound)
        for _ in range(ATTEMPTS):
            try:
                return self._obey(inbound, word)
            except (WriteRefused, Contended):
                continue
        raise Contended("a keyword lost its races")

    def _obey(self, inbound: InboundMessage, word: Keyword) -> Receipt:
        known = self.ledger.look_up(inbound, [], [])
        if known.claim:
            return Receipt(fate="duplicate", message_id=known.claim["message_id"])
        now = self.clock()
        writes: list[Write] = []
        if word in CONSENT:
            source = f"sms {word}"
            customer = self._person(known.customer_id, inbound)
            said = rules.consent(customer, Channel.SMS, CONSENT[word], source, now)
            if known.customer_id:
                writes = [self.customers.change(said)]
            else:
                writes = self.customers.new(said.model_copy(update={"version": 1}))
        identifier = self.ids.new()
        writes += self._told(known.customer_id, inbound, word, now)
        self.table.commit(self.ledger.claim(inbound, "", identifier, now), *writes)
        return Receipt(fate="keyword", message_id=identifier)

    def _told(
        self, customer_id: str, inbound: InboundMessage, word: Keyword, now: datetime
    ) -> list[Write]:
        """The keyword in the conversation that is open, so that the agent sees it there."""
        customer = self.customers.get(customer_id) if customer_id else None
        if customer is None or not customer.open_case or word not in SAID:
            return []
        case = self.cases.final(customer.open_case)
        if case.status not in UNSOLVED:
            return []
        text = f"{inbound.sender.address} sent {word.upper()}: {SAID[word]}"
        return [self.cases.new_message(event(case, self.ids.new(), now, text, {}))]

    def _person(self, customer_id: str, inbound: InboundMessage) -> Customer:
        if customer_id:
            return self.customers.get(customer_id)
        identity = rules.identity_of(Channel.SMS, inbound.sender.address, verified=True)
        now = self.clock()
        identities = (identity,) if identity else ()
        return Customer(id=self.ids.new(), identities=identities, created_at=now, updated_at=now)
