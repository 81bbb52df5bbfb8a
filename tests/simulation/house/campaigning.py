"""A share of the runs has a campaign: customers who are told, some who are held out, a lead.

The lead drafts and approves it, in some runs pauses it and lets it go on, in some sends an update
or the closure. Customers press buttons of their notices. Segments are small, so that few customers
make many of them. Everything is decided by the dice, by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chalicelib.bootstrap import Application
from chalicelib.campaigns.models import Approval, CampaignInput, FollowupInput, Kind, Said
from chalicelib.channels.models import Channel
from chalicelib.customers.models import Customer, Identity
from chalicelib.errors import Conflict
from chalicelib.flows.audience import answer_token
from chalicelib.store.codec import encode_item
from chalicelib.store.customers import _item
from tests.simulation.house.installation import TABLE, Make
from tests.simulation.world.dice import Dice

if TYPE_CHECKING:
    from tests.simulation.house.traffic import Traffic
    from tests.simulation.world.world import World

SHARE = 0.25  # of the runs
MEMBERS, OTHERS = 13, 3
SEGMENT = 4
LEAD = "lead@example.com"
LATE = 700.0  # seconds after which a lead looks whether it was paused
TOPIC = "router"
GIVEN: dict[str, Any] = {
    "name": "Router",
    "topic": TOPIC,
    "audience": {"all": [{"field": "attributes.plan", "op": "eq", "value": "pro"}]},
    "message": {
        "email": {"subject": "Router trouble", "text": "Hello {{name}}, we know."},
        "sms": {"text": "We know about the router."},
    },
    "held_out": 0.25,
}
NEXT = {
    Kind.UPDATE: {"email": {"subject": "News", "text": "Still on it."}, "sms": {"text": "News."}},
    Kind.CLOSURE: {"email": {"subject": "Over", "text": "It works."}, "sms": {"text": "Over."}},
}


def has_campaign(dice: Dice) -> bool:
    return dice.share("a campaign in this run") < SHARE


def in_small_segments(make: Make) -> Make:
    """Applications whose campaigns are cut into small segments."""

    def made(*given: Any) -> Application:
        application = make(*given)
        small = dataclasses.replace(application.planning, segment=SEGMENT)
        application.__dict__["planning"] = small
        return application

    return made


class Campaigning:
    """The lead, and the customers who are told; `paused` and `resumed` are moments (seconds)."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self.world: World = traffic.house.world
        self.campaign_id = ""
        self.step_id = ""
        self.kind: Kind | None = None
        self.paused: float | None = None
        self.resumed: float | None = None
        self.in_hand = 0  # senders at work when it was paused
        self.members = [_member(number) for number in range(MEMBERS + OTHERS)]
        for member in self.members:
            item = {"TableName": TABLE, "Item": encode_item(_item(member))}
            self.world.cloud.dynamodb.put_item(item)

    def start(self) -> None:
        dice = self.world.dice
        self._after(dice.between(1.0, 30.0, "draft"), self._draft)
        if dice.share("what fails") < 0.7:
            # Seven calls in eight succeed: else it would seldom be frozen while faults last.
            self.world.faults.spared = ("plan_campaign", "api/campaign", "forward")
        self.world.scheduler.after(LATE, self._let_it_go_on)

    # --- what the lead does --------------------------------------------------------------

    def _draft(self) -> None:
        made: list[str] = []

        def work(application: Application) -> None:
            since = self.world.scheduler.moment().isoformat()  # else it looks back over a week
            audience = {**GIVEN["audience"], "since": since}
            given = CampaignInput.model_validate({**GIVEN, "audience": audience})
            made.append(application.outreach.create(given, LEAD).id)

        self._ask("draft", work, lambda: self._approve(made[-1]))

    def _approve(self, campaign_id: str) -> None:
        self.campaign_id = campaign_id

        def work(application: Application) -> None:
            application.outreach.approve(campaign_id, Approval(force=True), LEAD)

        self._ask("approve", work, self._approved)

    def _approved(self) -> None:
        dice = self.world.dice
        if dice.share("pause") < 0.4:
            self._after(dice.between(0.0, 4.0, "when to pause"), self._pause)
        if dice.share("follow up") < 0.6:
            kind = Kind.UPDATE if dice.share("kind") < 0.5 else Kind.CLOSURE
            when = dice.between(20.0, 500.0, "when to follow up")
            self._after(when, lambda: self._follow_up(kind))
        for number in range(MEMBERS):
            if dice.share("press", number) < 0.3:
                when = dice.between(5.0, 300.0, "when to press", number)
                self._after(when, lambda n=number: self._press(n))  # type: ignore[misc]

    def _pause(self) -> None:
        def work(application: Application) -> None:
            application.outreach.pause(self.campaign_id, LEAD)

        def done() -> None:
            self.paused = self.world.scheduler.now
            self.in_hand = sum(one.function.name == "notify" for one in self.world.alive)
            wait = self.world.dice.between(70.0, 250.0, "when to resume")
            self._after(wait, self._resume)

        self._ask("pause", work, done)

    def _resume(self) -> None:
        if self.paused is not None and self.resumed is None:
            self.resumed = self.world.scheduler.now
        self._ask("resume", lambda app: app.outreach.resume(self.campaign_id, LEAD) and None)

    def _let_it_go_on(self) -> None:
        """What paused by itself, because nobody was accepted, waits for a person."""

        def work(application: Application) -> None:
            for campaign_id in filter(None, (self.campaign_id, self.step_id)):
                if application.campaigns.get(campaign_id).status == "paused":
                    application.outreach.resume(campaign_id, LEAD)

        self._ask("look", work)
        self.world.scheduler.after(LATE, self._let_it_go_on)

    def _follow_up(self, kind: Kind) -> None:
        made: list[str] = []

        def work(application: Application) -> None:
            given = FollowupInput.model_validate({"kind": kind, "message": NEXT[kind]})
            made.append(application.followups.create(self.campaign_id, given, LEAD).id)

        def done() -> None:
            if made:
                self.step_id, self.kind = made[-1], kind

        self._ask("follow up", work, done)

    def _press(self, number: int) -> None:
        """A customer answers the notice, where they have got it by then."""
        said = tuple(Said)[self.world.dice.number("said", number) % len(Said)]
        member = self.members[number]

        def work(application: Application) -> None:
            campaign = application.campaigns.get(self.campaign_id)
            told = application.campaigns.told(campaign.id, [member.id]).get(member.id)
            if told is None or told.status not in ("sent", "delivered"):
                raise Conflict("they have not got it yet")
            token = answer_token(application.signer, campaign, member)
            application.noticed.say(token, said, f"This is press-{number}.")

        self._ask(f"press-{number}", work)

    @property
    def busy(self) -> bool:
        """Whether something is still to be done."""
        return self._waiting > 0

    _waiting = 0

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._waiting += 1

        def act() -> None:
            self._waiting -= 1
            action()

        self.world.scheduler.after(seconds, act)

    def _ask(
        self,
        name: str,
        work: Callable[[Application], object],
        then: Callable[[], None] = lambda: None,
    ) -> None:
        self.traffic.request(f"campaign/{name}", work, lambda _: then())


def _member(number: int) -> Customer:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    channel = Channel.SMS if number % 4 == 3 else Channel.EMAIL
    value = f"+49151999{number:05d}" if channel == Channel.SMS else f"member{number}@example.net"
    return Customer(
        id=f"MEMBER{number:02d}",
        name=f"Member {number}",
        identities=(Identity(channel=channel, value=value),),
        time_zone="UTC",
        attributes={"plan": "pro" if number < MEMBERS else "free"},
        created_at=now,
        updated_at=now,
    )
