"""A campaign that does harm pauses by itself: too many bounces, complaints or refusals.

Asked wherever bad news is written down, so that it takes effect within one batch: whoever is to
tell the next segment reads the campaign first. A person lets it go on (`resume`), and from then on
the shares are counted anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.campaigns import rules
from chalicelib.campaigns.models import Campaign, CampaignStatus
from chalicelib.campaigns.progress import brake
from chalicelib.campaigns.settings import CampaignSettings
from chalicelib.ports import Clock
from chalicelib.store.table import WriteRefused

if TYPE_CHECKING:
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

ATTEMPTS = 4
S = CampaignStatus


@dataclass(frozen=True)
class Braking:
    table: Table
    campaigns: CampaignStore
    settings: SettingsStore
    clock: Clock

    def reason(self, campaign: Campaign, sums: Mapping[str, int]) -> str:
        """Why it should pause, with the figures; "" where it may go on."""
        limits = self.settings.read("campaigns", CampaignSettings).brake
        return brake(sums, campaign.brake_from, limits)

    def look(self, campaign_id: str) -> None:
        """Pause the campaign where its figures say so."""
        for _ in range(ATTEMPTS):
            campaign = self.campaigns.get(campaign_id)
            if campaign.status != S.RUNNING:
                return
            why = self.reason(campaign, self.campaigns.counts(campaign_id).sums)
            if not why:
                return
            paused = rules.move(campaign, S.PAUSED, self.clock(), "", why)
            try:
                self.table.commit(self.campaigns.change(paused))
            except WriteRefused:
                continue  # somebody else changed it meanwhile: look again
            return
