"""What customers answer to a notice: with one press, with a word, or in words of their own.

- The link in each notice leads to a page with three buttons. What is pressed stands in the ledger
  and is counted, once a customer, the newest word. "Still broken" also opens a case about the
  problem, or adds to the one that they have; what has to follow is written in the same transaction,
  and done by the planner.
- An answer by mail comes to the campaign's own address, or refers to the notice; a text message
  answers the last notice of the last days. It becomes a case of that customer, linked to campaign
  and problem (flows/intake.py asks here).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.access.rules import Signer
from chalicelib.base import Model
from chalicelib.campaigns.models import Campaign, Said, Told
from chalicelib.campaigns.rules import matter_of
from chalicelib.campaigns.service import BROKEN, errand
from chalicelib.campaigns.settings import CampaignSettings
from chalicelib.cases import rules as case_rules
from chalicelib.cases.models import Author, AuthorType, Case, Topic
from chalicelib.channels.models import Address, Channel, InboundMessage
from chalicelib.customers.models import Customer
from chalicelib.customers.rules import address_on
from chalicelib.errors import Contended, Forbidden, NotFound
from chalicelib.flows.audience import campaign_behind, open_answer
from chalicelib.flows.noticed_words import word_of
from chalicelib.flows.timeline import StoredFiles, inbound_entry
from chalicelib.ports import Clock, Ids
from chalicelib.store import items
from chalicelib.store.campaigns import Entry
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.intake import Intake
    from chalicelib.flows.promising import Promising
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

ATTEMPTS = 8
NOTICES = 5  # of a customer, newest first, that an answer may be about
CASES = 10  # of a customer, newest first, among which is the one about it
SENDER = "a notice that they answered"


class Answered(Model):
    """What the page of a notice shows: what it was about, and what they said of it before."""

    name: str
    said: Said | None = None


@dataclass(frozen=True)
class NoticeAnswers:
    table: Table
    campaigns: CampaignStore
    cases: CaseStore
    customers: CustomerStore
    settings: SettingsStore
    reactions: ReactionStore
    ledger: Ledger
    promising: Promising
    intake: Callable[[], Intake]
    signer: Callable[[], Signer]
    clock: Clock
    ids: Ids

    # --- with one press ------------------------------------------------------------------

    def show(self, token: str) -> Answered:
        """What a link stands for, without doing anything; raises Forbidden."""
        campaign, told = self._told(token)
        return Answered(name=told.subject or campaign.name, said=told.said)

    def say(self, token: str, said: Said, words: str = "") -> Answered:
        """Keep what a customer says of a notice; the same again changes nothing.

        Raises Forbidden where the link is not ours, Contended.
        """
        for _ in range(ATTEMPTS):
            campaign, told = self._told(token)
            if told.said != said:
                try:
                    self.table.commit(*self._said(told, said, words))
                except (WriteRefused, Contended):
                    continue  # an event of the provider, or another press, was faster
            return Answered(name=told.subject or campaign.name, said=said)
        raise Contended("an answer to a notice")

    def _told(self, token: str) -> tuple[Campaign, Told]:
        campaign_id, customer_id = open_answer(self.signer(), token)
        named, told = self.campaigns.told_of([(campaign_id, customer_id)])
        if (campaign_id, customer_id) not in told:
            raise Forbidden("this link is not valid any more")
        return named[campaign_id], told[campaign_id, customer_id]

    def _said(self, told: Told, said: Said, words: str) -> list[Write]:
        now = self.clock()
        after = told.model_copy(
            update={"said": said, "said_at": now, "version": told.version + 1, "updated_at": now}
        )
        writes = [self.campaigns.write_told(after), *self._counted(told, said)]
        if said is Said.STILL_BROKEN:
            work = errand(told.campaign_id, BROKEN, f"broken-{told.customer_id}-{after.version}")
            data = {**work.data, "customer": told.customer_id, "words": words}
            writes.append(self.reactions.new(work.model_copy(update={"data": data}), now))
        return writes

    def _counted(self, told: Told, said: Said) -> list[Write]:
        steps = {f"said_{said}": 1}
        if told.said:
            steps[f"said_{told.said}"] = -1
        return self.campaigns.count(told.campaign_id, told.customer_id, steps, self.clock())

    # --- still broken --------------------------------------------------------------------

    def broken(self, campaign: Campaign, reaction: Reaction) -> None:
        """Open the case of one for whom it is still broken, or add to theirs; once."""
        customer = self._customer(reaction.data["customer"])
        if customer is not None:
            inbound = self._contact(campaign, customer, reaction)
            if self.ledger.look_up(inbound, [], []).claim is None:
                self._take_in(campaign, customer, inbound)
        try:
            self.table.commit(self.reactions.done(reaction))
        except WriteRefused:
            return  # it was done by somebody else

    def _customer(self, customer_id: str) -> Customer | None:
        try:
            return self.customers.final(customer_id)
        except NotFound:
            return None  # forgotten meanwhile: there is nobody to open a case for

    def _contact(
        self, campaign: Campaign, customer: Customer, reaction: Reaction
    ) -> InboundMessage:
        address = address_on(customer, Channel.EMAIL) or address_on(customer, Channel.SMS)
        return InboundMessage(
            channel=Channel.WEB,
            external_id=f"notice {reaction.owner} {reaction.id}",
            sender=Address(name=customer.name, address=address),
            subject=f"Still broken: {campaign.name}"[:200],
            text=reaction.data.get("words") or f"It is still broken: {campaign.name}",
            received_at=self.clock(),
        )

    def _take_in(self, campaign: Campaign, customer: Customer, inbound: InboundMessage) -> None:
        known = self._case_about(campaign, customer)
        if known is not None:
            person = inbound.sender.model_copy(update={"address": known.reply_to})
            update = {"case_token": known.reference, "sender": person}
            self.intake().accept(inbound.model_copy(update=update))
            return
        case = self.promising.begun(self._new_case(campaign, customer, inbound), customer)
        author = Author(type=AuthorType.CUSTOMER, id=customer.id, name=customer.name)
        now = self.clock()
        message = inbound_entry(inbound, case, author, StoredFiles("", ()), now)
        reaction = Reaction(
            owner=f"CASE#{case.id}",
            kind="triage",
            id=message.id,
            data={"message": self.cases.message_sk(message)},
        )
        try:
            self.table.commit(
                self.ledger.claim(inbound, case.id, message.id, now),
                *self.cases.new(case),
                self.cases.new_message(message),
                self.reactions.new(reaction, now),
            )
        except WriteRefused as refused:
            if "claim" not in refused.names:
                raise Contended("opening a case of a notice") from refused

    def _case_about(self, campaign: Campaign, customer: Customer) -> Case | None:
        """Their newest unsolved case about the campaign, its problem or its topic."""
        for stored in self.customers.cases(customer.id, CASES).items:
            case = items.model(Case, stored)
            same = case.campaign_id == campaign.matter
            same |= bool(campaign.problem_id) and case.problem_id == campaign.problem_id
            same |= bool(campaign.topic) and case.topic.label == campaign.topic
            if same and not case.spam and case.status in case_rules.UNSOLVED:
                return self.cases.final(case.id)
        return None

    def _new_case(self, campaign: Campaign, customer: Customer, inbound: InboundMessage) -> Case:
        sms = not address_on(customer, Channel.EMAIL)
        reasons = {"case": "they say that it is still broken, on the page of a notice"}
        topic = Topic()
        if campaign.topic:
            topic = Topic(label=campaign.topic, confidence=1.0, source="person", why=SENDER)
            reasons["topic"] = f"set by {SENDER}"
        return Case(
            id=self.ids.new(),
            reference=self.ids.reference(),
            subject=inbound.subject,
            channel=Channel.WEB,
            customer_id=customer.id,
            campaign_id=campaign.matter,
            problem_id=campaign.problem_id,
            topic=topic,
            reasons=reasons,
            reply_channel=Channel.SMS if sms else Channel.EMAIL,
            reply_to=inbound.sender.address,
            last_message=case_rules.preview(inbound.text),
            message_count=1,
            last_message_at=inbound.received_at,
            created_at=inbound.received_at,
            updated_at=inbound.received_at,
        )

    # --- in words of their own -----------------------------------------------------------

    def behind(
        self, inbound: InboundMessage, customer: Customer | None, joins: bool = False
    ) -> Campaign | None:
        """The notice that a message answers, None where it answers none that we know.

        What `joins` a case refers to a message of that case, not to a notice.
        """
        found = ""
        if inbound.channel == Channel.EMAIL:
            found = self._addressed(inbound)
            if not found and not joins:
                found = self._referred(inbound, customer)
        elif inbound.channel == Channel.SMS and customer is not None:
            found = self._texted(inbound, customer)
        known = self.campaigns.some([matter_of(found)]) if found else []
        return known[0] if known else None

    def of(self, campaign: Campaign, case: Case) -> Case:
        """The case of an answer, linked to what it answers."""
        fields: dict[str, object] = {"campaign_id": campaign.matter}
        if campaign.problem_id and case.problem_id is None:
            fields["problem_id"] = campaign.problem_id
        reasons = {**case.reasons, "campaign": f"answers the notice {campaign.name}"}
        return case.model_copy(update={**fields, "reasons": reasons})

    def heard(
        self, campaign: Campaign, inbound: InboundMessage, customer: Customer | None
    ) -> list[Write]:
        """Writes that count the answer, and keep the word where it is one of the three."""
        now = self.clock()
        spread = f"reply {inbound.external_id}"
        word = word_of(inbound.text) if inbound.channel == Channel.SMS else None
        told = None
        if word and customer:
            told = self.campaigns.told(campaign.id, [customer.id]).get(customer.id)
        steps = {"said_replies": 1}
        if told is None or word is None or told.said == word:
            return self.campaigns.count(campaign.id, spread, steps, now)
        steps[f"said_{word}"] = 1
        if told.said:
            steps[f"said_{told.said}"] = -1
        after = told.model_copy(
            update={"said": word, "said_at": now, "version": told.version + 1, "updated_at": now}
        )
        counted = self.campaigns.count(campaign.id, spread, steps, now)
        return [self.campaigns.write_told(after), *counted]

    def _addressed(self, inbound: InboundMessage) -> str:
        for address in (*inbound.recipients, *inbound.cc):
            if "+" in address.address:
                found = campaign_behind(self.signer(), address.address)
                if found:
                    return found
        return ""

    def _referred(self, inbound: InboundMessage, customer: Customer | None) -> str:
        """By the Message-ID that the provider gave the notice: its own id before the @."""
        if customer is None or not inbound.references:
            return ""
        names = {reference.partition("@")[0] for reference in inbound.references}
        entries = self._notices(customer)
        return next((e.campaign_id for e in entries if e.provider_id in names), "")

    def _texted(self, inbound: InboundMessage, customer: Customer) -> str:
        window = self.settings.read("campaigns", CampaignSettings).sms_reply
        for entry in self._notices(customer):
            if entry.channel == Channel.SMS:
                return entry.campaign_id if inbound.received_at - entry.at <= window else ""
        return ""

    def _notices(self, customer: Customer) -> list[Entry]:
        page = self.customers.told(customer.id, NOTICES)
        return [items.model(Entry, stored) for stored in page.items]
