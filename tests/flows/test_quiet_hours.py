"""Nobody is woken, nobody is told too often, and nobody is forgotten for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from chalicelib.channels.models import Channel
from chalicelib.customers.models import QuietHours
from chalicelib.flows.audience import Audiences
from tests.flows.outreach_world import Outreaching, customer, outreaching

EVENING = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)  # 21:30 in Berlin, 15:30 in New York
NIGHT = QuietHours(start="21:00", end="07:00")


@pytest.fixture
def o() -> Iterator[Outreaching]:
    with outreaching(EVENING) as made:
        yield made


def test_a_text_message_waits_for_the_morning_where_they_live(o: Outreaching) -> None:
    o.has(
        customer(1, email="", phone="+4915112345678"),
        customer(2, email="", phone="+12025550143", country="US"),
        customer(3, email="", phone="+4915112345679").model_copy(update={"time_zone": "UTC"}),
    )
    campaign = o.approved()
    preview = o.app.outreach.preview(campaign.id)
    assert (preview.count, preview.deferred) == (3, 1)
    assert preview.deferred_until == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # 8:00 in Berlin
    o.settle()
    assert o.told() == {"+12025550143": 1, "+4915112345679": 1}
    o.pass_time(60 * 10)  # until 6:30 UTC
    assert o.told()["+4915112345678"] == 0
    assert o.progress(campaign).remaining == 1
    o.pass_time(60)
    assert o.told()["+4915112345678"] == 1
    assert o.app.outreach.get(campaign.id).status == "completed"


def test_mail_waits_only_for_those_who_asked_for_it_and_safety_for_nobody(o: Outreaching) -> None:
    o.has(customer(1), customer(2).model_copy(update={"quiet_hours": NIGHT, "time_zone": "UTC"}))
    o.world.clock.forward(hours=1)
    o.approved()
    o.settle()
    assert o.told() == {"c1@example.org": 1}
    o.approved(purpose="safety")
    o.settle()
    assert o.told() == {"c1@example.org": 2, "c2@example.org": 1}
    o.pass_time(60 * 10)
    assert o.told() == {"c1@example.org": 2, "c2@example.org": 2}


def test_hours_that_begin_after_the_freezing_hold_too(o: Outreaching) -> None:
    o.has(customer(1).model_copy(update={"quiet_hours": NIGHT, "time_zone": "UTC"}))
    campaign = o.approved()
    o.world._stream()
    o.world.deliver("plan")
    o.world.clock.forward(hours=1)  # 21:30 in UTC
    o.settle()
    assert not o.told()
    assert o.progress(campaign).remaining == 1
    o.pass_time(60 * 10)
    assert o.told() == {"c1@example.org": 1}


def test_who_got_enough_notices_is_left_out_and_the_preview_shows_the_last(o: Outreaching) -> None:
    cap = {"fatigue": {"notices": 2, "days": 7}}
    o.app.documents.write("campaigns", cap, None, "admin")
    o.has(customer(1), customer(2, plan="free"))
    first = o.approved(name="First")
    o.settle()
    o.pass_time(1)
    second = o.approved(name="Second")
    o.settle()
    third = o.draft(name="Third", audience={})
    preview = o.app.outreach.preview(third.id)
    assert (preview.count, preview.excluded) == (1, {"fatigue": 1})
    o.app.documents.write("campaigns", {"fatigue": {"notices": 5}}, None, "admin")
    o.world.clock.forward(seconds=11)
    samples = {s.customer_id: s for s in o.app.outreach.preview(third.id).samples}
    assert [r.name for r in samples["K000001"].recent] == ["Second", "First"]
    assert {first.id, second.id} == {r.campaign_id for r in samples["K000001"].recent}
    o.app.documents.write("campaigns", cap, None, "admin")
    o.world.clock.forward(days=8)
    assert o.app.outreach.preview(third.id).count == 2


def test_the_cap_is_asked_again_at_the_moment_of_telling(o: Outreaching) -> None:
    o.app.documents.write("campaigns", {"fatigue": {"notices": 1}}, None, "admin")
    o.has(customer(1))
    first, second = o.approved(name="First"), o.approved(name="Second")
    o.settle()
    assert o.told() == {"c1@example.org": 1}
    skipped = {**o.progress(first).skipped, **o.progress(second).skipped}
    assert skipped == {"fatigue": 1}


def test_a_pace_spreads_the_orders_and_goes_on_behind_what_a_queue_can_delay(
    o: Outreaching,
) -> None:
    o.app.documents.write("campaigns", {"pace": {"email": 0.1}}, None, "admin")
    o.crowd(144)  # three segments, 480 seconds each
    campaign = o.approved()
    o.settle()
    assert o.told().total() == 48
    o.pass_time(9)
    assert o.told().total() == 96
    o.pass_time(20)
    assert o.told().total() == 144
    assert set(o.told().values()) == {1}
    assert o.app.outreach.get(campaign.id).status == "completed"


def test_a_customer_far_from_the_company_is_judged_by_their_own_clock() -> None:
    with outreaching(datetime(2026, 11, 23, 12, 0, tzinfo=UTC)) as o:
        audiences: Audiences = o.app.audiences
        campaign = o.draft()
        asleep = customer(1, email="", phone="+819012345678")  # 21:00 in Tokyo
        until = audiences.quiet(campaign, asleep, Channel.SMS, o.world.clock())
        assert until == datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
        by_locale = customer(2, language="ja-JP")
        assert audiences.quiet(campaign, by_locale, Channel.SMS, o.world.clock()) == until
        assert audiences.quiet(campaign, customer(3), Channel.SMS, o.world.clock()) is None
