"""What follows a notice goes to exactly those who were told, each step once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from chalicelib.campaigns.models import Approval, Campaign, FollowupInput, Kind, Said
from chalicelib.channels.models import Channel
from chalicelib.customers.models import ConsentStatus
from chalicelib.errors import Conflict, Forbidden
from chalicelib.flows.audience import answer_token
from chalicelib.problems.models import Problem, ProblemState
from tests.flows.outreach_world import LEAD, Outreaching, customer, outreaching
from tests.support import NOON

CLOSED = {"email": {"subject": "It is over", "text": "Hello {{name}}, it works again."}}


@pytest.fixture
def o() -> Iterator[Outreaching]:
    with outreaching() as made:
        yield made


def closure(**more: object) -> FollowupInput:
    return FollowupInput.model_validate({"kind": "closure", "message": CLOSED, **more})


def heard(o: Outreaching, subject: str) -> Counter[str]:
    mails = (sent for sent in o.world.aws.ses.accepted if sent.subject == subject)
    return Counter(address for sent in mails for address in sent.to)


def test_a_closure_goes_to_those_who_were_told_and_to_nobody_else(o: Outreaching) -> None:
    o.crowd(120)
    campaign = o.approved(held_out=0.3)
    o.settle()
    told = heard(o, "Router trouble")
    o.crowd(30, first=500)  # customers since
    step = o.app.followups.create(campaign.id, closure(), LEAD)
    o.settle()
    assert heard(o, "It is over") == told
    done = o.app.outreach.get(step.id)
    assert (done.status, done.root, done.progress.sent) == ("completed", campaign.id, len(told))
    (later,) = o.app.followups.later(o.app.campaigns.get(campaign.id))
    assert (later.kind, later.sent) == ("closure", len(told))


def test_the_same_words_again_are_the_same_step(o: Outreaching) -> None:
    o.crowd(3)
    campaign = o.approved()
    o.settle()
    first = o.app.followups.create(campaign.id, closure(), LEAD)
    assert o.app.followups.create(campaign.id, closure(), LEAD).id == first.id
    with pytest.raises(Conflict, match="heard the end of it"):
        o.app.followups.create(campaign.id, FollowupInput(kind=Kind.RETRACTION), LEAD)
    o.settle()
    assert set(heard(o, "It is over").values()) == {1}


def test_who_bounced_left_or_is_not_concerned_hears_no_more(o: Outreaching) -> None:
    o.crowd(5)
    o.events = ("Send",)
    campaign = o.approved()
    o.settle()
    ses = o.world.aws.ses
    bounced = next(sent for sent in ses.accepted if "c1@example.org" in sent.to)
    ses.publish(bounced, "Bounce")
    o.settle()
    not_me = answer_token(o.app.signer, campaign, o.app.customers.get("K000002"))
    o.app.noticed.say(not_me, Said.NOT_ME)
    left = customer(3, consent={Channel.EMAIL: ConsentStatus.OPTED_OUT})
    o.app.customers.save(left.model_copy(update={"version": 2}))
    step = o.app.followups.create(campaign.id, closure(), LEAD)
    o.settle()
    assert set(heard(o, "It is over")) == {"c0@example.org", "c4@example.org"}
    view = o.app.outreach.get(step.id)
    assert view.frozen is not None
    assert view.frozen.excluded == {"bounced": 1, "not_me": 1}
    assert view.progress.skipped == {"opted_out": 1}


def test_a_retraction_stops_what_is_still_going_out(o: Outreaching) -> None:
    o.crowd(150)
    campaign = o.approved()
    for _ in range(3):
        o.world._stream()
        o.world.deliver("plan")
    queue = o.world.aws.sqs.queue("notify")
    queue.messages = queue.messages[:1]
    o.world.deliver("notify")
    update = FollowupInput(kind=Kind.UPDATE)
    with pytest.raises(Conflict, match="an update would miss"):
        o.app.followups.create(campaign.id, update, LEAD)
    o.app.followups.create(campaign.id, FollowupInput(kind=Kind.RETRACTION), LEAD)
    o.settle()
    assert o.app.outreach.get(campaign.id).status == "cancelled"
    assert heard(o, "Our message about Router: a false alarm: a false alarm") == Counter()
    o.pass_time(12)
    told = heard(o, "Router trouble")
    assert len(told) == 48
    later = [s for s in o.world.aws.ses.accepted if "false alarm" in s.subject]
    assert Counter(a for s in later for a in s.to) == told


def test_nobody_told_is_nobody_to_follow_up(o: Outreaching) -> None:
    o.crowd(3)
    draft = o.draft()
    with pytest.raises(Conflict, match="nobody has been told"):
        o.app.followups.create(draft.id, closure(), LEAD)


def test_more_than_a_lead_may_send_needs_those_who_may(o: Outreaching) -> None:
    approvals = {"send_more_than": 2, "send_to_many": {"role": "admin"}}
    o.app.documents.write("approvals", approvals, None, "admin")
    o.crowd(3)
    draft = o.draft()
    with pytest.raises(Forbidden, match="3 customers"):
        o.app.outreach.approve(draft.id, _approval(draft), LEAD, ("lead",))
    o.app.outreach.approve(draft.id, _approval(draft), LEAD, ("admin",))
    o.settle()
    with pytest.raises(Forbidden):
        o.app.followups.create(draft.id, closure(), LEAD, ("lead",))


def test_a_closed_problem_proposes_the_closure(o: Outreaching) -> None:
    o.crowd(3)
    problem = Problem(
        id="01PROBLEM",
        title="Routers",
        state=ProblemState.CLOSED,
        started_at=NOON,
        detected_at=NOON,
        created_by=LEAD,
        created_at=NOON,
        updated_at=NOON,
    )
    o.app.table.commit(o.app.problems.new(problem))
    campaign = o.approved(problem_id=problem.id)
    assert o.app.followups.proposed(o.app.campaigns.get(campaign.id)) is None
    o.settle()
    proposed = o.app.followups.proposed(o.app.campaigns.get(campaign.id))
    assert proposed is not None
    assert proposed.kind == Kind.CLOSURE
    assert [c.id for c in o.app.campaigns.of_problem(problem.id)] == [campaign.id]
    o.app.followups.create(campaign.id, proposed, LEAD)
    assert o.app.followups.proposed(o.app.campaigns.get(campaign.id)) is None


def _approval(draft: Campaign) -> Approval:
    return Approval(version=draft.version)
