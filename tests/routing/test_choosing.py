"""Who of a team takes a case: laws of fairness and capacity, and what is said of each choice."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.channels.models import Channel
from chalicelib.routing.agents import AgentProfile, Need, Strategy
from chalicelib.routing.assigning import choose
from chalicelib.routing.models import AgentState, Candidate, Choice, Needs

MAIL = Needs(channel=Channel.EMAIL)
GERMAN = Needs(channel=Channel.EMAIL, language="de")


def member(name: str, cases: int = 0, turn: int = 0, **fields: Any) -> Candidate:
    email = f"{name}@example.com"
    there = {key: fields.pop(key) for key in ("away", "working") if key in fields}
    return Candidate(
        profile=AgentProfile(email=email, **fields),
        state=AgentState(email=email, cases={"email": cases}, turn=turn),
        **there,
    )


def pick(
    *members: Candidate,
    needs: Needs = MAIL,
    strategy: Strategy = Strategy.ROUND_ROBIN,
    relax: tuple[Need, ...] = (),
) -> Choice:
    return choose("Billing", strategy, relax, needs, members)


def name(choice: Choice) -> str:
    return choice.agent.profile.email.partition("@")[0] if choice.agent else ""


def taken(one: Candidate, turn: int) -> Candidate:
    """The agent after one more case."""
    more = {"email": one.state.cases.get("email", 0) + 1}
    return one.model_copy(
        update={"state": AgentState(email=one.state.email, cases=more, turn=turn)}
    )


@given(
    capacities=st.lists(st.integers(0, 6), min_size=1, max_size=6),
    strategy=st.sampled_from([Strategy.ROUND_ROBIN, Strategy.LEAST_LOADED]),
    arrivals=st.integers(0, 30),
)
def test_nobody_gets_more_than_they_take_and_no_room_stays_unused(
    capacities: list[int], strategy: Strategy, arrivals: int
) -> None:
    team = [member(f"a{i}", capacity=c) for i, c in enumerate(capacities)]
    placed = 0
    for turn in range(1, arrivals + 1):
        choice = pick(*team, strategy=strategy)
        if choice.agent:
            team[team.index(choice.agent)] = taken(choice.agent, turn)
            placed += 1
    assert all(one.load <= one.profile.capacity for one in team)
    assert placed == min(arrivals, sum(capacities))


@given(size=st.integers(1, 7), arrivals=st.integers(0, 40))
def test_round_robin_is_fair_within_one(size: int, arrivals: int) -> None:
    team = [member(f"a{i}", capacity=100) for i in range(size)]
    got: Counter[str] = Counter({one.profile.email: 0 for one in team})
    for turn in range(1, arrivals + 1):
        agent = pick(*team).agent
        assert agent is not None
        got[agent.profile.email] += 1
        team[team.index(agent)] = taken(agent, turn)
    assert max(got.values()) - min(got.values()) <= 1


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=6))
def test_least_loaded_takes_whoever_has_most_room_of_what_they_take(
    loads: list[tuple[int, int]],
) -> None:
    team = [member(f"a{i}", n, capacity=c) for i, (n, c) in enumerate(loads)]
    agent = pick(*team, strategy=Strategy.LEAST_LOADED).agent
    free = [one for one in team if one.load < one.profile.capacity]
    assert (agent is None) == (not free)
    if agent:
        best = min(one.load / one.profile.capacity for one in free)
        assert agent.load / agent.profile.capacity == best


def test_a_case_waits_for_whoever_speaks_its_language() -> None:
    there, away = member("ana", languages=("en",)), member("eva", languages=("de",), away=True)
    choice = pick(there, away, needs=GERMAN)
    assert (name(choice), choice.reason) == (
        "",
        "nobody at work speaks German: waits in the queue",
    )
    relaxed = pick(there, away, needs=GERMAN, relax=(Need.LANGUAGE,))
    assert name(relaxed) == "ana"
    assert "without the language" in relaxed.reason


def test_what_nobody_of_the_team_speaks_is_waited_for_by_nobody() -> None:
    choice = pick(member("ana", languages=("en",)), needs=GERMAN)
    assert name(choice) == "ana"
    assert "nobody of the team speaks German" in choice.reason


def test_the_language_is_left_out_before_a_skill() -> None:
    needs = Needs(channel=Channel.EMAIL, language="de", skills=("refunds",))
    team = (
        member("ana", languages=("en",), skills=("refunds",)),
        member("ben", languages=("de",)),
        member("eva", languages=("de",), skills=("refunds",), away=True),
    )
    assert name(pick(*team, needs=needs)) == ""
    choice = pick(*team, needs=needs, relax=(Need.LANGUAGE, Need.SKILL))
    assert name(choice) == "ana"


def test_why_a_case_waits_says_who_is_missing() -> None:
    absent = pick(member("ana", away=True), member("ben", working=False))
    assert absent.reason == (
        "nobody of Billing is at work (1 away, 1 outside working hours): waits in the queue"
    )
    full = pick(
        member("ana", 3, capacity=3, languages=("de",)),
        member("ben", languages=("en",)),
        needs=GERMAN,
    )
    assert full.reason == (
        "everybody at work who speaks German has as many cases as they take: waits in the queue"
    )


def test_a_channel_that_weighs_more_fills_an_agent_sooner() -> None:
    chats = Needs(channel=Channel.CHAT)
    busy = member("ana", 1, capacity=3, weights={"chat": 3})
    assert name(pick(busy)) == "ana"
    assert name(pick(busy, needs=chats)) == ""
