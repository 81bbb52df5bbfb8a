"""Whose contact it is: on whose record a sender's message goes, and what is written about them.

| what the sender shows | their address is known | it is not |
|---|---|---|
| proof (customers/trust.py), or the link or token of their own case | their record | a new one |
| nothing | a provisional record beside it, for an agent to decide | a new one, not verified |
| a forged address (DMARC FAIL) | a provisional record | a provisional record |

What joins a case that is there makes no provisional record: it is in the case, and nobody's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.cases import rules
from chalicelib.cases.models import Author, AuthorType, Case, Participant
from chalicelib.channels.models import Channel, InboundMessage
from chalicelib.customers import rules as customer_rules
from chalicelib.customers import trust
from chalicelib.customers.models import Customer, Identity, LikelyMatch
from chalicelib.ports import Ids
from chalicelib.store.table import Write

if TYPE_CHECKING:
    from chalicelib.store.customers import CustomerStore


ENVELOPE_RECIPIENTS = "x-envelope-to"  # the header in which the mail door says who got it


@dataclass(frozen=True)
class Sender:
    """`customer` is None where the sender is on nobody's record."""

    inbound: InboundMessage
    customer: Customer | None
    before: Customer | None = None  # as it was read; None for one who is new
    claims: tuple[Identity, ...] = field(default=())

    @property
    def likely(self) -> LikelyMatch | None:
        """Whose case it may be, where that is for an agent to decide."""
        provisional = self.customer is not None and self.customer.provisional
        return self.customer.likely_match if self.customer and provisional else None

    def author(self) -> Author:
        customer, sender = self.customer, self.inbound.sender
        return Author(
            type=AuthorType.CUSTOMER,
            id=customer.id if customer else "",
            name=sender.name or (customer.name if customer else "") or sender.address,
        )

    def save(self, customers: CustomerStore, open_case: str, now: datetime) -> list[Write]:
        """Writes that leave the customer with that open conversation; none where nothing is new."""
        if self.customer is None:
            return []
        talking = self.customer.model_copy(update={"open_case": open_case})
        claims = [customers.claim(talking, identity) for identity in self.claims]
        if self.before is None:
            new, *_ = customers.new(talking)
            return [new, *claims]
        if talking == self.before:
            return claims
        return [customers.change(customer_rules.touch(talking, now)), *claims]


@dataclass(frozen=True)
class Claimed:
    """A sender's address, whose record has it, and what shows that it is theirs."""

    inbound: InboundMessage
    owner: Customer | None
    evidence: str

    @property
    def identity(self) -> Identity | None:
        proven = self.evidence not in ("", "link", "agent")
        inbound = self.inbound
        return customer_rules.identity_of(inbound.channel, inbound.sender.address, proven)

    @property
    def linked(self) -> Customer | None:
        """The record that the message goes on by itself."""
        return self.owner if self.evidence else None


def claimed(
    inbound: InboundMessage, owner: Customer | None, token: Case | None, agent: str
) -> Claimed:
    """What a sender claims and shows. `token` is the case whose token or link they used, `agent`
    who vouches for them."""
    evidence = "agent" if agent else trust.proof(inbound)
    if not evidence and token and rules.asks(token, inbound, ""):
        evidence = "link"
    return Claimed(inbound, owner, evidence)


def opening(claim: Claimed, ids: Ids, now: datetime) -> Sender:
    """The sender of what opens a case: there is always a record, if need be a provisional one."""
    inbound = claim.inbound
    if claim.linked:
        return _known(claim, claim.linked)
    forged = trust.forged(inbound) and claim.evidence == ""
    identity = claim.identity
    fresh = _fresh(inbound, ids, now)
    if identity and (claim.owner or forged):
        match = None
        if claim.owner:
            match = LikelyMatch(customer_id=claim.owner.id, reason=trust.doubt(inbound))
        unproven = identity.model_copy(update={"verified": False})
        update = {"provisional": True, "claimed": (unproven,), "likely_match": match}
        return Sender(inbound, fresh.model_copy(update=update))
    return _new(inbound, fresh, identity)


def joining(claim: Claimed, case: Case, ids: Ids, now: datetime, read: Read) -> Sender:
    """The sender of what goes into a case that is there."""
    inbound = claim.inbound
    if claim.linked:
        return _known(claim, claim.linked)
    if rules.asks(case, inbound, ""):  # the case's own customer, by the address they are known by
        owner = claim.owner
        theirs = owner if owner and owner.id == case.customer_id else read(case.customer_id)
        return Sender(inbound, theirs, theirs)
    if claim.owner or trust.forged(inbound) or claim.identity is None:
        return Sender(inbound, None)
    reason = f"they wrote into {case.reference} of this customer"
    match = LikelyMatch(customer_id=case.customer_id, reason=reason)
    fresh = _fresh(inbound, ids, now).model_copy(update={"likely_match": match})
    return _new(inbound, fresh, claim.identity)


def people(inbound: InboundMessage, ours: set[str], asks: bool) -> list[Participant]:
    """Who takes part by a message; its sender too, as a copy unless it is their case (`asks`)."""
    sender = inbound.sender
    channel = customer_rules.reached_on(inbound.channel, sender.address)
    found = []
    if sender.address:
        copy = not asks and channel == Channel.EMAIL
        found.append(
            Participant(channel=channel, address=sender.address, name=sender.name, cc=copy)
        )
    if inbound.channel == Channel.EMAIL:
        # What the envelope was addressed to is ours: it could not have reached us otherwise.
        own = ours | set(inbound.headers.get(ENVELOPE_RECIPIENTS, "").split())
        found += [
            Participant(channel=Channel.EMAIL, address=a.address, name=a.name, cc=True)
            for a in (*inbound.recipients, *inbound.cc)
            if a.address and a.address != sender.address and not _is_one_of(a.address, own)
        ]
    return found


def _is_one_of(address: str, own: set[str]) -> bool:
    """Whether it is one of those addresses, also with a tag behind a plus sign."""
    local, _, domain = address.lower().partition("@")
    return address.lower() in own or f"{local.partition('+')[0]}@{domain}" in own


Read = Callable[[str], Customer]


def _known(claim: Claimed, owner: Customer) -> Sender:
    identity = claim.identity
    known = customer_rules.with_identity(owner, identity) if identity else owner
    return Sender(claim.inbound, known, owner)


def _fresh(inbound: InboundMessage, ids: Ids, now: datetime) -> Customer:
    name = inbound.sender.name[:200]
    return Customer(id=ids.new(), name=name, created_at=now, updated_at=now)


def _new(inbound: InboundMessage, fresh: Customer, identity: Identity | None) -> Sender:
    identities = (identity,) if identity else ()
    return Sender(inbound, fresh.model_copy(update={"identities": identities}), None, identities)
