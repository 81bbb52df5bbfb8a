"""Campaigns from draft to the last notice, with the real handlers on the model of AWS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.campaigns.models import (
    Approval,
    Audience,
    CampaignInput,
    CampaignPatch,
    CampaignStatus,
    Notice,
)
from chalicelib.campaigns.service import FREEZE, errand
from chalicelib.channels.models import Channel
from chalicelib.customers.models import Asset, ConsentStatus
from chalicelib.errors import Conflict, Forbidden, Invalid, StaleVersion
from chalicelib.flows.audience import campaign_behind
from chalicelib.store.counts import hour_name
from tests.flows.outreach_world import LEAD, Outreaching, customer, outreaching
from tests.support import NOON, Clock

OUT = ConsentStatus.OPTED_OUT


@pytest.fixture
def o() -> Iterator[Outreaching]:
    with outreaching() as made:
        yield made


def test_everybody_in_the_audience_is_told_once(o: Outreaching) -> None:
    o.crowd(130)
    o.has(customer(900, plan="free"))
    campaign = o.approved()
    o.settle()
    assert set(o.told().values()) == {1}
    assert o.told().total() == 130
    assert o.app.outreach.get(campaign.id).status == "completed"
    progress = o.progress(campaign)
    assert (progress.total, progress.sent, progress.delivered, progress.remaining) == (
        130,
        130,
        130,
        0,
    )


def test_preview_says_who_and_why_not(o: Outreaching) -> None:
    o.has(
        customer(1),
        customer(2, language="de-AT"),
        customer(3, email="", phone="+15550000003"),
        customer(4, consent={Channel.EMAIL: OUT}),
        customer(5, suppressed=("c5@example.org",)),
        customer(6, email=""),
        customer(7, plan="free"),
        customer(8, consent={Channel.EMAIL: OUT}, phone="+4915100000008"),
    )
    preview = o.app.outreach.preview(o.draft().id)
    assert preview.count == 4
    assert preview.by_channel == {"email": 2, "sms": 2}
    assert preview.by_language == {"en": 3, "de": 1}
    assert preview.excluded == {"opted_out": 1, "suppressed": 1, "no_address": 1}
    assert preview.cost.total == pytest.approx(2 * 0.0001 + 2 * 0.0128)
    assert preview.cost.unpriced == 1
    german = next(sample for sample in preview.samples if sample.language == "de")
    assert german.text.startswith("Guten Tag Ana Ortiz. https://help.example.com/")
    assert german.why == "attributes.plan is pro"


def test_those_who_wrote_are_left_out(o: Outreaching) -> None:
    o.has(customer(1), customer(2))
    marks = o.app.counts.step(("topic=router", hour_name(NOON), "K000002"), set(), {"case"}, NOON)
    o.app.table.commit(*marks)
    preview = o.app.outreach.preview(o.draft(topic="router").id)
    assert (preview.count, preview.excluded) == (1, {"wrote": 1})
    everyone = o.draft(topic="router", audience={"exclude_wrote": False})
    assert o.app.outreach.preview(everyone.id).count == 2


def test_owners_of_a_product_are_told(o: Outreaching) -> None:
    o.has(
        customer(1, assets=(Asset(name="Router X", attributes={"version": 2}),)),
        customer(2, assets=(Asset(name="Router X", attributes={"version": 1}),)),
        customer(3, assets=(Asset(name="Phone"),)),
    )
    match = {"name": "router x", "attributes": {"version": "2"}}
    draft = o.draft(audience={"assets": [match]})
    preview = o.app.outreach.preview(draft.id)
    assert [sample.customer_id for sample in preview.samples] == ["K000001"]
    assert preview.samples[0].why == "owns router x with version 2"


def test_marketing_needs_consent(o: Outreaching) -> None:
    o.has(customer(1), customer(2, consent={Channel.EMAIL: ConsentStatus.OPTED_IN}))
    preview = o.app.outreach.preview(o.draft(purpose="marketing").id)
    assert (preview.count, preview.excluded) == (1, {"no_consent": 1})


def test_a_customer_without_a_field_of_the_text_is_left_out(o: Outreaching) -> None:
    o.has(customer(1, city="Bonn"), customer(2))
    message = {"email": {"subject": "Hello", "text": "Trouble in {{city}}"}}
    draft = o.draft(message=message, fields={"city": {"source": "attributes.city"}})
    preview = o.app.outreach.preview(draft.id)
    assert (preview.count, preview.excluded) == (1, {"missing_field": 1})
    assert preview.missing_fields == {"city": 1}
    assert preview.samples[0].text.startswith("Trouble in Bonn")


def test_held_out_customers_are_drawn_and_never_told(o: Outreaching) -> None:
    o.crowd(200)
    campaign = o.approved(held_out=0.3)
    o.settle()
    progress = o.progress(campaign)
    assert 30 < progress.held_out < 90
    assert progress.sent == o.told().total() == 200 - progress.held_out
    assert o.app.outreach.get(campaign.id).status == "completed"


def test_a_trend_brings_its_own_text_and_name(o: Outreaching) -> None:
    draft = o.app.outreach.create(CampaignInput(topic="router"), LEAD)
    assert draft.name == "Notice about router"
    assert draft.message.email["en"].subject == "We are working on a problem with {{topic}}"
    with pytest.raises(Invalid, match="message"):
        o.app.outreach.create(CampaignInput(), LEAD)
    with pytest.raises(Invalid, match="trend_id"):
        o.app.outreach.create(CampaignInput(trend_id="none"), LEAD)


def test_approval_wants_the_count_that_the_lead_saw(o: Outreaching) -> None:
    o.crowd(3)
    draft = o.draft()
    with pytest.raises(Conflict, match="3 would be told, you saw 2"):
        o.app.outreach.approve(draft.id, Approval(version=1, count=2), LEAD)
    with pytest.raises(StaleVersion):
        o.app.outreach.approve(draft.id, Approval(version=9, count=3), LEAD)
    o.app.outreach.approve(draft.id, Approval(version=1, count=2, force=True), LEAD)
    with pytest.raises(Conflict, match="approved already"):
        o.app.outreach.approve(draft.id, Approval(), LEAD)
    with pytest.raises(Conflict, match="only a draft"):
        o.app.outreach.edit(draft.id, CampaignPatch(name="Other"), LEAD)


def test_an_audience_that_grew_since_asks_again(o: Outreaching) -> None:
    o.crowd(10)
    campaign = o.approved()
    o.crowd(20, first=100)
    o.settle()
    paused = o.app.outreach.get(campaign.id)
    assert paused.status == "paused"
    assert "30 customers are in the audience by now, 10 were approved" in paused.reason
    assert not o.told()
    o.app.outreach.resume(campaign.id, LEAD)
    o.settle()
    assert o.told().total() == 30


def test_pause_takes_effect_within_a_segment_and_resume_goes_on(o: Outreaching) -> None:
    o.crowd(200)
    campaign = o.approved()
    while not o.told():
        o.world._stream()
        o.world.deliver("plan")
        _one_order(o)
    o.app.outreach.pause(campaign.id, LEAD)
    o.settle()
    before = o.told().total()
    assert before == 48
    assert o.progress(campaign).remaining == 152
    o.pass_time(10)
    assert o.told().total() == before
    o.app.outreach.resume(campaign.id, LEAD)
    o.settle()
    assert o.told().total() == 200
    assert set(o.told().values()) == {1}
    assert o.app.outreach.get(campaign.id).status == "completed"


def test_a_cancelled_campaign_tells_nobody_else(o: Outreaching) -> None:
    o.crowd(100)
    campaign = o.approved()
    o.world._stream()
    o.world.deliver("plan")
    o.app.outreach.cancel(campaign.id, LEAD)
    o.settle()
    o.pass_time(10)
    assert not o.told()
    assert o.progress(campaign).remaining == 100
    with pytest.raises(Conflict, match="cancelled, not paused"):
        o.app.outreach.resume(campaign.id, LEAD)


def test_who_opts_out_after_planning_is_not_told(o: Outreaching) -> None:
    o.crowd(3)
    campaign = o.approved()
    o.world._stream()
    o.world.deliver("plan")
    out = customer(1, consent={Channel.EMAIL: OUT}).model_copy(update={"version": 2})
    o.app.customers.save(out)
    o.settle()
    progress = o.progress(campaign)
    assert (progress.sent, progress.suppressed, progress.skipped) == (2, 1, {"opted_out": 1})
    assert o.app.outreach.get(campaign.id).status == "completed"


def test_a_notice_offers_the_way_out_and_a_place_to_answer(o: Outreaching) -> None:
    o.has(customer(1))
    campaign = o.approved()
    o.settle()
    (sent,) = o.world.aws.ses.accepted
    headers = dict(sent.headers)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-CustOps-Campaign"] == campaign.id
    link = headers["List-Unsubscribe"].strip("<>")
    assert link in sent.text
    token = link.rpartition("/")[2]
    assert o.app.outreach.offer(token).channel == "email"
    o.app.outreach.unsubscribe(token)
    o.app.outreach.unsubscribe(token)
    assert o.app.customers.get("K000001").consent[Channel.EMAIL].status == OUT
    with pytest.raises(Forbidden):
        o.app.outreach.unsubscribe(token.replace("K000001", "K000002"))


def test_answers_come_to_an_address_that_names_the_campaign(o: Outreaching) -> None:
    o.has(customer(1))
    asked: list[dict[str, object]] = []
    bulk = o.world.aws.ses.send_bulk_email
    o.world.aws.ses.send_bulk_email = lambda r: (asked.append(r), bulk(r))[1]  # type: ignore
    campaign = o.approved()
    o.settle()
    (address,) = asked[0]["ReplyToAddresses"]  # type: ignore[misc]
    assert str(address).startswith("support+n-")
    assert campaign_behind(o.app.signer, str(address)) == campaign.id
    assert campaign_behind(o.app.signer, str(address).replace("1-", "2-")) is None


def test_the_notice_stands_in_the_customers_timeline(o: Outreaching) -> None:
    o.has(customer(1))
    campaign = o.approved()
    o.settle()
    (entry,) = o.app.customers.told("K000001", 10).items
    assert (entry["campaign_id"], entry["channel"]) == (campaign.id, "email")
    assert entry["subject"] == "Router trouble"


def test_a_bounce_is_counted_and_bars_the_address(o: Outreaching) -> None:
    o.crowd(2)
    o.events = ("Send",)
    campaign = o.approved()
    o.settle()
    o.world.aws.ses.publish(o.world.aws.ses.accepted[0], "Bounce")
    o.settle()
    progress = o.progress(campaign)
    assert (progress.sent, progress.bounced) == (2, 1)
    bounced = o.world.aws.ses.accepted[0].tags["send_id"].rpartition("-")[2]
    assert o.app.customers.get(bounced).suppressed


def test_events_that_come_twice_or_late_count_once(o: Outreaching) -> None:
    o.crowd(5)
    o.events = ("Delivery", "Send", "Delivery", "Send")
    campaign = o.approved()
    o.settle()
    assert o.counted(campaign) == o.recount(campaign) == {"delivered": 5}


def test_only_the_throttled_are_tried_again(o: Outreaching) -> None:
    o.crowd(10)
    answer = o.world.aws.ses.send_bulk_email
    calls: list[int] = []

    def throttle_the_first_three(request: dict[str, object]) -> dict[str, object]:
        entries: list[object] = request["BulkEmailEntries"]  # type: ignore[assignment]
        calls.append(len(entries))
        if len(calls) > 1:
            return answer(request)
        told = answer({**request, "BulkEmailEntries": entries[3:]})
        refused = [{"Status": "ACCOUNT_THROTTLED", "Error": "too fast"}] * 3
        return {"BulkEmailEntryResults": refused + told["BulkEmailEntryResults"]}

    o.world.aws.ses.send_bulk_email = throttle_the_first_three  # type: ignore[method-assign]
    campaign = o.approved()
    o.settle()
    assert o.progress(campaign).remaining == 3
    o.pass_time(8)
    assert calls == [10, 3]
    assert set(o.told().values()) == {1}
    assert o.app.outreach.get(campaign.id).status == "completed"


def test_one_bad_address_fails_alone(o: Outreaching) -> None:
    o.crowd(10)
    o.world.aws.ses.refused = {"c4@example.org"}
    campaign = o.approved()
    o.settle()
    progress = o.progress(campaign)
    assert (progress.sent, progress.failed, progress.remaining) == (9, 1, 0)
    assert o.app.outreach.get(campaign.id).status == "completed"


def test_when_everybody_is_refused_it_pauses_and_nobody_is_lost(o: Outreaching) -> None:
    o.crowd(60)
    o.world.aws.ses.refused = {f"c{n}@example.org" for n in range(60)}
    campaign = o.approved()
    o.settle()
    paused = o.app.outreach.get(campaign.id)
    assert (paused.status, paused.reason) == ("paused", "Email address is not verified.")
    assert paused.progress.failed == 0
    o.world.aws.ses.refused = set()
    o.app.outreach.resume(campaign.id, LEAD)
    o.pass_time(10)
    assert o.told().total() == 60
    assert set(o.told().values()) == {1}


def test_too_many_bounces_pause_it_within_the_batch(
    o: Outreaching,
) -> None:
    o.crowd(100)
    o.events = ("Bounce",)
    campaign = o.approved()
    for _ in range(3):
        o.world._stream()
        o.world.deliver("plan")
    while o.told().total() < 48:
        _one_order(o)
    o.speak()
    while o.world.deliver("DeliveryQueue"):
        pass
    paused = o.app.outreach.get(campaign.id)
    assert (paused.status, paused.reason) == (
        "paused",
        "20 of 48 notices bounced (the limit is 10 %)",
    )
    o.settle()
    assert o.told().total() == 48
    o.events = ("Send",)
    o.app.outreach.resume(campaign.id, LEAD)
    o.settle()
    assert o.told().total() == 100


def test_orders_lost_on_their_way_are_given_again(o: Outreaching) -> None:
    o.crowd(100)
    campaign = o.approved()
    for _ in range(3):
        o.world._stream()
        o.world.deliver("plan")
    o.world.aws.sqs.queue("notify").messages.clear()
    o.pass_time(12)
    assert o.told().total() == 100
    assert o.app.outreach.get(campaign.id).status == "completed"


def test_an_order_that_comes_three_times_tells_once(o: Outreaching) -> None:
    o.crowd(100)
    campaign = o.approved()
    for _ in range(3):
        o.world._stream()
        o.world.deliver("plan")
    o.app.queue.send("notify", o.world.aws.sqs.bodies("notify") * 2)
    o.settle()
    assert set(o.told().values()) == {1}
    assert o.counted(campaign) == o.recount(campaign)


def test_an_empty_audience_completes_at_once(o: Outreaching) -> None:
    campaign = o.approved()
    o.settle()
    done = o.app.outreach.get(campaign.id)
    assert (done.status, done.progress.total) == (CampaignStatus.COMPLETED, 0)


def test_a_customer_base_of_many_pages_is_frozen_in_strides(o: Outreaching) -> None:
    o.crowd(2600)
    campaign = o.approved()
    o.settle()
    assert o.told().total() == 2600
    assert set(o.told().values()) == {1}
    assert o.progress(campaign).segments == 55


def test_calls_a_recipient_stay_below_the_promise(o: Outreaching) -> None:
    o.crowd(2400)
    o.events = ()
    campaign = o.approved()
    before = Counter(o.world.aws.calls)
    o.settle()
    calls = Counter(o.world.aws.calls) - before
    ours = {name: n for name, n in calls.items() if name[1] not in POLLER}
    assert o.progress(campaign).sent == 2400
    assert sum(ours.values()) / 2400 <= 0.15, ours


def test_a_draft_can_be_changed_and_is_checked_again(o: Outreaching) -> None:
    o.has(customer(1), customer(2, plan="free"))
    draft = o.draft()
    o.app.outreach.preview(draft.id)
    everybody = CampaignPatch(audience=Audience(), name="All")
    changed = o.app.outreach.edit(draft.id, everybody, LEAD, draft.version)
    assert (changed.version, changed.name) == (2, "All")
    with pytest.raises(Conflict, match="2 would be told, you saw 1"):
        o.app.outreach.approve(draft.id, Approval(count=1), LEAD)
    bad = Notice.model_validate({"email": {"subject": "s", "text": "{{city}}"}})
    with pytest.raises(Invalid, match="not a field"):
        o.app.outreach.edit(draft.id, CampaignPatch(message=bad), LEAD)


def test_freezing_goes_on_in_a_new_run_when_the_time_is_over(o: Outreaching) -> None:
    o.crowd(300)
    campaign = o.approved()
    slow = replace(o.app.planning, clock=Ticking(o.world.clock, seconds=90))
    runs = 0
    while o.app.outreach.get(campaign.id).status != "running":
        slow.plan(errand(campaign.id, FREEZE))
        runs += 1
    assert runs == 2
    o.settle()
    assert set(o.told().values()) == {1}
    assert o.told().total() == 300


def test_a_body_that_nobody_can_read_is_given_back(o: Outreaching) -> None:
    for queue in ("plan", "notify"):
        o.app.queue.send(queue, ["no json", '{"owner": "CAMP#1", "kind": "plan", "id": "x"}'])
        assert o.world.deliver(queue) == {"records": 2, "failed": 2}


class Ticking:
    """A clock that goes on each time it is asked."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    def __call__(self) -> datetime:
        self._clock.forward(seconds=self._seconds)
        return self._clock()


POLLER = {"ReceiveMessage", "DeleteMessage", "GetQueueUrl"}
"""What Lambda's own poller does, not we."""


def test_nothing_is_kept_waiting_after_the_end(o: Outreaching) -> None:
    o.crowd(5)
    o.approved()
    o.settle()
    o.pass_time(5)
    overdue = o.app.reactions.overdue(o.world.clock() + timedelta(days=1))
    assert list(overdue) == []


def _one_order(o: Outreaching) -> None:
    """Deliver the oldest order alone, as the batch size of one does."""
    queue = o.world.aws.sqs.queue("notify")
    rest, queue.messages = queue.messages[1:], queue.messages[:1]
    o.world.deliver("notify")
    queue.messages += rest
