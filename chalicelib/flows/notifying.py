"""One segment is told, each of its customers once.

1. Read campaign, segment and customers in one call.
2. Claim: one transaction writes a ledger entry for every customer (`sending`, with a send id that
   goes along as tag) and takes the segment, for as long as a function may live.
3. Send: one bulk call for mail, one call a customer for text messages; never repeated by the SDK.
4. Mark: one transaction brings entries, timelines, counts and the segment up to date.

A death between 2 and 4 leaves entries in `sending`. Whoever comes after the lease makes them
`ambiguous`: they may have gone out. The provider's events carry our tag and settle them (told.py);
only those of which nothing was heard by a deadline are sent again. A segment that comes twice, or
after the campaign was paused or cancelled, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import ValidationError

from chalicelib.access.rules import Signer
from chalicelib.campaigns import rules
from chalicelib.campaigns.models import (
    Campaign,
    CampaignStatus,
    Order,
    Segment,
    SegmentState,
    Told,
    ToldStatus,
)
from chalicelib.channels.models import Channel
from chalicelib.customers.models import Customer
from chalicelib.errors import Contended, SendRefused, SendThrottled, SendUnknown, Unprocessable
from chalicelib.flows.audience import Audiences, Letter, answer_address, capped, hindrance
from chalicelib.flows.planning import template_name
from chalicelib.ports import BulkEntry, BulkResult, Clock, Mailer, Sms
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.braking import Braking
    from chalicelib.flows.in_case import InCase
    from chalicelib.store.campaigns import CampaignStore, Noticed, Scene
    from chalicelib.store.table import Table

S, T = CampaignStatus, ToldStatus
LEASE = timedelta(seconds=90)  # longer than the function may run
SENDING = timedelta(seconds=35)  # of the function's 60 that text messages are sent in
ATTEMPTS = 8
TAIL = 10  # segments at the end of which each looks whether the campaign is complete
OURS = 5  # so many refused at once, and none accepted: the fault is not the customers'


@dataclass(frozen=True)
class Outcome:
    """What became of one customer's notice."""

    status: ToldStatus
    provider_id: str = ""
    reason: str = ""


@dataclass
class Work:
    """A segment in hand: what is known of it, which changes as it is told."""

    campaign: Campaign
    segment: Segment
    told: dict[str, Told]
    letters: dict[str, Letter] = field(default_factory=dict)
    noticed: Mapping[str, Noticed] = field(default_factory=dict)
    quiet: datetime | None = None  # the soonest end of quiet hours among those left in peace


