"""Pure rules about customers: how addresses are written, and what a patch makes of a person."""

from __future__ import annotations

import re
from datetime import datetime

from chalicelib.channels.models import Channel
from chalicelib.customers.models import (
    Consent,
    ConsentStatus,
    Customer,
    CustomerInput,
    CustomerPatch,
    Identity,
)
from chalicelib.errors import Invalid

EMAIL = re.compile(r"[^@\s<>()\[\],;:\"\\]+@[^@\s<>()\[\],;:\"\\]+\.[^@\s<>()\[\],;:\"\\.]+")


def email(value: str, field: str = "email") -> str:
    """A mail address as we compare it, in lower case; raises Invalid."""
    address = value.strip().lower()
    if len(address) > 254 or not EMAIL.fullmatch(address):
        raise Invalid.field(field, "is not an e-mail address")
    return address


def phone(value: str, field: str = "phone") -> str:
    """A number in E.164; it must come with its country code. Raises Invalid."""
    import phonenumbers  # its tables take 20 ms to load, and few functions ever need them

    try:
        number = phonenumbers.parse(value.strip(), None)
    except phonenumbers.NumberParseException as error:
        raise Invalid.field(field, "is not a number with country code (+49 30 …)") from error
    if not phonenumbers.is_possible_number(number):
        raise Invalid.field(field, "is not a possible telephone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def identity_of(channel: Channel, address: str, verified: bool = False) -> Identity | None:
    """The identity that a sender's address claims, whatever way they wrote: a web form's mail
    address is an e-mail identity, its number that of a telephone.

    None where there is no address to recognise anybody by.
    """
    if not address:
        return None
    if channel in (Channel.WEB, Channel.CHAT) and "@" in address:
        return Identity(channel=Channel.EMAIL, value=address.lower()[:320], verified=verified)
    if channel == Channel.VOICE or (channel in (Channel.WEB, Channel.CHAT) and address[0] == "+"):
        return Identity(channel=Channel.SMS, value=address[:320], verified=verified)
    value = address.lower() if channel == Channel.EMAIL else address
    return Identity(channel=channel, value=value[:320], verified=verified)


def create(customer_id: str, given: CustomerInput, now: datetime, source: str) -> Customer:
    """A customer from what a person or an import says; raises Invalid naming the field."""
    identities = []
    if given.email:
        identities.append(Identity(channel=Channel.EMAIL, value=email(given.email)))
    if given.phone:
        identities.append(Identity(channel=Channel.SMS, value=phone(given.phone)))
    return Customer(
        id=customer_id,
        name=given.name,
        external_id=given.external_id,
        identities=tuple(identities),
        language=given.language,
        time_zone=given.time_zone,
        tier=given.tier,
        attributes=given.attributes,
        assets=given.assets,
        consent={c: Consent(status=s, source=source, at=now) for c, s in given.consent.items()},
        created_at=now,
        updated_at=now,
    )


def apply(customer: Customer, patch: CustomerPatch, now: datetime, source: str) -> Customer:
    """The next version of a customer after a patch; raises Invalid naming the field."""
    wanted = patch.model_dump(exclude_unset=True, exclude={"consent", "email", "phone", "assets"})
    fields: dict[str, object] = {k: v for k, v in wanted.items() if v is not None}
    if patch.assets is not None:
        fields["assets"] = patch.assets
    if patch.consent is not None:
        given = {c: Consent(status=s, source=source, at=now) for c, s in patch.consent.items()}
        fields["consent"] = {**customer.consent, **given}
    identities = customer.identities
    if patch.email is not None:
        identities = _replace(identities, Channel.EMAIL, patch.email and email(patch.email))
    if patch.phone is not None:
        identities = _replace(identities, Channel.SMS, patch.phone and phone(patch.phone))
    fields["identities"] = identities
    return touch(customer.model_copy(update=fields), now)


def touch(customer: Customer, now: datetime) -> Customer:
    return customer.model_copy(update={"version": customer.version + 1, "updated_at": now})


def consent(
    customer: Customer, channel: Channel, status: ConsentStatus, source: str, now: datetime
) -> Customer:
    """The customer with their word on one channel."""
    given = {channel: Consent(status=status, source=source, at=now)}
    return touch(customer.model_copy(update={"consent": {**customer.consent, **given}}), now)


def opted_out(customer: Customer, channel: Channel) -> bool:
    entry = customer.consent.get(channel)
    return entry is not None and entry.status == ConsentStatus.OPTED_OUT


def address_on(customer: Customer, channel: Channel) -> str:
    """The first address that can be written to on a channel, or ""."""
    for identity in customer.identities:
        if identity.channel == channel and identity.value not in customer.suppressed:
            return identity.value
    return ""


def _replace(
    identities: tuple[Identity, ...], channel: Channel, value: str
) -> tuple[Identity, ...]:
    """The first identity of a channel becomes `value` ("" removes it)."""
    kept = [i for i in identities if i.channel != channel]
    same = [i for i in identities if i.channel == channel]
    known = [i for i in same if i.value == value]
    others = [i for i in same[1:] if i.value != value]
    fresh = known or ([Identity(channel=channel, value=value)] if value else [])
    return (*fresh, *others, *kept)
