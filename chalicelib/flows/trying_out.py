"""Rules are tried out on past cases before they are saved: what would have gone elsewhere?

The newest cases are read a page at a time: one Query a hundred cases, one BatchGetItem for their
customers, and one for the messages that they were understood by, where a rule reads the text. Each
is judged as of when it came, with what is known of it now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import Field

from chalicelib.cases.models import Case, Message
from chalicelib.customers.models import Customer
from chalicelib.flows.placing import by_person
from chalicelib.routing.models import RoutingDecision, RoutingSettings, TryOut
from chalicelib.routing.rules import holds, lookup
from chalicelib.routing.trying import Past, Verdict, try_out
from chalicelib.settings_documents import TeamsSettings
from chalicelib.store import items
from chalicelib.understanding.defaults import PrioritySettings
from chalicelib.understanding.priority import decide_priority, reasons_of

if TYPE_CHECKING:
    from chalicelib.flows.placing import Placing
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.settings import SettingsStore

MOST = 500
PAGE = 100


class RoutingTrial(RoutingSettings):
    """The document `routing` as it would be saved, and on how many of the newest cases to try."""

    cases: int = Field(default=MOST, ge=1, le=MOST)


class PriorityTrial(PrioritySettings):
    """The document `priorities` as it would be saved, and on how many of the newest cases."""

    cases: int = Field(default=MOST, ge=1, le=MOST)


@dataclass(frozen=True)
class Known:
    """A past case with what the rules read beside it."""

    case: Case
    customer: Customer
    text: str


@dataclass
class Seen:
    """Which fields of the conditions any of the cases had."""

    fields: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class TryingOut:
    cases: CaseStore
    customers: CustomerStore
    settings: SettingsStore
    placing: Placing

    def routing(self, trial: RoutingTrial) -> TryOut:
        """Which cases the proposed rules would have given to another team."""
        conditions = [c for rule in trial.rules for c in (*rule.all, *rule.any)]
        asked, seen = {condition.field for condition in conditions}, Seen()
        learned = cache(self.placing.learned)

        def judge(known: Known) -> Verdict:
            facts = self._facts(known, trial.calendar)
            seen.fields |= {name for name in asked if lookup(facts, name) is not None}
            decision = self.placing.decide(facts, trial, learned)
            held = tuple(rule.name for rule in trial.rules if holds(rule, facts))
            return _routed(decision, held)

        past = (
            (_past(one.case, "team", one.case.team), _later(judge, one))
            for one in self._past(trial.cases, "text" in asked)
        )
        result = try_out([rule.name for rule in trial.rules], past)
        unseen = asked - seen.fields if result.cases else set()
        return result.model_copy(update={"warnings": self._warnings(trial, unseen)})

    def priorities(self, trial: PriorityTrial) -> TryOut:
        """Which cases would have got another priority. A routing rule that sets one still does."""
        texts = any(rule.words for rule in trial.rules)
        learned = cache(self.placing.learned)

        def judge(known: Known) -> Verdict:
            case = known.case
            facts = self.placing.priority_facts(case, known.customer, known.text, case.created_at)
            decided = decide_priority(facts, trial.rules)
            routed = self.placing.decide(
                {**self._facts(known, None), "priority": str(decided.priority)}, None, learned
            )
            held = tuple(rule.name for rule in trial.rules if reasons_of(rule, facts))
            if routed.priority:
                return Verdict(after=str(routed.priority), held=held, why=routed.reason)
            rule = decided.rules[0] if decided.rules else ""
            return Verdict(after=str(decided.priority), held=held, rule=rule, why=decided.reason)

        past = (
            (_past(one.case, "priority", str(one.case.priority)), _later(judge, one))
            for one in self._past(trial.cases, texts)
        )
        return try_out([rule.name for rule in trial.rules], past, "priority")

    # --- reading -------------------------------------------------------------------------

    def _past(self, most: int, texts: bool) -> Iterator[Known]:
        """The newest cases, newest first; what is still to be understood is left out."""
        positions: dict[str, Any] | None = None
        left = most
        while left > 0:
            listed = self.cases.partitions("CASES")
            page = self.cases.listing(3, listed, min(PAGE, left), positions)
            cases = [items.model(Case, stored) for stored in page.items]
            left -= len(cases)
            yield from self._known([case for case in cases if case.team], texts)
            positions = page.positions
            if positions is None:
                return

    def _known(self, cases: list[Case], texts: bool) -> Iterator[Known]:
        customers = self.customers.some({case.customer_id for case in cases})
        places = {c.id: c.understood_by for c in cases if c.understood_by} if texts else {}
        messages = self.cases.some_messages(places.items())
        for case in cases:
            customer = customers.get(case.customer_id)
            if customer:
                yield Known(case, customer, _text(case, messages))

    def _facts(self, known: Known, calendar: str | None) -> dict[str, Any]:
        case = known.case
        priority = str(case.priority)
        return self.placing.facts(case, known.customer, known.text, priority, calendar)

    # --- what to look at again -----------------------------------------------------------

    def _warnings(self, trial: RoutingTrial, unseen: Iterable[str]) -> tuple[str, ...]:
        """What is allowed and yet is probably a mistake, by field."""
        found = []
        teams = {team.name for team in self.settings.read("teams", TeamsSettings).teams}
        missing = set(unseen)
        for number, rule in enumerate(trial.rules):
            if teams and rule.team and rule.team not in teams:
                found.append(f"rules.{number}.team: there is no team {rule.team}")
            for part, conditions in (("all", rule.all), ("any", rule.any)):
                found += [
                    f"rules.{number}.{part}.{place}.field: none of the cases has {one.field}"
                    for place, one in enumerate(conditions)
                    if one.field in missing
                ]
        if teams and trial.default_team not in teams:
            found.append(f"default_team: there is no team {trial.default_team}")
        return tuple(found)


def _past(case: Case, what: str, before: str | None) -> Past:
    return Past(case.reference, case.subject, before or "", by_person(case, what))


def _later(judge: Callable[[Known], Verdict], known: Known) -> Callable[[], Verdict]:
    return lambda: judge(known)


def _routed(decision: RoutingDecision, held: tuple[str, ...]) -> Verdict:
    return Verdict(after=decision.team, held=held, rule=decision.rule, why=decision.reason)


def _text(case: Case, messages: Mapping[str, Message]) -> str:
    """What the case was understood by; its subject and last words where that is gone."""
    message = messages.get(case.id)
    if message is None:
        return f"{case.subject}\n{case.last_message}"
    return f"{message.subject}\n{message.text}" if message.subject else message.text
