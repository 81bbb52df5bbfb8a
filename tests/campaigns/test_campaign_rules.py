"""States of campaigns and of the ledger, audiences, and a segment's next steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.campaigns import rules
from chalicelib.campaigns.models import (
    Audience,
    Campaign,
    CampaignStatus,
    Frozen,
    Notice,
    Segment,
    SegmentState,
    Told,
    ToldStatus,
)
from chalicelib.campaigns.progress import brake
from chalicelib.campaigns.settings import BrakeSettings
from chalicelib.errors import Conflict

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
S, T = CampaignStatus, ToldStatus


def campaign(**fields: object) -> Campaign:
    given = {
        "id": "01CAMPAIGN",
        "name": "Router",
        "audience": Audience(),
        "message": Notice.model_validate({"email": {"subject": "s", "text": "t"}}),
        "created_by": "lead@example.com",
        "created_at": NOW,
        "updated_at": NOW,
        **fields,
    }
    return Campaign.model_validate(given)


def told(customer: str, status: ToldStatus, **fields: object) -> Told:
    given = {
        "campaign_id": "01CAMPAIGN",
        "customer_id": customer,
        "segment": 0,
        "channel": "email",
        "status": status,
        "claimed_at": NOW,
        "updated_at": NOW,
        **fields,
    }
    return Told.model_validate(given)


def segment(*customers: str) -> Segment:
    return Segment(campaign_id="01CAMPAIGN", number=0, channel="email", customers=customers)


def test_a_completed_campaign_stays_completed() -> None:
    done = campaign(status=S.COMPLETED)
    for state in S:
        with pytest.raises(Conflict):
            rules.move(done, state, NOW, "")


def test_every_change_of_state_is_kept_with_who_and_why() -> None:
    paused = rules.move(campaign(status=S.RUNNING), S.PAUSED, NOW, "lead@example.com", "wrong link")
    assert paused.reason == paused.history[-1].reason == "wrong link"
    assert paused.history[-1].by == "lead@example.com"
    assert paused.version == 2


def test_a_campaign_paused_while_planning_goes_on_planning() -> None:
    planning = rules.move(campaign(status=S.APPROVED), S.PLANNING, NOW, "")
    paused = rules.move(planning, S.PAUSED, NOW, "")
    assert rules.resumed(paused) == S.PLANNING
    assert rules.resumed(paused.model_copy(update={"frozen": Frozen()})) == S.RUNNING


def test_new_customers_and_throttled_ones_are_claimed() -> None:
    known = {"B": told("B", T.QUEUED), "C": told("C", T.SENT)}
    assert rules.steps(segment("A", "B", "C"), known, NOW).claim == ("A", "B")


def test_those_whose_sender_died_come_into_doubt_and_are_not_sent_again_yet() -> None:
    steps = rules.steps(segment("A"), {"A": told("A", T.SENDING)}, NOW)
    assert (steps.claim, [entry.customer_id for entry in steps.doubt]) == ((), ["A"])


def test_doubt_ends_at_its_deadline_and_not_before() -> None:
    doubtful = told("A", T.AMBIGUOUS, attempts=1, until=NOW)
    assert rules.steps(segment("A"), {"A": doubtful}, NOW - timedelta(seconds=1)).claim == ()
    assert rules.steps(segment("A"), {"A": doubtful}, NOW).claim == ("A",)


def test_what_nobody_can_tell_is_given_up_after_three_attempts() -> None:
    doubtful = told("A", T.AMBIGUOUS, attempts=rules.ATTEMPTS, until=NOW)
    steps = rules.steps(segment("A"), {"A": doubtful}, NOW)
    assert (steps.claim, steps.give_up) == ((), (doubtful,))


def test_a_segment_is_done_when_nobody_is_open() -> None:
    final = {"A": told("A", T.SENT), "B": told("B", T.SKIPPED), "C": told("C", T.FAILED)}
    assert rules.settled(segment("A", "B", "C"), final, NOW).state == SegmentState.DONE
    doubtful = {**final, "C": told("C", T.AMBIGUOUS)}
    after = rules.settled(segment("A", "B", "C"), doubtful, NOW)
    assert (after.state, after.due_at) == (SegmentState.SETTLING, NOW + rules.LOOK)
    unclaimed = rules.settled(segment("A", "D"), final, NOW)
    assert unclaimed.state == SegmentState.WAITING


def test_a_send_id_leads_back_to_campaign_and_customer() -> None:
    tag = rules.send_id("01CAMPAIGN", "cust-with-dashes", 2)
    assert rules.told_behind(tag) == ("01CAMPAIGN", "cust-with-dashes")
    assert rules.told_behind("01HX0000000000000000000000") is None
    assert rules.told_behind("") is None


@given(some.lists(some.text("AB", min_size=1), max_size=200, unique=True), some.booleans())
def test_cutting_drops_and_doubles_nobody(waiting: list[str], rest: bool) -> None:
    parts, left = rules.cut(waiting, rest)
    assert [one for part in parts for one in part] + list(left) == waiting
    assert all(len(part) <= rules.SEGMENT for part in parts)
    assert len(left) == (0 if rest else len(waiting) % rules.SEGMENT)


@given(some.lists(some.sampled_from(list(T)), max_size=20))
def test_changes_of_the_counts_are_what_a_recount_says(states: list[ToldStatus]) -> None:
    before = [None if n % 3 == 0 else told(str(n), T.SENDING) for n in range(len(states))]
    after = [told(str(n), state, reason="x") for n, state in enumerate(states)]
    steps = rules.changes_of(before, after)
    counted = [rules.counter(entry) for entry in after]
    known = [rules.counter(entry) for entry in before if entry]
    names = {*counted, *known}
    assert {name: by for name, by in steps.items() if not name.startswith("paid_")} == {
        name: counted.count(name) - known.count(name)
        for name in names
        if counted.count(name) != known.count(name)
    }


def test_the_held_out_share_is_about_what_was_asked_for() -> None:
    half = campaign(held_out=0.25)
    out = sum(rules.held_out(half, f"customer {n}") for n in range(4000))
    assert 900 < out < 1100
    assert not rules.held_out(campaign(), "customer 1")


def test_the_brake_needs_a_share_and_a_number() -> None:
    limits = BrakeSettings()
    assert brake({T.DELIVERED: 0, T.BOUNCED: 19}, {}, limits) == ""
    assert brake({T.DELIVERED: 950, T.BOUNCED: 50}, {}, limits) == ""
    assert brake({T.DELIVERED: 260, T.BOUNCED: 40}, {}, limits) == (
        "40 of 300 notices bounced (the limit is 10 %)"
    )
    assert "complained" in brake({T.DELIVERED: 895, T.COMPLAINED: 5}, {}, limits)
    assert brake({T.DELIVERED: 2, T.FAILED: 1}, {}, limits) == ""
    assert "refused" in brake({T.DELIVERED: 70, T.FAILED: 30}, {}, limits)


def test_the_brake_counts_anew_from_where_a_person_let_it_go_on() -> None:
    before = {T.DELIVERED: 60, T.BOUNCED: 40}
    assert brake(before, dict(before), BrakeSettings()) == ""
    worse = {T.DELIVERED: 100, T.BOUNCED: 70}
    assert "30 of 70" in brake(worse, dict(before), BrakeSettings())
