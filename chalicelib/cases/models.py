"""A case: one continuous conversation with a customer about one matter, over all channels."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from chalicelib.base import Instant, Model
from chalicelib.channels.models import Channel, FieldValue, Source, Verdicts
from chalicelib.customers.models import LikelyMatch


class CaseStatus(StrEnum):
    NEW = "new"
    OPEN = "open"
    PENDING = "pending"  # waiting for the customer
    ON_HOLD = "on_hold"  # waiting for somebody else
    RESOLVED = "resolved"
    CLOSED = "closed"


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Topic(Model):
    """What the case is about. `label` is None where nobody knows yet."""

    label: str | None = None
    confidence: float = 0.0
    source: str = ""
    why: str = ""
    model_version: str = ""  # of the engine that decided


class Routed(Model):
    """What gave a case to its team: person, rule, learned, topic or default, and how sure."""

    source: str
    confidence: float = 1.0
    rule: str = ""


class PromiseState(StrEnum):
    RUNNING = "running"
    AT_RISK = "at_risk"  # most of its time is used
    PAUSED = "paused"  # waiting for the customer or somebody else
    MET = "met"
    BREACHED = "breached"  # too late, or still open and overdue


class Promise(Model):
    """One clock of a service level; seconds are open time of the calendar that it runs on.

    While it is paused `due_at` is what held before; it moves on when the clock goes on.
    """

    due_at: Instant
    state: PromiseState = PromiseState.RUNNING
    met_at: Instant | None = None  # when it was stopped, in time or not
    started_at: Instant
    seconds: float  # promised
    used: float = 0.0  # of them, before `since`
    since: Instant | None = None  # it has been running since then; None where it stands
    warn_at: Instant
    warned_at: Instant | None = None
    breached_at: Instant | None = None  # since when it is known to be broken
    noted_at: Instant | None = None  # the breach is in the history
    told_at: Instant | None = None  # the customer was told that it slips
    expected_at: Instant | None = None  # and by when they were told to expect an answer instead


class Promises(Model):
    """What was promised, by which versions of policy and calendar ("" is round the clock)."""

    first_reply: Promise | None = None
    next_reply: Promise | None = None
    resolution: Promise | None = None
    policy: str = ""
    policy_version: int = 0
    calendar: str = ""
    calendar_version: int = 0
    told_by: Instant | None = None  # the customer was told to expect the first reply by then
    replies_met: int = 0  # earlier rounds of `next_reply`
    replies_missed: int = 0
    excluded: str = ""  # why nothing is promised: spam, history


class Participant(Model):
    """Somebody who takes part in the conversation from outside."""

    channel: Channel
    address: str
    name: str = ""
    cc: bool = False


class LinkKind(StrEnum):
    """What the other case is to this one."""

    RELATED = "related"
    DUPLICATE_OF = "duplicate_of"
    DUPLICATED_BY = "duplicated_by"
    PARENT = "parent"
    CHILD = "child"
    FOLLOWS = "follows"
    FOLLOWED_BY = "followed_by"


class CaseLink(Model):
    case_id: str
    kind: LinkKind


class TalkState(Model):
    """How the conversation of a case stands: what a merge changes, and its undoing restores."""

    reply_channel: Channel
    reply_to: str
    last_message: str
    last_direction: str
    last_message_at: Instant
    message_ids: tuple[str, ...]
    message_count: int
    participants: tuple[Participant, ...]


class CaseMerge(Model):
    """What a merge did, kept with the case that went into another, so that it can be undone."""

    at: Instant
    by: str
    status: CaseStatus  # before
    resolved_at: Instant | None = None
    other_before: TalkState
    other_after: TalkState


class Case(Model):
    """See DESIGN of the API: what agents see, and what the machine needs to go on."""

    id: str
    reference: str
    status: CaseStatus = CaseStatus.NEW
    priority: Priority = Priority.NORMAL
    subject: str = ""
    channel: Channel
    customer_id: str
    topic: Topic = Topic()
    sentiment: str | None = None
    sentiment_score: float | None = None
    language: str | None = None
    team: str | None = None
    routed: Routed | None = None  # why it is that team's; in words: reasons
    assignee: str | None = None
    followers: tuple[str, ...] = ()  # agents who want its news though it is not theirs
    skills: tuple[str, ...] = ()  # that whoever takes it should have, by the rules
    counted_for: str | None = None  # whose load it is a part of, as stored (store/cases.py)
    understood_by: str | None = None  # the sort key of the message that it was understood by
    promises: Promises = Promises()
    problem_id: str | None = None
    campaign_id: str | None = None  # of the notice that it answers
    article: str | None = None  # slug of what solved it
    tags: tuple[str, ...] = ()
    key_phrases: tuple[str, ...] = ()  # of its first message, where they are switched on
    fields: dict[str, FieldValue] = {}  # of the web form (channels/forms.py)
    reasons: dict[str, str] = {}  # why each field is what it is: {"priority": "high because …"}
    participants: tuple[Participant, ...] = ()
    reply_channel: Channel  # the channel that the customer used last
    reply_to: str = ""  # and the address on it
    recipient: str = ""  # which of our addresses or numbers they wrote to
    message_ids: tuple[str, ...] = ()  # RFC Message-IDs of the newest messages, for References
    related: tuple[str, ...] = ()  # ids of cases that may belong to this one
    links: tuple[CaseLink, ...] = ()
    merged_into: str | None = None  # the case in which this one goes on
    merged_cases: tuple[str, ...] = ()  # ids of cases whose messages are a part of this one
    merge: CaseMerge | None = None
    likely_match: LikelyMatch | None = None  # whose it may be, where the sender proved nothing
    former_customers: tuple[str, ...] = ()  # whose it was before customers were merged
    alternative_channel: Channel | None = None  # to be offered, where their mail bounced
    spam: bool = False
    snoozed_until: Instant | None = None  # it is in no queue until then, or until they write
    erased_at: Instant | None = None  # its customer was erased: nothing is said in it any more
    link_version: int = 1  # raising it revokes the secret link
    last_message: str = ""  # first words of the newest public message
    last_direction: str = "inbound"
    message_count: int = 0
    last_message_at: Instant
    first_reply_at: Instant | None = None
    resolved_at: Instant | None = None
    created_at: Instant
    updated_at: Instant
    version: int = 1


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class MessageKind(StrEnum):
    MESSAGE = "message"
    NOTE = "note"
    EVENT = "event"


class AuthorType(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"
    BOT = "bot"  # a machine that answers in our name


class Author(Model):
    type: AuthorType
    id: str = ""  # customer id, or the agent's e-mail address
    name: str = ""


class StoredAttachment(Model):
    """An attachment that lies in the bucket under our own key."""

    key: str
    name: str
    type: str
    bytes: int
    content_id: str = ""
    inline: bool = False
    dangerous: bool = False


class DeliveryStatus(StrEnum):
    """Where an outbound message stands; cases/rules.py has the table of transitions."""

    QUEUED = "queued"
    SENDING = "sending"
    AMBIGUOUS = "ambiguous"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    FAILED = "failed"


class Delivery(Model):
    status: DeliveryStatus = DeliveryStatus.QUEUED
    send_id: str = ""  # goes with the message as its tag; a new one for each attempt
    attempts: int = 0
    lease_until: Instant | None = None  # while sending: who claimed it may be alive until then
    settle_by: Instant | None = None  # while ambiguous: no SEND event by then means not sent
    provider_id: str = ""
    reason: str = ""
    parts: int = 0  # of a text message or a post: in how many it goes out, and is paid for
    encoding: str = ""  # of a text message: GSM-7 or UCS-2
    updated_at: Instant | None = None


class DeliveryEvent(Model):
    """One provider's word on one message, for one recipient."""

    status: DeliveryStatus  # sent, delivered, bounced, complained or failed
    send_id: str = ""  # our tag
    provider_id: str = ""
    recipient: str = ""
    permanent: bool = False  # nothing more should go to that address
    reason: str = ""
    at: Instant


