"""How urgent a case is: rules in settings, explained in words. Pure.

All rules are read; the highest priority among those that hold wins, so that a rule for "low" has a
say only where nothing speaks for more.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.text import line_of, phrases_in
from chalicelib.understanding.models import (
    ANY_LANGUAGE,
    UNKNOWN_LANGUAGE,
    Priority,
    PriorityDecision,
    PriorityFacts,
    PriorityRule,
)

_MAX_WORDS_SHOWN = 3


def decide_priority(facts: PriorityFacts, rules: Sequence[PriorityRule]) -> PriorityDecision:
    """The priority of a case and why. Normal when no rule holds."""
    line = line_of(facts.text)
    held = [(rule, why) for rule in rules if (why := _why(rule, facts, line))]
    if not held:
        return PriorityDecision(priority=Priority.NORMAL, reason="normal: no rule applies")
    priority = max((rule.priority for rule, _ in held), key=lambda p: p.rank)
    deciding = [(rule, why) for rule, why in held if rule.priority is priority]
    reasons = dict.fromkeys(reason for _, why in deciding for reason in why)
    return PriorityDecision(
        priority=priority,
        reason=f"{priority} because {' and '.join(reasons)}",
        rules=tuple(rule.name for rule, _ in deciding),
    )


def reasons_of(rule: PriorityRule, facts: PriorityFacts) -> list[str]:
    """The reasons for which a rule holds; none where it does not."""
    return _why(rule, facts, line_of(facts.text))


def _why(rule: PriorityRule, facts: PriorityFacts, line: str) -> list[str]:
    """The reasons for which `rule` holds; none when it does not."""
    if not rule.enabled:
        return []
    reasons: list[str] = []
    if rule.sentiments:
        if facts.sentiment not in rule.sentiments or facts.sentiment_score < rule.min_score:
            return []
        reasons.append(f"sentiment {facts.sentiment} ({facts.sentiment_score:.2f})")
    for kind, wanted, value in (
        ("customer tier", rule.tiers, facts.tier),
        ("channel", rule.channels, facts.channel),
        ("topic", rule.topics, facts.topic),
    ):
        if wanted:
            if value.casefold() not in {one.casefold() for one in wanted}:
                return []
            reasons.append(f"{kind} {value}")
    if rule.promise_at_stake is not None:
        if facts.promise_at_stake is not rule.promise_at_stake:
            return []
        reasons.append("a promise is at stake" if facts.promise_at_stake else "no promise at stake")
    if rule.words:
        found = phrases_in(line, _phrases(rule, facts.language))
        if not found:
            return []
        reasons += [f"'{phrase.rstrip('*')}'" for phrase in found[:_MAX_WORDS_SHOWN]]
    return reasons


def _phrases(rule: PriorityRule, language: str) -> list[str]:
    if language == UNKNOWN_LANGUAGE:
        lists = list(rule.words.values())
    else:
        lists = [rule.words.get(language, ()), rule.words.get(ANY_LANGUAGE, ())]
    return list(dict.fromkeys(phrase for phrases in lists for phrase in phrases))
