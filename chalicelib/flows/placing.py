"""How urgent a case is and which team looks after it, from all that is known of it.

Used when a case is understood, and again when something that decides changes (flows/rerouting.py).
What a person has set stays: its reason begins with `BY_PERSON`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.cases.models import Case, Priority
from chalicelib.customers.models import Customer
from chalicelib.promises.rules import PromiseSettings, again
from chalicelib.routing.models import RoutingDecision, RoutingSettings
from chalicelib.routing.rules import route
from chalicelib.understanding.defaults import PrioritySettings
from chalicelib.understanding.models import (
    PriorityFacts,
    SentimentLabel,
    TopicsSettings,
)
from chalicelib.understanding.priority import decide_priority

if TYPE_CHECKING:
    from chalicelib.store.settings import SettingsStore

BY_PERSON = "set by "
LONGEST = 20_000  # characters of a text that rules read


@dataclass(frozen=True)
class Placed:
    """A case with its priority and team, and the decision that led there."""

    case: Case
    decision: RoutingDecision


@dataclass(frozen=True)
class Placing:
    settings: SettingsStore

    def place(self, case: Case, customer: Customer, text: str) -> Placed:
        """The case with its priority, team and tags, its promises in line with them."""
        priorities = self.settings.read("priorities", PrioritySettings)
        decided = decide_priority(priority_facts(case, customer, text), priorities.rules)
        routing = self.settings.read("routing", RoutingSettings)
        teams = self.settings.read("topics", TopicsSettings).teams
        known = routing_facts(case, customer, text, str(decided.priority))
        placed = route(known, routing.rules, teams, routing.default_team)
        reasons = dict(case.reasons)
        fields: dict[str, Any] = {"tags": tuple(dict.fromkeys((*case.tags, *placed.tags)))}
        if not by_person(case, "priority"):
            fields["priority"] = Priority(str(placed.priority or decided.priority))
            reasons["priority"] = placed.reason if placed.priority else decided.reason
        if not by_person(case, "team"):
            fields["team"] = placed.team
            reasons["team"] = placed.reason
        priority = fields.get("priority", case.priority)
        targets = self.settings.read("promises", PromiseSettings)
        fields["promises"] = again(case.promises, targets, priority, case.created_at)
        return Placed(case.model_copy(update={**fields, "reasons": reasons}), placed)


def by_person(case: Case, field: str) -> bool:
    """Whether a person decided that field of the case."""
    return case.reasons.get(field, "").startswith(BY_PERSON)


def priority_facts(case: Case, customer: Customer, text: str) -> PriorityFacts:
    """What the rules about priority read. The mood is the one that is known so far."""
    return PriorityFacts(
        text=text[:LONGEST],
        language=case.language or PriorityFacts().language,
        sentiment=SentimentLabel(case.sentiment) if case.sentiment else None,
        sentiment_score=case.sentiment_score or 0.0,
        tier=customer.tier,
        channel=str(case.channel),
        topic=case.topic.label or "",
    )


def routing_facts(case: Case, customer: Customer, text: str, priority: str) -> Mapping[str, Any]:
    """The case as the rules of routing read it, with its customer and its text."""
    return {
        **case.model_dump(mode="json", exclude={"promises", "participants", "reasons"}),
        "priority": priority,
        "text": text[:LONGEST],
        "customer": customer.model_dump(mode="json", exclude={"suppressed"}),
    }
