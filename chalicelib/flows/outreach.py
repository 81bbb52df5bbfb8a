"""What a lead does with a campaign that touches customers: preview and approve; and the way out.

The rest of the story is told by flows/planning.py (freeze the audience, hand out segments, watch)
and flows/notifying.py (tell one segment, settle what became of it).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

from chalicelib.access.models import ApprovalSettings
from chalicelib.access.rules import Signer
from chalicelib.campaigns import rules, texts
from chalicelib.campaigns.cost import Tally
from chalicelib.campaigns.models import (
    Approval,
    Campaign,
    CampaignStatus,
    Offer,
    Preview,
    Recent,
    Sample,
    TextSize,
)
from chalicelib.campaigns.service import FREEZE, Campaigns, errand
from chalicelib.channels.models import Channel
from chalicelib.customers.models import ConsentStatus, Customer
from chalicelib.customers.rules import consent
from chalicelib.errors import Conflict, Contended, StaleVersion
from chalicelib.flows.audience import Audiences, Letter, Verdict, open_unsubscribe
from chalicelib.routing.rules import met
from chalicelib.store import items, keys
from chalicelib.store.campaigns import Previewed

if TYPE_CHECKING:
    from chalicelib.store.customers import CustomerStore

S = CampaignStatus
SAMPLES = 20
RECENT = 5  # notices shown of each
EVERY_ROLE = ("admin",)  # of the machine itself
LOOKING = timedelta(seconds=18)  # of a preview; the gateway waits for 29 seconds
PAGE = 1000  # customers a read
PLAN_DUE = timedelta(minutes=6)  # longer than the planner may run
ATTEMPTS = 6


@dataclass(frozen=True)
class Outreach(Campaigns):
    """All that can be asked of campaigns from outside."""

    customers: CustomerStore
    audiences: Audiences
    signer: Callable[[], Signer]

    def preview(self, campaign_id: str) -> Preview:
        """Whom an approval would tell, what they would read, what it costs; remembers the count.

        Where there are more customers than can be looked at in the time, the figures are those of
        a part (`complete` is false); the planner then asks again before it sends (planning.py).
        """
        campaign = self.campaigns.get(campaign_id)
        texts.check(campaign)
        seen = self._look(campaign)
        tally = seen.tally
        chosen = seen.samples()
        lately = self._lately([one.customer.id for one in chosen])
        shown = Preview(
            version=campaign.version,
            count=seen.count,
            complete=seen.complete,
            by_channel=tally.by_channel,
            by_language=tally.by_language,
            excluded=tally.excluded,
            samples=tuple(self._sample(campaign, one, lately) for one in chosen),
            cost=tally.cost(),
            seconds=tally.seconds(self.audiences.rules().pace),
            held_out=tally.excluded.get("held_out", 0),
            held_out_share=campaign.held_out,
            missing_fields=seen.missing,
            in_case=seen.in_case,
            deferred=seen.deferred,
            deferred_until=seen.deferred_until,
            sms=seen.sizes,
            at=seen.at,
        )
        fact = Previewed(campaign_version=campaign.version, count=shown.count, at=seen.at)
        self.table.commit(self.campaigns.keep_preview(campaign.id, fact))
        return shown

    def approve(
        self, campaign_id: str, given: Approval, by: str, roles: Collection[str] = EVERY_ROLE
    ) -> Campaign:
        """Freeze the audience and tell it. Raises Conflict where more or fewer customers are in it
        than the lead saw (unless forced), or it is no draft any more; StaleVersion; Forbidden
        where the setting `approvals` lets others tell so many.
        """
        before = self._at(campaign_id, given.version)
        if before.status != S.DRAFT:
            raise Conflict(f"it is {before.status} already", status=before.status)
        texts.check(before)
        count = self._count(before)
        if given.count is not None and given.count != count and not given.force:
            raise Conflict(
                f"{count} would be told, you saw {given.count}: look at the preview again",
                count=count,
            )
        self.settings.read("approvals", ApprovalSettings).check_sending(by, roles, count)
        now = self.clock()
        approved = rules.move(before, S.APPROVED, now, by)
        approved = approved.model_copy(
            update={"approved_by": by, "approved_at": now, "approved_count": count}
        )
        work = self.reactions.new(errand(campaign_id, FREEZE), now + PLAN_DUE)
        self.campaigns.save(approved, work)
        return approved

    def offer(self, token: str) -> Offer:
        """What an unsubscribe link stands for, without doing it; raises Forbidden."""
        return open_unsubscribe(self.signer(), token)

    def unsubscribe(self, token: str) -> Offer:
        """No more proactive messages on that channel (RFC 8058); again is no error.

        Raises Forbidden where the link is not ours, NotFound where the customer is gone.
        """
        offer = self.offer(token)
        for _ in range(ATTEMPTS):
            customer = self.customers.get(offer.customer_id)
            known = customer.consent.get(offer.channel)
            if known and known.status == ConsentStatus.OPTED_OUT:
                return offer
            source = f"unsubscribe link of campaign {offer.campaign_id}"
            out = consent(customer, offer.channel, ConsentStatus.OPTED_OUT, source, self.clock())
            try:
                self.customers.save(out)
            except StaleVersion:
                continue  # somebody changed the customer meanwhile
            return offer
        raise Contended("a customer who unsubscribes")

    # --- parts ---------------------------------------------------------------------------

    def _count(self, campaign: Campaign) -> int:
        """What the newest preview of this version said; a new one where there is none."""
        known = self.campaigns.previewed(campaign.id)
        if known and known.campaign_version == campaign.version:
            return known.count
        return self.preview(campaign.id).count

    def _look(self, campaign: Campaign) -> _Seen:
        began = self.clock()
        seen = _Seen(campaign, began)
        wrote = self.audiences.wrote(campaign, began)
        common = self.audiences.common(campaign)
        for partition in keys.customer_partitions():
            start = None
            while True:
                page = self.customers.page(partition, PAGE, start)
                people = [items.model(Customer, stored) for stored in page.items]
                likely = [c for c in people if rules.belongs(campaign.audience, c, met)]
                tired = self.audiences.tired(campaign, likely, began)
                for customer in likely:
                    verdict = self.audiences.judge(campaign, customer, wrote, began, tired)
                    seen.add(verdict, self._size(campaign, verdict, common))
                start = page.last
                if self.clock() - began > LOOKING:
                    return seen
                if start is None:
                    break
        seen.complete = True
        return seen

    def _size(
        self, campaign: Campaign, verdict: Verdict, common: dict[str, str]
    ) -> TextSize | None:
        if verdict.reason or verdict.channel != Channel.SMS:
            return None
        return texts.size(self._letter(campaign, verdict, common).text)

    def _lately(self, customers: list[str]) -> dict[str, tuple[Recent, ...]]:
        """The last notices that those customers got, newest first."""
        marks = self.campaigns.noticed(customers)
        named = self.campaigns.names({name for known in marks.values() for name in known.at})
        return {
            customer: tuple(
                Recent(campaign_id=name, name=named.get(name, ""), at=at)
                for name, at in sorted(known.at.items(), key=itemgetter(1), reverse=True)[:RECENT]
            )
            for customer, known in marks.items()
        }

    def _letter(self, campaign: Campaign, verdict: Verdict, common: dict[str, str]) -> Letter:
        assert verdict.channel is not None
        return self.audiences.letter(
            campaign, verdict.customer, verdict.channel, verdict.language, common
        )

    def _sample(
        self, campaign: Campaign, verdict: Verdict, lately: Mapping[str, tuple[Recent, ...]]
    ) -> Sample:
        assert verdict.channel is not None
        letter = self._letter(campaign, verdict, self.audiences.common(campaign))
        return Sample(
            customer_id=verdict.customer.id,
            name=verdict.customer.name,
            channel=verdict.channel,
            to=letter.to,
            language=verdict.language,
            subject=letter.subject,
            text=letter.text,
            why=rules.why(campaign.audience),
            parts=letter.parts,
            quiet_until=verdict.quiet,
            recent=lately.get(verdict.customer.id, ()),
        )


class _Seen:
    """What a preview has looked at so far."""

    def __init__(self, campaign: Campaign, at: datetime) -> None:
        self.at = at
        self.count = 0
        self.complete = False
        self.tally = Tally()
        self._campaign = campaign
        self._drawn: list[tuple[float, str, Verdict]] = []
        self.missing: dict[str, int] = {}
        self.in_case = 0
        self.deferred = 0
        self.deferred_until: datetime | None = None
        self.sizes: dict[str, TextSize] = {}

    def add(self, verdict: Verdict, size: TextSize | None) -> None:
        if verdict.outside:
            return
        if verdict.reason:
            self.tally.leave_out(verdict.reason)
            self.in_case += bool(verdict.case_id)
            if verdict.reason == "missing_field":
                name = texts.missing(self._campaign, verdict.customer)
                self.missing[name] = self.missing.get(name, 0) + 1
            return
        assert verdict.channel is not None
        self.count += 1
        parts = size.parts if size else 0
        self.tally.tell(verdict.channel, verdict.language, parts, _number(verdict))
        known = self.sizes.get(verdict.language)
        if size and (known is None or size.characters > known.characters):
            self.sizes[verdict.language] = size
        if verdict.quiet:
            self.deferred += 1
            self.deferred_until = max(verdict.quiet, self.deferred_until or verdict.quiet)
        # Those with the smallest draw are a sample of all, and the same one each time.
        mark = -rules.draw(f"sample {self._campaign.id}", verdict.customer.id)
        entry = (mark, verdict.customer.id, verdict)
        push = heapq.heappush if len(self._drawn) < SAMPLES else heapq.heappushpop
        push(self._drawn, entry)

    def samples(self) -> list[Verdict]:
        return [verdict for _, _, verdict in sorted(self._drawn, key=lambda e: e[:2], reverse=True)]


def _number(verdict: Verdict) -> str:
    if verdict.channel != Channel.SMS:
        return ""
    return next(i.value for i in verdict.customer.identities if i.channel == Channel.SMS)
