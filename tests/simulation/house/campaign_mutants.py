"""Campaigns with a mistake in them, one at a time: proof that the promises would notice."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any

from chalicelib.bootstrap import Application
from chalicelib.campaigns.models import Campaign, CampaignStatus, PlanState, Told, ToldStatus
from chalicelib.customers.models import Customer
from chalicelib.flows.audience import Audiences, Verdict
from chalicelib.flows.notifying import Notifying, Outcome, Work
from chalicelib.flows.planning import Planning, _Stride
from chalicelib.store import items, keys
from chalicelib.store.campaigns import CampaignStore, Scene
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, put


def fields(flow: Any) -> dict[str, Any]:
    """What a flow was made of, to make another kind of it."""
    return {field.name: getattr(flow, field.name) for field in dataclasses.fields(flow)}


class LooseLedger(CampaignStore):
    """Writes over whatever stands in the ledger, and over whoever holds a segment."""

    def write_told(self, told: Told) -> Write:
        return put("told", items.item(keys.told(told.campaign_id, told.customer_id), "told", told))


class OverwritesTheLedger(Application):
    @cached_property
    def campaigns(self) -> CampaignStore:
        return LooseLedger(self.table)


class Hasty(Notifying):
    """Takes an unknown outcome for a refusal: it goes out again."""

    def _mail(self, work: Work) -> dict[str, Outcome]:
        outcomes = super()._mail(work)
        unknown = any(o.status == ToldStatus.AMBIGUOUS for o in outcomes.values())
        return super()._mail(work) if unknown else outcomes


class RepeatsUnknownNotices(Application):
    @cached_property
    def notifying(self) -> Notifying:
        return Hasty(**fields(super().notifying))


class Everybody(Audiences):
    """Forgets who was drawn to be held out."""

    def judge(self, campaign: Campaign, customer: Customer, *given: object) -> Verdict:
        whole = campaign.model_copy(update={"held_out": 0.0})
        return super().judge(whole, customer, *given)  # type: ignore[arg-type]


class TellsTheHeldOut(Application):
    @cached_property
    def audiences(self) -> Audiences:
        return Everybody(**fields(super().audiences))


class Unstoppable(Notifying):
    """Tells on whatever the campaign says."""

    def notify(self, body: str) -> str:
        store = self.campaigns
        pausable = fields(self) | {"campaigns": AlwaysRunning(store._table)}
        return Notifying(**pausable).notify(body)


class AlwaysRunning(CampaignStore):
    def scene(self, order: object) -> Scene:
        scene = super().scene(order)  # type: ignore[arg-type]
        running = scene.campaign.model_copy(update={"status": CampaignStatus.RUNNING})
        return Scene(running, scene.segment, scene.customers, scene.noticed)


class Restless(Planning):
    """Hands out segments whatever the campaign says."""

    def _dispatch(self, campaign: Campaign, reaction: Reaction) -> None:
        running = campaign.model_copy(update={"status": CampaignStatus.RUNNING})
        super()._dispatch(running, reaction)


class IgnoresThePause(Application):
    @cached_property
    def planning(self) -> Planning:
        return Restless(**fields(super().planning))

    @cached_property
    def notifying(self) -> Notifying:
        return Unstoppable(**fields(super().notifying))


class ByTheRule(Planning):
    """Follows up by the audience's rule instead of by the ledger."""

    def _from_ledger(self, campaign: Campaign, stride: _Stride) -> dict[str, str] | None:
        stride._places = 8
        return super()._from_customers(campaign, stride, {})


class FollowsUpEverybody(Application):
    @cached_property
    def planning(self) -> Planning:
        return ByTheRule(**fields(super().planning))


class Forgetful(Planning):
    """Forgets at a checkpoint who still waits for a segment."""

    def _stride(self, *given: Any) -> PlanState:
        return super()._stride(*given).model_copy(update={"waiting": {}})


class DropsTheRest(Application):
    @cached_property
    def planning(self) -> Planning:
        return Forgetful(**fields(super().planning))


CAMPAIGN_MUTANTS: dict[str, Callable[..., Application]] = {
    "overwrites the ledger": OverwritesTheLedger,
    "repeats unknown notices": RepeatsUnknownNotices,
    "tells the held out": TellsTheHeldOut,
    "ignores the pause": IgnoresThePause,
    "follows up everybody": FollowsUpEverybody,
    "drops who waits for a segment": DropsTheRest,
}
