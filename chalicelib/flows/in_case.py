"""Those who wrote about it themselves hear in their own case, by the ordinary way out.

The message, the ledger's entry and what will send the message are one transaction, on the condition
that the entry still says that they are to be told: a second try finds it changed, and says nothing.
A case that came to nothing for us to write to is left to its agent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.campaigns import rules, texts
from chalicelib.campaigns.models import Campaign, Kind, Told, ToldStatus
from chalicelib.cases import rules as case_rules
from chalicelib.cases.models import Author, AuthorType, Case, Message
from chalicelib.channels.models import Channel
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers.models import Customer
from chalicelib.customers.rules import address_on, opted_out
from chalicelib.errors import Contended, NotFound
from chalicelib.ports import Clock
from chalicelib.store import keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.audience import Audiences
    from chalicelib.flows.replying import Replying
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

ATTEMPTS = 6
GRACE = timedelta(minutes=2)
T = ToldStatus


@dataclass(frozen=True)
class InCase:
    table: Table
    campaigns: CampaignStore
    cases: CaseStore
    customers: CustomerStore
    problems: ProblemStore
    settings: SettingsStore
    audiences: Audiences
    replying: Replying
    reactions: ReactionStore
    clock: Clock

    def tell(self, campaign: Campaign, entries: Iterable[Told]) -> dict[str, Told]:
        """Tell them; returns their entries as they are now. Raises Contended."""
        return {told.customer_id: self._tell(campaign, told) for told in entries}

    def _tell(self, campaign: Campaign, told: Told) -> Told:
        for _ in range(ATTEMPTS):
            try:
                return self._once(campaign, told)
            except (WriteRefused, Contended):
                # Somebody wrote into the case meanwhile, or told them: look again.
                told = self.campaigns.told(campaign.id, [told.customer_id])[told.customer_id]
                if told.status != T.SENDING:
                    return told
        raise Contended("telling somebody in their own case")

    def _once(self, campaign: Campaign, told: Told) -> Told:
        now = self.clock()
        case, customer, reason = self._place(told)
        if case is not None and self._informed(campaign, case):
            case, reason = None, "informed"
        message = None
        if case is not None and customer is not None:
            try:
                message = self._message(campaign, case, customer)
            except texts.FieldMissing:
                reason = "missing_field"
        if case is None or message is None:
            after = rules.advance(told, T.SKIPPED, now, reason=reason)
            self.table.commit(*self._entry(campaign, told, after))
            return after
        after = rules.advance(told, T.SENT, now, case_id=case.id)
        writes = [self.cases.new_message(message), *self.replying.to_send(message)]
        if campaign.problem_id and case.problem_id is None:
            linked = case.model_copy(update={"problem_id": campaign.problem_id})
            writes.append(self.cases.change(case_rules.touch(linked, now)))
            owner, data = keys.case(case.id)[0], {"told": "yes"}
            relate = Reaction(owner=owner, kind="relate", id=f"notice-{campaign.id}", data=data)
            writes.append(self.reactions.new(relate, now + GRACE))
        self.table.commit(*self._entry(campaign, told, after), *writes)
        return after

    def _entry(self, campaign: Campaign, before: Told, after: Told) -> list[Write]:
        steps = rules.changes_of([before], [after])
        spread = f"segment {before.segment}"
        return [
            self.campaigns.write_told(after),
            *self.campaigns.count(campaign.id, spread, steps, after.updated_at),
        ]

    def _place(self, told: Told) -> tuple[Case | None, Customer | None, str]:
        """The case in which they are told, and whose it is; or why there is none."""
        try:
            case = self.cases.final(told.case_id)
            customer = self.customers.final(case.customer_id)
        except NotFound:
            return None, None, "gone"
        if case.spam:
            return None, None, "spam"
        channel, to = _way(case, customer)
        if not to:
            return None, None, "no_address"
        if to in customer.suppressed:
            return None, None, "suppressed"
        if channel == Channel.SMS and opted_out(customer, Channel.SMS):
            return None, None, "opted_out"
        return case, customer, ""

    def _informed(self, campaign: Campaign, case: Case) -> bool:
        """Whether the problem has told the case that itself (flows/informing.py)."""
        if not campaign.problem_id or campaign.kind is Kind.RETRACTION:
            return False
        link = self.problems.link(campaign.problem_id, case.id)
        if link is None:
            return False
        if campaign.kind is Kind.CLOSURE:
            return link.closed_round > 0
        return link.told_version > 0

    def _message(self, campaign: Campaign, case: Case, customer: Customer) -> Message:
        channel, to = _way(case, customer)
        language = case.language or customer.language
        text = texts.bare(campaign.message, language, sms=channel == Channel.SMS)
        values = texts.field_values(campaign, customer, language, self.audiences.common(campaign))
        company = self.settings.read("channels", ChannelSettings).company
        author = Author(type=AuthorType.SYSTEM, name=company)
        said = texts.fill(text, values)
        message = self.replying.message(case, channel, to, said, author, self.clock())
        name = keys.digest(f"notice {campaign.id} {case.id}")[:26]
        return message.model_copy(update={"id": name, "automatic": True})


def _way(case: Case, customer: Customer) -> tuple[Channel, str]:
    """Where answers of the case go, where that is mail or text message; else their mail."""
    if case.reply_channel in (Channel.EMAIL, Channel.SMS) and case.reply_to:
        return case.reply_channel, case.reply_to
    for channel in (Channel.EMAIL, Channel.SMS):
        if address := address_on(customer, channel):
            return channel, address
    return case.reply_channel, ""
