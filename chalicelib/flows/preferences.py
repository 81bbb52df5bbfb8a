"""What a customer wants to hear, and on which channel, by the secret link in every notice."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.access.rules import Signer
from chalicelib.base import Model
from chalicelib.channels.models import Channel
from chalicelib.customers.models import Consent, ConsentPurpose, ConsentStatus, Customer
from chalicelib.customers.rules import agreed, opted_out, touch
from chalicelib.errors import Contended, Forbidden, NotFound, StaleVersion
from chalicelib.flows.audience import open_prefs
from chalicelib.ports import Clock

if TYPE_CHECKING:
    from chalicelib.store.customers import CustomerStore

ATTEMPTS = 6
CHANNELS = (Channel.EMAIL, Channel.SMS)
SOURCE = "preference page"


class Choice(Model):
    """One box of the page: notices for a purpose on a channel."""

    purpose: ConsentPurpose
    channel: Channel
    wanted: bool

    @property
    def name(self) -> str:
        return f"{self.purpose}.{self.channel}"


@dataclass(frozen=True)
class Preferences:
    customers: CustomerStore
    signer: Callable[[], Signer]
    clock: Clock

    def show(self, token: str) -> tuple[Choice, ...]:
        """What they want at present, on the channels on which we know them; raises Forbidden."""
        return choices(self._customer(token))

    def save(self, token: str, wanted: Collection[str]) -> tuple[Choice, ...]:
        """Keep the boxes that are ticked (names of choices); again changes nothing.

        Raises Forbidden, Contended.
        """
        for _ in range(ATTEMPTS):
            customer = self._customer(token)
            changed = self._changed(customer, wanted)
            if changed is customer:
                return choices(customer)
            try:
                self.customers.save(changed)
            except StaleVersion:
                continue  # somebody changed the customer meanwhile
            return choices(changed)
        raise Contended("saving preferences")

    def _customer(self, token: str) -> Customer:
        try:
            return self.customers.final(open_prefs(self.signer(), token))
        except NotFound as error:
            raise Forbidden("this link is not valid") from error

    def _changed(self, customer: Customer, wanted: Collection[str]) -> Customer:
        now = self.clock()
        given: dict[ConsentPurpose, dict[Channel, Consent]] = {
            ConsentPurpose.SERVICE: dict(customer.consent),
            ConsentPurpose.MARKETING: dict(customer.marketing),
        }
        moved = False
        for choice in choices(customer):
            if (choice.name in wanted) != choice.wanted:
                moved = True
                yes = choice.name in wanted
                status = ConsentStatus.OPTED_IN if yes else ConsentStatus.OPTED_OUT
                said = Consent(status=status, source=SOURCE, at=now)
                given[choice.purpose][choice.channel] = said
        if not moved:
            return customer
        fields = {
            "consent": given[ConsentPurpose.SERVICE],
            "marketing": given[ConsentPurpose.MARKETING],
        }
        return touch(customer.model_copy(update=fields), now)


def choices(customer: Customer) -> tuple[Choice, ...]:
    """The boxes of their page: service unless they said no, marketing where they said yes."""
    known = {identity.channel for identity in customer.identities}
    return tuple(
        Choice(purpose=purpose, channel=channel, wanted=_wanted(customer, channel, purpose))
        for purpose in (ConsentPurpose.SERVICE, ConsentPurpose.MARKETING)
        for channel in CHANNELS
        if channel in known
    )


def _wanted(customer: Customer, channel: Channel, purpose: ConsentPurpose) -> bool:
    if purpose is ConsentPurpose.SERVICE:
        return not opted_out(customer, channel, purpose)
    return agreed(customer, channel, purpose)
