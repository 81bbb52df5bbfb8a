"""Who a campaign tells, on which channel, in which language, and why others are left out.

Asked three times: by the preview, when the audience is frozen, and once more at the moment of
sending, since consent and addresses change in between.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.access.rules import Signer
from chalicelib.base import to_utc
from chalicelib.campaigns import rules, texts, zones
from chalicelib.campaigns.cost import sms_parts
from chalicelib.campaigns.models import Campaign, MailText, Offer, Purpose
from chalicelib.campaigns.settings import CampaignSettings, FatigueCap
from chalicelib.channels.models import Channel
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers.models import ConsentPurpose, Customer
from chalicelib.customers.rules import address_on, agreed, opted_out, quiet_until
from chalicelib.errors import Forbidden
from chalicelib.problems.models import LinkState
from chalicelib.routing.rules import met
from chalicelib.store.counts import hour_name

if TYPE_CHECKING:
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.counts import CountStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.settings import SettingsStore

LOCAL_PART = 64  # octets of a mail address before the @ (RFC 5321 4.5.3.1.1)
REPLY = "n-"
LINKS = 400  # cases of a problem a read


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` "" means: tell them. `outside`: not in the audience at all."""

    customer: Customer
    channel: Channel | None = None
    language: str = ""
    reason: str = ""
    outside: bool = False
    case_id: str = ""  # of one who wrote: there they hear
    quiet: datetime | None = None  # it is quiet where they live, until then


@dataclass(frozen=True)
class Letter:
    """What one customer reads."""

    to: str
    subject: str
    text: str
    values: dict[str, str]
    unsubscribe: str

    @property
    def parts(self) -> int:
        """Of a text message: in how many it is paid for."""
        return 0 if self.subject else sms_parts(self.text)


@dataclass(frozen=True)
class Audiences:
    counts: CountStore
    campaigns: CampaignStore
    problems: ProblemStore
    settings: SettingsStore
    signer: Callable[[], Signer]
    public_url: Callable[[], str]

    def wrote(self, campaign: Campaign, now: datetime) -> Mapping[str, str]:
        """Customers who wrote about it themselves, with their newest case about it.

        One read for each hour since it began, and one for some hundred cases of the problem.
        """
        if not campaign.audience.exclude_wrote or campaign.root:
            return {}
        linked = dict(self._linked(campaign.problem_id)) if campaign.problem_id else {}
        if not campaign.series:
            return linked
        hours = list(_hours(campaign.wrote_since or now, now))
        people = self.counts.people(campaign.series, hours)
        return {**{customer: max(cases) for customer, cases in people.items()}, **linked}

    def _linked(self, problem_id: str) -> Iterator[tuple[str, str]]:
        """(customer, case) of all that is linked to a problem, the oldest first."""
        after = ""
        while links := self.problems.links_after(problem_id, after, LINKS):
            yield from ((o.customer_id, o.case_id) for o in links if o.state == LinkState.LINKED)
            after = links[-1].case_id

    def tired(
        self, campaign: Campaign, customers: Iterable[Customer], now: datetime
    ) -> Mapping[str, dict[str, datetime]]:
        """What each customer was told lately who got as many notices as they may get."""
        cap = self.rules().fatigue
        if not capped(campaign, cap):
            return {}
        marks = self.campaigns.noticed(customer.id for customer in customers)
        lately = {i: known.since(now - cap.window, campaign.matter) for i, known in marks.items()}
        return {customer: known for customer, known in lately.items() if len(known) >= cap.notices}

    def judge(
        self,
        campaign: Campaign,
        customer: Customer,
        wrote: Mapping[str, str],
        now: datetime,
        tired: Collection[str] = (),
    ) -> Verdict:
        """Whether and how to tell a customer, and whether now."""
        if not rules.belongs(campaign.audience, customer, met):
            return Verdict(customer, outside=True)
        if customer.id in wrote:
            return Verdict(customer, reason="wrote", case_id=wrote[customer.id])
        reasons = []
        for channel in rules.channels(campaign):
            language = rules.language_of(campaign.message, channel, customer)
            reason = hindrance(campaign, customer, channel, language)
            if not reason:
                if customer.id in tired:
                    return Verdict(customer, channel, language, "fatigue")
                if rules.held_out(campaign, customer.id):
                    return Verdict(customer, channel, language, "held_out")
                quiet = self.quiet(campaign, customer, channel, now)
                return Verdict(customer, channel, language, quiet=quiet)
            reasons.append(reason)
        return Verdict(customer, reason=next(r for r in PRECEDENCE if r in reasons))

    def quiet(
        self, campaign: Campaign, customer: Customer, channel: Channel, now: datetime
    ) -> datetime | None:
        """Until when they are left in peace (UTC); safety waits for nothing."""
        if campaign.purpose is Purpose.SAFETY:
            return None
        known = self.rules()
        hours, zone = known.quiet_hours, known.time_zone
        return zones.quiet(customer, channel, hours, zone, now, quiet_until)

    def rules(self) -> CampaignSettings:
        """The document `campaigns`, at most ten seconds old."""
        return self.settings.read("campaigns", CampaignSettings)

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
        token = unsubscribe_token(self.signer(), offer)
        way_out = f"{self.public_url()}/v1/unsubscribe/{token}"
        given = {
            **common,
            "unsubscribe": way_out,
            "feedback": f"{self.public_url()}/n/{answer_token(self.signer(), campaign, customer)}",
            "preferences": f"{self.public_url()}/prefs/{prefs_token(self.signer(), customer.id)}",
        }
        values = texts.field_values(campaign, customer, language, given)
        if channel == Channel.SMS:
            sms = texts.sms_template(campaign.message, language)
            text = MailText.model_construct(subject="", text=sms)
        else:
            text = texts.mail_template(campaign.message, language)
        return Letter(
            to=address_on(customer, channel),
            subject=texts.fill(text.subject, values),
            text=texts.fill(text.text, values),
            values=values,
            unsubscribe=way_out,
        )


