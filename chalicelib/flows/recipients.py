"""Whom an answer in a case can reach, by which channel, and what fits there.

What the composer shows before anything is sent. It asks the same rules that storing the answer
asks (flows/replying.py), so it promises nothing that would be refused afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.cases.models import Case
from chalicelib.channels.models import Channel
from chalicelib.customers.models import Customer
from chalicelib.errors import Conflict
from chalicelib.flows.replying import WRITABLE

if TYPE_CHECKING:
    from chalicelib.flows.outlets import Outlets
    from chalicelib.flows.replying import Replying
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore


class Way(Model):
    """A channel and the address that an answer would go to on it.

    `why` says why nothing can be sent there: unknown (no address), stopped (they sent STOP),
    suppressed (mails to it failed), closed (the channel takes no answers); "" where it can.
    `parts` and `characters` are the most that one answer may have, 0 is without such a limit.
    """

    channel: Channel
    to: str = ""
    why: str = ""
    files: bool = False
    copies: bool = False
    parts: int = 0
    characters: int = 0


class Ways(Model):
    """All ways to the customer. `chosen` is taken unless an answer names another; `cc` gets a copy
    of it unless the answer says otherwise."""

    items: tuple[Way, ...]
    chosen: Channel | None
    cc: tuple[str, ...]


@dataclass(frozen=True)
class Recipients:
    cases: CaseStore
    customers: CustomerStore
    outlets: Outlets
    replying: Replying

    def ways(self, case_id: str) -> Ways:
        """Raises NotFound."""
        case = self.cases.final(case_id)
        customer = self.customers.final(case.customer_id)
        try:
            chosen, to = self.replying.reach(case, customer, None)
        except Conflict:
            chosen, to = None, ""
        channels = dict.fromkeys(
            (*sorted(WRITABLE), case.reply_channel, *([chosen] if chosen else []))
        )
        cc = self.replying.copied(case, customer, chosen, to) if chosen else ()
        found = tuple(self._way(case, customer, channel) for channel in channels)
        return Ways(items=found, chosen=chosen, cc=cc)

    def _way(self, case: Case, customer: Customer, channel: Channel) -> Way:
        mail = channel == Channel.EMAIL
        parts, characters = self.outlets.room(case, channel)
        way = Way(
            channel=channel,
            files=mail or self.outlets.takes_files(case, channel),
            copies=mail,
            parts=parts,
            characters=characters,
        )
        try:
            _, to = self.replying.reach(case, customer, channel)
        except Conflict as refused:
            return way.model_copy(update={"why": str(refused.extra.get("why", "closed"))})
        return way.model_copy(update={"to": to})
