"""What those who were told hear afterwards: updates, the closure, or that it was a false alarm.

A later step is a campaign of its own: with its own ledger, segments and counts, so that all that
holds of a first notice holds of it (once each, pause, resume, what is in doubt). Its audience is no
rule but the ledger of the first: exactly those who were told, on the channel on which they were,
without those who said that it does not concern them. Nobody who was held out is in that ledger.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.access.models import ApprovalSettings
from chalicelib.campaigns import rules, texts
from chalicelib.campaigns.effect import LaterStep
from chalicelib.campaigns.models import (
    Audience,
    Campaign,
    CampaignStatus,
    FollowupInput,
    Kind,
    Notice,
    Step,
)
from chalicelib.campaigns.progress import progress
from chalicelib.campaigns.service import FREEZE, errand
from chalicelib.errors import Conflict, NotFound
from chalicelib.flows.outreach import EVERY_ROLE, PLAN_DUE
from chalicelib.ports import Clock
from chalicelib.problems.models import ProblemState
from chalicelib.store.table import WriteRefused

if TYPE_CHECKING:
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

S = CampaignStatus
LAST_WORDS = frozenset({Kind.CLOSURE, Kind.RETRACTION})
ENDED = frozenset({S.CANCELLED, S.COMPLETED})
ATTEMPTS = 6
MOST = 50  # later steps of a campaign


@dataclass(frozen=True)
class Followups:
    table: Table
    campaigns: CampaignStore
    problems: ProblemStore
    reactions: ReactionStore
    settings: SettingsStore
    clock: Clock

    def create(
        self, campaign_id: str, given: FollowupInput, by: str, roles: Collection[str] = EVERY_ROLE
    ) -> Campaign:
        """Tell exactly those who were told; the same words once more are the same step.

        A closure or a retraction ends a campaign that is still going out: nobody else need hear
        of it. Raises Conflict (nobody was told; an update while it still goes out; a second last
        word), Invalid naming the field, Forbidden where others may tell so many, NotFound.
        """
        for _ in range(ATTEMPTS):
            root = self._root(campaign_id)
            message = given.message or texts.follow_up(given.kind, root)
            known = self._steps(root)
            for step in known:
                if (step.kind, step.message) == (given.kind, message):
                    return step
            self._check(root, known, given.kind, by, roles)
            step = self._step(root, given, message, by)
            texts.check(step)
            work = self.reactions.new(errand(step.id, FREEZE), self.clock() + PLAN_DUE)
            changed = self._stopped(root, given.kind, by)
            changed = changed.model_copy(update={"followups": (*root.followups, step.id)})
            try:
                self.table.commit(self.campaigns.change(changed), self.campaigns.new(step), work)
            except WriteRefused:
                continue  # somebody changed the campaign, or sent a step, meanwhile
            return step
        raise Conflict("the campaign changes too often; try again")

    def later(self, campaign: Campaign) -> tuple[LaterStep, ...]:
        """The later steps of a first notice, with how far they are."""
        return tuple(
            LaterStep(
                id=step.id,
                kind=step.kind,
                status=step.status,
                total=step.frozen.total if step.frozen else 0,
                sent=self._sent(step),
                created_at=step.created_at,
            )
            for step in self._steps(campaign)
        )

    def proposed(self, campaign: Campaign) -> FollowupInput | None:
        """A closure, once the problem is closed and those who were told have not heard of it."""
        if campaign.root or not campaign.problem_id or not self._sent(campaign):
            return None
        if any(step.kind in LAST_WORDS for step in self._steps(campaign)):
            return None
        try:
            problem = self.problems.get(campaign.problem_id)
        except NotFound:
            return None
        kinds = {
            ProblemState.CLOSED: Kind.CLOSURE,
            ProblemState.VERIFIED: Kind.CLOSURE,
            ProblemState.REJECTED: Kind.RETRACTION,
        }
        kind = kinds.get(problem.state)
        if kind is None:
            return None
        return FollowupInput(kind=kind, message=texts.follow_up(kind, campaign))

    # --- parts ---------------------------------------------------------------------------

    def _root(self, campaign_id: str) -> Campaign:
        campaign = self.campaigns.get(campaign_id)
        return self.campaigns.get(campaign.root) if campaign.root else campaign

    def _steps(self, root: Campaign) -> list[Campaign]:
        return self.campaigns.some(root.followups)

    def _sent(self, campaign: Campaign) -> int:
        if campaign.frozen is None:
            return 0
        counts = self.campaigns.counts(campaign.id)
        figures = progress(campaign, counts.sums, counts.moments)
        return figures.sent + figures.in_case

    def _check(
        self, root: Campaign, known: list[Campaign], kind: Kind, by: str, roles: Collection[str]
    ) -> None:
        if root.frozen is None or root.started_at is None:
            raise Conflict("nobody has been told yet, so there is nobody to tell more")
        if kind is Kind.UPDATE and root.status not in ENDED:
            raise Conflict(
                f"it is {root.status}: an update would miss those who are told after it. "
                "Wait until everybody has been told, or cancel the rest",
                status=root.status,
            )
        last = next((s for s in known if s.kind in LAST_WORDS and s.status != S.CANCELLED), None)
        if last:
            raise Conflict(f"those who were told have heard the end of it: {last.kind} {last.id}")
        if len(known) >= MOST:
            raise Conflict(f"a campaign has at most {MOST} later steps")
        approvals = self.settings.read("approvals", ApprovalSettings)
        approvals.check_sending(by, roles, self._sent(root))

    def _stopped(self, root: Campaign, kind: Kind, by: str) -> Campaign:
        """The first notice, one version on; ended where its time is over."""
        now = self.clock()
        if root.status in ENDED:
            return rules.touch(root, now)
        return rules.move(root, S.CANCELLED, now, by, f"{kind} is sent")

    def _step(self, root: Campaign, given: FollowupInput, message: Notice, by: str) -> Campaign:
        now: datetime = self.clock()
        return Campaign(
            id=rules.step_id(root, len(root.followups) + 1),
            name=f"{root.name}: {given.kind}"[:160],
            kind=given.kind,
            root=root.id,
            status=S.APPROVED,
            trend_id=root.trend_id,
            topic=root.topic,
            problem_id=root.problem_id,
            audience=Audience(exclude_wrote=False),
            message=message,
            fields=root.fields if given.fields is None else given.fields,
            link=root.link,
            purpose=root.purpose,
            approved_count=self._sent(root) + 1,
            history=(Step(status=S.APPROVED, at=now, by=by),),
            created_by=by,
            approved_by=by,
            approved_at=now,
            created_at=now,
            updated_at=now,
        )
