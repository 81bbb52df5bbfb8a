"""A campaign tells many customers about one matter, each of them once.

Who hears is a rule over what is known of customers (`Audience`), what they hear is a text by
channel and language with typed fields (`Notice`). Once approved, the audience is frozen into
segments, and the ledger has one entry for each customer (`Told`).
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from chalicelib.base import Instant, Model
from chalicelib.channels.models import Channel
from chalicelib.customers.models import Scalar
from chalicelib.routing.models import Condition

LANGUAGES = 20  # of one text


def _language(code: str) -> str:
    primary = code.strip().lower().replace("_", "-").partition("-")[0]
    if not re.fullmatch(r"[a-z]{2,3}", primary):
        raise ValueError("is not a language code such as en")
    return primary


def _web_address(url: str) -> str:
    if url and not re.fullmatch(r"https?://[^\s<>\"]{3,}", url):
        raise ValueError("is not a web address (https://…)")
    return url


Language = Annotated[str, AfterValidator(_language)]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class CampaignStatus(StrEnum):
    """campaigns/rules.py has the table of transitions."""

    DRAFT = "draft"
    APPROVED = "approved"  # the audience is about to be frozen
    PLANNING = "planning"  # it is being frozen
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


class Purpose(StrEnum):
    """Why customers hear: marketing needs their consent, service only that they did not object.

    Safety is service that waits for nothing: no quiet hours, no limit of notices, nobody held out.
    """

    SERVICE = "service"
    MARKETING = "marketing"
    SAFETY = "safety"


class Kind(StrEnum):
    """A first notice, or what follows it to exactly those who were told."""

    NOTICE = "notice"
    UPDATE = "update"
    CLOSURE = "closure"
    RETRACTION = "retraction"


class AssetMatch(Model):
    """Something that the customer owns: all that is given must be equal, without regard to case."""

    type: str = Field(default="", max_length=64)
    name: str = Field(default="", max_length=200)
    attributes: dict[str, Scalar] = Field(default={}, max_length=20)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.type or self.name or self.attributes):
            raise ValueError("give a type, a name or attributes")
        return self


class Audience(Model):
    """Who is likely affected. Without any condition these are all customers.

    All of `all`, where given one of `any`, and where given one of `assets` must hold. Conditions
    speak of `attributes.<name>`, `language`, `tier`, `time_zone`, `name`, `external_id`, `assets`
    (names) and `asset_types`. `channels` is the order of preference; empty: those with a text.
    """

    all: tuple[Condition, ...] = Field(default=(), max_length=20)
    any: tuple[Condition, ...] = Field(default=(), max_length=20)
    assets: tuple[AssetMatch, ...] = Field(default=(), max_length=20)
    channels: tuple[Channel, ...] = Field(default=(), max_length=2)
    exclude_wrote: bool = True  # those who wrote about the topic get the answer in their own case
    since: Instant | None = None  # who wrote since then; default: the trend's start, or a week

    @field_validator("channels")
    @classmethod
    def _can_be_sent_on(cls, channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
        if not set(channels) <= {Channel.EMAIL, Channel.SMS}:
            raise ValueError("only email and sms can be sent")
        if len(set(channels)) < len(channels):
            raise ValueError("name each channel once")
        return channels


class MailText(Model):
    subject: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=20_000)


class SmsText(Model):
    text: str = Field(min_length=1, max_length=918)  # six parts of 153 characters


class Notice(Model):
    """What customers hear, by channel and language: {"email": {"en": {"subject", "text"}}, …}.

    A bare {"subject", "text"} is taken as the text in the default language.
    """

    email: dict[Language, MailText] = Field(default={}, max_length=LANGUAGES)
    sms: dict[Language, SmsText] = Field(default={}, max_length=LANGUAGES)
    default: Language = "en"  # for customers whose language has no text

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        language = given.get("default", "en")
        bare = {
            channel: {language: given[channel]}
            for channel in ("email", "sms")
            if isinstance(given.get(channel), dict) and isinstance(given[channel].get("text"), str)
        }
        return {**given, **bare}

    @model_validator(mode="after")
    def _has_the_default(self) -> Self:
        if not self.email and not self.sms:
            raise ValueError("give a text for email or sms")
        for channel, texts in (("email", self.email), ("sms", self.sms)):
            if texts and self.default not in texts:
                raise ValueError(f"{channel}: there is no text in the default language")
        return self


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"  # ISO 8601, shown as 2026-11-22


class FieldSpec(Model):
    """Where a field of the text gets its value: the same for all, or from the customer.

    `source` is a path such as `attributes.plan`. A customer without a value of that type gets the
    `default`; where there is none either, they are not told.
    """

    type: FieldType = FieldType.TEXT
    value: Scalar | None = None
    source: str = Field(default="", max_length=120)
    default: Scalar | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if (self.value is None) == (not self.source):
            raise ValueError("give either a value or a source such as attributes.plan")
        return self


class CampaignInput(Model):
    """A new campaign, from a trend or free. With a trend or a topic, name and text are proposed."""

    name: str = Field(default="", max_length=120)
    trend_id: str | None = Field(default=None, max_length=64)
    topic: str | None = Field(default=None, max_length=64)
    problem_id: str | None = Field(default=None, max_length=64)
    audience: Audience = Audience()
    message: Notice | None = None
    fields: dict[FieldName, FieldSpec] = Field(default={}, max_length=30)
    link: Annotated[str, AfterValidator(_web_address)] = Field(default="", max_length=500)
    purpose: Purpose = Purpose.SERVICE
    held_out: float | None = Field(default=None, ge=0, le=0.5)
    """Share that is not told, to measure against; left out, the setting `campaigns` says."""

    @model_validator(mode="after")
    def _nobody_is_held_out_of_safety(self) -> Self:
        if self.purpose is Purpose.SAFETY and self.held_out:
            raise ValueError("held_out: nobody is held out of a safety notice")
        return self


class CampaignPatch(Model):
    """Fields left out stay as they are. Only a draft can be changed."""

    name: str | None = Field(default=None, min_length=1, max_length=120)
    audience: Audience | None = None
    message: Notice | None = None
    fields: dict[FieldName, FieldSpec] | None = Field(default=None, max_length=30)
    link: Annotated[str, AfterValidator(_web_address)] | None = Field(default=None, max_length=500)
    purpose: Purpose | None = None
    held_out: float | None = Field(default=None, ge=0, le=0.5)
    problem_id: str | None = Field(default=None, max_length=64)


class FollowupInput(Model):
    """What those who were told hear next. Without a message one is proposed by the kind."""

    kind: Literal[Kind.UPDATE, Kind.CLOSURE, Kind.RETRACTION]
    message: Notice | None = None
    fields: dict[FieldName, FieldSpec] | None = Field(default=None, max_length=30)


class TestSend(Model):
    """One notice to an address of one's own, as the first of the preview would read it."""

    to: str = Field(min_length=3, max_length=254)
    language: Language | None = None


