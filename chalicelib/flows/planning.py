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

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.campaigns import rules
from chalicelib.campaigns.models import (
    Campaign,
    CampaignStatus,
    Frozen,
    PlanState,
    Segment,
    SegmentState,
)
from chalicelib.campaigns.service import DISPATCH, FREEZE, WATCH, errand
from chalicelib.customers.models import Customer
from chalicelib.errors import Contended, Unprocessable
from chalicelib.flows.audience import Audiences, Verdict
from chalicelib.ports import Clock, Mailer, Queue
from chalicelib.store import items, keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.customers import CustomerStore
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
HELD = "held"  # the group of those held out
ENDED = frozenset({S.CANCELLED, S.COMPLETED})


@dataclass(frozen=True)
class Planning:
    table: Table
    campaigns: CampaignStore
    customers: CustomerStore
    reactions: ReactionStore
    audiences: Audiences
    mailer: Callable[[], Mailer]
    queue: Queue
    clock: Clock
    stage: str

    def plan(self, reaction: Reaction) -> None:
        """Run one errand; raises Unprocessable where it is none of ours."""
        work = {FREEZE: self._freeze, DISPATCH: self._dispatch, WATCH: self._watch}
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

    def _stride(
        self, campaign: Campaign, plan: PlanState, wrote: frozenset[str], reaction: Reaction
    ) -> PlanState:
        """Freeze up to the next checkpoint; raises WriteRefused where somebody else did."""
        if plan.partition == len(keys.customer_partitions()):
            return self._close(campaign, plan, reaction)
        stride = _Stride(plan)
        for _ in range(PAGES):
            page = self.customers.page(
                keys.customer_partitions()[stride.partition], PAGE, stride.start
            )
            for stored in page.items:
                verdict = self.audiences.judge(campaign, items.model(Customer, stored), wrote)
                stride.add(verdict)
            if stride.turn(page.last) or stride.full() >= ENOUGH:
                break
        segments, after = stride.checkpoint(rest=False)
        self.table.commit(self.campaigns.change_plan(after), *self._new(segments))
        return after

    def _close(self, campaign: Campaign, plan: PlanState, reaction: Reaction) -> PlanState:
        """The last, short segments; the campaign runs, and the watch begins."""
        segments, after = _Stride(plan).checkpoint(rest=True)
        for _ in range(ATTEMPTS):
            now = self.clock()
            fresh = self.campaigns.get(campaign.id)
            changed = self._frozen(fresh, after.frozen, now)
            follow = [
                self.reactions.new(errand(campaign.id, do), now + PERIOD)
                for do in (DISPATCH, WATCH)
            ]
            writes = [self.campaigns.change_plan(after), *self._new(segments)]
            writes += [self.reactions.done(reaction), *follow, self.campaigns.change(changed)]
            try:
                self.table.commit(*writes)
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
        if not frozen.total:
            return rules.move(with_audience, S.COMPLETED, now, "", "nobody is left to be told")
        approved = campaign.approved_count or 0
        if frozen.total > approved * GROWN + 1:
            why = f"{frozen.total} customers are in the audience by now, {approved} were approved"
            return rules.move(with_audience, S.PAUSED, now, "", why)
        return rules.move(with_audience, S.RUNNING, now, "")

    def _new(self, segments: list[Segment]) -> list[Write]:
        return [self.campaigns.new_segment(segment) for segment in segments]

    # --- dispatch ------------------------------------------------------------------------

    def _dispatch(self, campaign: Campaign, reaction: Reaction) -> None:
        if campaign.status == S.RUNNING:
            waiting = (
                segment
                for segment in self.campaigns.unfinished(campaign.id)
                if segment.state == SegmentState.WAITING
            )
            self._send(waiting)
        self._finish(reaction)

    def _send(self, segments: Iterable[Segment]) -> None:
        """Ten orders a call, without holding all of them in memory."""
        batch: list[str] = []
        for segment in segments:
            batch.append(segment.order())
            if len(batch) == 10:
                self.queue.send("notify", batch)
                batch = []
        if batch:
            self.queue.send("notify", batch)

    # --- watch ---------------------------------------------------------------------------

    def _watch(self, campaign: Campaign, reaction: Reaction) -> None:
        now = self.clock()
        counts = self.campaigns.counts(campaign.id)
        figures = rules.progress(campaign, counts.sums, counts.last_at)
        if campaign.status == S.RUNNING and figures.segments_done >= figures.segments:
            self._save(rules.move(campaign, S.COMPLETED, now, ""))
        elif campaign.status == S.RUNNING and (why := rules.brake(figures)):
            self._save(rules.move(campaign, S.PAUSED, now, "", why))
        elif campaign.status == S.RUNNING:
            moved = max(counts.last_at or campaign.updated_at, campaign.updated_at)
            self._send(
                segment
                for segment in self.campaigns.unfinished(campaign.id)
                if _neglected(segment, now, stalled=now - moved >= STALLED)
            )
        elif campaign.status in ENDED:
            self._finish(reaction)
            return
        self._hold(reaction, now + PERIOD)

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

    def __init__(self, plan: PlanState) -> None:
        self._plan = plan
        self.partition = plan.partition
        self.start = plan.start
        self._waiting = {group: list(ids) for group, ids in plan.waiting.items()}
        self._by_channel = dict(plan.frozen.by_channel)
        self._by_language = dict(plan.frozen.by_language)
        self._excluded = dict(plan.frozen.excluded)
        self._total = plan.frozen.total
        self._held_out = plan.frozen.held_out

    def add(self, verdict: Verdict) -> None:
        if verdict.outside:
            return
        if verdict.reason:
            _add(self._excluded, verdict.reason)
        if verdict.reason == "held_out":
            self._held_out += 1
            self._waiting.setdefault(HELD, []).append(verdict.customer.id)
        elif not verdict.reason:
            assert verdict.channel is not None
            self._total += 1
            _add(self._by_channel, verdict.channel)
            _add(self._by_language, verdict.language)
            self._waiting.setdefault(str(verdict.channel), []).append(verdict.customer.id)

    def turn(self, last: dict[str, str] | None) -> bool:
        """Go on behind a page; True at the end of everything."""
        self.start = last
        if last is None:
            self.partition += 1
        return self.partition == len(keys.customer_partitions())

    def full(self) -> int:
        return sum(len(ids) // rules.SEGMENT for ids in self._waiting.values())

    def checkpoint(self, rest: bool) -> tuple[list[Segment], PlanState]:
        """The segments that are full (with `rest` all), and the state to go on from."""
        segments: list[Segment] = []
        waiting: dict[str, tuple[str, ...]] = {}
        told = self._plan.frozen.segments
        for group, ids in sorted(self._waiting.items()):
            parts, left = rules.cut(ids, rest)
            for part in parts:
                segments.append(
                    Segment(
                        campaign_id=self._plan.campaign_id,
                        number=self._plan.next_number + len(segments),
                        channel=group,
                        customers=part,
                        state=SegmentState.HELD_OUT if group == HELD else SegmentState.WAITING,
                    )
                )
                told += group != HELD
            if left:
                waiting[group] = left
        frozen = Frozen(
            total=self._total,
            segments=told,
            held_out=self._held_out,
            by_channel=self._by_channel,
            by_language=self._by_language,
            excluded=self._excluded,
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


def _add(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
