"""Rules are tried out on past cases before they are saved."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.routing.trying import OF_A_KIND, Past, Verdict, try_out


def case(
    number: int, before: str, after: str, by_person: bool = False
) -> tuple[Past, Callable[[], Verdict]]:
    rule = "Germans" if after == "bonn" else ""
    held = (rule,) if rule else ()
    verdict = Verdict(after=after, held=held, rule=rule, why="because")
    return Past(f"C-{number}", "Subject", before, by_person), lambda: verdict


def test_what_would_have_moved_is_counted_by_rule_and_by_move() -> None:
    past = [case(n, "support", "bonn") for n in range(5)]
    past += [case(5, "support", "support"), case(6, "bonn", "bonn")]
    result = try_out(["Germans", "Parcels"], past)
    assert result.summary == "would have moved 5 of the last 7"
    assert result.by_rule == {"Germans": 6, "Parcels": 0}
    assert result.moves == {"support → bonn": 5}
    assert result.result == {"bonn": 6, "support": 1}
    assert [sample.reference for sample in result.samples] == ["C-0", "C-1", "C-2"][:OF_A_KIND]


def test_what_a_person_decided_would_not_have_moved() -> None:
    result = try_out(["Germans"], [case(1, "support", "bonn", by_person=True)])
    assert (result.moved, result.kept, result.result) == (0, 1, {"support": 1})
