"""Providers' events by the batch: cheap, and as exact as one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.cases.models import Delivery
from chalicelib.errors import SendUnknown
from chalicelib.flows.batches import Batches
from chalicelib.flows.replying import ReplyInput
from tests.flows.outreach_world import Outreaching, outreaching
from tests.support import World

AGENT = "eva.berg@example.com"


@pytest.fixture
def o() -> Iterator[Outreaching]:
    with outreaching() as made:
        yield made


def silent(o: Outreaching, size: int = 100) -> None:
    """A campaign that is out, and of which the provider has said nothing yet."""
    o.crowd(size)
    o.events = ()
    o.approved()
    o.settle()
    o.heard = 0


def test_a_campaigns_events_cost_less_than_a_call_a_recipient(o: Outreaching) -> None:
    silent(o)
    o.events = ("Send", "Delivery")
    o.speak()
    calls = o.world.aws.calls
    calls.clear()
    o.settle()
    table = sum(number for (service, _), number in calls.items() if service == "dynamodb")
    assert o.told().total() == 100
    assert table < 100


def test_counts_equal_a_recount_whatever_comes_twice_or_out_of_order(o: Outreaching) -> None:
    o.crowd(100)
    o.events = ("Delivery", "Send", "Delivery", "Complaint", "Send")
    campaign = o.approved()
    o.settle()
    assert o.counted(campaign) == o.recount(campaign) == {"complained": 100}


def test_an_event_that_nobody_can_read_is_given_back_alone(o: Outreaching) -> None:
    silent(o, 5)
    o.world.publish("delivery", {"eventType": "Send", "mail": {}})
    o.events = ("Send", "Delivery")
    o.speak()
    batches = [o.world.deliver("DeliveryQueue") for _ in range(2)]
    assert sum(batch["failed"] for batch in batches) >= 1
    assert o.world.waiting("DeliveryQueue") == 1


def test_bad_news_in_a_batch_bars_its_address_only(o: Outreaching) -> None:
    o.crowd(9)
    campaign = o.approved()
    o.events = ()
    o.settle()
    ses = o.world.aws.ses
    for number, sent in enumerate(ses.accepted):
        ses.publish(sent, "Bounce" if number == 4 else "Delivery")
    o.settle()
    assert o.counted(campaign) == o.recount(campaign) == {"delivered": 8, "bounced": 1}
    barred = [c.id for c in o.app.customers.everyone() if c.suppressed]
    assert len(barred) == 1


def test_what_cannot_be_settled_together_is_settled_one_by_one(o: Outreaching) -> None:
    o.crowd(20)
    campaign = o.approved()
    o.app.__dict__["batches"] = Never(**vars(o.app.batches))
    o.settle()
    assert o.counted(campaign) == o.recount(campaign) == {"delivered": 20}


def test_ten_events_about_answers_cost_three_calls(world: World) -> None:
    for number in range(5):
        world.mail(f"Matter {number}", sender=f"c{number}@example.org", subject=f"Matter {number}")
    world.settle()
    for kind in ("Send", "Delivery"):
        for sent in world.aws.ses.accepted:
            world.aws.ses.publish(sent, kind)
    world.aws.calls.clear()
    world.deliver("DeliveryQueue")
    table = {name: n for (service, name), n in world.aws.calls.items() if service == "dynamodb"}
    assert table == {"BatchGetItem": 2, "TransactWriteItems": 1}
    assert {outbound(world, number).status for number in range(5)} == {"delivered"}


def test_a_send_event_in_a_batch_settles_what_was_in_doubt(world: World) -> None:
    world.mail()
    world.settle()
    case = world.case()
    world.clock.forward(seconds=1)
    world.app.replying.reply(case.id, ReplyInput(text="Hello"), AGENT)
    world._stream()
    world.app.__dict__["mailer"] = Mute(world.app.mailer)
    world.deliver("send")
    assert outbound(world).status == "ambiguous"
    world.provider_says("Send")
    assert outbound(world).status == "sent"
    assert list(world.app.reactions.overdue(world.clock.now.replace(year=2099))) == []


class Never(Batches):
    """Fails whenever it is asked."""

    def settle(self, given: object) -> object:  # type: ignore[override]
        raise RuntimeError("no")


class Mute:
    """A mailer that sends and does not say so."""

    def __init__(self, behind: object) -> None:
        self.behind = behind

    def send(self, raw: bytes, **arguments: object) -> str:
        self.behind.send(raw, **arguments)  # type: ignore[attr-defined]
        raise SendUnknown("ReadTimeoutError")


def outbound(world: World, number: int = 0) -> Delivery:
    """Where the newest outbound message of a case stands."""
    return [m.delivery for m in world.timeline(world.cases()[number]) if m.delivery][-1]
