"""A customer shows that an address is theirs: by the link that was mailed to it, or by a code.

A link shows it when it is *used*: an answer is written through it, the button on its page is
pressed, or the case is read with it through the API. Opening its page alone shows nothing, since
mail programs and virus scanners open links by themselves; and the link that the web form hands out
shows nothing either, since whoever filled in the form gets it.

What is shown links by itself: a provisional record goes into the record whose address it is, or
becomes a record of its own where nobody has the address.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from chalicelib.access.rules import Signer, was_mailed_to
from chalicelib.base import Model
from chalicelib.cases.models import Case
from chalicelib.channels.models import Channel
from chalicelib.customers import rules
from chalicelib.customers.models import Customer, HistoryEntry, Identity, LikelyMatch
from chalicelib.errors import (
    Conflict,
    Contended,
    Invalid,
    SendRefused,
    SendThrottled,
    SendUnknown,
    Unavailable,
)
from chalicelib.ports import Clock, Ids, Sms
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.people import People
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.codes import CodeStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.rates import RateStore
    from chalicelib.store.table import Table

ATTEMPTS = 5
CODES_PER_HOUR = 5  # to one number
BY_LINK = "signed link"
BY_CODE = "one-time code"


class IdentityInput(Model):
    """An address that a customer says is theirs. Codes go to telephone numbers."""

    channel: Channel = Channel.SMS
    value: str = Field(min_length=3, max_length=320)


class CodeInput(Model):
    """The code as the customer reads it out; `value` where codes went to several numbers."""

    code: str = Field(pattern=r"^\s*\d{3}\s?\d{3}\s*$")
    channel: Channel = Channel.SMS
    value: str = Field(default="", max_length=320)


class CodeSent(Model):
    """To which number a code went, and for how many seconds it holds."""

    channel: Channel
    value: str
    expires_in: int


@dataclass(frozen=True)
class Proving:
    table: Table
    customers: CustomerStore
    cases: CaseStore
    codes: CodeStore
    rates: RateStore
    people: People
    sms: Callable[[], Sms]
    signer: Callable[[], Signer]
    clock: Clock
    ids: Ids
    sms_number: str

    # --- by link -------------------------------------------------------------------------

    def by_link(self, case: Case, token: str) -> None:
        """A case's link was used: if it was mailed, its address is shown to be its customer's."""
        customer, identity = self._by_link(case, token)
        if customer and identity:
            self._shown(customer.id, identity, BY_LINK)

    def may_show(self, case: Case, token: str) -> bool:
        """Whether using this link would show something that is not known yet."""
        return self._by_link(case, token)[1] is not None

    def _by_link(self, case: Case, token: str) -> tuple[Customer | None, Identity | None]:
        addresses = dict.fromkeys([case.reply_to, *(p.address for p in case.participants)])
        mailed = [a for a in addresses if a and was_mailed_to(self.signer(), token, a)]
        if not mailed:
            return None, None
        customer = self.customers.final(case.customer_id)
        channel = Channel.EMAIL if "@" in mailed[0] else Channel.SMS
        identity = rules.identity_of(channel, mailed[0], verified=True)
        if identity is None or identity in customer.identities or not _claims(customer, identity):
            return customer, None
        return customer, identity

    # --- by code -------------------------------------------------------------------------

    def send_code(self, customer_id: str, given: IdentityInput) -> CodeSent:
        """Send a code; raises NotFound, Invalid, Conflict, TooMany, Unavailable."""
        number = self._number(given)
        customer = self.customers.get(customer_id)
        if customer.merged_into:
            raise Conflict("they are a part of another customer", merged_into=customer.merged_into)
        rules.check_alive(customer)
        if rules.opted_out(customer, Channel.SMS):
            raise Conflict("they sent STOP: no text messages may go to this number")
        now = self.clock()
        who = self.signer().word("code", number)
        self.rates.count("code", who, CODES_PER_HOUR, now)
        code = f"{secrets.randbelow(1_000_000):06d}"
        self.codes.keep(customer_id, number, self._digest(customer_id, number, code), now)
        self.codes.keep(customer_id, "", number, now)  # the number that was asked for last
        self._send(number, code)
        return CodeSent(channel=Channel.SMS, value=number, expires_in=600)

    def verify(self, customer_id: str, given: CodeInput, by: str) -> Customer:
        """The customer with their number, which was shown to be theirs.

        Raises NotFound, Invalid.
        """
        self.customers.get(customer_id)
        number = self._number_of(customer_id, given)
        code = given.code.replace(" ", "").strip()
        digest = self._digest(customer_id, number, code)
        kept = self.codes.attempt(customer_id, number, self.clock()) if number else None
        if kept is None or not hmac.compare_digest(kept, digest):
            raise Invalid.field("code", "is wrong, was tried too often, or holds no longer")
        identity = Identity(channel=Channel.SMS, value=number, verified=True)
        used = self.codes.use(customer_id, number, digest)
        return self._shown(customer_id, identity, f"{BY_CODE}, asked for by {by}", used)

    def _number(self, given: IdentityInput) -> str:
        if given.channel != Channel.SMS:
            raise Invalid.field("channel", "codes go by sms; a mailed link shows mail addresses")
        return rules.phone(given.value, "value")

    def _number_of(self, customer_id: str, given: CodeInput) -> str:
        if given.value:
            return self._number(IdentityInput(channel=given.channel, value=given.value))
        return self.codes.last(customer_id, self.clock())

    def _digest(self, customer_id: str, number: str, code: str) -> str:
        return self.signer().word("one-time code", f"{customer_id}\n{number}\n{code}", 20)

    def _send(self, number: str, code: str) -> None:
        text = f"{code[:3]} {code[3:]} is your code. Tell it only to whom you asked for it."
        try:
            self.sms().send(sender=self.sms_number, to=number, text=text, tags={"kind": "code"})
        except SendRefused as refused:
            raise Conflict(f"nothing can be sent to {number}: {refused.reason}") from refused
        except SendThrottled as throttled:
            raise Unavailable("too many text messages right now; try again") from throttled
        except SendUnknown:
            return  # it may well come; a second one does no harm

    # --- what follows --------------------------------------------------------------------

    def _shown(self, customer_id: str, identity: Identity, how: str, *more: Write) -> Customer:
        for _ in range(ATTEMPTS):
            customer = self.customers.final(customer_id)
            owner = self.customers.owner(identity.channel, identity.value)
            try:
                self._write(customer, owner, identity, how, *more)
            except (WriteRefused, Contended) as refused:
                if "code" in getattr(refused, "names", ()):
                    raise Invalid.field("code", "was used before") from refused
                continue
            if owner and owner != customer.id and customer.provisional:
                return self.people.merge(customer.id, owner, how)
            return self.customers.final(customer.id)
        raise Contended(f"showing an address lost {ATTEMPTS} races")

    def _write(
        self, customer: Customer, owner: str | None, identity: Identity, how: str, *more: Write
    ) -> None:
        now = self.clock()
        others = bool(owner) and owner != customer.id
        holder = (
            self.customers.get(owner) if owner and others and customer.provisional else customer
        )
        if others and not customer.provisional:
            reason = f"{identity.value} was shown to be theirs ({how}) and is on both records"
            match = LikelyMatch(customer_id=str(owner), reason=reason)
            changed = customer.model_copy(update={"likely_match": match})
        else:
            changed = rules.with_identity(holder, identity)
            if not others and customer.provisional:
                changed = changed.model_copy(update={"provisional": False, "likely_match": None})
        if changed == holder and not more:
            return
        text = f"{identity.value} was shown to be theirs ({how})"
        entry = HistoryEntry(id=self.ids.new(), at=now, by=how, text=text)
        writes = [
            self.customers.change(rules.touch(changed, now)),
            self.customers.note(changed.id, entry),
            *more,
        ]
        if owner is None:
            writes.append(self.customers.claim(changed, identity))
        self.table.commit(*writes)


def _claims(customer: Customer, identity: Identity) -> bool:
    """Whether the address is one that this customer has or says is theirs."""
    known = (*customer.identities, *customer.claimed)
    return any(i.channel == identity.channel and i.value == identity.value for i in known)
