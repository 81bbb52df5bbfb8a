"""What the providers say about notices of campaigns. The send id leads straight to the entry.

Events may come twice, late, in any order, and before our own mark; campaigns/rules.py decides which
of them still says something new. Entry, counts and the customer's timeline change together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.campaigns import rules
from chalicelib.campaigns.models import Told, ToldStatus
from chalicelib.cases.models import DeliveryEvent
from chalicelib.customers.rules import touch
from chalicelib.errors import Contended, NotFound
from chalicelib.ports import Clock
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.braking import Braking
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.table import Table

ATTEMPTS = 8
T = ToldStatus
BAD = frozenset({T.BOUNCED, T.COMPLAINED, T.FAILED})


@dataclass(frozen=True)
class ToldSettling:
    table: Table
    campaigns: CampaignStore
    customers: CustomerStore
    braking: Braking
    clock: Clock

    def settle_told(self, given: DeliveryEvent) -> bool:
        """Apply an event; False where it is about no notice of ours. Raises Contended."""
        place = rules.told_behind(given.send_id)
        if place is None:
            return False
        for _ in range(ATTEMPTS):
            try:
                return self._settle(*place, given)
            except (WriteRefused, Contended):
                continue  # the sender's mark, another event or another notice was faster
        raise Contended("an event about a notice")

    def _settle(self, campaign_id: str, customer_id: str, given: DeliveryEvent) -> bool:
        told = self.campaigns.told(campaign_id, [customer_id]).get(customer_id)
        if told is None:
            return False
        to = T(str(given.status))
        if to not in rules.TOLD[told.status]:
            return True  # it says nothing new
        now = self.clock()
        moved = rules.advance(
            told,
            to,
            now,
            provider_id=given.provider_id or told.provider_id,
            reason=given.reason,
        )
        steps = rules.changes_of([told], [moved])
        self.table.commit(
            self.campaigns.write_told(moved),
            *self.campaigns.count(campaign_id, f"event {customer_id}", steps, now),
            *self._timeline(told, moved),
            *self._bar(moved, given, now),
        )
        if to in BAD:
            self.braking.look(campaign_id)
        return True

    def _timeline(self, before: Told, after: Told) -> list[Write]:
        """The customer's own timeline, where nobody has written it yet."""
        if before.status in rules.HANDED_OVER or after.status not in rules.HANDED_OVER:
            return []
        return [self.campaigns.timeline_entry(self.campaigns.get(after.campaign_id), after)]

    def _bar(self, told: Told, given: DeliveryEvent, now: datetime) -> list[Write]:
        """Nothing more goes to an address that is gone or whose owner complained."""
        if not given.permanent or told.status not in (T.BOUNCED, T.COMPLAINED):
            return []
        try:
            customer = self.customers.get(told.customer_id)
        except NotFound:
            return []
        if told.to in customer.suppressed:
            return []
        known = {**customer.suppressed, told.to: given.reason or str(told.status)}
        return [
            self.customers.change(touch(customer.model_copy(update={"suppressed": known}), now))
        ]
