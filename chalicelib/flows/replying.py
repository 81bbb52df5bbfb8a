"""What we say to a customer: acknowledgements, agents' replies, and notes that stay inside.

Nothing is sent here. An outbound message is stored as `queued` together with the reaction that
will send it (flows/sending.py), so there is no moment at which it can be lost.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from chalicelib.access.rules import Signer, link_token
from chalicelib.base import Model
from chalicelib.cases import rules
from chalicelib.cases.models import (
    Author,
    AuthorType,
    Case,
    CaseStatus,
    Delivery,
    Direction,
    Message,
    MessageKind,
    StoredAttachment,
)
from chalicelib.channels import compose
from chalicelib.channels.models import Channel
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers import rules as customer_rules
from chalicelib.customers.models import Customer
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.flows.answers import ACKNOWLEDGEMENT, ACKNOWLEDGEMENT_SMS, pick
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids, Objects
from chalicelib.promises.rules import kept
from chalicelib.store import keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused, put_new, update
from chalicelib.understanding.language import identify_language

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

GRACE = timedelta(minutes=2)
WRITABLE = frozenset({Channel.EMAIL, Channel.SMS})
DAY = timedelta(days=1)


class FileInput(Model):
    """An attachment as it comes through the API: its content in base64."""

    name: str = Field(min_length=1, max_length=200)
    type: str = Field(default="application/octet-stream", max_length=128)
    content: str = Field(max_length=9_000_000)


class ReplyInput(Model):
    """What an agent writes. A note has no recipients: naming any is refused."""

    kind: MessageKind = MessageKind.MESSAGE
    text: str = Field(min_length=1, max_length=100_000)
    channel: Channel | None = None
    cc: tuple[str, ...] = Field(default=(), max_length=20)
    attachments: tuple[FileInput, ...] = Field(default=(), max_length=10)
    status: CaseStatus | None = None


@dataclass(frozen=True)
class Replying:
    table: Table
    cases: CaseStore
    customers: CustomerStore
    ledger: Ledger
    reactions: ReactionStore
    settings: SettingsStore
    objects: Callable[[], Objects]
    signer: Callable[[], Signer]
    public_url: Callable[[], str]
    clock: Clock
    ids: Ids
    support_address: str
    sms_number: str

    def reply(self, case_id: str, given: ReplyInput, by: str, key: str = "") -> Message:
        """Store an agent's reply or note; the same idempotency key gives the same message again.

        Raises Invalid, Conflict (nobody to write to on that channel, opted out, suppressed),
        StaleVersion after a lost race.
        """
        if given.kind == MessageKind.EVENT:
            raise Invalid.field("kind", "is message or note; events are written by the system")
        scope = f"reply {case_id} {by}"
        if key and (before := self._before(scope, key)):
            return before
        case = self.cases.get(case_id)
        if given.kind == MessageKind.NOTE:
            message = self._note(case, given, by)
            changed = case
        else:
            customer = self.customers.get(case.customer_id)
            message = self._outbound(case, customer, given, by)
            changed = self._answered(case, message, given)
        changed = rules.touch(changed, message.created_at)
        writes = [self.cases.new_message(message), *self._history(case, changed, message, by)]
        if message.delivery:
            writes += self._to_send(message)
        if key:
            writes.append(self._remember(scope, key, message))
        try:
            self.cases.save(changed, *writes)
        except WriteRefused as refused:
            if "idempotency" in refused.names and (before := self._before(scope, key)):
                return before
            raise
        return message

    def acknowledge(self, reaction: Reaction) -> None:
        """Tell the customer that the case has been opened, once; withheld past the hourly cap."""
        case = self.cases.get(reaction.case_id)
        settings = self.settings.read("channels", ChannelSettings)
        now = self.clock()
        message = self._acknowledgement(case, settings, reaction, now)
        writes = [
            self.reactions.done(reaction),
            self.cases.new_message(message),
            *self._to_send(message),
            self._cap(message.to, settings.acknowledgements_per_hour, now),
        ]
        try:
            self.table.commit(*writes)
        except WriteRefused as refused:
            if "done" in refused.names:
                return  # somebody was faster
            if "cap" not in refused.names:
                raise
            text = f"no acknowledgement: {message.to} had too many within the hour"
            note = event(case, self.ids.new(), now, text, {})
            self.table.commit(self.reactions.done(reaction), self.cases.new_message(note))

    # --- what is written -----------------------------------------------------------------

    def _note(self, case: Case, given: ReplyInput, by: str) -> Message:
        if given.cc or given.channel:
            field = "cc" if given.cc else "channel"
            raise Invalid.field(field, "a note stays inside and has no recipients")
        now = self.clock()
        return Message(
            id=self.ids.new(),
            case_id=case.id,
            direction=Direction.INTERNAL,
            kind=MessageKind.NOTE,
            channel=case.channel,
            author=_agent(by),
            text=given.text,
            attachments=self._files(given),
            created_at=now,
            updated_at=now,
        )

    def _outbound(self, case: Case, customer: Customer, given: ReplyInput, by: str) -> Message:
        channel = given.channel or case.reply_channel
        to = self._address(case, customer, channel)
        cc = tuple(customer_rules.email(address, "cc") for address in given.cc)
        if cc and channel != Channel.EMAIL:
            raise Invalid.field("cc", "only mail has copies")
        return self._message(case, channel, to, given.text, _agent(by), self.clock()).model_copy(
            update={"cc": cc, "attachments": self._files(given)}
        )

    def _address(self, case: Case, customer: Customer, channel: Channel) -> str:
        if channel not in WRITABLE:
            raise Conflict(f"nothing can be sent by {channel}; choose email or sms")
        to = (
            case.reply_to
            if channel == case.reply_channel and case.reply_to
            else customer_rules.address_on(customer, channel)
        )
        if not to:
            raise Conflict(f"no address is known on {channel}")
        if channel == Channel.SMS and customer_rules.opted_out(customer, channel):
            raise Conflict("they sent STOP: no text messages may go to this number")
        if to in customer.suppressed:
            raise Conflict(f"nothing is sent to {to} any more: {customer.suppressed[to]}")
        return to

    def _acknowledgement(
        self, case: Case, settings: ChannelSettings, reaction: Reaction, now: datetime
    ) -> Message:
        first = self.cases.message(case.id, reaction.data["message"])
        language = case.language or identify_language(f"{first.subject}\n{first.text}").code
        sms = case.reply_channel == Channel.SMS
        template = pick(ACKNOWLEDGEMENT_SMS if sms else ACKNOWLEDGEMENT, language)
        link = (
            f"{self.public_url()}/c/{link_token(self.signer(), case.reference, case.link_version)}"
        )
        fields = {"company": settings.company, "reference": case.reference, "link": link}
        author = Author(type=AuthorType.SYSTEM, name=settings.company)
        text = compose.fill(template, fields)
        message = self._message(case, case.reply_channel, case.reply_to, text, author, now)
        return message.model_copy(
            update={"id": keys.digest(f"acknowledge {case.id}")[:26], "automatic": True}
        )

    def _message(
        self, case: Case, channel: Channel, to: str, text: str, author: Author, now: datetime
    ) -> Message:
        mail = channel == Channel.EMAIL
        identifier = self.ids.new()
        return Message(
            id=identifier,
            case_id=case.id,
            direction=Direction.OUTBOUND,
            channel=channel,
            author=author,
            subject=compose.subject(case.reference, case.subject) if mail else "",
            text=text,
            to=to,
            sender=self.support_address if mail else self.sms_number,
            message_id=f"{identifier}@{compose.domain(self.support_address)}" if mail else "",
            references=case.message_ids if mail else (),
            delivery=Delivery(updated_at=now),
            created_at=now,
            updated_at=now,
        )

    def _answered(self, case: Case, message: Message, given: ReplyInput) -> Case:
        """The case after an agent's public answer: the first-reply clock stops."""
        now = message.created_at
        status = given.status or (CaseStatus.OPEN if case.status == CaseStatus.NEW else case.status)
        moved = rules.move(case, status, now)
        first = moved.promises.model_copy(
            update={"first_reply": kept(moved.promises.first_reply, now)}
        )
        return moved.model_copy(
            update={
                "promises": first,
                "first_reply_at": case.first_reply_at or now,
                "message_ids": rules.with_id(case.message_ids, message.message_id),
                "last_message": rules.preview(message.text),
                "last_direction": "outbound",
                "last_message_at": now,
                "message_count": case.message_count + 1,
            }
        )

    def _history(self, before: Case, after: Case, message: Message, by: str) -> list[Write]:
        if before.status == after.status:
            return []
        changes = {"status": [str(before.status), str(after.status)]}
        note = event(after, self.ids.new(), message.created_at, "answered", changes, by)
        return [self.cases.new_message(note)]

    def _to_send(self, message: Message) -> list[Write]:
        sk = self.cases.message_sk(message)
        owner = keys.case(message.case_id)[0]
        reaction = Reaction(owner=owner, kind="send", id=message.id, data={"message": sk})
        writes = [self.reactions.new(reaction, message.created_at + GRACE)]
        if message.message_id:
            writes.append(self.ledger.message_id(message.message_id, message.case_id, sk))
        return writes

    def _files(self, given: ReplyInput) -> tuple[StoredAttachment, ...]:
        stored = []
        for number, file in enumerate(given.attachments):
            try:
                content = base64.b64decode(file.content, validate=True)
            except (binascii.Error, ValueError) as error:
                raise Invalid.field(f"attachments.{number}.content", "is not base64") from error
            key = f"attachments/{self.ids.new()}/{number}"
            self.objects().put(key, content)
            stored.append(
                StoredAttachment(key=key, name=file.name, type=file.type, bytes=len(content))
            )
        return tuple(stored)

    # --- once ----------------------------------------------------------------------------

    def _before(self, scope: str, key: str) -> Message | None:
        stored = self.table.get(keys.idempotency(scope, key))
        if stored is None:
            return None
        try:
            return self.cases.message(stored["case_id"], stored["message_sk"])
        except NotFound:
            return None

    def _remember(self, scope: str, key: str, message: Message) -> Write:
        pk, sk = keys.idempotency(scope, key)
        place = {"case_id": message.case_id, "message_sk": self.cases.message_sk(message)}
        expires = int((message.created_at + DAY).timestamp())
        return put_new(
            "idempotency",
            {"pk": pk, "sk": sk, "type": "idempotency", **place, "expires": expires},
        )

    def _cap(self, address: str, most: int, now: datetime) -> Write:
        """Count one acknowledgement to an address in this hour; refused as "cap" past the limit."""
        return update(
            "cap",
            keys.acknowledgements(address, now.strftime("%Y-%m-%dT%H")),
            "SET expires = :e ADD sent :one",
            "attribute_not_exists(sent) OR sent < :most",
            e=int((now + DAY).timestamp()),
            one=1,
            most=most,
        )


def _agent(email: str) -> Author:
    name = email.partition("@")[0].replace(".", " ").replace("_", " ").title()
    return Author(type=AuthorType.AGENT, id=email, name=name)