def capped(campaign: Campaign, cap: FatigueCap) -> bool:
    """Whether the limit of notices holds: not for safety, nor for what follows a notice."""
    return cap.notices > 0 and campaign.purpose is not Purpose.SAFETY and not campaign.root


PRECEDENCE = ("opted_out", "no_consent", "suppressed", "missing_field", "no_address")
"""Which reason is named when the channels have different ones."""


def hindrance(campaign: Campaign, customer: Customer, channel: Channel, language: str) -> str:
    """Why a customer cannot be told on a channel, "" where they can."""
    marketing = campaign.purpose is Purpose.MARKETING
    purpose = ConsentPurpose.MARKETING if marketing else ConsentPurpose.SERVICE
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


def answer_token(signer: Signer, campaign: Campaign, customer: Customer) -> str:
    """The secret part of the link by which a customer answers a notice with one press."""
    text = f"{campaign.matter}.{customer.id}"
    return f"{text}.{signer.word('notice answer', text, 10)}"


def open_answer(signer: Signer, token: str) -> tuple[str, str]:
    """(campaign id, customer id) of such a link; raises Forbidden."""
    text, _, word = token.rpartition(".")
    campaign, _, customer = text.partition(".")
    if not customer or not signer.holds("notice answer", text, word, 10):
        raise Forbidden("this link is not valid")
    return campaign, customer


def prefs_token(signer: Signer, customer_id: str) -> str:
    """The secret part of a customer's link to what they want to hear."""
    return f"{customer_id}.{signer.word('preferences', customer_id, 20)}"


def open_prefs(signer: Signer, token: str) -> str:
    """The customer of such a link; raises Forbidden."""
    customer, _, word = token.rpartition(".")
    if not customer or not signer.holds("preferences", customer, word, 20):
        raise Forbidden("this link is not valid")
    return customer


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
