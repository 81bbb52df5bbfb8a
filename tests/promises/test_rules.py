"""The clocks of a case as a state machine, and laws that hold whatever happens to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.cases.models import CaseStatus, Promise, Promises, PromiseState
from chalicelib.promises import rules
from chalicelib.promises.alarms import next_alarm, seen
from chalicelib.promises.calendars import add, elapsed
from chalicelib.promises.models import Calendar, Targets, Weekday
from chalicelib.promises.rules import Scene, Terms

S = CaseStatus
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = 3600
OFFICE = Calendar.model_validate(
    {
        "name": "office",
        "zone": "Europe/Berlin",
        "hours": {day: [{"start": "09:00", "end": "17:00"}] for day in list(Weekday)[:5]},
    }
)
TARGETS = Targets(first_reply=4 * HOUR, next_reply=8 * HOUR, resolution=24 * HOUR)
TERMS = Terms(TARGETS, OFFICE, 0.75, "office", 1, 1)
ROUND = Terms(TARGETS, None, 0.75, "round", 1)


def at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def first(promises: Promises) -> Promise:
    assert promises.first_reply is not None
    return promises.first_reply


def resolution(promises: Promises) -> Promise:
    assert promises.resolution is not None
    return promises.resolution


def test_a_new_case_is_promised_a_reply_and_a_resolution_but_no_next_reply() -> None:
    promises = rules.begun(ROUND, MONDAY)
    assert first(promises).due_at == at(4)
    assert resolution(promises).due_at == at(24)
    assert promises.next_reply is None
    assert next_alarm(promises) == at(3)


def test_an_answer_in_time_meets_the_promise_and_a_late_one_does_not() -> None:
    promises = rules.begun(ROUND, MONDAY)
    assert first(rules.answered(promises, ROUND, at(4))).state == PromiseState.MET
    late = first(rules.answered(promises, ROUND, at(4.1)))
    assert (late.state, late.met_at) == (PromiseState.BREACHED, at(4.1))


def test_each_message_after_an_answer_starts_a_next_reply_once() -> None:
    promises = rules.begun(ROUND, MONDAY)
    assert rules.heard(promises, ROUND, at(1)) == promises  # the first reply is due already
    promises = rules.heard(rules.answered(promises, ROUND, at(2)), ROUND, at(3))
    assert promises.next_reply is not None
    assert promises.next_reply.due_at == at(11)
    assert rules.heard(promises, ROUND, at(5)) == promises
    again = rules.heard(rules.answered(promises, ROUND, at(6)), ROUND, at(7))
    assert again.next_reply is not None
    assert (again.next_reply.due_at, again.replies_met) == (at(15), 1)


def test_a_clock_stands_while_the_case_waits_and_goes_on_with_what_was_left() -> None:
    promises = rules.begun(ROUND, MONDAY)
    waiting = rules.moved(promises, ROUND, S.OPEN, S.ON_HOLD, at(1))
    assert first(waiting).state == PromiseState.PAUSED
    assert next_alarm(waiting) is None
    going = rules.moved(waiting, ROUND, S.ON_HOLD, S.OPEN, at(11))
    assert first(going).due_at == at(14)
    assert first(going).warn_at == at(13)


def test_a_reopened_case_goes_on_with_the_time_it_had_left() -> None:
    promises = rules.begun(ROUND, MONDAY)
    solved = rules.moved(promises, ROUND, S.OPEN, S.RESOLVED, at(4))
    assert resolution(solved).state == PromiseState.MET
    assert first(solved).state == PromiseState.PAUSED  # nobody answered; nobody waits
    again = rules.moved(solved, ROUND, S.RESOLVED, S.OPEN, at(50))
    assert resolution(again).state == PromiseState.RUNNING
    assert resolution(again).due_at == at(70)


def test_a_breach_stays_one_however_the_case_goes_on() -> None:
    promises = rules.begun(ROUND, MONDAY)
    waiting = rules.moved(promises, ROUND, S.OPEN, S.PENDING, at(30))
    again = rules.moved(waiting, ROUND, S.PENDING, S.OPEN, at(31))
    assert resolution(again).state == PromiseState.BREACHED
    solved = rules.moved(again, ROUND, S.OPEN, S.RESOLVED, at(32))
    assert resolution(solved).state == PromiseState.BREACHED


def test_another_priority_keeps_the_time_that_was_used() -> None:
    urgent = Terms(Targets(first_reply=2 * HOUR, resolution=8 * HOUR), None, 0.75, "urgent", 1)
    changed = rules.reassessed(rules.begun(ROUND, MONDAY), ROUND, urgent, at(1), Scene(MONDAY))
    assert first(changed).due_at == at(2)
    assert changed.policy == "urgent"
    too_late = rules.reassessed(rules.begun(ROUND, MONDAY), ROUND, urgent, at(3), Scene(MONDAY))
    assert first(too_late).due_at == at(3)


def test_a_case_that_was_just_understood_is_reckoned_from_its_beginning() -> None:
    scene = Scene(MONDAY, afresh=True, waits=True)
    changed = rules.reassessed(rules.begun(ROUND, MONDAY), ROUND, TERMS, at(0.01), scene)
    assert changed == rules.begun(TERMS, MONDAY)


def test_what_a_machine_decides_breaks_no_promise_by_itself() -> None:
    urgent = Terms(Targets(first_reply=2 * HOUR, resolution=8 * HOUR), None, 0.75, "urgent", 1)
    scene = Scene(MONDAY, gentle=True)
    changed = rules.reassessed(rules.begun(ROUND, MONDAY), ROUND, urgent, at(3), scene)
    assert first(changed).due_at == at(4)
    assert resolution(changed).due_at == at(8)


def test_a_first_reply_is_not_put_off_beyond_what_the_customer_was_told() -> None:
    told = rules.told(rules.begun(ROUND, MONDAY), at(4))
    slower = Terms(Targets(first_reply=48 * HOUR, resolution=96 * HOUR), None, 0.75, "low", 1)
    changed = rules.reassessed(told, ROUND, slower, at(1), Scene(MONDAY))
    assert first(changed).due_at == at(4)
    assert resolution(changed).due_at == at(96)


def test_a_warning_and_a_breach_are_due_once_each() -> None:
    promises = rules.begun(ROUND, MONDAY)
    assert rules.due_alarms(promises, at(2.9)) == ()
    warned = rules.alarmed(promises, rules.due_alarms(promises, at(3)), at(3))
    assert first(warned).state == PromiseState.AT_RISK
    assert rules.due_alarms(warned, at(3.5)) == ()
    assert next_alarm(warned) == at(4)
    [breach] = rules.due_alarms(warned, at(4.1))
    assert breach.breach
    broken = rules.alarmed(warned, [breach], at(4.1))
    assert first(broken).state == PromiseState.BREACHED
    assert rules.due_alarms(broken, at(5)) == ()
    assert next_alarm(broken) == at(18)  # the warning of the resolution


def test_a_sweep_that_comes_too_late_for_the_warning_tells_of_the_breach_only() -> None:
    [alarm] = rules.due_alarms(rules.begun(ROUND, MONDAY), at(5))
    assert alarm.breach


def test_what_is_shown_needs_no_sweep() -> None:
    promises = rules.begun(ROUND, MONDAY)
    assert first(seen(promises, at(3.5))).state == PromiseState.AT_RISK
    assert first(seen(promises, at(4.5))).state == PromiseState.BREACHED


def test_who_waits_in_a_case_that_is_merged_waits_in_the_other_until_it_is_undone() -> None:
    answered = rules.answered(rules.begun(ROUND, MONDAY), ROUND, at(1))
    source = rules.begun(ROUND, at(2))
    into = rules.joined(answered, source)
    assert into.next_reply == source.first_reply
    assert rules.parted(into, source) == answered
    assert rules.joined(rules.begun(ROUND, MONDAY), source) == rules.begun(ROUND, MONDAY)


# --- laws -------------------------------------------------------------------------------------

gaps = st.lists(st.integers(0, 3 * 24 * 60), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(gaps, st.sampled_from([TERMS, ROUND]))
def test_a_pause_never_brings_a_deadline_forward(minutes: list[int], terms: Terms) -> None:
    promises, now = rules.begun(terms, MONDAY), MONDAY
    status = S.OPEN
    for gap in minutes:
        now += timedelta(minutes=gap)
        to = S.PENDING if status == S.OPEN else S.OPEN
        after = rules.moved(promises, terms, status, to, now)
        assert resolution(after).due_at >= resolution(promises).due_at
        promises, status = after, to


@settings(max_examples=150, deadline=None)
@given(gaps, st.sampled_from([TERMS, ROUND]))
def test_used_time_is_the_sum_of_the_open_time_in_which_the_clock_ran(
    minutes: list[int], terms: Terms
) -> None:
    promises, now, ran = rules.begun(terms, MONDAY), MONDAY, 0.0
    status = S.OPEN
    for gap in minutes:
        before, now = now, now + timedelta(minutes=gap)
        ran += elapsed(terms.calendar, before, now) if status == S.OPEN else 0
        to = S.ON_HOLD if status == S.OPEN else S.OPEN
        promises = rules.moved(promises, terms, status, to, now)
        status = to
    clock = resolution(promises)
    assert clock.used == ran
    if clock.since is not None and clock.breached_at is None:
        assert clock.due_at == add(terms.calendar, now, clock.seconds - ran)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 6 * 24 * 60), st.integers(1, 100), st.integers(1, 100))
def test_terms_changed_there_and_back_change_nothing_but_a_breach(
    gap: int, other: int, hours: int
) -> None:
    mine = Terms(Targets(resolution=hours * HOUR), OFFICE, 0.75, "a", 1, 1)
    theirs = Terms(Targets(resolution=other * HOUR), OFFICE, 0.75, "b", 1, 1)
    now, scene = MONDAY + timedelta(minutes=gap), Scene(MONDAY)
    promises = rules.begun(mine, MONDAY)
    there = rules.reassessed(promises, mine, theirs, now, scene)
    back = rules.reassessed(there, theirs, mine, now, scene)
    if resolution(there).breached_at is None and resolution(back).breached_at is None:
        due = resolution(promises).due_at
        assert elapsed(OFFICE, resolution(back).due_at, due) == 0
        assert elapsed(OFFICE, due, resolution(back).due_at) == 0
