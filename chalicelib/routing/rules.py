"""Which team a case goes to. Pure: facts and settings in, decision in words out.

Rules are read in order. The first one that holds and names a team chooses it; the first one that
holds and names a priority sets it; every rule that holds adds its tags and skills. Where no rule
chooses a team, what people corrected does (routing/learned.py), then the topic's team, then the
default team.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.routing.models import (
    Condition,
    LearnedTeam,
    Operator,
    RoutingDecision,
    RoutingRule,
    Scalar,
    Source,
)
from chalicelib.text import line_of, phrases_in

Facts = Mapping[str, Any]
"""A case as nested mappings, with `customer` beside its own fields and `text` for what was
written. A field whose value is a mapping with a `label` (topic, sentiment) may be compared
by its bare name."""


def route(
    facts: Facts,
    rules: Iterable[RoutingRule],
    topic_teams: Mapping[str, str],
    default_team: str,
    learned: LearnedTeam | None = None,
) -> RoutingDecision:
    """The decision for one case. `topic_teams` maps a topic's label to its team; `learned` is
    what corrections of the case's topic speak for."""
    held = [rule for rule in rules if holds(rule, facts)]
    decision = _team(facts, held, topic_teams, default_team, learned)
    reasons = [decision.reason]
    prioritised = next((r for r in held if r.priority), None)
    if prioritised is not None:
        reasons.append(f"priority {prioritised.priority} by rule '{prioritised.name}'")
    tags = tuple(dict.fromkeys(tag for r in held for tag in r.tags))
    if tags:
        reasons.append(f"tagged {', '.join(tags)}")
    skills = tuple(dict.fromkeys(skill for r in held for skill in r.skills))
    if skills:
        reasons.append(f"needs {', '.join(skills)}")
    return decision.model_copy(
        update={
            "tags": tags,
            "skills": skills,
            "priority": prioritised.priority if prioritised else None,
            "reason": "; ".join(reasons),
        }
    )


def holds(rule: RoutingRule, facts: Facts) -> bool:
    """Whether an enabled rule's conditions are met. The text comes last: it may have to be read."""
    return (
        rule.enabled
        and all(met(condition, facts) for condition in sorted(rule.all, key=_reads_text))
        and (not rule.any or any(met(c, facts) for c in sorted(rule.any, key=_reads_text)))
    )


def _reads_text(condition: Condition) -> bool:
    return condition.field == "text"


def met(condition: Condition, facts: Facts) -> bool:
    """Whether one condition is met. A missing field meets only `ne` and `exists: false`; values
    that cannot be compared (a text with a number) are not greater, not less and not equal."""
    value = lookup(facts, condition.field)
    if condition.op is Operator.EXISTS:
        return _present(value) is condition.value
    if condition.op is Operator.NE:
        return not _equal(value, condition.value)
    return _present(value) and _compare(condition, value)


def lookup(facts: Facts, path: str) -> Any:
    """The value at a dotted path, None where there is none."""
    value: Any = facts
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    if isinstance(value, Mapping) and "label" in value:
        return value["label"]
    return value


def _team(
    facts: Facts,
    held: Sequence[RoutingRule],
    topic_teams: Mapping[str, str],
    default_team: str,
    learned: LearnedTeam | None,
) -> RoutingDecision:
    chosen = next((rule for rule in held if rule.team), None)
    if chosen is not None:
        why = f"team {chosen.team} by rule '{chosen.name}' because {_explain(chosen, facts)}"
        return RoutingDecision(team=chosen.team, rule=chosen.name, reason=why, source=Source.RULE)
    topic = lookup(facts, "topic.label") or lookup(facts, "topic")
    if topic and learned is not None:
        return RoutingDecision(
            team=learned.team,
            reason=f"team {learned.team} by what was learned: {learned.right} of {learned.cases}"
            f" corrected cases on topic '{topic}' went there",
            source=Source.LEARNED,
            confidence=round(learned.least, 4),
        )
    if topic and (team := topic_teams.get(str(topic), "")):
        why = f"team {team} because it looks after topic '{topic}'"
        return RoutingDecision(team=team, reason=why, source=Source.TOPIC)
    missing = f"topic '{topic}' has no team" if topic else "the topic is not known"
    why = f"team {default_team} by default: no rule applies and {missing}"
    return RoutingDecision(team=default_team, reason=why)


def _explain(rule: RoutingRule, facts: Facts) -> str:
    spoke = [*rule.all, *(c for c in rule.any if met(c, facts))]
    return " and ".join(_in_words(condition) for condition in spoke)


_WORDS = {
    Operator.EQ: "is",
    Operator.NE: "is not",
    Operator.IN: "is one of",
    Operator.CONTAINS: "contains",
    Operator.GT: "is above",
    Operator.LT: "is below",
    Operator.MATCHES_WORD: "mentions",
}


def _in_words(condition: Condition) -> str:
    if condition.op is Operator.EXISTS:
        return f"{condition.field} {'is known' if condition.value else 'is not known'}"
    values = ", ".join(str(value) for value in _many(condition.value))
    return f"{condition.field} {_WORDS[condition.op]} {values}"


def _compare(condition: Condition, value: Any) -> bool:
    match condition.op:
        case Operator.EQ:
            return _equal(value, condition.value)
        case Operator.IN:
            return any(_equal(value, wanted) for wanted in _many(condition.value))
        case Operator.CONTAINS:
            return _contains(value, condition.value)
        case Operator.MATCHES_WORD:
            line = line_of(" ".join(str(part) for part in _members(value)))
            return bool(phrases_in(line, [str(word) for word in _many(condition.value)]))
        case _:
            return _ordered(condition.op, value, condition.value)


def _ordered(op: Operator, value: Any, limit: Any) -> bool:
    number, bound = _number(value), _number(limit)
    if number is not None and bound is not None:
        return number > bound if op is Operator.GT else number < bound
    if isinstance(value, str) and isinstance(limit, str) and number is None and bound is None:
        return value > limit if op is Operator.GT else value < limit  # RFC 3339 sorts as text
    return False


def _equal(value: Any, wanted: Any) -> bool:
    """Equality without regard to case; of a list, whether a member is equal; "5" equals 5."""
    return any(_same(member, wanted) for member in _members(value))


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, str):
        return _plain(wanted) in value.casefold()
    return _equal(value, wanted)


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return _plain(value) == _plain(wanted)
    number, other = _number(value), _number(wanted)
    if number is not None and other is not None:
        return number == other
    return _plain(value) == _plain(wanted)


def _plain(value: Any) -> str:
    return str(value).strip().casefold()


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _present(value: Any) -> bool:
    return value is not None and value not in ("", [], (), {})


def _members(value: Any) -> Sequence[Any]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _many(value: Scalar | tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    return value if isinstance(value, tuple) else (value,)