@dataclass(frozen=True)
class Notifying:
    table: Table
    campaigns: CampaignStore
    audiences: Audiences
    in_case: InCase
    braking: Braking
    mailer: Callable[[], Mailer]
    sms: Callable[[], Sms]
    signer: Callable[[], Signer]
    clock: Clock
    stage: str
    support_address: str
    sms_number: str

    def notify(self, body: str) -> str:
        """Tell one segment; returns what became of the order.

        That is `told`, or why there was nothing to do. Raises Unprocessable for a body that is no
        order, NotFound, Contended.
        """
        try:
            order = Order.model_validate_json(body)
        except ValidationError as error:
            raise Unprocessable("the body is no order to tell a segment") from error
        for attempt in range(ATTEMPTS):
            scene = self.campaigns.scene(order)
            if scene.campaign.status != S.RUNNING:
                return str(scene.campaign.status)  # resuming puts it on the queue again
            if rules.held_by_somebody(scene.segment, self.clock()):
                return "held"
            try:
                work = self._claim(scene, look=attempt > 0)
            except (WriteRefused, Contended):
                continue  # an event settled an entry, or somebody else is at it: look again
            self._tell(work)
            return "told"
        raise Contended(f"segment {order.number} lost {ATTEMPTS} races")

    # --- claim ---------------------------------------------------------------------------

    def _claim(self, scene: Scene, look: bool) -> Work:
        """Take the segment and write an entry for everybody; raises WriteRefused."""
        now = self.clock()
        campaign, segment = scene.campaign, scene.segment
        look = look or segment.rounds > 0  # a segment that nobody has claimed has no entries
        known = self.campaigns.told(campaign.id, segment.customers) if look else {}
        steps = rules.steps(segment, known, now)
        work = Work(campaign, segment, dict(known), noticed=scene.noticed)
        awake = [c for c in steps.claim if not self._in_peace(work, scene.customers.get(c), now)]
        fresh = [self._entry(work, c, scene.customers.get(c), now) for c in awake]
        fresh += [
            rules.advance(entry, T.AMBIGUOUS, now, until=now + rules.SETTLE, reason="sender died")
            for entry in steps.doubt
        ]
        fresh += [
            rules.advance(entry, T.FAILED, now, reason="nobody can say whether it went out")
            for entry in steps.give_up
        ]
        before = [known.get(entry.customer_id) for entry in fresh]
        work.told |= {entry.customer_id: entry for entry in fresh}
        work.segment = self._taken(work, now)
        self.table.commit(
            self.campaigns.change_segment(work.segment),
            *(self.campaigns.write_told(entry) for entry in fresh),
            *(
                self.campaigns.mark_noticed(c, campaign.id, scene.noticed.get(c), now)
                for c in work.letters
            ),
            *self._count(work.segment, rules.changes_of(before, fresh), now),
        )
        return work

    def _in_peace(self, work: Work, customer: Customer | None, now: datetime) -> bool:
        """Whether it is quiet where they live: then they keep their place, and hear later."""
        if customer is None or work.segment.channel == rules.IN_CASE:
            return False
        channel = Channel(work.segment.channel)
        until = self.audiences.quiet(work.campaign, customer, channel, now)
        if until is not None:
            work.quiet = min(until, work.quiet or until)
        return until is not None

    def _entry(
        self, work: Work, customer_id: str, customer: Customer | None, now: datetime
    ) -> Told:
        """The entry of a customer who is to be told now, or of one who cannot be any more."""
        before = work.told.get(customer_id)
        changes: dict[str, object]
        blank = before or Told(
            campaign_id=work.campaign.id,
            customer_id=customer_id,
            segment=work.segment.number,
            channel=work.segment.channel,
            status=T.SENDING,
            claimed_at=now,
            updated_at=now,
            version=0,
        )
        if work.segment.channel == rules.IN_CASE:
            case_id = work.segment.cases[work.segment.customers.index(customer_id)]
            changes = {"case_id": case_id, "status": T.SENDING, "version": blank.version + 1}
            return blank.model_copy(update={**changes, "updated_at": now})
        reason, letter = self._letter(work, customer, now)
        attempt = blank.attempts + 1
        changes = {"status": T.SKIPPED, "reason": reason}
        if letter:
            work.letters[customer_id] = letter
            changes = {
                "status": T.SENDING,
                "reason": "",
                "to": letter.to,
                "subject": letter.subject,
                "parts": letter.parts,
                "send_id": rules.send_id(work.campaign.id, customer_id, attempt),
                "attempts": attempt,
            }
        changes |= {"until": None, "updated_at": now, "version": blank.version + 1}
        return blank.model_copy(update=changes)

    def _letter(
        self, work: Work, customer: Customer | None, now: datetime
    ) -> tuple[str, Letter | None]:
        """(why they cannot be told any more, or "", and what they read)."""
        if customer is None:
            return "gone", None
        campaign, channel = work.campaign, Channel(work.segment.channel)
        language = rules.language_of(campaign.message, channel, customer)
        reason = hindrance(campaign, customer, channel, language)
        if not reason and self._is_tired(work, customer, now):
            reason = "fatigue"
        if reason:
            return reason, None
        common = self.audiences.common(campaign)
        return "", self.audiences.letter(campaign, customer, channel, language, common)

    def _is_tired(self, work: Work, customer: Customer, now: datetime) -> bool:
        """Whether another campaign has told them meanwhile as often as may be."""
        cap, known = self.audiences.rules().fatigue, work.noticed.get(customer.id)
        if known is None or not capped(work.campaign, cap):
            return False
        return len(known.since(now - cap.window, work.campaign.matter)) >= cap.notices

    def _taken(self, work: Work, now: datetime) -> Segment:
        """The segment in our hands, or as it stays where nobody is to be told now."""
        if not work.letters and not _to_be_said(work):
            after = rules.settled(work.segment, work.told, now, work.quiet)
            return after.model_copy(update={"rounds": work.segment.rounds + 1})
        return work.segment.model_copy(
            update={
                "state": SegmentState.SENDING,
                "due_at": now + LEASE,
                "rounds": work.segment.rounds + 1,
                "version": work.segment.version + 1,
            }
        )

    # --- send ----------------------------------------------------------------------------

    def _tell(self, work: Work) -> None:
        if _to_be_said(work):
            work.told |= self.in_case.tell(work.campaign, _to_be_said(work))
            self._mark(work, {})
        if work.letters and (fault := self._send(work)):
            # A person has to look before anybody else is tried.
            self._move(work.campaign.id, S.PAUSED, fault)
            return
        if work.letters and any(told.status == T.FAILED for told in work.told.values()):
            self.braking.look(work.campaign.id)
        if self._seems_last(work) and self._everybody_told(work.campaign):
            self._move(work.campaign.id, S.COMPLETED, "")

    def _send(self, work: Work) -> str:
        """Send and mark; returns why nobody at all was accepted, where the fault is ours."""
        send = self._mail if work.segment.channel == Channel.EMAIL else self._text
        try:
            outcomes = send(work)
            fault = _our_fault(outcomes)
        except SendRefused as refused:
            outcomes, fault = {}, refused.reason
        if fault:
            outcomes = dict.fromkeys(work.letters, Outcome(T.QUEUED, reason=fault))
        self._mark(work, outcomes)
        return fault

    def _mail(self, work: Work) -> dict[str, Outcome]:
        """One call for all; raises SendRefused where the call itself was refused."""
        people = list(work.letters)
        answers = answer_address(self.signer(), self.support_address, work.campaign.matter)
        entries = [self._bulk_entry(work, customer) for customer in people]
        try:
            results = self.mailer().send_bulk(
                sender=self.support_address,
                reply_to=answers,
                template=template_name(self.stage),
                entries=entries,
                tags={"campaign": work.campaign.id},
            )
        except SendThrottled as throttled:
            return dict.fromkeys(people, Outcome(T.QUEUED, reason=throttled.reason))
        except SendUnknown as unknown:
            return dict.fromkeys(people, Outcome(T.AMBIGUOUS, reason=unknown.reason))
        return dict(zip(people, _outcomes(results, len(people)), strict=True))

    def _bulk_entry(self, work: Work, customer: str) -> BulkEntry:
        letter = work.letters[customer]
        return BulkEntry(
            to=letter.to,
            fields={"subject": letter.subject, "text": letter.text},
            headers={
                "List-Unsubscribe": f"<{letter.unsubscribe}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
                "Auto-Submitted": "auto-generated",  # RFC 3834
                "X-CustOps-Campaign": work.campaign.id,
            },
            tags={"send_id": work.told[customer].send_id, "campaign": work.campaign.id},
        )

    def _text(self, work: Work) -> dict[str, Outcome]:
        """One after the other; what the time does not suffice for goes out in the next round."""
        began = self.clock()
        outcomes: dict[str, Outcome] = {}
        for customer, letter in work.letters.items():
            if self.clock() - began > SENDING:
                outcomes[customer] = Outcome(T.QUEUED, reason="no time left")
                continue
            tags = {"send_id": work.told[customer].send_id, "campaign": work.campaign.id}
            try:
                provider_id = self.sms().send(
                    sender=self.sms_number, to=letter.to, text=letter.text, tags=tags
                )
            except SendRefused as refused:
                outcomes[customer] = Outcome(T.FAILED, reason=refused.reason)
            except SendThrottled as throttled:
                outcomes[customer] = Outcome(T.QUEUED, reason=throttled.reason)
            except SendUnknown as unknown:
                outcomes[customer] = Outcome(T.AMBIGUOUS, reason=unknown.reason)
            else:
                outcomes[customer] = Outcome(T.SENT, provider_id=provider_id)
        return outcomes

    # --- mark ----------------------------------------------------------------------------

    def _mark(self, work: Work, outcomes: Mapping[str, Outcome]) -> None:
        """Write down what became of everybody whom no event has settled already."""
        for _ in range(ATTEMPTS):
            try:
                self._write(work, outcomes)
            except (WriteRefused, Contended):
                # An event of the provider was faster for some of them.
                work.told |= self.campaigns.told(work.campaign.id, work.segment.customers)
            else:
                return
        raise Contended(f"marking segment {work.segment.number} lost {ATTEMPTS} races")

    def _write(self, work: Work, outcomes: Mapping[str, Outcome]) -> None:
        now = self.clock()
        before, after = [], []
        for customer, outcome in outcomes.items():
            entry = work.told[customer]
            if entry.status == T.SENDING:
                before.append(entry)
                after.append(_advanced(entry, outcome, now))
        told = {**work.told, **{entry.customer_id: entry for entry in after}}
        segment = rules.settled(work.segment, told, now, work.quiet)
        self.table.commit(
            self.campaigns.change_segment(segment),
            *(self.campaigns.write_told(entry) for entry in after),
            *(
                self.campaigns.timeline_entry(work.campaign, entry)
                for entry in after
                if entry.status == T.SENT
            ),
            *self._count(segment, rules.changes_of(before, after), now),
        )
        work.segment = segment

    def _count(self, segment: Segment, steps: Mapping[str, int], now: datetime) -> list[Write]:
        """Add to the live counts; a segment is done only once, since its version is checked."""
        done = {"done": 1} if segment.state == SegmentState.DONE else {}
        spread = f"segment {segment.number}"
        return self.campaigns.count(segment.campaign_id, spread, {**steps, **done}, now)

    # --- the campaign --------------------------------------------------------------------

    def _seems_last(self, work: Work) -> bool:
        """Worth a look at the counts: segments go out about in order. The watch sees the rest."""
        frozen = work.campaign.frozen
        late = frozen is not None and work.segment.number >= frozen.segments - TAIL
        return late and work.segment.state == SegmentState.DONE

    def _everybody_told(self, campaign: Campaign) -> bool:
        done = self.campaigns.counts(campaign.id).sums.get("done", 0)
        return campaign.frozen is not None and done >= campaign.frozen.segments

    def _move(self, campaign_id: str, to: CampaignStatus, why: str) -> None:
        campaign = self.campaigns.get(campaign_id)
        if campaign.status != S.RUNNING:
            return
        try:
            self.table.commit(
                self.campaigns.change(rules.move(campaign, to, self.clock(), "", why))
            )
        except WriteRefused:
            return  # somebody else paused or ended it


