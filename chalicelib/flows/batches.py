"""Good news of the providers, settled by the batch: a campaign brings two for each customer.

Events that only say "sent" or "delivered" are taken together, those about messages in cases and
those about notices of campaigns: a read or two and a transaction for each kind. So ten events cost
two to five calls instead of thirty. What cannot be done together (a lost race, a message that is
not there any more) is left for flows/delivery.py, which does it one by one; so is bad news, which
concerns customers and their cases as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.campaigns import rules as campaign_rules
from chalicelib.campaigns.models import Campaign, Told, ToldStatus
from chalicelib.cases import rules
from chalicelib.cases.models import DeliveryEvent, DeliveryStatus, Message
from chalicelib.errors import Contended
from chalicelib.notifications.rules import bundle_behind
from chalicelib.ports import Clock
from chalicelib.problems.rules import dispatch_behind
from chalicelib.store import items
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.sending import Sending
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.table import Table

TOGETHER = 30  # entries of a transaction: each takes three of its hundred actions at most
TRIES = 2  # then one by one
GOOD = frozenset({DeliveryStatus.SENT, DeliveryStatus.DELIVERED})

Place = tuple[str, str]
"""(case id, sort key of a message)."""

Settled = dict[DeliveryEvent, bool]
"""Events that are settled, and whether each was about one of ours."""


@dataclass(frozen=True)
class Batches:
    table: Table
    cases: CaseStore
    campaigns: CampaignStore
    ledger: Ledger
    reactions: ReactionStore
    sending: Sending
    clock: Clock

    def settle(self, given: Iterable[DeliveryEvent]) -> Settled:
        """Settle what can be settled together; what is not in the answer is still to be done."""
        good = [event for event in dict.fromkeys(given) if event.status in GOOD and event.send_id]
        good = [event for event in good if not _alone(event.send_id)]
        told = [event for event in good if campaign_rules.told_behind(event.send_id)]
        said = [event for event in good if not campaign_rules.told_behind(event.send_id)]
        done: Settled = {}
        for part in _parts(told):
            done |= self._tried(part, notices=True)
        for part in _parts(said):
            done |= self._tried(part, notices=False)
        return done

    def _tried(self, part: Sequence[DeliveryEvent], notices: bool) -> Settled:
        for _ in range(TRIES):
            try:
                return self._notices(part) if notices else self._messages(part)
            except (WriteRefused, Contended):
                continue  # the sender's own mark, or another batch, was faster: read again
        return {}

    # --- notices of campaigns --------------------------------------------------------------

    def _notices(self, part: Sequence[DeliveryEvent]) -> Settled:
        places = {event: campaign_rules.told_behind(event.send_id) for event in part}
        campaigns, entries = self.campaigns.told_of(place for place in places.values() if place)
        now = self.clock()
        moved = dict(entries)
        for event, place in places.items():
            if place in moved:
                moved[place] = _noted(moved[place], event, now)
        fresh = [(entries[at], _next(entries[at], new)) for at, new in moved.items()]
        fresh = [(old, new) for old, new in fresh if new.status != old.status]
        writes: list[Write] = []
        for name, campaign in campaigns.items():
            writes += self._noted(campaign, [e for e in fresh if e[0].campaign_id == name], now)
        if writes:
            self.table.commit(*writes)
        return {event: place in entries for event, place in places.items()}

    def _noted(
        self, campaign: Campaign, fresh: Sequence[tuple[Told, Told]], now: datetime
    ) -> list[Write]:
        """Writes for the entries of one campaign: themselves, timelines, and one count."""
        if not fresh:
            return []
        before, after = zip(*fresh, strict=True)
        handed = [n for o, n in fresh if o.status not in campaign_rules.HANDED_OVER]
        steps = campaign_rules.changes_of(before, after)
        return [
            *(self.campaigns.write_told(told) for told in after),
            *(self.campaigns.timeline_entry(campaign, told) for told in handed),
            *self.campaigns.count(campaign.id, f"event {after[0].customer_id}", steps, now),
        ]

    # --- messages in cases -----------------------------------------------------------------

    def _messages(self, part: Sequence[DeliveryEvent]) -> Settled:
        places = self.ledger.sent_as_any([event.send_id for event in part])
        stored, waiting = self._read(set(places.values()))
        now = self.clock()
        done: Settled = {}
        moved = dict(stored)
        names: dict[Place, str] = {}
        for event in part:
            at = places.get(event.send_id)
            if at is None:
                done[event] = False
            elif at in moved:  # one that is elsewhere by now is looked for by itself
                done[event] = True
                names[at] = event.provider_id or names.get(at, "")
                moved[at] = _delivered(moved[at], event, now)
        writes: list[Write] = []
        for at, message in moved.items():
            if message != stored[at]:
                writes.append(self.cases.change_message(_next_message(stored[at], message, now)))
                writes += [self.reactions.done(waiting[at])] if at in waiting else []
                writes += self.sending.provider_ids(message, names[at])
        if writes:
            self.table.commit(*writes)
        return done

    def _read(self, places: Iterable[Place]) -> tuple[dict[Place, Message], dict[Place, Reaction]]:
        """The messages at those places, and what would still send them, in one read."""
        reactions = {at: _send_reaction(at) for at in places}
        wanted = {at: (reaction.owner, at[1]) for at, reaction in reactions.items()}
        keys = [*wanted.values(), *(reaction.key for reaction in reactions.values())]
        found = self.table.batch_get(keys) if keys else {}
        messages = {
            at: items.model(Message, found[key]) for at, key in wanted.items() if key in found
        }
        return messages, {at: one for at, one in reactions.items() if one.key in found}


def _parts(events: Sequence[DeliveryEvent]) -> Iterator[Sequence[DeliveryEvent]]:
    for at in range(0, len(events), TOGETHER):
        yield events[at : at + TOGETHER]


def _noted(told: Told, event: DeliveryEvent, now: datetime) -> Told:
    """The entry after an event; unchanged where that says nothing new."""
    to = ToldStatus(str(event.status))
    if to not in campaign_rules.TOLD[told.status]:
        return told
    return campaign_rules.advance(told, to, now, provider_id=event.provider_id or told.provider_id)


def _next(before: Told, after: Told) -> Told:
    """However many events there were, it is written once."""
    return after.model_copy(update={"version": before.version + 1})


def _delivered(message: Message, event: DeliveryEvent, now: datetime) -> Message:
    delivery = message.delivery
    if delivery is None or event.status not in rules.DELIVERY[delivery.status]:
        return message
    provider = event.provider_id or delivery.provider_id
    moved = rules.advance_delivery(delivery, event.status, now, provider_id=provider, reason="")
    return message.model_copy(update={"delivery": moved})


def _next_message(before: Message, after: Message, now: datetime) -> Message:
    return after.model_copy(update={"version": before.version + 1, "updated_at": now})


def _send_reaction(place: tuple[str, str]) -> Reaction:
    """What would send the message at (case id, sort key)."""
    case_id, sk = place
    identifier = sk.rpartition("#")[2]
    return Reaction(owner=f"CASE#{case_id}", kind="send", id=identifier, data={"message": sk})


def _alone(tag: str) -> bool:
    """Mails to departments and agents: few, and one by one."""
    return dispatch_behind(tag) is not None or bundle_behind(tag) is not None
