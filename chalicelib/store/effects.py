"""Contacts about a matter by those who were told and those held out, kept as cases are counted.

Which campaigns a case is about follows from its topic and its problem: one read finds those that
watch either, and what the case was noted as before. A corrected case moves; a replay changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chalicelib.base import Instant, Model
from chalicelib.campaigns.effect import Arm, Contact
from chalicelib.campaigns.models import Campaign, Told
from chalicelib.campaigns.rules import IN_CASE
from chalicelib.cases.models import Case
from chalicelib.store import items, keys
from chalicelib.store.table import Table, Write, delete, put, put_new, update


class About(Model):
    """As contacts of which campaigns a case stands."""

    campaigns: tuple[str, ...] = ()
    version: int = 1


class Membership(Model):
    """How a customer stands to a campaign: the group, and when they were told."""

    arm: Arm
    told_at: Instant | None = None


class EffectStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def watch(self, campaign: Campaign) -> list[Write]:
        """Let contacts about the campaign's topic and problem be noted from now on."""
        return [
            update("matter", keys.matter(name), "ADD campaigns :c", c={campaign.id})
            for name in names_of(campaign)
        ]

    def watching(self, names: Iterable[str]) -> list[str]:
        """Ids of the campaigns that watch one of those topics or problems."""
        wanted = [keys.matter(name) for name in names]
        found = self._table.batch_get(wanted) if wanted else {}
        return sorted({campaign for stored in found.values() for campaign in stored["campaigns"]})

    def case(self, case_id: str) -> tuple[Case | None, About | None]:
        """A case, and as what it stands, in one read."""
        found = self._table.batch_get([keys.case(case_id), keys.about(case_id)])
        case, about = found.get(keys.case(case_id)), found.get(keys.about(case_id))
        return (
            items.model(Case, case) if case else None,
            items.model(About, about) if about else None,
        )

    def membership(
        self, campaigns: Iterable[str], customer_id: str
    ) -> tuple[dict[str, Campaign], dict[str, Membership]]:
        """Those campaigns, and how the customer stands to each that tells or leaves them out."""
        wanted = {keys.campaign(c): c for c in campaigns}
        told = {keys.told(c, customer_id): c for c in wanted.values()}
        held = {keys.held_out(c, customer_id): c for c in wanted.values()}
        found = self._table.batch_get([*wanted, *told, *held])
        stands: dict[str, Membership] = {}
        for key, stored in found.items():
            if key in told:
                entry = items.model(Told, stored)
                if entry.channel == IN_CASE:
                    continue  # they had written before: they are in neither group
                stands[told[key]] = Membership(arm=Arm.TOLD, told_at=entry.claimed_at)
            elif key in held:
                stands[held[key]] = Membership(arm=Arm.HELD_OUT)
        named = {
            campaign: items.model(Campaign, found[key])
            for key, campaign in wanted.items()
            if key in found
        }
        return named, stands

    def note(self, case_id: str, before: About | None, contacts: Iterable[Contact]) -> list[Write]:
        """Writes that make the case a contact of exactly those campaigns; none where it is so."""
        fresh = {contact.campaign_id: contact for contact in contacts}
        old = before.campaigns if before else ()
        if set(old) == set(fresh):
            return []
        writes = [self._gone(campaign, case_id) for campaign in old if campaign not in fresh]
        writes += [self._contact(contact) for name, contact in fresh.items() if name not in old]
        version = before.version + 1 if before else 1
        about = About(campaigns=tuple(sorted(fresh)), version=version)
        item = items.item(keys.about(case_id), "about", about)
        if before is None:
            return [*writes, put_new("about", item)]
        return [*writes, put("about", item, "version = :read", read=before.version)]

    def contacts(self, campaign_id: str) -> Iterator[Contact]:
        """All contacts of a campaign's two groups."""
        pk = keys.campaign(campaign_id)[0]
        for stored in self._table.query_all(pk, prefix=keys.CONTACTS):
            yield items.model(Contact, stored)

    def _contact(self, contact: Contact) -> Write:
        key = keys.contact(contact.campaign_id, contact.case_id)
        return put("contact", items.item(key, "contact", contact))

    def _gone(self, campaign_id: str, case_id: str) -> Write:
        return delete("contact", keys.contact(campaign_id, case_id))


def names_of(campaign: Campaign) -> list[str]:
    """What the matter of a campaign is kept under: its topic, and its problem."""
    topic = f"topic={campaign.topic}" if campaign.topic else ""
    problem = f"problem={campaign.problem_id}" if campaign.problem_id else ""
    return [name for name in (topic, problem) if name]
