"""An agent opens a case: a contact that was taken by hand, one from the past, or the first word.

Unlike flows/intake.py nothing is guessed here: the agent says whose case it is, and it is a new
case. What follows is the same (claim, case, message, reactions in one transaction), so a request
that is sent twice opens one case.

A contact dated back (an import of history) is not acknowledged. When the agent writes first, the
case and its claim are stored, then the message under a key that follows from the claim: a repeat
finds both, or finishes what was begun.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from chalicelib.base import Instant, Model
from chalicelib.cases import rules
from chalicelib.cases.models import (
    Author,
    AuthorType,
    Case,
    CaseStatus,
    Message,
    Participant,
    Priority,
    Routed,
    Topic,
)
from chalicelib.channels.models import Address, Channel, InboundMessage
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers import rules as customer_rules
from chalicelib.customers.models import Customer, CustomerInput
from chalicelib.errors import Conflict, Contended, Forbidden, Invalid, NotFound
from chalicelib.flows.casework import check_member, check_topic, clean_tags, one_line
from chalicelib.flows.facts import facts
from chalicelib.flows.replying import WRITABLE, ReplyInput
from chalicelib.flows.timeline import event, inbound_entry, store_files
from chalicelib.ports import Clock, Ids, Objects
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.promising import Promising
    from chalicelib.flows.replying import Replying
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

ATTEMPTS = 6
GRACE = timedelta(minutes=2)
AHEAD = timedelta(minutes=5)  # by which another clock may be wrong


class Person(Model):
    """Whose case it is, as the agent knows them: an address finds or makes the customer."""

    name: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=32)


class NewCase(Model):
    """What an agent opens. `created_at` (a moment that is past) makes it history: admins only."""

    channel: Channel = Channel.EMAIL
    direction: Literal["inbound", "outbound"] = "inbound"
    subject: str = Field(default="", max_length=500)
    text: str = Field(min_length=1, max_length=100_000)
    customer: Person | None = None
    customer_id: str = Field(default="", max_length=64)
    created_at: Instant | None = None
    status: CaseStatus | None = None
    topic: str | None = Field(default=None, max_length=64)
    priority: Priority | None = None
    team: str | None = Field(default=None, max_length=64)
    assignee: str | None = Field(default=None, max_length=254)
    tags: tuple[str, ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _names_one_customer(self) -> Self:
        if bool(self.customer_id) == (self.customer is not None):
            raise ValueError("give either customer or customer_id")
        if self.customer and not (self.customer.email or self.customer.phone):
            raise ValueError("customer needs an email or a phone")
        if self.direction == "outbound" and (self.created_at or self.status):
            raise ValueError("created_at and status are for inbound contacts")
        return self


class Opened(Model):
    """The case, and whether this request opened it (or an earlier one with the same key)."""

    case: Case
    fresh: bool


@dataclass(frozen=True)
class Known:
    """The customer of a new case, as found, and the writes that add them where they are new."""

    customer: Customer
    writes: list[Write]


@dataclass(frozen=True)
class Opening:
    table: Table
    cases: CaseStore
    customers: CustomerStore
    ledger: Ledger
    reactions: ReactionStore
    settings: SettingsStore
    replying: Replying
    promising: Promising
    objects: Callable[[], Objects]
    clock: Clock
    ids: Ids

    def open(self, given: NewCase, by: str, admin: bool = False, key: str = "") -> Opened:
        """Open a case; the same key by the same agent gives the same case again.

        Raises Invalid, Forbidden (history is for admins), Conflict (nobody to write to).
        """
        now = self.clock()
        self._check(given, admin, now)
        inbound = self._contact(given, by, key, now)
        for _ in range(ATTEMPTS):
            try:
                return self._open(given, inbound, by)
            except (WriteRefused, Contended):
                continue  # the key or the address was taken meanwhile: look again
        raise Contended(f"opening a case lost {ATTEMPTS} races")

    def _check(self, given: NewCase, admin: bool, now: datetime) -> None:
        check_topic(self.settings, given.topic)
        check_member(self.settings, given.team, given.assignee)
        if given.created_at is None:
            return
        if not admin:
            raise Forbidden("only an admin may add history (created_at)")
        if given.created_at > now + AHEAD:
            raise Invalid.field("created_at", "is in the future")

    def _contact(self, given: NewCase, by: str, key: str, now: datetime) -> InboundMessage:
        return InboundMessage(
            channel=given.channel,
            external_id=f"opened by {by}\n{key or self.ids.new()}",
            sender=Address(address="", name=given.customer.name if given.customer else ""),
            subject=one_line(given.subject, "subject"),
            text=given.text,
            received_at=given.created_at or now,
        )

    def _open(self, given: NewCase, inbound: InboundMessage, by: str) -> Opened:
        claim = self.ledger.look_up(inbound, [], []).claim
        fresh = claim is None
        if claim is None:
            known = self._customer(given)
            address = self._address(given, known.customer)
            case = self._store(given, inbound, known, address, by)
        else:
            case = self.cases.get(claim["case_id"])
        if given.direction == "outbound":
            case = self._write_first(case, given, inbound, by)
        return Opened(case=case, fresh=fresh)

    # --- whose case ----------------------------------------------------------------------

    def _customer(self, given: NewCase) -> Known:
        if given.customer is None:
            try:
                known = self.customers.final(given.customer_id)
            except NotFound as error:
                raise Invalid.field("customer_id", "there is no such customer") from error
            customer_rules.check_alive(known)
            return Known(known, [])
        person = given.customer
        fresh = customer_rules.create(
            self.ids.new(),
            CustomerInput(name=person.name, email=person.email, phone=person.phone),
            self.clock(),
            "agent",
        )
        owners = self.customers.owners((i.channel, i.value) for i in fresh.identities)
        for identity in fresh.identities:
            owner = owners.get((identity.channel, identity.value))
            if owner:
                return Known(self.customers.get(owner), [])
        return Known(fresh, self.customers.new(fresh))

    def _address(self, given: NewCase, customer: Customer) -> tuple[Channel, str]:
        """Where answers go: the channel itself where it has an address, else mail, else SMS.

        Raises Conflict where the agent wants to write and cannot.
        """
        direct = customer_rules.address_on(customer, given.channel)
        if given.direction == "outbound":
            if given.channel not in WRITABLE or not direct:
                raise Conflict(f"no address is known on {given.channel}")
            if given.channel == Channel.SMS and customer_rules.opted_out(customer, Channel.SMS):
                raise Conflict("they sent STOP: no text messages may go to this number")
        if direct:
            return given.channel, direct
        for channel in (Channel.EMAIL, Channel.SMS):
            if address := customer_rules.address_on(customer, channel):
                return channel, address
        return given.channel, ""

    # --- what is written -----------------------------------------------------------------

    def _store(
        self,
        given: NewCase,
        inbound: InboundMessage,
        known: Known,
        address: tuple[Channel, str],
        by: str,
    ) -> Case:
        case = self._case(given, inbound, known.customer, address, by)
        given_to = {"assignee": ["", case.assignee]} if case.assignee else {}
        opened = event(case, self.ids.new(), case.created_at, "opened by hand", given_to, by)
        if given.direction == "outbound":
            message, entries, kinds = opened, [opened], []
        else:
            message = self._entry(inbound, case, known.customer)
            entries, kinds = [message, opened], self._kinds(given, address)
        self.table.commit(
            self.ledger.claim(inbound, case.id, message.id, self.clock()),
            *self.cases.new(case),
            *(self.cases.new_message(entry) for entry in entries),
            *known.writes,
            *facts(self.cases, self.reactions, case, opened, self.clock()),
            *self._react(case, message, kinds),
        )
        return case

    def _case(
        self,
        given: NewCase,
        inbound: InboundMessage,
        customer: Customer,
        address: tuple[Channel, str],
        by: str,
    ) -> Case:
        created = inbound.received_at
        wrote = given.direction == "inbound"
        case = Case(
            id=self.ids.new(),
            reference=self.ids.reference(),
            subject=inbound.subject or rules.preview(given.text)[:80],
            channel=given.channel,
            customer_id=customer.id,
            reply_channel=address[0],
            reply_to=address[1],
            last_message=rules.preview(given.text) if wrote else "",
            message_count=1 if wrote else 0,
            participants=_people(address, customer),
            last_message_at=created,
            created_at=created,
            updated_at=self.clock(),
            **_wanted(given, by),
        )
        if given.created_at:
            case = self.promising.record(case)
        else:
            case = self.promising.begun(case, customer, waits=wrote)
        moved = rules.move(case, given.status or CaseStatus.NEW, created)
        return self.promising.moved(case, moved, created)

    def _entry(self, inbound: InboundMessage, case: Case, customer: Customer) -> Message:
        name = customer.name or inbound.sender.name or case.reply_to
        author = Author(type=AuthorType.CUSTOMER, id=customer.id, name=name)
        stored = store_files(self.objects, inbound)
        entry = inbound_entry(inbound, case, author, stored, self.clock())
        return entry.model_copy(update={"sender": case.reply_to})

    def _kinds(self, given: NewCase, address: tuple[Channel, str]) -> list[str]:
        """History is not acknowledged, nor is a call: the customer has just talked to a person."""
        if given.created_at or given.channel == Channel.VOICE or not address[1]:
            return ["triage"]
        wanted = self.settings.read("channels", ChannelSettings).acknowledge
        return ["triage", "acknowledge"] if wanted and address[0] in WRITABLE else ["triage"]

    def _react(self, case: Case, message: Message, kinds: list[str]) -> list[Write]:
        data = {"message": self.cases.message_sk(message)}
        due = self.clock() + GRACE
        return [
            self.reactions.new(
                Reaction(owner=f"CASE#{case.id}", kind=kind, id=message.id, data=data), due
            )
            for kind in kinds
        ]

    def _write_first(self, case: Case, given: NewCase, inbound: InboundMessage, by: str) -> Case:
        """The agent's message goes out as every other; the case then waits for the customer."""
        reply = ReplyInput(text=given.text, channel=given.channel, status=CaseStatus.PENDING)
        self.replying.reply(case.id, reply, by, key=inbound.external_id)
        return self.cases.get(case.id)


def _wanted(given: NewCase, by: str) -> dict[str, object]:
    """What the agent decided at once; with their name as the reason no rule changes it later."""
    fields: dict[str, object] = {"tags": clean_tags(given.tags)}
    if given.assignee:
        fields["assignee"] = customer_rules.email(given.assignee, "assignee")
    reasons = {"case": f"opened by {by}"}
    if given.topic:
        fields["topic"] = Topic(label=given.topic, confidence=1.0, source="person", why=by)
    if given.priority:
        fields["priority"] = given.priority
    if given.team:
        fields["team"] = given.team
        fields["routed"] = Routed(source="person")
    for name in ("topic", "priority", "team", "assignee"):
        if name in fields:
            reasons[name] = f"set by {by}"
    return {**fields, "reasons": reasons}


def _people(address: tuple[Channel, str], customer: Customer) -> tuple[Participant, ...]:
    if not address[1]:
        return ()
    return (Participant(channel=address[0], address=address[1], name=customer.name),)
