from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.routing.models import (
    Condition,
    LearnedTeam,
    Operator,
    RoutingRule,
    RoutingSettings,
)
from chalicelib.routing.rules import met, route

CASE: dict[str, Any] = {
    "channel": "email",
    "subject": "Where is my parcel?",
    "text": "It should have been here on Monday. My router is fine.",
    "topic": {"label": "delivery", "confidence": 0.8},
    "tags": ["Parcel", "north"],
    "amount": 120,
    "created_at": "2026-11-22T20:00:00.000Z",
    "customer": {"attributes": {"country": "DE", "plan": ""}},
    "team": "support",
    "priority": "normal",
}


def rule(name: str, *conditions: Condition, **actions: Any) -> RoutingRule:
    return RoutingRule(name=name, all=conditions, **actions)


@pytest.mark.parametrize(
    ("field", "op", "value", "holds"),
    [
        ("channel", "eq", "EMAIL", True),
        ("topic", "eq", "delivery", True),
        ("topic.confidence", "gt", 0.7, True),
        ("customer.attributes.country", "in", ("AT", "de"), True),
        ("customer.attributes.city", "eq", "Bonn", False),
        ("customer.attributes.city", "ne", "Bonn", True),
        ("customer.attributes.plan", "exists", True, False),
        ("customer.attributes.city", "exists", False, True),
        ("tags", "contains", "parcel", True),
        ("tags", "eq", "north", True),
        ("subject", "contains", "PARCEL", True),
        ("subject", "matches-word", ("parc", "letter"), False),
        ("text", "matches-word", "router*", True),
        ("amount", "gt", "100", True),
        ("amount", "lt", 100, False),
        ("channel", "gt", 5, False),
        ("created_at", "gt", "2026-11-01", True),
    ],
)
def test_a_condition_reads_a_field_by_its_path(
    field: str, op: str, value: Any, holds: bool
) -> None:
    assert met(Condition(field=field, op=Operator(op), value=value), CASE) is holds


def test_the_first_rule_that_holds_chooses_the_team_and_later_ones_only_add() -> None:
    rules = [
        rule("Phones", Condition(field="channel", value="voice"), team="phone"),
        rule("Germans", Condition(field="customer.attributes.country", value="DE"), team="bonn"),
        rule("Parcels", Condition(field="topic", value="delivery"), team="post", tags=("Late",)),
    ]
    decision = route(CASE, rules, {"delivery": "logistics"}, "support")
    assert (decision.team, decision.rule, decision.tags) == ("bonn", "Germans", ("late",))
    assert "because customer.attributes.country is DE" in decision.reason


def test_without_a_rule_the_topics_team_takes_it_and_else_the_default() -> None:
    assert route(CASE, [], {"delivery": "logistics"}, "support").team == "logistics"
    unknown = route(CASE | {"topic": {"label": None}}, [], {"delivery": "logistics"}, "support")
    assert unknown.team == "support"
    assert "topic is not known" in unknown.reason


def test_what_people_corrected_goes_before_the_topics_team_and_after_the_rules() -> None:
    learned = LearnedTeam(team="billing", right=7, cases=8, least=0.53)
    decision = route(CASE, [], {"delivery": "logistics"}, "support", learned)
    assert (decision.team, decision.source, decision.confidence) == ("billing", "learned", 0.53)
    assert "7 of 8 corrected cases on topic 'delivery' went there" in decision.reason
    mail = rule("Mail", Condition(field="channel", value="email"), team="mail")
    assert route(CASE, [mail], {}, "support", learned).team == "mail"


def test_every_rule_that_holds_adds_the_skills_that_it_asks_for() -> None:
    rules = [
        rule(
            "Routers",
            Condition(field="text", op=Operator.MATCHES_WORD, value="router"),
            skills=("Hardware",),
        ),
        rule("Mail", Condition(field="channel", value="email"), skills=("writing",)),
    ]
    decision = route(CASE, rules, {}, "support")
    assert decision.skills == ("hardware", "writing")
    assert "needs hardware, writing" in decision.reason


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"name": "x", "team": "a"}, "all:"),
        ({"name": "x", "all": [{"field": "a", "value": "b"}]}, "team:"),
        ({"name": "x", "team": "a", "all": [{"field": "a", "op": "in", "value": "b"}]}, "value:"),
        ({"name": "x", "team": "a", "all": [{"field": "a b", "value": "b"}]}, "name a field"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_its_field(
    wrong: dict[str, Any], where: str
) -> None:
    with pytest.raises(ValidationError, match=where):
        RoutingSettings.model_validate({"rules": [wrong]})


def test_settings_survive_json() -> None:
    settings = RoutingSettings(
        rules=(rule("R", Condition(field="a", op=Operator.IN, value=("x", 3)), team="t"),)
    )
    assert RoutingSettings.model_validate_json(settings.model_dump_json()) == settings