class Approval(Model):
    """`version` and `count` are those that the lead saw. `force` goes on if the count differs."""

    version: int | None = Field(default=None, ge=1)
    count: int | None = Field(default=None, ge=0)
    force: bool = False


class Step(Model):
    """One change of a campaign's state. `by` "" is the system."""

    status: CampaignStatus
    at: Instant
    by: str = ""
    reason: str = ""


class Frozen(Model):
    """The audience as it was frozen: `total` are to be told, in `segments`."""

    total: int = 0
    segments: int = 0
    held_out: int = 0
    by_channel: dict[str, int] = {}
    by_language: dict[str, int] = {}
    excluded: dict[str, int] = {}  # reason -> customers
    in_case: int = 0  # of those excluded because they wrote: they hear in their own case
    deferred: int = 0  # of `total`: it was quiet where they live


class Campaign(Model):
    """A notice, or a later step of one: then `root` is the first, and `kind` says what it is."""

    id: str
    name: str
    kind: Kind = Kind.NOTICE
    root: str = ""
    followups: tuple[str, ...] = ()  # ids of the later steps, in order
    status: CampaignStatus = CampaignStatus.DRAFT
    trend_id: str | None = None
    topic: str | None = None
    problem_id: str | None = None
    audience: Audience
    message: Notice
    fields: dict[str, FieldSpec] = {}
    link: str = ""
    purpose: Purpose = Purpose.SERVICE
    held_out: float = 0.0  # share that is not told, to measure the effect against
    series: str = ""  # the cell of counts that says who wrote about it
    wrote_since: Instant | None = None
    approved_count: int | None = None
    frozen: Frozen | None = None
    reason: str = ""  # why it is paused or was cancelled
    history: tuple[Step, ...] = ()
    created_by: str
    approved_by: str = ""
    approved_at: Instant | None = None
    started_at: Instant | None = None  # the first segment could go out from then on
    finished_at: Instant | None = None
    brake_from: dict[str, int] = {}  # the counts when a person let it go on
    created_at: Instant
    updated_at: Instant
    version: int = 1

    @property
    def matter(self) -> str:
        """The id of the first notice: what ledger, links and answers go by."""
        return self.root or self.id


class Recent(Model):
    """A notice that a customer got lately."""

    campaign_id: str
    name: str = ""
    at: Instant


class Sample(Model):
    """One customer who would be told, what they would read, and why they are in."""

    customer_id: str
    name: str
    channel: Channel
    to: str
    language: str
    subject: str = ""
    text: str
    why: str
    parts: int = 0  # of a text message
    quiet_until: Instant | None = None  # it would wait until then
    recent: tuple[Recent, ...] = ()  # the last notices they got, newest first


class TextSize(Model):
    """How long a text message is at the longest, as far as was looked, and how it is coded."""

    characters: int
    parts: int
    encoding: str


