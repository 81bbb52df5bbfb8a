"""What became of questions is counted so that it cannot look better than it is."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.knowledge import figures
from chalicelib.knowledge.models import QuestionSession, QuestionState, WordingSettings

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

sessions = st.builds(
    QuestionSession,
    id=st.just("1"),
    state=st.sampled_from(QuestionState),
    language=st.just("en"),
    turns=st.just(()),
    article=st.sampled_from([None, "a", "b"]),
    shown=st.sampled_from([(), ("a",), ("a", "b")]),
    solved=st.sampled_from([None, True, False]),
    followed=st.booleans(),
    tokens_in=st.integers(0, 9),
    created_at=st.just(NOON),
    updated_at=st.just(NOON),
)


@given(st.lists(sessions, min_size=1, max_size=8))
def test_the_changes_of_a_conversation_add_up_to_what_it_became(
    steps: list[QuestionSession],
) -> None:
    sums: Counter[figures.Cell] = Counter()
    before = None
    for step in steps:
        sums.update(figures.difference(before, step))
        before = step
    assert +sums == +figures.contribution(steps[-1])


@given(sessions)
def test_silence_a_person_or_a_follow_up_is_never_deflection(session: QuestionSession) -> None:
    if figures.contribution(session)["", "confirmed"]:
        assert session.solved is True
        assert not session.followed
        assert session.state != QuestionState.HANDED_OVER


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)],
)
def test_a_rate_has_wilsons_interval(hits: int, of: int, low: float, high: float) -> None:
    rate = figures.rate(hits, of)
    assert (rate.value, rate.low, rate.high) == (hits / of, low, high)


def test_without_questions_there_is_no_rate() -> None:
    assert figures.rate(0, 0).value is None


def test_tokens_become_dollars_by_the_prices_of_the_settings() -> None:
    prices = WordingSettings(model="m", input_price=2.0, output_price=10.0)
    counts = {("", "tokens_in"): 1_000_000, ("", "tokens_out"): 100_000}
    day = date(2026, 11, 23)
    assert figures.report(counts, day, day, 0, prices).wording.dollars == 3.0
