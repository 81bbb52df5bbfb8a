"""Pure rules about customers: how addresses are written, and what a patch makes of a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib.channels.models import Channel
from chalicelib.customers.models import (
    Consent,
    ConsentPurpose,
    ConsentStatus,
    Customer,
    CustomerInput,
    CustomerPatch,
    Identity,
)
from chalicelib.errors import Conflict, Invalid

PATCHED_APART = {
    *("consent", "marketing", "email", "phone", "assets"),
    *("quiet_hours", "preferred_channel"),
}
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


def reached_on(channel: Channel, address: str) -> Channel:
    """The channel on which a sender can be answered: a form or chat that left an address is mail,
    one that left a number is text messages."""
    if channel in (Channel.WEB, Channel.CHAT):
        if "@" in address:
            return Channel.EMAIL
        if address.startswith("+"):
            return Channel.SMS
    return channel


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
        consent=_word(given.consent, source, now),
        marketing=_word(given.marketing, source, now),
        quiet_hours=given.quiet_hours,
        preferred_channel=given.preferred_channel,
        created_at=now,
        updated_at=now,
    )


def apply(customer: Customer, patch: CustomerPatch, now: datetime, source: str) -> Customer:
    """The next version of a customer after a patch; raises Invalid naming the field."""
    wanted = patch.model_dump(exclude_unset=True, exclude=PATCHED_APART)
    fields: dict[str, object] = {k: v for k, v in wanted.items() if v is not None}
    if patch.assets is not None:
        fields["assets"] = patch.assets
    for name in patch.model_fields_set & {"quiet_hours", "preferred_channel"}:
        fields[name] = getattr(patch, name)  # null says: no longer
    if patch.consent is not None:
        fields["consent"] = {**customer.consent, **_word(patch.consent, source, now)}
    if patch.marketing is not None:
        fields["marketing"] = {**customer.marketing, **_word(patch.marketing, source, now)}
    identities = customer.identities
    if patch.email is not None:
        identities = _replace(identities, Channel.EMAIL, patch.email and email(patch.email))
    if patch.phone is not None:
        identities = _replace(identities, Channel.SMS, patch.phone and phone(patch.phone))
    fields["identities"] = identities
    return touch(customer.model_copy(update=fields), now)


def bare(customer: Customer) -> Customer:
    """What stays of a customer who is erased."""
    return Customer(
        id=customer.id,
        merged_into=customer.merged_into,
        merged_customers=customer.merged_customers,
        erased=customer.erased,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
        version=customer.version,
    )


def check_alive(customer: Customer) -> None:
    """Raises Conflict for one who was erased: nothing is to be kept of them again."""
    if customer.erased:
        raise Conflict("this customer was erased")


def touch(customer: Customer, now: datetime) -> Customer:
    return customer.model_copy(update={"version": customer.version + 1, "updated_at": now})


def consent(
    customer: Customer, channel: Channel, status: ConsentStatus, source: str, now: datetime
) -> Customer:
    """The customer with their word on one channel."""
    given = {channel: Consent(status=status, source=source, at=now)}
    return touch(customer.model_copy(update={"consent": {**customer.consent, **given}}), now)


def opted_out(
    customer: Customer, channel: Channel, purpose: ConsentPurpose = ConsentPurpose.SERVICE
) -> bool:
    """Whether they said no. Who wants no service notices wants no marketing either."""
    words = [customer.consent.get(channel)]
    if purpose == ConsentPurpose.MARKETING:
        words.append(customer.marketing.get(channel))
    return any(word is not None and word.status == ConsentStatus.OPTED_OUT for word in words)


def agreed(
    customer: Customer, channel: Channel, purpose: ConsentPurpose = ConsentPurpose.SERVICE
) -> bool:
    """Whether they said yes. A yes without a purpose is one to both, until they say otherwise."""
    if opted_out(customer, channel, purpose):
        return False
    word = customer.consent.get(channel)
    if purpose == ConsentPurpose.MARKETING:
        word = customer.marketing.get(channel) or word
    return word is not None and word.status == ConsentStatus.OPTED_IN


def quiet_until(customer: Customer, now: datetime) -> datetime | None:
    """When their quiet hours end, in UTC; None where it is not quiet now.

    The hours are those of their own zone (UTC where none is known, or an unknown one).
    """
    hours = customer.quiet_hours
    if hours is None or hours.start == hours.end:
        return None
    local = now.astimezone(_zone(customer.time_zone))
    clock = local.strftime("%H:%M")
    over_night = hours.start > hours.end
    early, late = clock < hours.end, clock >= hours.start
    if not ((early or late) if over_night else (early and late)):
        return None
    day = local.date() + timedelta(days=1 if over_night and late else 0)
    hour, minute = map(int, hours.end.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=local.tzinfo).astimezone(UTC)


def reachable(customer: Customer, but: Channel) -> tuple[Channel, str] | None:
    """Another channel on which they agreed to be written to, with the address there.

    Having written to us from it counts as agreeing to answers, until they say no.
    """
    for channel in (Channel.SMS, Channel.EMAIL):
        address = address_on(customer, channel)
        if channel == but or not address or opted_out(customer, channel):
            continue
        wrote = any(i.verified and i.value == address for i in customer.identities)
        if wrote or agreed(customer, channel):
            return channel, address
    return None


def with_identity(customer: Customer, identity: Identity) -> Customer:
    """The customer with an address; one that is verified stays so."""
    known = {(i.channel, i.value): i for i in customer.identities}
    before = known.get((identity.channel, identity.value))
    if before and (before.verified or not identity.verified):
        return customer
    known[identity.channel, identity.value] = identity
    return customer.model_copy(update={"identities": tuple(known.values())})


def verified(customer: Customer, channel: Channel, value: str) -> bool:
    """Whether an address was shown to be theirs."""
    return Identity(channel=channel, value=value, verified=True) in customer.identities


def address_on(customer: Customer, channel: Channel) -> str:
    """The first address that can be written to on a channel, or ""."""
    for identity in customer.identities:
        if identity.channel == channel and identity.value not in customer.suppressed:
            return identity.value
    return ""


def _word(
    given: Mapping[Channel, ConsentStatus], source: str, now: datetime
) -> dict[Channel, Consent]:
    return {c: Consent(status=s, source=source, at=now) for c, s in given.items()}


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


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
