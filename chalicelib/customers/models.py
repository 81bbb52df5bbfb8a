"""A customer: who they are, how they can be reached, what they own, what they agreed to."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from chalicelib.base import Instant, Model
from chalicelib.channels.models import Channel

LARGEST = 10**15  # of a number: far inside what JSON readers and the table keep exactly

Scalar = (
    Annotated[str, Field(max_length=2_000)]
    | Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
    | Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
    | bool
)
Name = Annotated[str, Field(min_length=1, max_length=64)]
"""Of an attribute."""


class Identity(Model):
    """A way to recognise a customer. `value` is normalised: lower-case address, E.164 number."""

    channel: Channel
    value: str = Field(min_length=1, max_length=320)
    verified: bool = False


class LikelyMatch(Model):
    """Whose record a contact may belong to, and why; a person decides."""

    customer_id: str
    reason: str


class ConsentPurpose(StrEnum):
    """What a message is for: service is about what they have with us, marketing is all else."""

    SERVICE = "service"
    MARKETING = "marketing"


class ConsentStatus(StrEnum):
    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"


class Consent(Model):
    """Whether proactive messages may be sent on a channel for a purpose, since when, by what."""

    status: ConsentStatus
    source: str = ""
    at: Instant


Minute = Annotated[str, Field(pattern=r"^(?:[01]\d|2[0-3]):[0-5]\d$")]
"""A time of day: 22:00."""


class QuietHours(Model):
    """When nothing that can wait is sent, in the customer's own zone; may go over midnight."""

    start: Minute
    end: Minute


class Asset(Model):
    """Something the customer owns or uses: a product, a contract, a device."""

    type: str = Field(default="product", max_length=64)
    name: str = Field(max_length=200)
    attributes: dict[Name, Scalar] = Field(default={}, max_length=50)


def plausible_zone(name: str) -> str:
    """An IANA zone name by its form; raises ValueError."""
    if name and not re.fullmatch(r"[A-Za-z0-9_+\-/]{1,64}", name):
        raise ValueError("is not the name of a time zone")
    return name


class CustomerInput(Model):
    """What a person or an import may say of a customer."""

    name: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=32)
    external_id: str = Field(default="", max_length=128)
    language: str = Field(default="", max_length=8)
    time_zone: Annotated[str, AfterValidator(plausible_zone)] = ""
    tier: str = Field(default="", max_length=64)
    attributes: dict[Name, Scalar] = Field(default={}, max_length=100)
    assets: tuple[Asset, ...] = Field(default=(), max_length=100)
    consent: dict[Channel, ConsentStatus] = {}  # to service notices
    marketing: dict[Channel, ConsentStatus] = {}
    quiet_hours: QuietHours | None = None
    preferred_channel: Channel | None = None


class CustomerPatch(Model):
    """Fields left out stay as they are."""

    name: str | None = Field(default=None, max_length=200)
    email: str | None = Field(default=None, max_length=254)
    phone: str | None = Field(default=None, max_length=32)
    language: str | None = Field(default=None, max_length=8)
    time_zone: Annotated[str, AfterValidator(plausible_zone)] | None = None
    tier: str | None = Field(default=None, max_length=64)
    attributes: dict[Name, Scalar] | None = Field(default=None, max_length=100)
    assets: tuple[Asset, ...] | None = Field(default=None, max_length=100)
    consent: dict[Channel, ConsentStatus] | None = None
    marketing: dict[Channel, ConsentStatus] | None = None
    quiet_hours: QuietHours | None = None  # null ends them
    preferred_channel: Channel | None = None  # null: the channel that they used last


class CustomerMerge(Model):
    """What a merge took from a customer and did to the other, so that it can be undone."""

    at: Instant
    by: str
    identities: tuple[Identity, ...] = ()  # that moved
    before: dict[str, Any] = {}  # fields of the other one as they were, and as they became
    after: dict[str, Any] = {}


class Erasure(Model):
    """That everything about a person is erased, by whom, and how far it is: it takes its time."""

    at: Instant
    by: str
    cases: int = 0  # of theirs that are empty by now
    done_at: Instant | None = None


class HistoryEntry(Model):
    """Something that was done to a customer's record, in words."""

    id: str
    at: Instant
    by: str
    text: str


class Customer(Model):
    """`merged_into` names the record that this one is a part of by now ("" is none).

    One that is `provisional` stands for a contact that named an address without showing that it is
    theirs: `claimed` are such addresses, `likely_match` is whose they are.

    One that is `erased` is what stays so that figures stay: an id, and nothing of the person.
    """

    id: str
    name: str = ""
    external_id: str = ""
    identities: tuple[Identity, ...] = ()
    language: str = ""
    time_zone: str = ""
    tier: str = ""
    attributes: dict[str, Scalar] = {}
    assets: tuple[Asset, ...] = ()
    consent: dict[Channel, Consent] = {}  # to service notices
    marketing: dict[Channel, Consent] = {}
    quiet_hours: QuietHours | None = None
    preferred_channel: Channel | None = None  # that they chose; None: the one they used last
    provisional: bool = False
    claimed: tuple[Identity, ...] = ()
    likely_match: LikelyMatch | None = None
    merged_into: str = ""
    merged_customers: tuple[str, ...] = ()  # records that are a part of this one
    merge: CustomerMerge | None = None
    suppressed: dict[str, str] = {}  # address -> why nothing is sent there any more
    open_case: str = ""  # the conversation that short messages join
    erased: Erasure | None = None
    created_at: Instant
    updated_at: Instant
    version: int = 1
