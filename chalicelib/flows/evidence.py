"""What a department gets with a problem: how much, since when, examples, costs; nobody's name.

Examples lose what the rules know as personal data (understanding/pii.py) and every name of their
customer; none is of a restricted team. It is made once, when the problem is handed over, so that
the history shows what was known then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.cases.models import Case, Direction
from chalicelib.flows.weighing import ProblemFigures
from chalicelib.ports import Clock
from chalicelib.problems.models import Evidence, Example, Link, LinkState, Problem
from chalicelib.problems.rules import without_names
from chalicelib.settings_documents import TeamsSettings
from chalicelib.store import items
from chalicelib.trends.models import AttributeLift, Trend
from chalicelib.understanding.pii import redact

if TYPE_CHECKING:
    from chalicelib.flows.weighing import Weighing
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.settings import SettingsStore

EXAMPLES = 5
LONGEST = 600  # characters of an example
POINTS = 24 * 14
LINES = re.compile(r"\s*\n\s*")


@dataclass(frozen=True)
class EvidencePackage:
    cases: CaseStore
    customers: CustomerStore
    problems: ProblemStore
    weighing: Weighing
    settings: SettingsStore
    clock: Clock

    def of(self, problem: Problem) -> Evidence:
        """All that is known of a problem now, fit to leave the house."""
        figures = self.weighing.figures(problem)
        trend = self.weighing.trend(problem)
        return Evidence(
            title=problem.title,
            description=redact(problem.description).text,
            topic=problem.topic,
            since=figures.pace.first_case_at or problem.started_at,
            cases=figures.impact.cases or (trend.cases if trend else 0),
            customers=figures.impact.customers or (trend.customers if trend else 0),
            contacts_per_day=figures.impact.contacts_per_day,
            expected=trend.expected if trend else None,
            seen=trend.seen if trend else None,
            lift=round(trend.lift, 2) if trend else None,
            cost_so_far=figures.spent.total,
            cost_per_contact=figures.spent.per_contact,
            lifts=tuple(map(in_words, trend.lifts)) if trend else (),
            plot=figures.plot[-POINTS:],
            examples=tuple(self._examples(problem, trend)),
            not_known=_not_known(figures),
            at=self.clock(),
        )

    def _examples(self, problem: Problem, trend: Trend | None) -> Iterator[Example]:
        page = self.problems.links(problem.id, [LinkState.LINKED], EXAMPLES, None)
        ids = [items.model(Link, stored).case_id for stored in page.items]
        ids += trend.example_case_ids if trend else []
        known = self.cases.some(list(dict.fromkeys(ids))[: 2 * EXAMPLES])
        teams = self.settings.read("teams", TeamsSettings)
        inside = {team.name for team in teams.teams if team.restricted}
        for case in [case for case in known.values() if case.team not in inside][:EXAMPLES]:
            text = self._said(case)
            if text:
                yield Example(reference=case.reference, at=case.created_at, text=text)

    def _said(self, case: Case) -> str:
        """The first words of its customer, without personal data."""
        first = self.cases.messages_after(case.id, "", 5)
        said = next((m for m in first if m.direction == Direction.INBOUND), None)
        if said is None:
            return ""
        customer = self.customers.final(case.customer_id)
        names = [customer.name, *(person.name for person in case.participants)]
        plain = without_names(redact(f"{said.subject}\n{said.text}").text, names)
        line = LINES.sub("\n", plain).strip()
        return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def in_words(lift: AttributeLift) -> str:
    """31 of 34 have product X, 9 % of all customers do."""
    seen = f"{lift.seen} of {lift.of} have {lift.attribute} {lift.value}"
    return f"{seen}, {lift.base_share:.0%} of all do" if lift.base_share is not None else seen


def _not_known(figures: ProblemFigures) -> tuple[str, ...]:
    """What concerns a department of what cannot be concluded."""
    return tuple(line for line in figures.not_concluded if "campaign" not in line)
