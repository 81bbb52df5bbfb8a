"""A customer: who they are, how they can be reached, what they own, what they agreed to."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

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


class ConsentStatus(StrEnum):
    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"


class Consent(Model):
    """Whether proactive messages may be sent on a channel, since when and by what."""

    status: ConsentStatus
    source: str = ""
    at: Instant


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
    consent: dict[Channel, ConsentStatus] = {}


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


class Customer(Model):
    id: str
    name: str = ""
    external_id: str = ""
    identities: tuple[Identity, ...] = ()
    language: str = ""
    time_zone: str = ""
    tier: str = ""
    attributes: dict[str, Scalar] = {}
    assets: tuple[Asset, ...] = ()
    consent: dict[Channel, Consent] = {}
    suppressed: dict[str, str] = {}  # address -> why nothing is sent there any more
    open_case: str = ""  # the conversation that short messages join
    created_at: Instant
    updated_at: Instant
    version: int = 1
