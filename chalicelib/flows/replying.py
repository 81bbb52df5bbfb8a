"""What agents say: replies to customers, and notes that stay inside.

Nothing is sent here. An outbound message is stored as `queued` together with the reaction that
will send it (flows/sending.py), so there is no moment at which it can be lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from chalicelib.base import Model, iso
from chalicelib.cases import rules, undoing
from chalicelib.cases.models import (
    Author,
    AuthorType,
    Case,
    CaseStatus,
    Direction,
    Message,
    MessageKind,
    StoredAttachment,
)
from chalicelib.channels import compose
from chalicelib.channels.models import Channel
from chalicelib.customers import rules as customer_rules
from chalicelib.customers.models import Customer
from chalicelib.errors import Conflict, Invalid, NotFound, StaleAnswer
from chalicelib.flows import enclosing
from chalicelib.flows import given as given_articles
from chalicelib.flows.enclosing import MOST, Enclosed, Enclosure
from chalicelib.flows.facts import facts
from chalicelib.flows.outlets import answers_to, first_state, in_chat, taken_along
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids
from chalicelib.store import keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused, put_new

if TYPE_CHECKING:
    from chalicelib.flows.enclosing import Enclosing
    from chalicelib.flows.following import Following
    from chalicelib.flows.outlets import Outlets
    from chalicelib.flows.own_fields import OwnFields
    from chalicelib.flows.promising import Promising
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.questions import QuestionStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

GRACE = timedelta(minutes=2)
WRITABLE = frozenset({Channel.EMAIL, Channel.SMS})
DAY = timedelta(days=1)
LOOKED_AT = 50  # of the newest entries, for what was said meanwhile


class ReplyInput(Model):
    """What an agent writes. A note has no recipients: naming any is refused.

    Without `channel` it goes where the customer chose to be answered, or wrote last. Without `cc`
    whoever was copied in gets it too; an empty list means nobody. `articles` are the slugs of
    those that the text sends or was made from: they are credited where that solves the case.
    `mentions` are agents who are called upon in a note, beside those whose @name is in it: they are
    told, and follow the case from then on.

    `seen` is the id of the newest message that the writer had before them: what was said after it
    refuses the answer (`stale-answer`), unless `anyway`. For `hold_seconds` it can be taken back.
    `attachments` are ids of POST /v1/uploads, or small files as they are.
    """

    kind: MessageKind = MessageKind.MESSAGE
    text: str = Field(min_length=1, max_length=100_000)
    channel: Channel | None = None
    cc: tuple[str, ...] | None = Field(default=None, max_length=49)  # SES takes 50 recipients
    attachments: tuple[Enclosure, ...] = Field(default=(), max_length=MOST)
    status: CaseStatus | None = None
    mentions: tuple[Annotated[str, Field(max_length=254)], ...] | None = Field(
        default=None, max_length=50
    )
    articles: tuple[Annotated[str, Field(max_length=80)], ...] = Field(default=(), max_length=5)
    seen: str = Field(default="", max_length=64)
    anyway: bool = False
    hold_seconds: int = Field(default=0, ge=0, le=30)


@dataclass(frozen=True)
class Replying:
    table: Table
    cases: CaseStore
    customers: CustomerStore
    ledger: Ledger
    reactions: ReactionStore
    outlets: Outlets
    following: Following
    promising: Promising
    own_fields: OwnFields
    articles: ArticleStore
    questions: QuestionStore
    enclosing: Enclosing
    clock: Clock
    ids: Ids
    support_address: str
    sms_number: str

    def reply(self, case_id: str, given: ReplyInput, by: str, key: str = "") -> Message:
        """Store an agent's reply or note; the same idempotency key gives the same message again.

        What is said to a case that was merged is said in the one where it goes on. Raises
        Invalid, Conflict (nobody to write to on that channel, opted out, suppressed), StaleVersion
        after a lost race.
        """
        if given.kind == MessageKind.EVENT:
            raise Invalid.field("kind", "is message or note; events are written by the system")
        scope = f"reply {case_id} {by}"
        if key and (before := self._before(scope, key)):
            return before
        case = self.cases.final(case_id)
        self._fresh(case, given, by)
        self._complete(case, given)
        message, files = self._with_files(self._written(case, given, by), given, by)
        more = [self._remember(scope, key, message)] if key else []
        try:
            self._store(case, message, given, by, [*more, *files.binding])
        except WriteRefused as refused:
            if "idempotency" in refused.names and (before := self._before(scope, key)):
                return before
            enclosing.refused(refused)
            raise
        return message

    # --- held, so that it can be taken back (flows/holding.py) -----------------------------

    def prepared(
        self, case: Case, given: ReplyInput, by: str, key: str
    ) -> tuple[Message, list[Write], Enclosed]:
        """A reply as it would be stored, what remembers it under its key, and its files."""
        if given.kind != MessageKind.MESSAGE:
            raise Invalid.field("hold_seconds", "only what goes out can be held")
        self._fresh(case, given, by)
        self._complete(case, given)
        message, files = self._with_files(self._written(case, given, by), given, by)
        scope = f"reply {case.id} {by}"
        return message, [self._remember(scope, key, message)] if key else [], files

    def remembered(self, case_id: str, by: str, key: str) -> tuple[str, str] | None:
        """(case id, sort key) of what the key stands for, stored or not."""
        stored = self.table.get(keys.idempotency(f"reply {case_id} {by}", key))
        return (stored["case_id"], stored["message_sk"]) if stored else None

    def release(self, message: Message, status: CaseStatus | None, by: str, done: Write) -> None:
        """Store what was held, with the write that ends the holding; raises StaleVersion,
        WriteRefused."""
        case = self.cases.final(message.case_id)
        message = message.model_copy(update={"case_id": case.id})
        given = ReplyInput(text=message.text, status=status)
        self._store(case, message, given, by, [done])

    def _fresh(self, case: Case, given: ReplyInput, by: str) -> None:
        """Raises StaleAnswer where something was said that the writer had not seen."""
        if given.kind != MessageKind.MESSAGE or not given.seen or given.anyway:
            return
        new: list[Message] = []
        for message in self.cases.newest(case.id, LOOKED_AT):
            if message.id == given.seen:
                break
            if message.kind == MessageKind.MESSAGE and message.author.id != by:
                new.append(message)
        else:
            new = []  # what they saw is further back than anybody looks, or not of this case
        new = [one for one in new if not one.automatic]
        if new:
            raise StaleAnswer(
                f"{_who(new[0])} wrote meanwhile", new=[_shown(one) for one in reversed(new)]
            )

    def _complete(self, case: Case, given: ReplyInput) -> None:
        """Raises Invalid where a case would be resolved that lacks what it must have by then."""
        if given.status == CaseStatus.RESOLVED and given.kind == MessageKind.MESSAGE:
            self.own_fields.complete(case)

    # --- by mail ---------------------------------------------------------------------------

    def by_mail(
        self,
        case: Case,
        given: ReplyInput,
        by: str,
        files: tuple[StoredAttachment, ...],
        proof: Callable[[Message], list[Write]],
    ) -> Message:
        """What an agent wrote by mail; `proof` makes the writes that let it in only once.

        Where nothing can be sent on it stays inside as a note that says why. Raises StaleVersion,
        WriteRefused.
        """
        try:
            message = self._written(case, given, by)
        except Conflict as refused:
            text = f"{given.text}\n\n[not sent on: {refused.detail}]"
            given = ReplyInput(kind=MessageKind.NOTE, text=text)
            message = self._written(case, given, by)
        message = message.model_copy(update={"attachments": files})
        self._store(case, message, given, by, proof(message))
        return message

    def _written(self, case: Case, given: ReplyInput, by: str) -> Message:
        rules.check_alive(case)
        if given.kind == MessageKind.NOTE:
            return self._note(case, given, by)
        return self._outbound(case, self.customers.final(case.customer_id), given, by)

    def _with_files(self, message: Message, given: ReplyInput, by: str) -> tuple[Message, Enclosed]:
        files = self.enclosing.enclose(given.attachments, message.id, by)
        return message.model_copy(update={"attachments": files.files}), files

    def _store(
        self, case: Case, message: Message, given: ReplyInput, by: str, more: list[Write]
    ) -> None:
        changed = self._answered(case, message, given) if message.delivery else case
        now = message.created_at
        changed, follow = self.following.joined(changed, message.mentions, now)
        changed = rules.touch(changed, now)
        writes = [self.cases.new_message(message), *self._history(case, changed, message, by)]
        writes += [*follow, *facts(self.cases, self.reactions, changed, message, now)]
        if message.delivery:
            writes += self.to_send(message)
            writes += self.promising.outcome(case, changed, message.created_at)
            sk = self.cases.message_sk(message)
            writes += given_articles.sent(self.questions, self.reactions, message, sk)
        self.cases.save(changed, *writes, *more)

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
            mentions=self.following.mentions(case, given.text, given.mentions, by),
            created_at=now,
            updated_at=now,
        )

    def _outbound(self, case: Case, customer: Customer, given: ReplyInput, by: str) -> Message:
        if given.mentions:
            raise Invalid.field("mentions", "only a note calls upon agents")
        channel, to = self.reach(case, customer, given.channel)
        self.outlets.check(case, channel, given.text, len(given.attachments))
        cc = self._copies(case, customer, given, channel, to)
        given_articles.check(self.articles, given.articles)
        author = self.outlets.author(by)
        message = self.message(case, channel, to, given.text, author, self.clock())
        return given_articles.noted(message.model_copy(update={"cc": cc}), given.articles)

    def reach(self, case: Case, customer: Customer, asked: Channel | None) -> tuple[Channel, str]:
        """Where an answer goes: on by mail for whoever left the chat, unless the agent chose.

        Raises Conflict, whose `why` is unknown, stopped or suppressed where that is the reason.
        """
        channel = asked or self._channel(case, customer)
        left = "" if asked else self.outlets.away(case, channel)
        if left and left not in customer.suppressed:
            return Channel.EMAIL, left
        return channel, self._address(case, customer, channel)

    def way(self, case: Case, customer: Customer) -> tuple[Channel, str]:
        """Where the system may write to the customer: by mail or text message. Raises Conflict."""
        channel, to = self.reach(case, customer, None)
        if channel not in WRITABLE:
            raise Conflict(f"nothing is written on {channel} by itself")
        return channel, to

    def _channel(self, case: Case, customer: Customer) -> Channel:
        """The one that they chose where they can be reached there, else the one they used last."""
        chosen = customer.preferred_channel
        if chosen not in WRITABLE or customer_rules.opted_out(customer, chosen):
            return case.reply_channel
        return chosen if customer_rules.address_on(customer, chosen) else case.reply_channel

    def copied(self, case: Case, customer: Customer, channel: Channel, to: str) -> tuple[str, ...]:
        """Who else gets an answer unless its writer says otherwise."""
        barred = (*customer.suppressed, self.support_address)
        return rules.copied(case, barred, to) if channel == Channel.EMAIL else ()

    def _copies(
        self, case: Case, customer: Customer, given: ReplyInput, channel: Channel, to: str
    ) -> tuple[str, ...]:
        if given.cc is None:
            return self.copied(case, customer, channel, to)
        cc = dict.fromkeys(customer_rules.email(address, "cc") for address in given.cc)
        if cc and channel != Channel.EMAIL:
            raise Invalid.field("cc", "only mail has copies")
        return tuple(a for a in cc if a != to and a not in customer.suppressed)

    def _address(self, case: Case, customer: Customer, channel: Channel) -> str:
        if channel not in WRITABLE:
            return self.outlets.address(case, channel)
        to = (
            case.reply_to
            if channel == case.reply_channel and case.reply_to
            else customer_rules.address_on(customer, channel)
        )
        if not to and channel == Channel.EMAIL:
            to = self.outlets.left_address(case)
        if not to:
            raise Conflict(f"no address is known on {channel}", why="unknown")
        if channel == Channel.SMS and customer_rules.opted_out(customer, channel):
            stopped = "they sent STOP: no text messages may go to this number"
            raise Conflict(stopped, why="stopped")
        if to in customer.suppressed:
            reason = f"nothing is sent to {to} any more: {customer.suppressed[to]}"
            raise Conflict(reason, why="suppressed")
        return to

    def message(
        self, case: Case, channel: Channel, to: str, text: str, author: Author, now: datetime
    ) -> Message:
        """An outbound message on its way to the queue."""
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
            sender=self._sender(channel),
            message_id=f"{identifier}@{compose.domain(self.support_address)}" if mail else "",
            references=answers_to(case, channel),
            delivery=first_state(channel, to, now),
            created_at=now,
            updated_at=now,
        )

    def _sender(self, channel: Channel) -> str:
        ours = {Channel.EMAIL: self.support_address, Channel.SMS: self.sms_number}
        return ours.get(channel, "")

    def _answered(self, case: Case, message: Message, given: ReplyInput) -> Case:
        """The case after a public answer. A person's stops the clocks of replies."""
        now = message.created_at
        status = given.status or (CaseStatus.OPEN if case.status == CaseStatus.NEW else case.status)
        moved = rules.move(taken_along(case, message), status, now)
        if message.author.type == AuthorType.AGENT and not message.automatic:
            moved = self.promising.answered(moved, now)
        moved = self.promising.moved(case, moved, now)
        return moved.model_copy(
            update={
                "first_reply_at": case.first_reply_at or now,
                "message_ids": rules.with_id(case.message_ids, message.message_id),
                "last_message": rules.preview(message.text),
                "last_direction": "outbound",
                "last_message_at": now,
                "message_count": case.message_count + 1,
                "alternative_channel": None,
            }
        )

    def _history(self, before: Case, after: Case, message: Message, by: str) -> list[Write]:
        if before.status == after.status:
            return []
        changes = {"status": [str(before.status), str(after.status)]}
        # What was new is not new again once it was answered: that alone is not undone.
        kept = undoing.before(before, changes) if before.status != CaseStatus.NEW else None
        at = message.created_at
        note = event(after, self.ids.new(), at, "answered", changes, by, kept)
        return [self.cases.new_message(note)]

    def to_send(self, message: Message) -> list[Write]:
        """Writes beside a stored message that get it sent."""
        sk = self.cases.message_sk(message)
        owner = keys.case(message.case_id)[0]
        reaction = Reaction(owner=owner, kind="send", id=message.id, data={"message": sk})
        due = self.outlets.due(message) if in_chat(message) else message.created_at + GRACE
        writes = [self.reactions.new(reaction, due)] if due else []
        if message.message_id:
            writes.append(self.ledger.message_id(message.message_id, message.case_id, sk))
        return writes

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


def _who(message: Message) -> str:
    return message.author.name or message.author.id or str(message.author.type)


def _shown(message: Message) -> dict[str, str]:
    """What a stale answer is shown of the new message."""
    return {
        "id": message.id,
        "direction": str(message.direction),
        "author": _who(message),
        "text": message.text[:500],
        "created_at": iso(message.created_at),
    }


def _agent(email: str) -> Author:
    name = email.partition("@")[0].replace(".", " ").replace("_", " ").title()
    return Author(type=AuthorType.AGENT, id=email, name=name)
