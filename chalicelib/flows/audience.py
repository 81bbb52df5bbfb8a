"""Who a campaign tells, on which channel, in which language, and why others are left out.

Asked three times: by the preview, when the audience is frozen, and once more at the moment of
sending, since consent and addresses change in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.access.rules import Signer
from chalicelib.base import to_utc
from chalicelib.campaigns import rules, texts
from chalicelib.campaigns.models import Campaign, MailText, Offer
from chalicelib.channels.models import Channel
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers.models import ConsentPurpose, Customer
from chalicelib.customers.rules import address_on, agreed, opted_out
from chalicelib.errors import Forbidden
from chalicelib.routing.rules import met
from chalicelib.store.counts import hour_name

if TYPE_CHECKING:
    from chalicelib.store.counts import CountStore
    from chalicelib.store.settings import SettingsStore

LOCAL_PART = 64  # octets of a mail address before the @ (RFC 5321 4.5.3.1.1)
REPLY = "n-"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` "" means: tell them. `outside`: not in the audience at all."""

    customer: Customer
    channel: Channel | None = None
    language: str = ""
    reason: str = ""
    outside: bool = False


@dataclass(frozen=True)
class Letter:
    """What one customer reads."""

    to: str
    subject: str
    text: str
    values: dict[str, str]
    unsubscribe: str


@dataclass(frozen=True)
class Audiences:
    counts: CountStore
    settings: SettingsStore
    signer: Callable[[], Signer]
    public_url: Callable[[], str]

    def wrote(self, campaign: Campaign, now: datetime) -> frozenset[str]:
        """Customers who wrote about it themselves. One read for each hour since it began."""
        if not campaign.audience.exclude_wrote or not campaign.series:
            return frozenset()
        hours = list(_hours(campaign.wrote_since or now, now))
        return frozenset(self.counts.people(campaign.series, hours))

    def judge(self, campaign: Campaign, customer: Customer, wrote: frozenset[str]) -> Verdict:
        """Whether and how to tell a customer."""
        if not rules.belongs(campaign.audience, customer, met):
            return Verdict(customer, outside=True)
        if customer.id in wrote:
            return Verdict(customer, reason="wrote")
        reasons = []
        for channel in rules.channels(campaign):
            language = rules.language_of(campaign.message, channel, customer)
            reason = hindrance(campaign, customer, channel, language)
            if not reason:
                if rules.held_out(campaign, customer.id):
                    return Verdict(customer, channel, language, "held_out")
                return Verdict(customer, channel, language)
            reasons.append(reason)
        return Verdict(customer, reason=next(r for r in PRECEDENCE if r in reasons))

    def common(self, campaign: Campaign) -> dict[str, str]:
        """Fields that are the same for everybody."""
        company = self.settings.read("channels", ChannelSettings).company
        return {"company": company, "link": campaign.link or f"{self.public_url()}/"}

    def letter(
        self,
        campaign: Campaign,
        customer: Customer,
        channel: Channel,
        language: str,
        common: dict[str, str],
    ) -> Letter:
        """What a customer reads; raises FieldMissing."""
        offer = Offer(campaign_id=campaign.id, customer_id=customer.id, channel=channel)
        way_out = f"{self.public_url()}/v1/unsubscribe/{unsubscribe_token(self.signer(), offer)}"
        given = {**common, "unsubscribe": way_out}
        values = texts.field_values(campaign, customer, language, given)
        if channel == Channel.SMS:
            text = MailText.model_construct(subject="", text=campaign.message.sms[language].text)
        else:
            text = texts.mail_template(campaign.message, language)
        return Letter(
            to=address_on(customer, channel),
            subject=texts.fill(text.subject, values),
            text=texts.fill(text.text, values),
            values=values,
            unsubscribe=way_out,
        )


PRECEDENCE = ("opted_out", "no_consent", "suppressed", "missing_field", "no_address")
"""Which reason is named when the channels have different ones."""


def hindrance(campaign: Campaign, customer: Customer, channel: Channel, language: str) -> str:
    """Why a customer cannot be told on a channel, "" where they can."""
    purpose = ConsentPurpose(campaign.purpose)
    if opted_out(customer, channel, purpose):
        return "opted_out"
    if purpose == ConsentPurpose.MARKETING and not agreed(customer, channel, purpose):
        return "no_consent"
    if not address_on(customer, channel):
        known = any(identity.channel == channel for identity in customer.identities)
        return "suppressed" if known else "no_address"
    try:
        texts.field_values(campaign, customer, language, {})
    except texts.FieldMissing:
        return "missing_field"
    return ""


def unsubscribe_token(signer: Signer, offer: Offer) -> str:
    """The secret part of a customer's unsubscribe link; it names no address."""
    text = f"{offer.campaign_id}.{offer.customer_id}.{offer.channel}"
    return f"{text}.{signer.word('unsubscribe', text, 20)}"


def open_unsubscribe(signer: Signer, token: str) -> Offer:
    """What an unsubscribe link stands for; raises Forbidden."""
    text, _, word = token.rpartition(".")
    campaign, _, rest = text.partition(".")
    customer, _, channel = rest.rpartition(".")
    if not signer.holds("unsubscribe", text, word, 20) or channel not in tuple(Channel):
        raise Forbidden("this link is not valid")
    return Offer(campaign_id=campaign, customer_id=customer, channel=Channel(channel))


def answer_address(signer: Signer, support_address: str, campaign_id: str) -> str:
    """Where answers to a campaign go: support+n-<campaign>-<signature>@… (RFC 5233 detail).

    All recipients of one bulk call share it, since SES takes no Reply-To for single entries. The
    plain support address where the local part would become too long.
    """
    local, _, domain = support_address.partition("@")
    detail = f"{REPLY}{campaign_id.lower()}-{signer.word('notice', campaign_id, 5)}"
    if len(local) + 1 + len(detail) > LOCAL_PART:
        return support_address
    return f"{local}+{detail}@{domain}"


def campaign_behind(signer: Signer, address: str) -> str | None:
    """The campaign that an address of ours stands for, where its signature holds."""
    detail = address.rpartition("@")[0].rpartition("+")[2].lower()
    if not detail.startswith(REPLY):
        return None
    campaign_id, _, word = detail.removeprefix(REPLY).rpartition("-")
    campaign_id = campaign_id.upper()
    return campaign_id if signer.holds("notice", campaign_id, word, 5) else None


def _hours(since: datetime, until: datetime) -> Iterator[str]:
    at = to_utc(since).replace(minute=0, second=0, microsecond=0)
    while at <= until:
        yield hour_name(at)
        at += timedelta(hours=1)
