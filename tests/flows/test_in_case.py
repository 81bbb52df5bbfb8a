"""Those who wrote about it hear in their own case, once, and get no notice beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.campaigns.models import FollowupInput, Kind
from chalicelib.problems.models import Link, LinkState
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


def linked(o: Outreaching, case_id: str, **more: int) -> None:
    case = o.app.cases.get(case_id)
    link = Link(
        problem_id="01PROBLEM",
        case_id=case_id,
        customer_id=case.customer_id,
        state=LinkState.LINKED,
        created_at=NOON,
        updated_at=NOON,
        **more,
    )
    o.app.table.commit(o.app.problems.write_link(link))


def mailed(o: Outreaching) -> str:
    o.world.mail("My router is dead.", sender="c1@example.org", message_id="w1@example.org")
    o.world.settle()
    return o.world.case().id


def test_a_case_of_the_problem_is_told_like_one_of_the_topic(o: Outreaching) -> None:
    case_id = mailed(o)
    linked(o, case_id)
    campaign = o.approved(problem_id="01PROBLEM", audience={})
    assert o.app.outreach.preview(campaign.id).excluded == {"wrote": 1}
    o.settle()
    assert any("we know" in text for text in o.world.texts(o.app.cases.get(case_id)))


def test_whom_the_problem_has_informed_hears_it_once(o: Outreaching) -> None:
    case_id = mailed(o)
    linked(o, case_id, told_version=1)
    campaign = o.approved(problem_id="01PROBLEM", audience={})
    o.settle()
    assert not any("we know" in text for text in o.world.texts(o.app.cases.get(case_id)))
    assert o.app.outreach.get(campaign.id).status == "completed"
    (entry,) = o.app.campaigns.everybody_told(campaign.id)
    assert (entry.status, entry.reason) == ("skipped", "informed")
