"""What rules would have done to past cases, before they are saved. Pure.

A case whose team or priority a person had set is left where it is: no rule would have moved it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from chalicelib.base import Model
from chalicelib.routing.models import TriedCase, TryOut

SAMPLES = 20  # of all, and at most three of one kind of move
OF_A_KIND = 3


@dataclass(frozen=True)
class Past:
    """A case as it is: where it stands, and whether a person put it there."""

    reference: str
    subject: str
    before: str
    by_person: bool


class Verdict(Model):
    """What rules make of a case: `held` are those whose conditions are met, `rule` decided."""

    after: str
    held: tuple[str, ...] = ()
    rule: str = ""
    why: str = ""


@dataclass
class _Tally:
    cases: int = 0
    kept: int = 0
    moves: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    result: Counter[str] = field(default_factory=Counter)
    samples: list[TriedCase] = field(default_factory=list)


def try_out(
    names: Sequence[str],
    past: Iterable[tuple[Past, Callable[[], Verdict]]],
    what: Literal["team", "priority"] = "team",
) -> TryOut:
    """What the rules called `names` would have done; `past` is newest first."""
    tally = _Tally()
    tally.held.update(dict.fromkeys(names, 0))
    tally.decided.update(dict.fromkeys(names, 0))
    for case, judge in past:
        tally.cases += 1
        _count(tally, case, judge(), what)
    moved = tally.moves.total()
    verb = "moved" if what == "team" else "changed the priority of"
    return TryOut(
        summary=f"would have {verb} {moved} of the last {tally.cases}",
        cases=tally.cases,
        moved=moved,
        kept=tally.kept,
        by_rule=dict(tally.held),
        decided=dict(tally.decided),
        result=dict(tally.result),
        moves=dict(tally.moves),
        samples=tuple(tally.samples),
    )


def _count(tally: _Tally, case: Past, verdict: Verdict, what: str) -> None:
    tally.held.update(verdict.held)
    if verdict.rule:
        tally.decided[verdict.rule] += 1
    if case.by_person:
        tally.kept += 1
        tally.result[case.before or f"no {what}"] += 1
        return
    tally.result[verdict.after] += 1
    if verdict.after == case.before:
        return
    move = f"{case.before or f'no {what}'} → {verdict.after}"
    tally.moves[move] += 1
    if tally.moves[move] <= OF_A_KIND and len(tally.samples) < SAMPLES:
        sample = TriedCase(
            reference=case.reference,
            subject=case.subject[:120],
            before=case.before,
            after=verdict.after,
            rule=verdict.rule,
            why=verdict.why,
        )
        tally.samples.append(sample)
