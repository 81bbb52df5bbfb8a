"""Pure rules of problems: states, which cases belong, whether a fix holds, what can be said."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.base import Model
from chalicelib.cases.models import Case
from chalicelib.customers.models import Customer
from chalicelib.errors import Conflict
from chalicelib.problems.models import (
    Check,
    Dispatch,
    Handover,
    HandoverState,
    LinkState,
    MatchRule,
    Problem,
    ProblemSettings,
    ProblemState,
    PublicState,
)

MARK = "H"  # how the send ids of mails about handovers begin
S = ProblemState
TRANSITIONS: Mapping[ProblemState, frozenset[ProblemState]] = {
    S.PROPOSED: frozenset({S.ACCEPTED, S.REJECTED}),
    S.ACCEPTED: frozenset({S.BEING_FIXED, S.FIXED, S.REJECTED}),
    S.BEING_FIXED: frozenset({S.ACCEPTED, S.FIXED, S.REJECTED}),
    S.FIXED: frozenset({S.VERIFIED, S.BEING_FIXED}),
    S.VERIFIED: frozenset({S.CLOSED, S.BEING_FIXED}),
    S.CLOSED: frozenset({S.BEING_FIXED}),
    S.REJECTED: frozenset({S.PROPOSED}),
}
TAKES_CASES = frozenset({S.PROPOSED, S.ACCEPTED, S.BEING_FIXED, S.FIXED, S.VERIFIED})
TELLS = frozenset({S.ACCEPTED, S.BEING_FIXED, S.FIXED})
OVER = frozenset({S.FIXED, S.VERIFIED, S.CLOSED})

H = HandoverState
HANDOVER: Mapping[HandoverState, frozenset[HandoverState]] = {
    H.OPEN: frozenset({H.ACCEPTED, H.ASKED_BACK, H.RESOLVED, H.WITHDRAWN}),
    H.ACCEPTED: frozenset({H.ASKED_BACK, H.RESOLVED, H.OPEN, H.WITHDRAWN}),
    H.ASKED_BACK: frozenset({H.OPEN, H.ACCEPTED, H.RESOLVED, H.WITHDRAWN}),
    H.RESOLVED: frozenset({H.OPEN}),
    H.WITHDRAWN: frozenset(),
}

L = LinkState
LINKS: Mapping[LinkState, frozenset[LinkState]] = {
    L.PROPOSED: frozenset({L.LINKED, L.REJECTED, L.UNLINKED}),
    L.LINKED: frozenset({L.UNLINKED, L.REJECTED}),
    L.UNLINKED: frozenset({L.LINKED, L.PROPOSED, L.REJECTED}),
    L.REJECTED: frozenset({L.LINKED}),  # by a person's word alone
}

PUBLIC_OF: Mapping[ProblemState, PublicState] = {
    S.PROPOSED: PublicState.INVESTIGATING,
    S.ACCEPTED: PublicState.INVESTIGATING,
    S.BEING_FIXED: PublicState.IDENTIFIED,
    S.FIXED: PublicState.MONITORING,
    S.VERIFIED: PublicState.RESOLVED,
    S.CLOSED: PublicState.RESOLVED,
}

# How many times as likely a case belongs that has it, against one that does not. Chosen, not
# measured: a trend's telling words burst, so hardly any other case has them.
WORD, NO_WORD, SAME, UNKNOWN, OTHER_TOPIC, AFTER_FIX = 8.0, 0.5, 3.0, 0.5, 0.15, 0.1


def move(problem: Problem, to: ProblemState, now: datetime) -> Problem:
    """The problem in its new state; raises Conflict where the table has no such step."""
    if to == problem.state:
        return problem
    if to not in TRANSITIONS[problem.state]:
        raise Conflict(f"a problem that is {problem.state} cannot become {to}")
    fields: dict[str, Any] = {"state": to}
    match to:
        case S.ACCEPTED:
            fields["accepted_at"] = problem.accepted_at or now
        case S.BEING_FIXED:
            fields |= {"fixed_at": None, "verified_at": None, "closed_at": None, "check": None}
            fields["accepted_at"] = problem.accepted_at or now
            if problem.state in (S.VERIFIED, S.CLOSED):
                fields["round"] = problem.round + 1
        case S.FIXED:
            fields |= {"fixed_at": now, "check": None}
        case S.VERIFIED:
            fields["verified_at"] = now
        case S.CLOSED:
            fields["closed_at"] = now
        case S.PROPOSED:
            fields["rejected_reason"] = ""
    moved = problem.model_copy(update=fields)
    if to not in PUBLIC_OF:
        return moved
    return moved.model_copy(
        update={"public": moved.public.model_copy(update={"state": PUBLIC_OF[to]})}
    )


def touch(problem: Problem, now: datetime) -> Problem:
    """The next version of a problem that was changed."""
    return problem.model_copy(update={"version": problem.version + 1, "updated_at": now})


def move_handover(handover: Handover, to: HandoverState, now: datetime) -> Handover:
    """The handover in its new state, one version on; raises Conflict for a forbidden step."""
    if to != handover.state and to not in HANDOVER[handover.state]:
        raise Conflict(f"a handover that is {handover.state} cannot become {to}")
    fields: dict[str, Any] = {"state": to, "version": handover.version + 1, "updated_at": now}
    if to == H.ACCEPTED:
        fields["accepted_at"] = handover.accepted_at or now
    fields["resolved_at"] = now if to == H.RESOLVED else None
    return handover.model_copy(update=fields)


# --- which cases belong ---------------------------------------------------------------------------


class CaseFacts(Model):
    """What a rule looks at. Attributes have all values that are known, in lower case."""

    created_at: datetime
    topic: str = ""
    attributes: dict[str, tuple[str, ...]] = {}
    text: str = ""


class Judged(Model):
    """How sure it is that a case belongs (0..1), and why in words."""

    sure: float
    why: str


NO = Judged(sure=0.0, why="")


def judge(rule: MatchRule, facts: CaseFacts, fixed_at: datetime | None = None) -> Judged:
    """How likely a case belongs: the rule's share as odds, times what speaks for and against it.

    Outside the time, or with another value of an attribute that the rule names, it does not. Since
    the fix most cases of its topic are ordinary ones again.
    """
    if rule.since and facts.created_at < rule.since:
        return NO
    if rule.until and facts.created_at > rule.until:
        return NO
    found = [word for word in rule.words if _has(facts.text, word)]
    odds = rule.share / (1 - rule.share)
    why: list[str] = []
    if rule.topic and facts.topic == rule.topic:
        why.append(f"topic {rule.topic}, of which {rule.share:.0%} are more than usual")
    elif rule.topic:
        if not found:
            return NO
        odds *= OTHER_TOPIC
        why.append(f"another topic ({facts.topic or 'none'})")
    for name, wanted in rule.attributes.items():
        known = facts.attributes.get(name, ())
        if known and wanted.casefold() not in known:
            return NO
        odds *= SAME if known else UNKNOWN
        why.append(f"{name} {wanted}" if known else f"{name} is not known")
    if rule.words:
        odds *= WORD if found else NO_WORD
        why.append(f"says {', '.join(found[:4])}" if found else "none of the telling words")
    if fixed_at and facts.created_at > fixed_at:
        odds *= AFTER_FIX
        why.append("it came after the fix")
    if not (rule.topic or rule.attributes or rule.words):
        return NO  # a rule that says nothing takes no case
    return Judged(sure=round(odds / (1 + odds), 3), why="; ".join(why))


def _has(text: str, word: str) -> bool:
    pattern = r"(?<!\w)" + r"\s+".join(re.escape(part) for part in word.split()) + r"(?!\w)"
    return re.search(pattern, text[:20_000], re.IGNORECASE) is not None


def attributes_of(case: Case, customer: Customer) -> dict[str, tuple[str, ...]]:
    """All values of product, version, region, … that are known, in lower case: from the form,
    from the customer, and from what they own."""
    found: dict[str, set[str]] = {"channel": {str(case.channel)}}
    for name, value in case.fields.items():
        found.setdefault(name.casefold(), set()).add(str(value).casefold())
    for name, values in owned(customer).items():
        found.setdefault(name, set()).update(values)
    return {name: tuple(sorted(values)) for name, values in found.items()}


def owned(customer: Customer) -> dict[str, set[str]]:
    """All values of product, version, region, … of the customer and of what they own, in lower
    case."""
    found: dict[str, set[str]] = {}
    for name, value in customer.attributes.items():
        found.setdefault(name.casefold(), set()).add(str(value).casefold())
    for asset in customer.assets:
        found.setdefault(asset.type.casefold(), set()).add(asset.name.casefold())
        for name, value in asset.attributes.items():
            found.setdefault(name.casefold(), set()).add(str(value).casefold())
    return found


def share_of(expected: float, seen: float) -> float:
    """Of the cases of a trend, the part that is more than usual: 0.5 where that is not known."""
    if seen <= 0 or expected < 0:
        return 0.5
    return min(0.98, max(0.05, 1 - expected / seen))


def verdict(judged: Judged, settings: ProblemSettings) -> LinkState | None:
    """What a rule makes of it: linked, proposed to a person, or nothing."""
    if judged.sure >= settings.sure:
        return L.LINKED
    return L.PROPOSED if judged.sure >= settings.unsure else None


# --- whether a fix holds --------------------------------------------------------------------------


class Since(Model):
    """What is known of the time since a fix was claimed."""

    calm_since: tuple[datetime | None, ...] = ()  # of each linked trend
    newest_case: datetime | None = None  # that was linked by rule or person
    per_day_before: float = 0.0  # linked cases a day, between start and fix
    cases_since: int = 0
    trends_missing: int = 0  # linked trends that are gone


def verify(problem: Problem, since: Since, settings: ProblemSettings, now: datetime) -> Check:
    """What the data says of a claimed fix: verified, failed, waiting, or unknown.

    With trends all of them must be within their band for `calm_hours`, begun or not before the
    claim, and no linked case newer than that. Without, the rate of linked cases must have fallen:
    so few since the fix that the old rate would bring them in one of twenty such times (Poisson).
    """
    assert problem.fixed_at is not None
    calm = timedelta(hours=settings.calm_hours)
    waited = now - problem.fixed_at
    late = waited >= timedelta(hours=settings.give_up_hours)
    if since.calm_since:
        return _by_trends(since, calm, late, now)
    hours = waited.total_seconds() / 3600
    usual = since.per_day_before * hours / 24
    missing = ("there is no trend to compare with: only linked cases were counted",)
    if usual < 3:
        why = f"the old rate would have brought {usual:.1f} cases in {hours:.0f} h: too few to tell"
        return _check(now, "unknown" if late else "waiting", why, missing)
    seen = f"{since.cases_since} linked cases in {hours:.0f} h, {usual:.1f} at the old rate"
    if waited >= calm and poisson_at_most(since.cases_since, usual) <= 0.05:
        return _check(now, "verified", seen, missing)
    return _check(now, "failed" if late else "waiting", seen, missing)


def _by_trends(since: Since, calm: timedelta, late: bool, now: datetime) -> Check:
    missing: tuple[str, ...] = ()
    if since.trends_missing:
        missing = (f"{since.trends_missing} linked trends are gone and were not looked at",)
    restless = [moment for moment in since.calm_since if moment is None]
    newest = max((moment for moment in since.calm_since if moment), default=None)
    if not restless and newest and now - newest >= calm:
        if since.newest_case and now - since.newest_case < calm:
            why = f"the trend is calm since {newest:%Y-%m-%d %H:%M} UTC, but a case came after it"
            return _check(now, "unknown" if late else "waiting", why, missing)
        why = f"within the usual band since {newest:%Y-%m-%d %H:%M} UTC"
        return _check(now, "verified", why, missing)
    why = (
        f"{len(restless)} of {len(since.calm_since)} trends are still above their band"
        if restless
        else f"calm only since {newest:%Y-%m-%d %H:%M} UTC"
    )
    return _check(now, "failed" if late and restless else "waiting", why, missing)


def _check(now: datetime, outcome: str, because: str, missing: tuple[str, ...]) -> Check:
    return Check(at=now, outcome=outcome, because=because, not_checked=missing)


def poisson_at_most(seen: int, mean: float) -> float:
    """Chance of at most `seen` events where `mean` are usual."""
    terms = (-mean + k * math.log(mean) - math.lgamma(k + 1) for k in range(seen + 1))
    return min(1.0, sum(math.exp(term) for term in terms)) if mean > 0 else 1.0


# --- mails about handovers ------------------------------------------------------------------------


def send_id(dispatch: Dispatch, fresh: str) -> str:
    """The tag under which a try of a dispatch goes out: it leads straight back to it."""
    return f"{MARK}-{dispatch.problem_id}-{fresh}-{dispatch.id}"


def dispatch_behind(tag: str) -> tuple[str, str] | None:
    """(problem id, dispatch id) of a send id, None where it is none of these mails."""
    parts = tag.split("-", 3)
    return (parts[1], parts[3]) if len(parts) == 4 and parts[0] == MARK else None


# --- what can be cited ----------------------------------------------------------------------------


def about(text: str, topic: str, rules: Sequence[MatchRule]) -> list[int]:
    """Which of the rules a question fits: its topic, or a telling word; the numbers of those."""
    return [
        number
        for number, rule in enumerate(rules)
        if (topic and rule.topic == topic) or any(_has(text, word) for word in rule.words)
    ]


def without_names(text: str, names: Iterable[str]) -> str:
    """The text with each part of those names, of three letters or more, as [name]."""
    parts = {part for name in names for part in re.split(r"[^\w'-]+", name) if len(part) > 2}
    for part in sorted(parts, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "[name]", text, flags=re.IGNORECASE)
    return text