class Message(Model):
    """One entry of a case's timeline."""

    id: str
    case_id: str
    direction: Direction
    kind: MessageKind = MessageKind.MESSAGE
    channel: Channel
    author: Author
    subject: str = ""
    text: str = ""
    quoted: str = ""
    html: str = ""
    body_key: str = ""  # a long body lies in the bucket: text, quoted, html as JSON
    attachments: tuple[StoredAttachment, ...] = ()
    to: str = ""
    cc: tuple[str, ...] = ()
    sender: str = ""  # the address it came from, or goes out from
    message_id: str = ""  # RFC 5322
    references: tuple[str, ...] = ()
    forwarded_by: str = ""  # the agent who sent it on to us
    automatic: bool = False  # written by a machine, ours or theirs (RFC 3834)
    mentions: tuple[str, ...] = ()  # of a note: agents who are called upon in it
    offer: str = ""  # of an event: what the agent could do now, in words
    verdicts: Verdicts = Verdicts()
    defects: tuple[str, ...] = ()
    raw_key: str = ""
    changes: dict[str, list[str]] = {}  # for events: field -> [from, to]
    before: dict[str, Any] = {}  # and what an undo restores (cases/undoing.py)
    delivery: Delivery | None = None
    source: Source = {}  # where it was written: network, permalink, reach, recording, …
    erased: bool = False  # with its customer: what it said is gone
    created_at: Instant
    updated_at: Instant
    version: int = 1


FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class CasePatch(Model):
    """What an agent may change. Fields left out stay as they are.

    `fields` changes those that it names; null, or an empty text, takes a value away. Until
    `snoozed_until` the case is in no queue, or until the customer writes; null wakes it.
    """

    status: CaseStatus | None = None
    priority: Priority | None = None
    subject: str | None = Field(default=None, min_length=1, max_length=500)
    team: str | None = Field(default=None, max_length=64)
    assignee: str | None = Field(default=None, max_length=254)
    topic: str | None = Field(default=None, max_length=64)
    problem_id: str | None = Field(default=None, max_length=64)
    article: str | None = Field(default=None, max_length=200)  # slug of what solved it
    tags: tuple[str, ...] | None = Field(default=None, max_length=50)
    spam: bool | None = None
    fields: dict[FieldName, FieldValue | None] | None = Field(default=None, max_length=50)
    snoozed_until: Instant | None = None