class Cost(Model):
    """US dollars. `unpriced` text messages go where we know no price; they count as the US one."""

    email: float = 0.0
    sms: float = 0.0
    total: float = 0.0
    unpriced: int = 0
    prices_of: str = ""


class Preview(Model):
    """What an approval would set off. `complete` false: not all were looked at; at least this."""

    version: int
    count: int
    complete: bool = True
    by_channel: dict[str, int] = {}
    by_language: dict[str, int] = {}
    excluded: dict[str, int] = {}
    samples: tuple[Sample, ...] = ()
    cost: Cost = Cost()
    seconds: float = 0.0  # to send it all, at the pace that is set, or the rates of cost.py
    held_out: int = 0
    held_out_share: float = 0.0
    missing_fields: dict[str, int] = {}  # field of the text -> customers without a value for it
    in_case: int = 0  # of those who wrote: they hear in their own case
    deferred: int = 0  # of `count`: it is quiet where they live, and they hear later
    deferred_until: Instant | None = None  # the last of them
    sms: dict[str, TextSize] = {}  # by language
    at: Instant


class Progress(Model):
    """Where a campaign stands. Every customer is counted in exactly one of the states.

    `suppressed` were left out at the last moment, `skipped` says why; `in_doubt` may or may not
    have been told and wait for the provider's word.
    """

    total: int = 0
    sent: int = 0  # handed to the provider, whatever came of it
    delivered: int = 0
    bounced: int = 0
    complained: int = 0
    failed: int = 0
    suppressed: int = 0
    in_doubt: int = 0
    remaining: int = 0
    held_out: int = 0
    in_case: int = 0  # were told in their own case, since they had written about it
    skipped: dict[str, int] = {}
    answers: dict[str, int] = {}  # solved, still_broken, not_me, and replies in words
    segments: int = 0
    segments_done: int = 0
    cost: Cost = Cost()
    rate: float = 0.0  # told per minute since the start
    started_at: Instant | None = None
    first_at: Instant | None = None  # the first notice was handed over
    told_at: Instant | None = None  # and the last one
    last_at: Instant | None = None
    ends_at: Instant | None = None  # expected, at the present rate


class SegmentState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"  # claimed until `due_at`
    SETTLING = "settling"  # some are in doubt; looked at again from `due_at` on
    DONE = "done"
    HELD_OUT = "held_out"  # never told


class Segment(Model):
    """Up to 48 customers who are told on the same channel: for mail, one call of the provider."""

    campaign_id: str
    number: int
    channel: str  # email, sms, case for those who wrote, or held for those held out
    customers: tuple[str, ...]
    cases: tuple[str, ...] = ()  # of those who wrote, in the same order
    state: SegmentState = SegmentState.WAITING
    due_at: Instant | None = None  # somebody should look again from then on
    rounds: int = 0  # how often it was claimed
    version: int = 1

    def order(self) -> str:
        """What travels on the queue."""
        return Order(
            campaign_id=self.campaign_id, number=self.number, customers=self.customers
        ).model_dump_json()


class Order(Model):
    """Tell one segment. The customers go along so that one read fetches all that is needed."""

    campaign_id: str
    number: int = Field(ge=0)
    customers: tuple[str, ...]


class ToldStatus(StrEnum):
    """Where one customer's notice stands; campaigns/rules.py has the table of transitions."""

    QUEUED = "queued"  # was throttled: goes out later
    SENDING = "sending"
    AMBIGUOUS = "ambiguous"  # may have gone out
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    FAILED = "failed"
    SKIPPED = "skipped"  # not told: `reason` says why


class Said(StrEnum):
    """What a customer answers to a notice by its link, or by one word of a text message."""

    SOLVED = "solved"
    STILL_BROKEN = "still_broken"
    NOT_ME = "not_me"


class Told(Model):
    """The ledger's entry of one customer in one campaign: it is what makes "once" true."""

    campaign_id: str
    customer_id: str
    segment: int
    channel: str
    to: str = ""
    subject: str = ""
    status: ToldStatus
    reason: str = ""
    send_id: str = ""
    attempts: int = 0
    parts: int = 0  # of a text message
    case_id: str = ""  # of one who is told in their own case
    said: Said | None = None
    said_at: Instant | None = None
    until: Instant | None = None  # while ambiguous: no word of the provider by then means not sent
    provider_id: str = ""
    claimed_at: Instant
    updated_at: Instant
    version: int = 1


class PlanState(Model):
    """How far the freezing of an audience has come; `waiting` fills the next segments.

    A group is a channel, with the end of the quiet hours behind an @ where it is quiet; members of
    the group `case` are written as customer|case.
    """

    campaign_id: str
    partition: int = 0
    start: dict[str, str] | None = None
    next_number: int = 0
    waiting: dict[str, tuple[str, ...]] = {}  # channel -> customer ids
    frozen: Frozen = Frozen()
    finished: bool = False
    version: int = 0


class Offer(Model):
    """What an unsubscribe link stands for."""

    campaign_id: str
    customer_id: str
    channel: Channel
