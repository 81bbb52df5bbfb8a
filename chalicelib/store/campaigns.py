"""Campaigns with their segments, ledger and counts; all of one campaign in one partition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.base import Instant, Model, from_iso, iso
from chalicelib.campaigns.models import (
    Campaign,
    Order,
    PlanState,
    Segment,
    SegmentState,
    Told,
)
from chalicelib.campaigns.progress import Moments
from chalicelib.campaigns.rules import matter_of
from chalicelib.customers.models import Customer
from chalicelib.errors import NotFound, StaleVersion
from chalicelib.store import items, keys
from chalicelib.store.cursors import Merged, merge
from chalicelib.store.table import (
    Page,
    Table,
    Write,
    WriteRefused,
    put,
    put_new,
    put_version,
    update,
)

KEPT = timedelta(days=91)  # of what a customer was told: longer than any cap looks back


class Previewed(Model):
    """What the newest preview of a campaign said."""

    campaign_version: int
    count: int
    at: Instant


class Entry(Model):
    """A notice as it stands in the customer's own timeline."""

    campaign_id: str
    name: str
    channel: str
    subject: str = ""
    provider_id: str = ""  # by which an answer refers to it
    at: Instant


class Noticed(Model):
    """Which matters a customer was told about lately, and when."""

    at: dict[str, Instant] = {}

    def since(self, moment: datetime, but: str) -> dict[str, datetime]:
        """Those after a moment, without the one named."""
        return {name: at for name, at in self.at.items() if at > moment and name != but}


@dataclass(frozen=True)
class Scene:
    """All that telling one segment needs, from one read."""

    campaign: Campaign
    segment: Segment
    customers: Mapping[str, Customer]
    noticed: Mapping[str, Noticed] = field(default_factory=dict)


@dataclass(frozen=True)
class Counts:
    """The sums of a campaign's counters, and when what of them changed."""

    sums: Mapping[str, int]
    moments: Moments


class CampaignStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    # --- campaigns -----------------------------------------------------------------------

    def get(self, campaign_id: str) -> Campaign:
        """Raises NotFound."""
        stored = self._table.get(keys.campaign(campaign_id))
        if stored is None:
            raise NotFound(f"there is no campaign {campaign_id}")
        return items.model(Campaign, stored)

    def some(self, ids: Iterable[str]) -> list[Campaign]:
        """Those of the campaigns that exist, in the order asked for."""
        wanted = {campaign: keys.campaign(campaign) for campaign in ids}
        found = self._table.batch_get(list(wanted.values())) if wanted else {}
        return [items.model(Campaign, found[key]) for key in wanted.values() if key in found]

    def listing(self, limit: int, positions: dict[str, Any] | None) -> Merged:
        """A page of campaigns, newest first."""
        return merge(self._table, 2, [keys.CAMPAIGNS], limit, positions)

    def of_problem(self, problem_id: str, limit: int = 50) -> list[Campaign]:
        """The first notices about a problem, newest first."""
        pk = f"{keys.CAMPAIGNS}#{problem_id}"
        page = self._table.query(pk, index="gsi3", newest_first=True, limit=limit)
        return [items.model(Campaign, stored) for stored in page.items]

    def new(self, campaign: Campaign) -> Write:
        return put_new("campaign", _item(campaign))

    def change(self, campaign: Campaign) -> Write:
        """Write a campaign that is one version on from what was read."""
        return put_version("campaign", _item(campaign), campaign.version - 1)

    def save(self, campaign: Campaign, *more: Write) -> None:
        """Commit a changed campaign; raises StaleVersion with the newest state."""
        try:
            self._table.commit(self.change(campaign), *more)
        except WriteRefused as refused:
            if "campaign" not in refused.names:
                raise
            newest = self.get(campaign.id)
            raise StaleVersion(
                f"it is at version {newest.version} by now", current=newest.model_dump(mode="json")
            ) from refused

    def previewed(self, campaign_id: str) -> Previewed | None:
        stored = self._table.get(keys.preview(campaign_id))
        return items.model(Previewed, stored) if stored else None

    def keep_preview(self, campaign_id: str, previewed: Previewed) -> Write:
        return put("preview", items.item(keys.preview(campaign_id), "preview", previewed))

    # --- the frozen audience -------------------------------------------------------------

    def plan(self, campaign_id: str) -> PlanState:
        """How far the freezing has come; a new one at version 0."""
        stored = self._table.get(keys.plan(campaign_id))
        return items.model(PlanState, stored) if stored else PlanState(campaign_id=campaign_id)

    def change_plan(self, plan: PlanState) -> Write:
        """Refused as "plan" where somebody else froze a part meanwhile."""
        item = items.item(keys.plan(plan.campaign_id), "plan", plan)
        return put_new("plan", item) if plan.version == 1 else _next("plan", item, plan.version)

    def new_segment(self, segment: Segment) -> Write:
        return put_new("segment", _segment_item(segment))

    def change_segment(self, segment: Segment) -> Write:
        """Refused as "segment" where somebody else has claimed it meanwhile."""
        return _next("segment", _segment_item(segment), segment.version)

    def unfinished(self, campaign_id: str) -> Iterator[Segment]:
        """Segments that somebody is still to be told of, in order."""
        pk = keys.campaign(campaign_id)[0]
        ended = (SegmentState.DONE, SegmentState.HELD_OUT)
        for stored in self._table.query_all(pk, prefix=keys.SEGMENTS, consistent=True):
            if stored["state"] not in ended:
                yield items.model(Segment, stored)

    def scene(self, order: Order) -> Scene:
        """The campaign, the segment and its customers in one read; raises NotFound."""
        campaign_key = keys.campaign(order.campaign_id)
        segment_key = keys.segment(order.campaign_id, order.number)
        people = {keys.customer(customer): customer for customer in order.customers}
        marks = {keys.noticed(customer): customer for customer in order.customers}
        found = self._table.batch_get([campaign_key, segment_key, *people, *marks])
        if campaign_key not in found or segment_key not in found:
            raise NotFound(f"there is no segment {order.number} of campaign {order.campaign_id}")
        customers = {
            people[key]: items.model(Customer, stored)
            for key, stored in found.items()
            if key in people
        }
        return Scene(
            items.model(Campaign, found[campaign_key]),
            items.model(Segment, found[segment_key]),
            customers,
            {marks[key]: _noticed(stored) for key, stored in found.items() if key in marks},
        )

    def noticed(self, customers: Iterable[str]) -> dict[str, Noticed]:
        """What those customers were told lately, for those who were told anything."""
        wanted = {keys.noticed(customer): customer for customer in customers}
        found = self._table.batch_get(list(wanted)) if wanted else {}
        return {wanted[key]: _noticed(stored) for key, stored in found.items()}

    def mark_noticed(
        self, customer_id: str, campaign_id: str, known: Noticed | None, now: datetime
    ) -> Write:
        """Remember that a customer is told about a matter now; again changes the time only."""
        matter = matter_of(campaign_id)
        old = [n for n, at in known.at.items() if n != matter and now - at > KEPT] if known else []
        names = "".join(f", c_{name}" for name in old)
        forget = f" REMOVE {names[2:]}" if old else ""
        change = f"SET c_{matter} = :at, expires = :until{forget}"
        until = int((now + KEPT).timestamp())
        return update("noticed", keys.noticed(customer_id), change, at=iso(now), until=until)

    def names(self, ids: Iterable[str]) -> dict[str, str]:
        """What those campaigns are called."""
        wanted = {keys.campaign(campaign): campaign for campaign in ids}
        found = self._table.batch_get(list(wanted)) if wanted else {}
        return {wanted[key]: str(stored.get("name", "")) for key, stored in found.items()}

    # --- the ledger ----------------------------------------------------------------------

    def told(self, campaign_id: str, customers: Iterable[str]) -> dict[str, Told]:
        """The ledger's entries of those customers who have one."""
        wanted = {keys.told(campaign_id, customer): customer for customer in customers}
        found = self._table.batch_get(list(wanted))
        return {wanted[key]: items.model(Told, stored) for key, stored in found.items()}

    def told_of(
        self, places: Iterable[tuple[str, str]]
    ) -> tuple[dict[str, Campaign], dict[tuple[str, str], Told]]:
        """The campaigns, and the entries that exist at (campaign id, customer id), in one read."""
        wanted = {keys.told(*place): place for place in places}
        campaigns = {keys.campaign(place[0]): place[0] for place in wanted.values()}
        found = self._table.batch_get([*campaigns, *wanted])
        named = {
            name: items.model(Campaign, found[key])
            for key, name in campaigns.items()
            if key in found
        }
        told = {
            place: items.model(Told, found[key])
            for key, place in wanted.items()
            if key in found and place[0] in named
        }
        return named, told

    def everybody_told(self, campaign_id: str) -> Iterator[Told]:
        """The whole ledger of a campaign."""
        pk = keys.campaign(campaign_id)[0]
        for stored in self._table.query_all(pk, prefix=keys.TOLD, consistent=True):
            yield items.model(Told, stored)

    def ledger_page(self, campaign_id: str, limit: int, start: dict[str, str] | None) -> Page:
        """A page of the ledger of a campaign."""
        pk = keys.campaign(campaign_id)[0]
        return self._table.query(pk, prefix=keys.TOLD, limit=limit, start=start, consistent=True)

    def keep_held_out(self, campaign_id: str, customers: Sequence[str]) -> None:
        """Write down who is held out; again changes nothing."""
        held = [keys.held_out(campaign_id, customer) for customer in customers]
        self._table.batch_put([{"pk": pk, "sk": sk, "type": "held_out"} for pk, sk in held])

    def write_told(self, told: Told) -> Write:
        """Refused as "told" where the entry is not what it was when it was read."""
        key = keys.told(told.campaign_id, told.customer_id)
        item = items.item(key, "told", told)
        return put_new("told", item) if told.version == 1 else _next("told", item, told.version)

    def timeline_entry(self, campaign: Campaign, told: Told) -> Write:
        """The notice in the customer's own timeline; writing it again changes nothing."""
        entry = Entry(
            campaign_id=campaign.id,
            name=campaign.name,
            channel=told.channel,
            subject=told.subject,
            provider_id=told.provider_id,
            at=told.claimed_at,
        )
        key = keys.notice(told.customer_id, told.claimed_at, campaign.id)
        return put("timeline", items.item(key, "notice", entry))

    # --- counts --------------------------------------------------------------------------

    def count(
        self, campaign_id: str, spread: str, steps: Mapping[str, int], at: datetime
    ) -> list[Write]:
        """Add to the counts; `spread` chooses the shard. Nothing to add is no write."""
        names = [name for name in sorted(steps) if steps[name]]
        if not names:
            return []
        adds = ", ".join(f"n_{name} :{name}" for name in names)
        values: dict[str, Any] = {"at": iso(at), **{name: steps[name] for name in names}}
        sets = "last_at = :at"
        if any(name.startswith("paid_") for name in names):
            sets += ", first_told = if_not_exists(first_told, :at), last_told = :at"
        key = keys.progress(campaign_id, spread)
        return [update("count", key, f"SET {sets} ADD {adds}", **values)]

    def counts(self, campaign_id: str) -> Counts:
        pk = keys.campaign(campaign_id)[0]
        sums: dict[str, int] = {}
        seen: dict[str, list[str]] = {}
        for stored in self._table.query_all(pk, prefix=keys.PROGRESS, consistent=True):
            for name, value in stored.items():
                if name.startswith("n_"):
                    sums[name[2:]] = sums.get(name[2:], 0) + int(value)
                elif name in ("last_at", "first_told", "last_told"):
                    seen.setdefault(name, []).append(value)
        return Counts(
            sums,
            Moments(
                _moment(max, seen.get("last_at")),
                _moment(min, seen.get("first_told")),
                _moment(max, seen.get("last_told")),
            ),
        )


def _moment(choose: Callable[[list[str]], str], known: list[str] | None) -> datetime | None:
    return from_iso(choose(known)) if known else None


def _noticed(stored: Mapping[str, Any]) -> Noticed:
    at = {name[2:]: value for name, value in stored.items() if name.startswith("c_")}
    return Noticed.model_validate({"at": at})


def _next(name: str, item: Mapping[str, Any], version: int) -> Write:
    return put_version(name, item, version - 1)


def _segment_item(segment: Segment) -> dict[str, Any]:
    return items.item(keys.segment(segment.campaign_id, segment.number), "segment", segment)


def _item(campaign: Campaign) -> dict[str, Any]:
    by_time = items.by_time(campaign.created_at, campaign.id)
    listed = keys.index(2, keys.CAMPAIGNS, by_time) if not campaign.root else {}
    if campaign.problem_id and not campaign.root:
        listed |= keys.index(3, f"{keys.CAMPAIGNS}#{campaign.problem_id}", by_time)
    return items.item(keys.campaign(campaign.id), "campaign", campaign, **listed)
