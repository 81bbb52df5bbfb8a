"""A notice to an address of one's own, before anybody else reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.campaigns import rules, texts
from chalicelib.campaigns.models import Campaign, TestSend
from chalicelib.channels.models import Channel
from chalicelib.customers.models import Customer, Identity
from chalicelib.customers.rules import email, phone
from chalicelib.errors import Conflict, Invalid, SendRefused, SendThrottled, SendUnknown
from chalicelib.ports import Clock, Ids, Mailer, Sms

if TYPE_CHECKING:
    from chalicelib.flows.audience import Audiences, Letter
    from chalicelib.flows.outreach import Outreach
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.customers import CustomerStore

MARK = "[Test] "


class Tested(Model):
    """What was sent to whom; `as_customer` is whose values the fields have, "" where made up."""

    channel: Channel
    to: str
    language: str
    subject: str = ""
    text: str
    parts: int = 0
    as_customer: str = ""


@dataclass(frozen=True)
class Testing:
    campaigns: CampaignStore
    customers: CustomerStore
    audiences: Audiences
    outreach: Outreach
    mailer: Callable[[], Mailer]
    sms: Callable[[], Sms]
    clock: Clock
    ids: Ids
    support_address: str
    sms_number: str

    def send(self, campaign_id: str, given: TestSend) -> Tested:
        """Send one notice as the first of the preview would read it; in no ledger, no count.

        Raises Invalid (no address, no text for it, nobody has its fields), Conflict where the
        provider does not take it.
        """
        campaign = self.campaigns.get(campaign_id)
        texts.check(campaign)
        channel = Channel.EMAIL if "@" in given.to else Channel.SMS
        to = email(given.to, "to") if channel == Channel.EMAIL else phone(given.to, "to")
        known = campaign.message.email if channel == Channel.EMAIL else campaign.message.sms
        if not known:
            raise Invalid.field("to", f"the campaign has no text for {channel}")
        model = self._model(campaign)
        language = given.language or rules.language_of(campaign.message, channel, model)
        if language not in known:
            raise Invalid.field("language", f"there is no {channel} text in it")
        letter = self._letter(campaign, model, channel, language)
        self._send(campaign, channel, to, letter)
        return Tested(
            channel=channel,
            to=to,
            language=language,
            subject=letter.subject,
            text=letter.text,
            parts=letter.parts,
            as_customer=model.id,
        )

    def _model(self, campaign: Campaign) -> Customer:
        """Whose values stand in the fields: the first of the preview, else somebody made up."""
        samples = self.outreach.preview(campaign.id).samples
        if samples:
            return self.customers.get(samples[0].customer_id)
        now = self.clock()
        someone = Identity(channel=Channel.EMAIL, value="someone@example.com")
        return Customer(id="", identities=(someone,), created_at=now, updated_at=now)

    def _letter(
        self, campaign: Campaign, model: Customer, channel: Channel, language: str
    ) -> Letter:
        common = self.audiences.common(campaign)
        try:
            return self.audiences.letter(campaign, model, channel, language, common)
        except texts.FieldMissing as missing:
            raise Invalid.field(
                f"fields.{missing.name}", "nobody in the audience has a value for it"
            ) from missing

    def _send(self, campaign: Campaign, channel: Channel, to: str, letter: Letter) -> None:
        tags = {"send_id": f"T-{self.ids.new()}", "campaign": campaign.id}
        try:
            if channel == Channel.SMS:
                self.sms().send(sender=self.sms_number, to=to, text=letter.text, tags=tags)
            else:
                raw = self._mail(to, letter)
                self.mailer().send(raw, sender=self.support_address, to=[to], tags=tags)
        except (SendRefused, SendThrottled, SendUnknown) as error:
            raise Conflict(f"the provider did not take it: {error.reason}") from error

    def _mail(self, to: str, letter: Letter) -> bytes:
        mail = EmailMessage()
        mail["From"] = self.support_address
        mail["To"] = to
        mail["Subject"] = f"{MARK}{letter.subject}"
        mail["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.text)
        return mail.as_bytes()
