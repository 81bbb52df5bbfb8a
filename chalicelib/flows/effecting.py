"""What a notice brought: contacts about the matter are noted as cases are counted.

A case that is counted is looked up against the campaigns that watch its topic or its problem; where
its customer is in one of the two groups, it becomes a contact of that group. It is kept by case, so
that a second delivery changes nothing and a corrected topic takes it out again. The figures are
made from those contacts, by one Query.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.campaigns.effect import Arm, Contact, Effect, Times, figures, times
from chalicelib.campaigns.models import Campaign, CampaignStatus, Progress
from chalicelib.cases.models import Case
from chalicelib.errors import Contended, NotFound
from chalicelib.ports import Clock
from chalicelib.store.effects import Membership
from chalicelib.store.table import WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.audience import Audiences
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.effects import EffectStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.table import Table
    from chalicelib.store.trends import TrendStore

ATTEMPTS = 6
LASTS = timedelta(days=30)  # after the first notice a contact has other causes
S = CampaignStatus


@dataclass(frozen=True)
class Effecting:
    table: Table
    cases: CaseStore
    campaigns: CampaignStore
    customers: CustomerStore
    effects: EffectStore
    audiences: Audiences
    trends: TrendStore
    problems: ProblemStore
    clock: Clock

    def note(self, case_id: str) -> None:
        """Make the case a contact of the campaigns that it is about by now; raises Contended."""
        for _ in range(ATTEMPTS):
            try:
                self._note(case_id)
            except (WriteRefused, Contended):
                continue  # the same case was noted meanwhile
            return
        raise Contended("noting a contact")

    def effect(self, campaign: Campaign, progress: Progress) -> Effect | None:
        """The figures of a first notice that has begun."""
        frozen = campaign.frozen
        if campaign.root or frozen is None or campaign.started_at is None:
            return None
        contacts = list(self.effects.contacts(campaign.id))
        wrote = frozen.excluded.get("wrote", 0)
        groups = frozen.total, frozen.held_out
        return figures(groups, contacts, progress, wrote, self._times(campaign, progress))

    # --- parts ---------------------------------------------------------------------------

    def _note(self, case_id: str) -> None:
        case, about = self.effects.case(case_id)
        if case is None:
            return
        watching = self.effects.watching(_names(case))
        if not watching and about is None:
            return
        contacts = self._contacts(case, watching) if watching else []
        writes = self.effects.note(case.id, about, contacts)
        if writes:
            self.table.commit(*writes)

    def _contacts(self, case: Case, watching: list[str]) -> list[Contact]:
        who = case.likely_match.customer_id if case.likely_match else case.customer_id
        campaigns, stands = self.effects.membership(watching, who)
        found = []
        for campaign in campaigns.values():
            if not _in_time(case, campaign):
                continue
            stand = stands.get(campaign.id) or self._waiting(campaign, who)
            if stand is None:
                continue
            told_later = stand.told_at is None or case.created_at < stand.told_at
            found.append(
                Contact(
                    campaign_id=campaign.id,
                    case_id=case.id,
                    customer_id=who,
                    arm=stand.arm,
                    before_notice=stand.arm == Arm.TOLD and told_later,
                    at=case.created_at,
                )
            )
        return found

    def _waiting(self, campaign: Campaign, customer_id: str) -> Membership | None:
        """One who is still to be told is in no ledger yet: the audience's rule says."""
        if campaign.status not in (S.RUNNING, S.PAUSED):
            return None
        try:
            customer = self.customers.get(customer_id)
        except NotFound:
            return None
        verdict = self.audiences.judge(campaign, customer, {}, self.clock())
        return None if verdict.outside or verdict.reason else Membership(arm=Arm.TOLD)

    def _times(self, campaign: Campaign, progress: Progress) -> Times:
        affected = detected = accepted = None
        if campaign.trend_id:
            try:
                trend = self.trends.get(campaign.trend_id)
                affected, detected = trend.started_at, trend.detected_at
            except NotFound:
                affected = None  # it was taken away; the problem may know
        if campaign.problem_id:
            try:
                problem = self.problems.get(campaign.problem_id)
                affected, detected = affected or problem.started_at, detected or problem.detected_at
                accepted = problem.accepted_at
            except NotFound:
                accepted = None  # it was named before it was known here
        return times(affected, detected, accepted, progress.first_at, progress.told_at)


def _names(case: Case) -> list[str]:
    """What campaigns may watch of a case; none of spam, or of a case that is a part of another."""
    if case.spam or case.merged_into:
        return []
    topic = f"topic={case.topic.label}" if case.topic.label else ""
    problem = f"problem={case.problem_id}" if case.problem_id else ""
    return [name for name in (topic, problem) if name]


def _in_time(case: Case, campaign: Campaign) -> bool:
    start = campaign.started_at
    return start is not None and start <= case.created_at <= start + LASTS
