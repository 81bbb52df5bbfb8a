"""Those who wrote about it hear in their own case, once, and get no notice beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.campaigns.models import FollowupInput, Kind
from chalicelib.store.counts import hour_name
from tests.flows.outreach_world import LEAD, NOTICE, Outreaching, customer, outreaching
from tests.support import NOON


@pytest.fixture
def o() -> Iterator[Outreaching]:
    with outreaching() as made:
        yield made


def wrote(o: Outreaching) -> str:
    """A customer of the crowd has written about the router; returns their case."""
    o.world.mail("My router is dead.", sender="c1@example.org", message_id="w1@example.org")
    o.world.settle()
    case = o.world.case()
    mark = ("topic=router", hour_name(NOON), case.customer_id)
    o.app.table.commit(*o.app.counts.step(mark, set(), {case.id}, NOON))
    return case.id


def test_the_notice_comes_into_the_case_once(o: Outreaching) -> None:
    o.has(customer(2), customer(3))
    case_id = wrote(o)
    sent_before = len(o.world.aws.ses.accepted)
    campaign = o.approved(topic="router", audience={})
    preview = o.app.outreach.preview(campaign.id)
    assert (preview.count, preview.in_case, preview.excluded) == (2, 1, {"wrote": 1})
    for _ in range(3):
        o.world._stream()
        o.world.deliver("plan")
    o.app.queue.send("notify", o.world.aws.sqs.bodies("notify"))  # every order twice
    o.settle()
    o.world.settle()
    case = o.app.cases.get(case_id)
    said = [m for m in o.world.timeline(case) if "we know" in m.text]
    assert [(m.direction, m.author.type, m.automatic) for m in said] == [
        ("outbound", "system", True)
    ]
    assert "unsubscribe" not in said[0].text
    to = [a for sent in o.world.aws.ses.accepted[sent_before:] for a in sent.to]
    assert sorted(to) == ["c1@example.org", "c2@example.org", "c3@example.org"]
    progress = o.progress(campaign)
    assert (progress.total, progress.sent, progress.in_case) == (2, 2, 1)
    assert o.app.outreach.get(campaign.id).status == "completed"


def test_the_closure_comes_into_the_same_case(o: Outreaching) -> None:
    case_id = wrote(o)
    campaign = o.approved(topic="router", audience={}, message=NOTICE)
    o.settle()
    assert o.app.outreach.get(campaign.id).status == "completed"
    o.app.followups.create(campaign.id, FollowupInput(kind=Kind.CLOSURE), LEAD)
    o.settle()
    texts = [m.text for m in o.world.timeline(o.app.cases.get(case_id))]
    assert sum("It is solved" in text for text in texts) == 1
