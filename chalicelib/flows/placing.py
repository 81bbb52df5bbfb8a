"""How urgent a case is and which team looks after it, from all that is known of it.

Used when a case is understood, and again when something that decides changes (flows/rerouting.py).
What a person has set stays: its reason begins with `BY_PERSON`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.cases.models import Case, Priority, Promise, PromiseState, Routed
from chalicelib.cases.rules import UNSOLVED
from chalicelib.customers.models import Customer
from chalicelib.flows.hours import DAYS
from chalicelib.ports import Clock
from chalicelib.routing.learned import learned_team
from chalicelib.routing.models import LearnedTeam, RoutingDecision, RoutingSettings, Source
from chalicelib.routing.rules import Facts, lookup, route
from chalicelib.settings_documents import TeamsSettings
from chalicelib.understanding.defaults import PrioritySettings
from chalicelib.understanding.models import (
    UNKNOWN_LANGUAGE,
    PriorityFacts,
    SentimentLabel,
    TopicsSettings,
)
from chalicelib.understanding.priority import decide_priority

if TYPE_CHECKING:
    from chalicelib.flows.hours import Hours
    from chalicelib.flows.promising import Promising
    from chalicelib.store.agents import AgentStore
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
    agents: AgentStore
    hours: Hours
    promising: Promising
    clock: Clock

    def place(self, case: Case, customer: Customer, text: str) -> Placed:
        """The case with its priority, team and tags, its promises in line with them."""
        priorities = self.settings.read("priorities", PrioritySettings)
        facts = self.priority_facts(case, customer, text, self.clock())
        decided = decide_priority(facts, priorities.rules)
        placed = self.decide(self.facts(case, customer, text, str(decided.priority)))
        reasons = dict(case.reasons)
        fields: dict[str, Any] = {
            "tags": tuple(dict.fromkeys((*case.tags, *placed.tags))),
            "skills": placed.skills,
        }
        if not by_person(case, "priority"):
            fields["priority"] = Priority(str(placed.priority or decided.priority))
            reasons["priority"] = placed.reason if placed.priority else decided.reason
        if not by_person(case, "team"):
            fields["team"] = placed.team
            fields["routed"] = Routed(
                source=str(placed.source), confidence=placed.confidence, rule=placed.rule
            )
            reasons["team"] = placed.reason
        after = case.model_copy(update={**fields, "reasons": reasons})
        promises = self.promising.understood(after, customer, self.clock())
        return Placed(after.model_copy(update={"promises": promises}), placed)

    def decide(
        self,
        facts: Facts,
        proposed: RoutingSettings | None = None,
        learned_by: Callable[[str], LearnedTeam | None] | None = None,
    ) -> RoutingDecision:
        """The team by rules, else by what was learned, else by topic; `proposed` rules are tried
        in place of those in use, `learned_by` in place of reading it."""
        routing = proposed or self.settings.read("routing", RoutingSettings)
        topics = self.settings.read("topics", TopicsSettings).teams
        decision = route(facts, routing.rules, topics, routing.default_team)
        topic = lookup(facts, "topic")
        if decision.source is Source.RULE or not topic or not routing.learn_teams:
            return decision
        learned = (learned_by or self.learned)(str(topic))
        if learned is None:
            return decision
        return route(facts, routing.rules, topics, routing.default_team, learned)

    def learned(self, topic: str) -> LearnedTeam | None:
        """The team that people gave the cases of a topic to, where that is clear."""
        configured = self.settings.read("topics", TopicsSettings).teams.get(topic, "")
        teams = [team.name for team in self.settings.read("teams", TeamsSettings).teams]
        corrections, _ = self.agents.corrections(topic)
        return learned_team(corrections, configured, teams)

    # --- what the rules read -------------------------------------------------------------

    def priority_facts(
        self, case: Case, customer: Customer, text: str, now: datetime
    ) -> PriorityFacts:
        """What the rules about priority read. The mood is the one that is known so far."""
        return PriorityFacts(
            text=text[:LONGEST],
            language=case.language or UNKNOWN_LANGUAGE,
            sentiment=SentimentLabel(case.sentiment) if case.sentiment else None,
            sentiment_score=case.sentiment_score or 0.0,
            tier=customer.tier,
            channel=str(case.channel),
            topic=case.topic.label or "",
            promise_at_stake=at_stake(case, now),
        )

    def facts(
        self,
        case: Case,
        customer: Customer,
        text: str | None,
        priority: str,
        calendar: str | None = None,
    ) -> dict[str, Any]:
        """The case as the rules of routing read it, with its customer, its text, and when it came:
        `time.hour`, `time.weekday`, `time.date`, `time.working` by the calendar of the settings."""
        if calendar is None:
            calendar = self.settings.read("routing", RoutingSettings).calendar
        local = self.hours.local(calendar, case.created_at)
        known = {
            **case.model_dump(mode="json", exclude={"promises", "participants", "reasons"}),
            "priority": priority,
            "customer": customer.model_dump(mode="json", exclude={"suppressed"}),
            "time": {
                "hour": local.hour,
                "weekday": str(DAYS[local.weekday()]),
                "date": local.date().isoformat(),
                "working": self.hours.working(calendar, case.created_at),
            },
        }
        return known if text is None else {**known, "text": text[:LONGEST]}


def at_stake(case: Case, now: datetime) -> bool:
    """Whether a promise that is still open is broken, or most of its time is used up."""
    if case.status not in UNSOLVED:
        return False
    promised = case.promises
    clocks = (promised.first_reply, promised.next_reply, promised.resolution)
    return any(clock is not None and _slips(clock, now) for clock in clocks)


def _slips(clock: Promise, now: datetime) -> bool:
    if clock.met_at is not None or clock.state in (PromiseState.MET, PromiseState.PAUSED):
        return False
    return clock.state != PromiseState.RUNNING or now >= clock.warn_at


def by_person(case: Case, field: str) -> bool:
    """Whether a person decided that field of the case."""
    return case.reasons.get(field, "").startswith(BY_PERSON)
