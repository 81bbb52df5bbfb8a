"""States, which cases belong, and whether a fix holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Conflict
from chalicelib.problems import rules
from chalicelib.problems.models import (
    LinkState,
    MatchRule,
    Problem,
    ProblemSettings,
    ProblemState,
)
from chalicelib.problems.rules import CaseFacts, Since, judge, share_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
S = ProblemState
SETTINGS = ProblemSettings()


def problem(**fields: object) -> Problem:
    base = {"id": "P", "title": "T", "started_at": NOW, "detected_at": NOW, "created_by": ""}
    return Problem.model_validate({**base, "created_at": NOW, "updated_at": NOW, **fields})


def facts(text: str = "", topic: str = "billing", **attributes: str) -> CaseFacts:
    known = {name: (value,) for name, value in attributes.items()}
    return CaseFacts(created_at=NOW, topic=topic, text=text, attributes=known)


@given(st.lists(st.sampled_from(list(S)), max_size=12))
def test_no_way_leads_to_closed_but_through_verified(steps: list[S]) -> None:
    made, seen = problem(), set()
    for step in steps:
        try:
            made = rules.move(made, step, NOW)
        except Conflict:
            continue
        seen.add(made.state)
        if made.state == S.CLOSED:
            assert {S.FIXED, S.VERIFIED} <= seen
        if made.state == S.BEING_FIXED:
            assert made.fixed_at is made.verified_at is made.closed_at is None


def test_a_round_ends_only_where_the_end_was_announced() -> None:
    fixed = problem(state="fixed")
    assert rules.move(fixed, S.BEING_FIXED, NOW).round == 1
    assert rules.move(problem(state="closed"), S.BEING_FIXED, NOW).round == 2


@given(st.floats(0.02, 0.98), st.booleans(), st.booleans())
def test_more_evidence_never_makes_it_less_sure(share: float, words: bool, product: bool) -> None:
    rule = MatchRule(
        topic="billing", share=share, words=("charged twice",), attributes={"product": "App"}
    )
    text = "I was charged  twice" if words else "hello"
    known = facts(text, product="app") if product else facts(text)
    base = judge(rule, facts("hello"))
    assert judge(rule, known).sure >= base.sure
    assert 0 < base.sure < 1


def test_time_and_another_value_rule_a_case_out() -> None:
    rule = MatchRule(topic="billing", share=0.9, attributes={"product": "app"}, since=NOW)
    assert judge(rule, facts(product="web")).sure == 0
    early = facts(product="app").model_copy(update={"created_at": NOW - timedelta(hours=1)})
    assert judge(rule, early).sure == 0
    over = rule.model_copy(update={"until": NOW - timedelta(hours=1)})
    assert judge(over, facts(product="app")).sure == 0
    assert judge(MatchRule(), facts("anything")).sure == 0  # a rule that says nothing


def test_another_topic_with_the_telling_words_is_at_most_asked_about() -> None:
    rule = MatchRule(topic="billing", share=0.8, words=("charged twice",))
    judged = judge(rule, facts("charged twice", topic="parcel"))
    assert rules.verdict(judged, SETTINGS) in (LinkState.PROPOSED, LinkState.LINKED)
    assert judged.sure < judge(rule, facts("charged twice")).sure
    assert judge(rule, facts("hello", topic="parcel")).sure == 0


def test_since_the_fix_a_topic_alone_links_nothing() -> None:
    rule = MatchRule(topic="billing", share=0.95)
    before, after = judge(rule, facts()), judge(rule, facts(), NOW - timedelta(hours=1))
    assert rules.verdict(before, SETTINGS) == LinkState.LINKED
    assert rules.verdict(after, SETTINGS) == LinkState.PROPOSED


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_share_is_always_a_chance(expected: float, seen: float) -> None:
    assert 0 < share_of(expected, seen) < 1


def test_words_are_found_whole_and_over_line_breaks_only() -> None:
    rule = MatchRule(words=("charged twice", "c++"), share=0.5)
    assert judge(rule, facts("Charged\ntwice!")).sure > 0.8
    assert judge(rule, facts("recharged twice")).sure < 0.5
    assert judge(rule, facts("in C++ it fails")).sure > 0.8


# --- does the fix hold ----------------------------------------------------------------------------


def outcome(hours: float, **since: object) -> str:
    fixed = problem(state="fixed", fixed_at=NOW - timedelta(hours=hours))
    return rules.verify(fixed, Since.model_validate(since), SETTINGS, NOW).outcome


@pytest.mark.parametrize(
    ("hours", "since", "expected"),
    [
        (25, {"calm_since": (NOW - timedelta(hours=24),)}, "verified"),
        (25, {"calm_since": (NOW - timedelta(hours=23),)}, "waiting"),
        (25, {"calm_since": (NOW - timedelta(hours=30), None)}, "waiting"),
        (73, {"calm_since": (NOW - timedelta(hours=30), None)}, "failed"),
        (
            73,
            {
                "calm_since": (NOW - timedelta(hours=30),),
                "newest_case": NOW - timedelta(hours=2),
            },
            "unknown",
        ),
        (30, {"per_day_before": 10.0, "cases_since": 3}, "verified"),
        (30, {"per_day_before": 10.0, "cases_since": 9}, "waiting"),
        (80, {"per_day_before": 10.0, "cases_since": 30}, "failed"),
        (80, {"per_day_before": 0.5, "cases_since": 0}, "unknown"),
        (3, {"per_day_before": 100.0, "cases_since": 0}, "waiting"),
    ],
)
def test_what_the_data_says_of_a_fix(hours: float, since: dict[str, object], expected: str) -> None:
    assert outcome(hours, **since) == expected


@given(st.floats(0.1, 200), st.integers(0, 100))
def test_fewer_cases_are_never_better_explained_by_the_old_rate(mean: float, seen: int) -> None:
    assert rules.poisson_at_most(seen, mean) <= rules.poisson_at_most(seen + 1, mean) + 1e-12


def test_names_are_taken_out_whole_and_short_words_stay() -> None:
    text = "Ana Müller (ana) of Li writes: banana, MÜLLER's bill"
    plain = rules.without_names(text, ["Ana Müller", "Li"])
    assert plain == "[name] [name] ([name]) of Li writes: banana, [name]'s bill"


def test_a_send_id_leads_back_and_no_other_does() -> None:
    assert rules.dispatch_behind("H-P1-X-h1-handed_over-1-email") == (
        "P1",
        "h1-handed_over-1-email",
    )
    for other in ("N-c-s-k", "01H", "H-only", ""):
        assert rules.dispatch_behind(other) is None
