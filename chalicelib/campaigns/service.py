"""What a lead does with campaigns: write, change, pause, resume, cancel, look.

Whatever has to follow is written as a reaction in the same transaction, so that none of it can be
lost between the write and the queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.campaigns import rules, texts
from chalicelib.campaigns.effect import CampaignView
from chalicelib.campaigns.models import (
    Campaign,
    CampaignInput,
    CampaignPatch,
    CampaignStatus,
    Progress,
    Purpose,
)
from chalicelib.campaigns.progress import brake_figures, progress
from chalicelib.campaigns.settings import CampaignSettings
from chalicelib.errors import Conflict, Invalid, NotFound, StaleVersion
from chalicelib.ports import Clock, Ids
from chalicelib.store import keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write
from chalicelib.trends.models import Trend

if TYPE_CHECKING:
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.cursors import Merged
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table
    from chalicelib.store.trends import TrendStore

S = CampaignStatus
WEEK = timedelta(days=7)
LONGEST = timedelta(days=31)  # back, when looking for those who wrote: an hour is a read
ATTEMPTS = 6
FREEZE, DISPATCH, WATCH, BROKEN = "freeze", "dispatch", "watch", "broken"
"""What the planner is asked to do (data "do" of a `plan` reaction)."""


def errand(campaign_id: str, do: str, identifier: str = "") -> Reaction:
    """A reaction for the planner; the same identifier is the same errand."""
    owner = keys.campaign(campaign_id)[0]
    return Reaction(owner=owner, kind="plan", id=identifier or do, data={"do": do})


@dataclass(frozen=True)
class Campaigns:
    """`version` None means "whatever it is by now": stopping must not wait for a reload."""

    table: Table
    campaigns: CampaignStore
    trends: TrendStore
    reactions: ReactionStore
    settings: SettingsStore
    clock: Clock
    ids: Ids

    def create(self, given: CampaignInput, by: str) -> Campaign:
        """A draft, from a trend or free; raises Invalid naming the field."""
        trend = self._trend(given.trend_id)
        topic = given.topic or (trend.topic if trend else None)
        now = self.clock()
        campaign = Campaign(
            id=self.ids.new(),
            name=given.name.strip() or f"Notice about {topic or 'a known problem'}",
            trend_id=given.trend_id,
            topic=topic,
            problem_id=given.problem_id or (trend.problem_id if trend else None),
            audience=given.audience,
            message=texts.propose(given, topic),
            fields=given.fields,
            link=given.link,
            purpose=given.purpose,
            held_out=self._held_out(given),
            series=trend.series if trend else f"topic={topic}" if topic else "",
            wrote_since=_since(given.audience.since, trend, now),
            created_by=by,
            created_at=now,
            updated_at=now,
        )
        texts.check(campaign)
        self.table.commit(self.campaigns.new(campaign))
        return campaign

    def edit(
        self, campaign_id: str, patch: CampaignPatch, by: str, version: int | None = None
    ) -> Campaign:
        """Change a draft; raises Conflict once it is approved, StaleVersion, Invalid."""
        before = self._at(campaign_id, version)
        if before.status != S.DRAFT:
            raise Conflict(f"only a draft can be changed, this one is {before.status}")
        wanted = {name: getattr(patch, name) for name in patch.model_fields_set}
        fields = {name: value for name, value in wanted.items() if value is not None}
        if fields.get("purpose", before.purpose) is Purpose.SAFETY:
            fields["held_out"] = 0.0
        if patch.audience and patch.audience.since:
            fields["wrote_since"] = _since(patch.audience.since, None, before.created_at)
        changed = rules.touch(before.model_copy(update=fields), self.clock())
        texts.check(changed)
        self.campaigns.save(changed)
        return changed

    def get(self, campaign_id: str) -> CampaignView:
        """The campaign with its live counts; raises NotFound."""
        return self.view(self.campaigns.get(campaign_id))

    def view(self, campaign: Campaign) -> CampaignView:
        """The campaign with its live counts."""
        return CampaignView.model_validate({**dict(campaign), "progress": self.figures(campaign)})

    def figures(self, campaign: Campaign) -> Progress:
        """The live counts of a campaign."""
        if campaign.frozen is None:
            return Progress()
        counts = self.campaigns.counts(campaign.id)
        return progress(campaign, counts.sums, counts.moments)

    def listing(self, limit: int, positions: dict[str, Any] | None = None) -> Merged:
        """A page of stored campaigns, newest first, for `store.cursors`."""
        return self.campaigns.listing(limit, positions)

    def pause(
        self, campaign_id: str, by: str, version: int | None = None, why: str = ""
    ) -> Campaign:
        """Nothing more is claimed; what a sender has in hand still goes out (one segment each)."""
        return self._move(campaign_id, S.PAUSED, by, version, why)

    def resume(self, campaign_id: str, by: str, version: int | None = None) -> Campaign:
        """Go on where it was paused; raises Conflict where it is not paused."""
        for _ in range(ATTEMPTS):
            before = self._at(campaign_id, version)
            if before.status != S.PAUSED:
                raise Conflict(f"it is {before.status}, not paused", status=before.status)
            now = self.clock()
            changed = rules.move(before, rules.resumed(before), now, by)
            counted = brake_figures(self.campaigns.counts(campaign_id).sums)
            changed = changed.model_copy(update={"brake_from": counted})
            again = errand(campaign_id, DISPATCH, f"{DISPATCH}-{changed.version}")
            if self._saved(changed, version, self.reactions.new(again, now)):
                return changed
        raise Conflict("the campaign changes too often; try again")

    def cancel(
        self, campaign_id: str, by: str, version: int | None = None, why: str = ""
    ) -> Campaign:
        """End it for good; those not told yet are not told."""
        return self._move(campaign_id, S.CANCELLED, by, version, why)

    # --- parts ---------------------------------------------------------------------------

    def _move(
        self, campaign_id: str, to: CampaignStatus, by: str, version: int | None, why: str
    ) -> Campaign:
        for _ in range(ATTEMPTS):
            before = self._at(campaign_id, version)
            if before.status == to:
                return before
            changed = rules.move(before, to, self.clock(), by, why)
            if self._saved(changed, version):
                return changed
        raise Conflict("the campaign changes too often; try again")

    def _saved(self, changed: Campaign, version: int | None, *more: Write) -> bool:
        """False where a race was lost that the caller does not care about."""
        try:
            self.campaigns.save(changed, *more)
        except StaleVersion:
            if version is not None:
                raise
            return False
        return True

    def _at(self, campaign_id: str, version: int | None) -> Campaign:
        """The campaign at that version; raises NotFound, StaleVersion."""
        campaign = self.campaigns.get(campaign_id)
        if version is not None and version != campaign.version:
            raise StaleVersion(
                f"it is at version {campaign.version} by now",
                current=campaign.model_dump(mode="json"),
            )
        return campaign

    def _held_out(self, given: CampaignInput) -> float:
        if given.purpose is Purpose.SAFETY:
            return 0.0
        if given.held_out is not None:
            return given.held_out
        return self.settings.read("campaigns", CampaignSettings).held_out

    def _trend(self, trend_id: str | None) -> Trend | None:
        if trend_id is None:
            return None
        try:
            return self.trends.get(trend_id)
        except NotFound as error:
            raise Invalid.field("trend_id", "there is no such trend") from error


def _since(asked: datetime | None, trend: Trend | None, now: datetime) -> datetime:
    """From when on those who wrote count as having written about it."""
    since = asked or (trend.started_at if trend else now - WEEK)
    return max(since, now - LONGEST)
