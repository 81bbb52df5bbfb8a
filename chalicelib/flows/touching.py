"""What touches a customer at present: open problems, and notices that they got.

A problem touches those whose cases it counts, and those with an open case, or with something they
own, that its rule fits: who talks to them should know before they ask. A handful of reads, however
many customers there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chalicelib.base import Instant, Model
from chalicelib.cases.models import Case
from chalicelib.cases.rules import UNSOLVED
from chalicelib.customers.models import Customer
from chalicelib.customers.service import TimelineNotice
from chalicelib.problems import rules
from chalicelib.problems.models import Problem, ProblemSettings, ProblemState
from chalicelib.problems.rules import CaseFacts

if TYPE_CHECKING:
    from chalicelib.access.service import Sight
    from chalicelib.cases.service import CaseService
    from chalicelib.store.case_lists import CaseLists
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.settings import SettingsStore

LOOKED_AT = 20  # newest cases
NOTICES = 5
OVER = frozenset({ProblemState.VERIFIED, ProblemState.CLOSED, ProblemState.REJECTED})


class TouchingProblem(Model):
    """`why`: one of their cases is counted there, an open case of theirs is like it, or they own
    what it is about."""

    id: str
    title: str
    state: ProblemState
    why: Literal["counted", "like", "owns"]
    owner_team: str = ""
    workaround: str = ""
    started_at: Instant


class Touches(Model):
    """Problems that touch most directly first; notices newest first."""

    problems: tuple[TouchingProblem, ...]
    notices: tuple[TimelineNotice, ...]


@dataclass(frozen=True)
class Touching:
    customers: CustomerStore
    problems: ProblemStore
    case_service: CaseService
    lists: CaseLists
    settings: SettingsStore

    def of(self, customer_id: str, sight: Sight) -> Touches:
        """By the cases that whoever asks sees; raises NotFound."""
        customer = self.customers.final(customer_id)
        parts = (customer.id, *customer.merged_customers)
        open_problems = [p for p in self.problems.open() if p.state not in OVER]
        counting = self.problems.counting(parts, [problem.id for problem in open_problems])
        seen = sight.among(case_id for ids in counting.values() for case_id in ids)
        counted = {problem for problem, ids in counting.items() if not ids.isdisjoint(seen)}
        newest = self.case_service.newest_of(parts, LOOKED_AT, shown=sight.keep)
        cases = [case for case in newest if case.status in UNSOLVED]
        unsure = self.settings.read("problems", ProblemSettings).unsure
        found = []
        for problem in open_problems:
            why = "counted" if problem.id in counted else _why(problem, customer, cases, unsure)
            # What nobody has accepted yet is shown only to whom it is about for certain.
            if why and (why == "counted" or problem.state != ProblemState.PROPOSED):
                found.append(_shown(problem, why))
        order = ("counted", "owns", "like")
        found.sort(key=lambda one: (order.index(one.why), one.started_at))
        return Touches(problems=tuple(found), notices=self._notices(parts))

    def _notices(self, parts: Sequence[str]) -> tuple[TimelineNotice, ...]:
        found = self.lists.notices(parts, NOTICES)
        return tuple(TimelineNotice.model_validate(one) for one in found)


def _why(
    problem: Problem, customer: Customer, cases: Iterable[Case], unsure: float
) -> Literal["owns", "like", ""]:
    rule = problem.rule
    if rule.attributes:
        known = rules.owned(customer)
        if all(v.casefold() in known.get(n.casefold(), ()) for n, v in rule.attributes.items()):
            return "owns"
    for case in cases:
        facts = CaseFacts(
            created_at=case.created_at,
            topic=case.topic.label or "",
            attributes=rules.attributes_of(case, customer),
            text=f"{case.subject}\n{case.last_message}",
        )
        if rules.judge(rule, facts, problem.fixed_at).sure >= unsure:
            return "like"
    return ""


def _shown(problem: Problem, why: Literal["counted", "like", "owns"]) -> TouchingProblem:
    return TouchingProblem(
        id=problem.id,
        title=problem.title,
        state=problem.state,
        why=why,
        owner_team=problem.owner_team,
        workaround=problem.workaround,
        started_at=problem.started_at,
    )