def _to_be_said(work: Work) -> list[Told]:
    """Those who are to be told in their own case now."""
    if work.segment.channel != rules.IN_CASE:
        return []
    return [told for told in work.told.values() if told.status == T.SENDING]


def _outcomes(results: Sequence[BulkResult], expected: int) -> list[Outcome]:
    """What the provider says of each entry; an answer that does not fit says nothing at all."""
    if len(results) != expected:
        return [Outcome(T.AMBIGUOUS, reason="the provider's answer has gaps")] * expected
    outcomes = []
    for result in results:
        if result.throttled:
            outcomes.append(Outcome(T.QUEUED, reason=result.error))
        elif result.error:
            outcomes.append(Outcome(T.FAILED, reason=result.error))
        else:
            outcomes.append(Outcome(T.SENT, provider_id=result.provider_id))
    return outcomes


def _our_fault(outcomes: Mapping[str, Outcome]) -> str:
    """The reason where everybody was refused for the same one, "" otherwise."""
    refused = {o.reason for o in outcomes.values() if o.status == T.FAILED}
    everybody = all(o.status == T.FAILED for o in outcomes.values())
    return refused.pop() if everybody and len(refused) == 1 and len(outcomes) >= OURS else ""


def _advanced(entry: Told, outcome: Outcome, now: datetime) -> Told:
    until = now + rules.SETTLE if outcome.status == T.AMBIGUOUS else None
    return rules.advance(
        entry,
        outcome.status,
        now,
        until=until,
        provider_id=outcome.provider_id,
        reason=outcome.reason,
    )
