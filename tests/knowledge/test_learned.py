"""An article learns how customers ask, and nobody teaches it alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib.knowledge import learned
from chalicelib.knowledge.models import Wording

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def wording(text: str, by: str, days: int = 0) -> Wording:
    return Wording(text=text, language="en", by=by, at=NOON + timedelta(days=days))


def test_a_word_of_one_stranger_counts_for_nothing() -> None:
    one = [wording("buy casino chips", "x")]
    assert learned.stems(one, "en") == []
    two = [*one, wording("casino bonus", "y")]
    assert learned.stems(two, "en") == ["casino"]


def test_an_agents_word_counts_at_once() -> None:
    assert "casino" in learned.stems([wording("casino", learned.AGENT)], "en")


def test_the_same_person_teaches_once_and_a_day_has_its_limit() -> None:
    known = [wording(f"question {n}", f"p{n}") for n in range(learned.A_DAY)]
    assert not learned.may_learn(known, wording("another", "p9"))
    assert learned.may_learn(known, wording("another", "p9", days=1))
    assert not learned.may_learn(known, wording("another", "p1", days=1))
    assert learned.may_learn(known, wording("another", learned.AGENT))
    assert not learned.may_learn(known, wording("question 1", learned.AGENT))


def test_no_more_words_than_the_limit_join_an_article() -> None:
    many = " ".join(f"{chr(97 + n // 26)}{chr(97 + n % 26)}word" for n in range(300))
    known = [wording(many, "x"), wording(many, "y")]
    assert len(learned.stems(known, "en")) == learned.MOST_STEMS
