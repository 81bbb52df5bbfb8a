"""Teams are learned from what people corrected, when it is enough and clear."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.routing.learned import KEPT, learned_team, wilson_low, with_correction
from chalicelib.routing.models import Correction

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


def given_to(*teams: str, configured: str = "support") -> list[Correction]:
    return [
        Correction(
            case_id=f"c{number}",
            team=team,
            configured=configured,
            by="eva@example.com",
            at=BEGIN + timedelta(hours=number),
        )
        for number, team in enumerate(teams)
    ]


def test_seven_of_eight_are_enough_and_four_of_four_are_not() -> None:
    learned = learned_team(given_to(*["billing"] * 7, "app"), "support", ())
    assert learned is not None
    assert (learned.team, learned.right, learned.cases) == ("billing", 7, 8)
    assert 0.5 < learned.least < 7 / 8
    assert learned_team(given_to(*["billing"] * 4), "support", ()) is None


def test_corrections_that_disagree_teach_nothing() -> None:
    assert learned_team(given_to(*["billing", "app"] * 10), "support", ()) is None


def test_a_team_that_is_gone_is_not_learned() -> None:
    assert learned_team(given_to(*["billing"] * 8), "support", ("support", "app")) is None


def test_what_was_corrected_before_the_topic_got_another_team_no_longer_speaks() -> None:
    assert learned_team(given_to(*["billing"] * 8, configured="app"), "support", ()) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("abc"), st.integers(0, 50))))
def test_the_last_word_on_each_case_is_kept_in_whatever_order_they_come(
    said: list[tuple[int, str, int]],
) -> None:
    once = {at: (case, team) for case, team, at in said}  # two corrections never at one moment
    entries = [
        Correction(case_id=f"c{case}", team=team, by="e", at=BEGIN + timedelta(minutes=at))
        for at, (case, team) in once.items()
    ]
    kept: tuple[Correction, ...] = ()
    for entry in [*entries, *reversed(entries)]:  # a replay changes nothing
        kept = with_correction(kept, entry)
    last = {one.case_id: one for one in sorted(entries, key=lambda one: one.at)}
    assert {one.case_id: one for one in kept} == last
    assert len(kept) <= KEPT
    assert list(kept) == sorted(kept, key=lambda one: one.at, reverse=True)


@given(st.integers(0, 200), st.integers(0, 200))
def test_the_bound_is_below_the_share_and_grows_with_the_number(right: int, wrong: int) -> None:
    low = wilson_low(right, right + wrong)
    assert 0 <= low <= (right / (right + wrong) if right + wrong else 0)
    if right > wrong > 0:
        assert wilson_low(2 * right, 2 * (right + wrong)) > low
