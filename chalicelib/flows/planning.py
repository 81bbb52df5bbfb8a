"""From an approved campaign to segments on the queue, and on until everybody is told.

Three errands, each a reaction in the outbox and each safe to run at any time, twice, or again after
a death anywhere:

- freeze: walk over all customers, page by page, and cut those who are to be told into segments. A
  checkpoint (how far, who is still without a segment) is written in one transaction with the
  segments that were cut, so nobody is dropped or doubled; what comes after it is read again.
- dispatch: put every segment that waits on the queue, ten a call. Twice is harmless: whoever claims
  a segment first has it (notifying.py).
- watch: until the campaign has ended, look every few minutes for segments that nobody works on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.base import from_iso, iso
from chalicelib.campaigns import rules
from chalicelib.campaigns.models import (
    Campaign,
    CampaignStatus,
    Frozen,
    PlanState,
    Segment,
    SegmentState,
    Told,
)
from chalicelib.campaigns.service import BROKEN, DISPATCH, FREEZE, WATCH, errand
from chalicelib.customers.models import Customer
from chalicelib.errors import Contended, Unprocessable
from chalicelib.flows.audience import Audiences, Verdict
from chalicelib.ports import Clock, Mailer, Queue
from chalicelib.routing.rules import met
from chalicelib.store import items, keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.braking import Braking
    from chalicelib.flows.noticed import NoticeAnswers
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.effects import EffectStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

S = CampaignStatus
PAGE = 1000  # customers a read
PAGES = 20  # between two checkpoints at most
ENOUGH = 50  # full segments that make a checkpoint; with a page's more they fit one transaction
WORKING = timedelta(seconds=200)  # of the 300 that the planner has; then it goes on in a new run
PERIOD = timedelta(minutes=2)  # between two looks of the watch
STALLED = timedelta(minutes=5)  # without any progress: what waits was lost on its way
GROWN = 1.1  # times as many as were approved need a second look by a person
ATTEMPTS = 6
RARELY = timedelta(minutes=15)  # the watch looks at least, also when nothing is due
LONGEST = 900.0  # seconds that SQS delays a message at most
WINDOW = timedelta(seconds=840)  # after which a paced campaign goes on being handed out
STALE = timedelta(seconds=90)  # after which nobody acts on having read that it was running
ENDED = frozenset({S.CANCELLED, S.COMPLETED})


@dataclass(frozen=True)
class Planning:
    table: Table
    campaigns: CampaignStore
    customers: CustomerStore
    reactions: ReactionStore
    effects: EffectStore
    audiences: Audiences
    braking: Braking
    noticed: NoticeAnswers
    mailer: Callable[[], Mailer]
    queue: Queue
    clock: Clock
    stage: str
    segment: int = rules.SEGMENT  # customers of a segment

    def plan(self, reaction: Reaction) -> None:
        """Run one errand; raises Unprocessable where it is none of ours."""
        work = {
            FREEZE: self._freeze,
            DISPATCH: self._dispatch,
            WATCH: self._watch,
            BROKEN: self.noticed.broken,
        }
        do = work.get(reaction.data.get("do", ""))
        if do is None:
            raise Unprocessable(f"the planner has no errand {reaction.data.get('do')!r}")
        do(self.campaigns.get(reaction.owner.removeprefix("CAMP#")), reaction)

    # --- freeze --------------------------------------------------------------------------

    def _freeze(self, campaign: Campaign, reaction: Reaction) -> None:
        began = self.clock()
        if campaign.status not in ENDED:
            campaign = self._begin(campaign)
        wrote = self.audiences.wrote(campaign, began)
        plan = self.campaigns.plan(campaign.id)
        while not plan.finished:
            if self.campaigns.get(campaign.id).status in ENDED:
                break
            if campaign.root and not self._parent_at_rest(campaign):
                self._hold(reaction, self.clock() + PERIOD)
                return
            if self.clock() - began > WORKING:
                self._hold(reaction, self.clock())  # the sweep starts the next run
                return
            try:
                plan = self._stride(campaign, plan, wrote, reaction)
            except (WriteRefused, Contended):
                if not self.reactions.exists(reaction):
                    return  # somebody else has finished it
                plan = self.campaigns.plan(campaign.id)  # somebody else is at it too: go on there
        self._finish(reaction)

    def _begin(self, campaign: Campaign) -> Campaign:
        """Make sure of the template that mails go through; say that planning has begun."""
        if campaign.message.email:
            self.mailer().put_template(template_name(self.stage), "{{subject}}", "{{text}}")
        if campaign.status != S.APPROVED:
            return campaign
        planning = rules.move(campaign, S.PLANNING, self.clock(), "")
        try:
            self.table.commit(self.campaigns.change(planning))
        except WriteRefused:
            return self.campaigns.get(campaign.id)  # paused or cancelled, or a second planner
        return planning

    def _parent_at_rest(self, campaign: Campaign) -> bool:
        """Whether it is known of everybody if they were told by the first notice.

        Who read it as running just before it was stopped may still claim a segment; what is in
        doubt is settled by the provider, or counts as not told once that has had its time.
        """
        parent = self.campaigns.get(campaign.root)
        stopped = parent.finished_at or parent.updated_at
        since = self.clock() - stopped
        if parent.status not in ENDED or (parent.status == S.CANCELLED and since < STALE):
            return parent.status in ENDED and not parent.frozen
        sums = self.campaigns.counts(parent.id).sums
        open_ = sum(sums.get(name, 0) for name in (*rules.OPEN, "case_sending"))
        return open_ <= 0 or since > rules.SETTLE + STALE

    def _stride(
        self, campaign: Campaign, plan: PlanState, wrote: Mapping[str, str], reaction: Reaction
    ) -> PlanState:
        """Freeze up to the next checkpoint; raises WriteRefused where somebody else did."""
        places = 1 if campaign.root else len(keys.customer_partitions())
        if plan.partition == places:
            return self._close(campaign, plan, reaction)
        stride = _Stride(plan, places, self.segment)
        for _ in range(PAGES):
            if campaign.root:
                last = self._from_ledger(campaign, stride)
            else:
                last = self._from_customers(campaign, stride, wrote)
            if stride.turn(last) or stride.full() >= ENOUGH:
                break
        segments, after = stride.checkpoint(rest=False)
        self._commit(after, segments)
        return after

    def _from_customers(
        self, campaign: Campaign, stride: _Stride, wrote: Mapping[str, str]
    ) -> dict[str, str] | None:
        """Add a page of customers; returns where the next one begins."""
        partition = keys.customer_partitions()[stride.partition]
        page = self.customers.page(partition, PAGE, stride.start)
        people = [items.model(Customer, stored) for stored in page.items]
        now = self.clock()
        likely = [one for one in people if rules.belongs(campaign.audience, one, met)]
        tired = self.audiences.tired(campaign, likely, now)
        for customer in likely:
            stride.add(self.audiences.judge(campaign, customer, wrote, now, tired))
        return page.last

    def _from_ledger(self, campaign: Campaign, stride: _Stride) -> dict[str, str] | None:
        """Add a page of those who were told by the first notice, and by nothing else."""
        page = self.campaigns.ledger_page(campaign.root, PAGE, stride.start)
        for stored in page.items:
            told = items.model(Told, stored)
            reason = rules.out_of_reach(told)
            if reason is not None:
                stride.add_told(told, reason)
        return page.last

    def _commit(self, plan: PlanState, segments: list[Segment], *more: Write) -> None:
        """A checkpoint; who is held out is in the ledger before it can be read from a segment."""
        held = [c for one in segments if one.channel == rules.HELD for c in one.customers]
        self.campaigns.keep_held_out(plan.campaign_id, held)
        new = [self.campaigns.new_segment(segment) for segment in segments]
        self.table.commit(self.campaigns.change_plan(plan), *new, *more)

    def _close(self, campaign: Campaign, plan: PlanState, reaction: Reaction) -> PlanState:
        """The last, short segments; the campaign runs, and the watch begins."""
        segments, after = _Stride(plan, plan.partition, self.segment).checkpoint(rest=True)
        for _ in range(ATTEMPTS):
            now = self.clock()
            fresh = self.campaigns.get(campaign.id)
            changed = self._frozen(fresh, after.frozen, now)
            follow = [
                self.reactions.new(errand(campaign.id, do), now + PERIOD)
                for do in (DISPATCH, WATCH)
            ]
            more = [self.reactions.done(reaction), *follow, self.campaigns.change(changed)]
            if not campaign.root:
                more += self.effects.watch(changed)
            try:
                self._commit(after, segments, *more)
            except WriteRefused as refused:
                if set(refused.names) != {"campaign"}:
                    raise
                continue  # paused, resumed or cancelled meanwhile
            return after
        raise Contended("a campaign that changes all the time")

    def _frozen(self, campaign: Campaign, frozen: Frozen, now: datetime) -> Campaign:
        with_audience = campaign.model_copy(update={"frozen": frozen})
        if campaign.status != S.PLANNING:
            return rules.touch(with_audience, now)  # paused or cancelled: it stays that
        if not frozen.total and not frozen.segments:
            return rules.move(with_audience, S.COMPLETED, now, "", "nobody is left to be told")
        approved = campaign.approved_count or 0
        if frozen.total > approved * GROWN + 1:
            why = f"{frozen.total} customers are in the audience by now, {approved} were approved"
            return rules.move(with_audience, S.PAUSED, now, "", why)
        return rules.move(with_audience, S.RUNNING, now, "")

    # --- dispatch ------------------------------------------------------------------------

    def _dispatch(self, campaign: Campaign, reaction: Reaction) -> None:
        if campaign.status == S.RUNNING:
            now = self.clock()
            waiting = (
                segment
                for segment in self.campaigns.unfinished(campaign.id)
                if segment.state == SegmentState.WAITING
                and (segment.due_at is None or segment.due_at <= now)
            )
            if self._send(waiting):
                self._hold(reaction, now + WINDOW)  # the sweep hands out more then
                return
        self._finish(reaction)

    def _send(self, segments: Iterable[Segment]) -> bool:
        """Ten orders a call, without holding all of them in memory; whether some have to wait.

        Where a pace is set, each order is delayed until its turn, and those whose turn comes later
        than a queue can delay them are left for another time.
        """
        pace = self.audiences.rules().pace
        turn: dict[str, float] = {}  # channel -> seconds from now
        batch: list[str] = []
        for segment in segments:
            rate = next((r for channel, r in pace.items() if channel == segment.channel), 0.0)
            if not rate:
                batch.append(segment.order())
                if len(batch) == 10:
                    self.queue.send("notify", batch)
                    batch = []
                continue
            delay = turn.get(segment.channel, 0.0)
            if delay > LONGEST:
                if batch:
                    self.queue.send("notify", batch)
                return True
            self.queue.send("notify", [segment.order()], int(delay))
            turn[segment.channel] = delay + len(segment.customers) / rate
        if batch:
            self.queue.send("notify", batch)
        return False

    # --- watch ---------------------------------------------------------------------------

    def _watch(self, campaign: Campaign, reaction: Reaction) -> None:
        now = self.clock()
        if campaign.status in ENDED:
            self._finish(reaction)
            return
        due = now + PERIOD
        if campaign.status == S.RUNNING:
            counts = self.campaigns.counts(campaign.id)
            done = counts.sums.get("done", 0)
            if campaign.frozen and done >= campaign.frozen.segments:
                self._save(rules.move(campaign, S.COMPLETED, now, ""))
            elif why := self.braking.reason(campaign, counts.sums):
                self._save(rules.move(campaign, S.PAUSED, now, "", why))
            else:
                moved = max(counts.moments.last or campaign.updated_at, campaign.updated_at)
                due = self._look_after(campaign, now, stalled=now - moved >= STALLED)
        self._hold(reaction, due)

    def _look_after(self, campaign: Campaign, now: datetime, stalled: bool) -> datetime:
        """Put neglected segments on the queue again; returns when to look next.

        Where all that is left waits for the end of quiet hours, that is not every two minutes.
        """
        soonest: list[datetime] = []

        def neglected() -> Iterator[Segment]:
            for segment in self.campaigns.unfinished(campaign.id):
                if _neglected(segment, now, stalled):
                    soonest.append(now)
                    yield segment
                else:
                    soonest.append(segment.due_at or now)

        self._send(neglected())
        return min(max(min(soonest, default=now), now + PERIOD), now + RARELY)

    def _save(self, campaign: Campaign) -> None:
        try:
            self.table.commit(self.campaigns.change(campaign))
        except WriteRefused:
            return  # a person was faster; the next look sees what they want

    def _finish(self, reaction: Reaction) -> None:
        try:
            self.table.commit(self.reactions.done(reaction))
        except WriteRefused:
            return  # it was done already

    def _hold(self, reaction: Reaction, until: datetime) -> None:
        try:
            self.table.commit(self.reactions.postpone(reaction, until))
        except WriteRefused:
            return  # it was done by somebody else


def template_name(stage: str) -> str:
    """The one mail template of an installation; the functions' policies name its beginning.

    It holds nothing but a subject and a text, which come filled for each customer: what is sent is
    then exactly what the preview showed, and there is no template a campaign to make or to clear.
    """
    return f"custops-{stage}-notice"


def _neglected(segment: Segment, now: datetime, stalled: bool) -> bool:
    if segment.due_at is not None:
        return segment.due_at <= now
    return stalled


class _Stride:
    """What was read since the last checkpoint. Memory: one page of ids beyond full segments."""

    def __init__(self, plan: PlanState, places: int, size: int) -> None:
        self._plan = plan
        self._size = size
        self._places = places
        self.partition = plan.partition
        self.start = plan.start
        self._waiting = {group: list(ids) for group, ids in plan.waiting.items()}
        self._by_channel = dict(plan.frozen.by_channel)
        self._by_language = dict(plan.frozen.by_language)
        self._excluded = dict(plan.frozen.excluded)
        self._total = plan.frozen.total
        self._held_out = plan.frozen.held_out
        self._in_case = plan.frozen.in_case
        self._deferred = plan.frozen.deferred

    def add(self, verdict: Verdict) -> None:
        if verdict.outside:
            return
        if verdict.reason:
            _add(self._excluded, verdict.reason)
        if verdict.reason == "held_out":
            self._held_out += 1
            self._wait(rules.HELD, verdict.customer.id)
        elif verdict.case_id:
            self._in_case += 1
            self._wait(rules.IN_CASE, f"{verdict.customer.id}|{verdict.case_id}")
        elif not verdict.reason:
            assert verdict.channel is not None
            self._total += 1
            self._deferred += verdict.quiet is not None
            _add(self._by_channel, verdict.channel)
            _add(self._by_language, verdict.language)
            end = f"@{iso(verdict.quiet)}" if verdict.quiet else ""
            self._wait(f"{verdict.channel}{end}", verdict.customer.id)

    def add_told(self, told: Told, reason: str) -> None:
        """One who was told by the first notice; with a reason they are left out this time."""
        if reason:
            _add(self._excluded, reason)
        elif told.channel == rules.IN_CASE:
            self._in_case += 1
            self._wait(rules.IN_CASE, f"{told.customer_id}|{told.case_id}")
        else:
            self._total += 1
            _add(self._by_channel, told.channel)
            self._wait(told.channel, told.customer_id)

    def _wait(self, group: str, member: str) -> None:
        self._waiting.setdefault(group, []).append(member)

    def turn(self, last: dict[str, str] | None) -> bool:
        """Go on behind a page; True at the end of everything."""
        self.start = last
        if last is None:
            self.partition += 1
        return self.partition == self._places

    def full(self) -> int:
        return sum(len(ids) // self._size for ids in self._waiting.values())

    def checkpoint(self, rest: bool) -> tuple[list[Segment], PlanState]:
        """The segments that are full (with `rest` all), and the state to go on from."""
        segments: list[Segment] = []
        waiting: dict[str, tuple[str, ...]] = {}
        told = self._plan.frozen.segments
        for group, ids in sorted(self._waiting.items()):
            parts, left = rules.cut(ids, rest, self._size)
            for part in parts:
                number = self._plan.next_number + len(segments)
                segments.append(_segment(self._plan.campaign_id, number, group, part))
                told += group != rules.HELD
            if left:
                waiting[group] = left
        frozen = Frozen(
            total=self._total,
            segments=told,
            held_out=self._held_out,
            by_channel=self._by_channel,
            by_language=self._by_language,
            excluded=self._excluded,
            in_case=self._in_case,
            deferred=self._deferred,
        )
        return segments, self._plan.model_copy(
            update={
                "partition": self.partition,
                "start": self.start,
                "next_number": self._plan.next_number + len(segments),
                "waiting": waiting,
                "frozen": frozen,
                "finished": rest,
                "version": self._plan.version + 1,
            }
        )


def _segment(campaign_id: str, number: int, group: str, members: tuple[str, ...]) -> Segment:
    """A segment of a group's members, as PlanState writes both down."""
    channel, _, quiet = group.partition("@")
    pairs = [member.partition("|") for member in members]
    held = channel == rules.HELD
    return Segment(
        campaign_id=campaign_id,
        number=number,
        channel=channel,
        customers=tuple(customer for customer, _, _ in pairs),
        cases=tuple(case for _, _, case in pairs) if channel == rules.IN_CASE else (),
        state=SegmentState.HELD_OUT if held else SegmentState.WAITING,
        due_at=from_iso(quiet) if quiet else None,
    )


def _add(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
