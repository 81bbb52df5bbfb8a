"""Contacts about the matter are counted by group, once each, and moved when they are corrected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.campaigns.effect import Arm, Effect
from chalicelib.campaigns.models import Campaign
from chalicelib.cases.models import Case, Topic
from chalicelib.channels.models import Channel
from tests.flows.outreach_world import Outreaching, outreaching


@pytest.fixture
def o() -> Iterator[Outreaching]:
    with outreaching() as made:
        yield made


def contact(o: Outreaching, customer: str, number: int, topic: str = "router") -> Case:
    """A case by that customer, as the counting finds it."""
    now = o.world.clock()
    case = Case(
        id=f"01CASE{number}",
        reference=f"C-{number:06d}",
        channel=Channel.EMAIL,
        customer_id=customer,
        topic=Topic(label=topic),
        reply_channel=Channel.EMAIL,
        last_message_at=now,
        created_at=now,
        updated_at=now,
    )
    o.app.table.commit(*o.app.cases.new(case))
    o.app.effecting.note(case.id)
    return case


def effect(o: Outreaching, campaign: Campaign) -> Effect:
    view = o.app.outreach.get(campaign.id)
    found = o.app.effecting.effect(o.app.campaigns.get(campaign.id), view.progress)
    assert found is not None
    return found


def groups(o: Outreaching, campaign: Campaign) -> tuple[list[str], list[str]]:
    told = [entry.customer_id for entry in o.app.campaigns.everybody_told(campaign.id)]
    held = [f"K{n:06d}" for n in range(200) if f"K{n:06d}" not in told]
    return told, held


def test_contacts_are_counted_by_group_and_nobody_else_is(o: Outreaching) -> None:
    o.crowd(200)
    campaign = o.approved(topic="router", held_out=0.3)
    o.settle()
    told, held = groups(o, campaign)
    o.world.clock.forward(hours=2)
    contact(o, told[0], 1)
    contact(o, told[0], 2)  # the same customer once more
    for number, customer in enumerate(held[:10]):
        contact(o, customer, 10 + number)
    contact(o, "K999999", 50)  # in neither group
    contact(o, told[1], 51, topic="invoice")  # about something else
    figures = effect(o, campaign)
    assert (figures.told.customers, figures.told.contacted, figures.told.contacts) == (
        len(told),
        1,
        2,
    )
    assert (figures.held_out.customers, figures.held_out.contacted) == (len(held), 10)
    assert figures.difference is not None
    assert figures.difference.high < 0
    assert figures.conclusion.startswith("Fewer of those told contacted us")
    assert [(hour.told, hour.held_out) for hour in figures.plot] == [(2, 10)]


def test_a_second_delivery_changes_nothing_and_a_correction_takes_it_out(o: Outreaching) -> None:
    o.crowd(20)
    campaign = o.approved(topic="router")
    o.settle()
    o.world.clock.forward(hours=1)
    case = contact(o, "K000003", 1)
    o.app.effecting.note(case.id)
    assert effect(o, campaign).told.contacts == 1
    moved = case.model_copy(update={"topic": Topic(label="invoice"), "version": 2})
    o.app.cases.save(moved)
    o.app.effecting.note(case.id)
    assert effect(o, campaign).told.contacts == 0
    o.app.cases.save(moved.model_copy(update={"topic": Topic(label="router"), "version": 3}))
    o.app.effecting.note(case.id)
    assert effect(o, campaign).told.contacts == 1


def test_who_writes_before_their_notice_goes_out_was_not_told_first(o: Outreaching) -> None:
    o.crowd(60)
    campaign = o.approved(topic="router")
    for _ in range(3):
        o.world._stream()
        o.world.deliver("plan")
    o.world.clock.forward(minutes=1)
    contact(o, "K000005", 1)
    o.world.clock.forward(minutes=1)
    o.settle()
    (noted,) = o.app.effects.contacts(campaign.id)
    assert (noted.arm, noted.before_notice) == (Arm.TOLD, True)
    assert effect(o, campaign).told_first == round(59 / 60, 4)


def test_without_anybody_held_out_nothing_is_claimed(o: Outreaching) -> None:
    o.crowd(5)
    campaign = o.approved(topic="router")
    o.settle()
    figures = effect(o, campaign)
    assert figures.difference is None
    assert "nothing to compare with" in figures.conclusion
    assert figures.cost.total == pytest.approx(5 * 0.0001)
    assert figures.times.first_notice_at == o.world.clock()
