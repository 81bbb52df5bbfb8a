"""Campaigns in the installation for tests: customers, a campaign, and time that passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from chalicelib import bootstrap
from chalicelib.bootstrap import Application
from chalicelib.campaigns.models import (
    Approval,
    Audience,
    Campaign,
    CampaignInput,
    Notice,
    Progress,
)
from chalicelib.channels.models import Channel
from chalicelib.customers.models import Asset, Consent, ConsentStatus, Customer, Identity, Scalar
from chalicelib.handlers import campaign_events, schedules
from chalicelib.routing.models import Condition
from chalicelib.store.customers import _item
from tests.support import HANDLERS, NOON, SCHEDULED, TABLE, CountedIds, World, installation

HANDLERS.setdefault("plan", campaign_events.plan_campaign)
HANDLERS.setdefault("notify", campaign_events.notify)

LEAD = "lead@example.com"
NOTICE = Notice.model_validate(
    {
        "email": {
            "en": {"subject": "Router trouble", "text": "Hello {{name}}, we know. {{link}}"},
            "de": {"subject": "Router gestört", "text": "Guten Tag {{name}}. {{link}}"},
        },
        "sms": {"en": {"text": "{{company}}: we know about the router trouble."}},
    }
)
PRO = Audience(all=(Condition(field="attributes.plan", value="pro"),))


def customer(
    number: int,
    *,
    email: str | None = None,
    phone: str = "",
    plan: str = "pro",
    language: str = "en",
    name: str = "Ana Ortiz",
    consent: dict[Channel, ConsentStatus] | None = None,
    suppressed: tuple[str, ...] = (),
    assets: tuple[Asset, ...] = (),
    **attributes: Scalar,
) -> Customer:
    """A customer with an e-mail address, unless told otherwise ("" for none)."""
    address = f"c{number}@example.org" if email is None else email
    identities = [Identity(channel=Channel.EMAIL, value=address)] if address else []
    identities += [Identity(channel=Channel.SMS, value=phone)] if phone else []
    return Customer(
        id=f"K{number:06d}",
        name=name,
        identities=tuple(identities),
        language=language,
        attributes={"plan": plan, **attributes},
        assets=assets,
        consent={c: Consent(status=s, at=NOON) for c, s in (consent or {}).items()},
        suppressed=dict.fromkeys(suppressed, "bounced"),
        created_at=NOON,
        updated_at=NOON,
    )


class Outreaching:
    """The world, and what can be done with campaigns in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.heard = 0  # of the mails that were accepted, how many the provider has spoken of
        self.events: tuple[str, ...] = ("Send", "Delivery")

    @property
    def app(self) -> Application:
        return bootstrap.get()

    def has(self, *customers: Customer) -> None:
        self.app.table.batch_put([_item(one) for one in customers])

    def knows(self, *customers: Customer) -> None:
        """Customers who are recognised by their addresses, as a real installation has them."""
        for one in customers:
            self.app.table.commit(*self.app.customers.new(one))

    def crowd(self, size: int, first: int = 0) -> None:
        self.has(*(customer(number) for number in range(first, first + size)))

    def draft(self, **given: object) -> Campaign:
        fields = {"name": "Router", "message": NOTICE, "audience": PRO, **given}
        return self.app.outreach.create(CampaignInput.model_validate(fields), LEAD)

    def approved(self, **given: object) -> Campaign:
        draft = self.draft(**given)
        return self.app.outreach.approve(draft.id, Approval(version=draft.version), LEAD)

    def work(self) -> bool:
        """One turn of everything that is under way; whether there was anything."""
        moved = self.world._stream()
        for queue in ("plan", "notify", "DeliveryQueue"):
            batch = self.world.deliver(queue)
            moved |= batch.get("records", 0) > batch.get("failed", 0)
        return moved | self.speak()

    def speak(self) -> bool:
        """The provider publishes what became of the mails that it has accepted since."""
        ses = self.world.aws.ses
        fresh, self.heard = ses.accepted[self.heard :], len(ses.accepted)
        for sent in fresh:
            for kind in self.events:
                ses.publish(sent, kind)
        return bool(fresh) and bool(self.events)

    def settle(self) -> None:
        for _ in range(2000):
            if not self.work():
                return
        raise AssertionError("it does not come to rest")

    def pass_time(self, minutes: int) -> None:
        """The sweep runs each minute, and all that follows from it."""
        for _ in range(minutes):
            self.world.clock.forward(minutes=1)
            schedules.sweep(SCHEDULED, None)
            self.settle()

    def progress(self, campaign: Campaign) -> Progress:
        return self.app.outreach.get(campaign.id).progress

    def told(self) -> Counter[str]:
        """How many mails and texts each address was sent."""
        aws = self.world.aws
        mails = Counter(address for sent in aws.ses.accepted for address in sent.to)
        return mails + Counter(text.to for text in aws.sms.accepted)

    def recount(self, campaign: Campaign) -> dict[str, int]:
        """The counters, from the ledger itself."""
        ledger = self.app.campaigns.everybody_told(campaign.id)
        return dict(Counter(str(told.status) for told in ledger))

    def counted(self, campaign: Campaign) -> dict[str, int]:
        """The counts of the ledger's states, from the live counters."""
        sums = self.app.campaigns.counts(campaign.id).sums
        known: dict[str, int] = {}
        for name, value in sums.items():
            if name != "done" and not name.startswith(("paid_", "said_")):
                state = name.removeprefix("case_").partition("_")[0]
                known[state] = known.get(state, 0) + value
        return {name: value for name, value in known.items() if value}


@contextmanager
def outreaching(now: datetime = NOON) -> Iterator[Outreaching]:
    with installation(now) as world:
        yield Outreaching(world)


__all__ = ["LEAD", "NOTICE", "PRO", "TABLE", "CountedIds", "Outreaching", "customer", "outreaching"]
