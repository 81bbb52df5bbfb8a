"""Routing: conditions over what is known of a case and its customer, and what follows from them."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from chalicelib.base import Instant, Model
from chalicelib.channels.models import Channel
from chalicelib.routing.agents import AgentProfile, Tag

Scalar = str | int | float | bool
Name = Annotated[str, Field(min_length=1, max_length=80)]

_FIELD = re.compile(r"[A-Za-z_][\w-]*(\.[\w-]+)*")


class Operator(StrEnum):
    """How a field is compared. Text is compared without regard to case."""

    EQ = "eq"
    NE = "ne"  # also true when the field is missing
    IN = "in"  # equal to one of a list
    CONTAINS = "contains"  # part of a text, or a member of a list
    GT = "gt"
    LT = "lt"
    EXISTS = "exists"  # value true: it has a value; false: it has none
    MATCHES_WORD = "matches-word"  # one of the words or phrases occurs, as whole words


class RulePriority(StrEnum):
    """The priorities of a case that a rule can set."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Condition(Model):
    """One comparison. `field` is a path into the case's facts: `channel`, `topic.label`,
    `customer.attributes.country`, `text`, …"""

    field: str = Field(max_length=120)
    op: Operator = Operator.EQ
    value: Scalar | tuple[Scalar, ...] = True

    @field_validator("field")
    @classmethod
    def _is_a_path(cls, field: str) -> str:
        if not _FIELD.fullmatch(field):
            raise ValueError("name a field such as channel or customer.attributes.country")
        return field

    @model_validator(mode="after")
    def _value_fits_operator(self) -> Self:
        many = isinstance(self.value, tuple)
        if self.op is Operator.IN and not many:
            raise ValueError("value: 'in' needs a list of values")
        if many and self.op not in (Operator.IN, Operator.MATCHES_WORD):
            raise ValueError(f"value: '{self.op}' needs one value, not a list")
        if many and not self.value:
            raise ValueError("value: the list is empty, so the condition could never hold")
        if self.op is Operator.EXISTS and not isinstance(self.value, bool):
            raise ValueError("value: 'exists' needs true or false")
        if self.op in (Operator.GT, Operator.LT) and isinstance(self.value, bool):
            raise ValueError(f"value: '{self.op}' needs a number or a date, not true or false")
        if self.op is Operator.MATCHES_WORD and not self._texts():
            raise ValueError("value: 'matches-word' needs a word or a list of words")
        return self

    def _texts(self) -> bool:
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        return all(isinstance(value, str) and value.strip() for value in values)


class RoutingRule(Model):
    """If `all` conditions hold and, where given, at least one of `any`, the actions apply."""

    name: Name
    all: tuple[Condition, ...] = Field(default=(), max_length=20)
    any: tuple[Condition, ...] = Field(default=(), max_length=20)
    team: str = Field(default="", max_length=60)
    priority: RulePriority | None = None
    tags: tuple[Tag, ...] = Field(default=(), max_length=10)
    skills: tuple[Tag, ...] = Field(default=(), max_length=5)  # that whoever takes it should have
    enabled: bool = True

    @model_validator(mode="after")
    def _says_when_and_what(self) -> Self:
        if not self.all and not self.any:
            raise ValueError("all: give at least one condition (in all or any)")
        if not (self.team or self.priority or self.tags or self.skills):
            raise ValueError("team: a rule must set a team, a priority, tags or skills")
        return self


class RoutingSettings(Model):
    """The settings document `routing`. Rules are read in order.

    `calendar` is the one by whose zone and hours conditions on `time` are read: `time.hour`,
    `time.weekday`, `time.working`; UTC and always, without one.
    """

    rules: tuple[RoutingRule, ...] = Field(default=(), max_length=200)
    default_team: str = Field(default="support", min_length=1, max_length=60)
    calendar: str = Field(default="", max_length=60)
    learn_teams: bool = True  # from what agents corrected, where no rule names a team

    @field_validator("rules")
    @classmethod
    def _names_differ(cls, rules: tuple[RoutingRule, ...]) -> tuple[RoutingRule, ...]:
        seen: set[str] = set()
        for rule in rules:
            if rule.name.casefold() in seen:
                raise ValueError(f"two rules are called {rule.name!r}; names must differ")
            seen.add(rule.name.casefold())
        return rules


class Source(StrEnum):
    """What chose a team, the strongest first."""

    RULE = "rule"
    LEARNED = "learned"
    TOPIC = "topic"
    DEFAULT = "default"


class RoutingDecision(Model):
    """Where a case goes and why. `rule` is the rule that chose the team, "" if none did."""

    team: str
    tags: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    priority: RulePriority | None = None
    reason: str
    rule: str = ""
    source: Source = Source.DEFAULT
    confidence: float = 1.0  # of a team that was learned: how often at least it is right


class Correction(Model):
    """A person gave a case of some topic to another team. `configured` was the topic's own then."""

    case_id: str
    team: str
    configured: str = ""
    by: str
    at: Instant


class LearnedTeam(Model):
    """The team that corrections speak for: `right` of `cases` went there; `least` is the lower
    bound of its true share."""

    team: str
    right: int
    cases: int
    least: float


# --- who takes a case ----------------------------------------------------------------------------


class AgentState(Model):
    """How an agent stands: open cases by channel, and whether they are away.

    `turn` orders them by who got a case last; `version` rises with every change.
    """

    email: str
    cases: dict[str, int] = {}
    turn: int = 0
    away: bool = False
    away_until: Instant | None = None  # back by themselves
    note: str = ""
    version: int = 0

    @property
    def open_cases(self) -> int:
        return sum(self.cases.values())

    def is_away(self, now: datetime) -> bool:
        return self.away and (self.away_until is None or now < self.away_until)


class Candidate(Model):
    """A member of a team when a case is to be given to somebody."""

    profile: AgentProfile
    state: AgentState
    away: bool = False
    working: bool = True  # by their hours

    @property
    def load(self) -> float:
        """Open cases, each with the weight of its channel."""
        weights = {str(channel): weight for channel, weight in self.profile.weights.items()}
        return sum(n * weights.get(channel, 1.0) for channel, n in self.state.cases.items())


class Needs(Model):
    """What a case asks of whoever takes it. `language` "" is any."""

    channel: Channel
    language: str = ""
    skills: tuple[str, ...] = ()


class Choice(Model):
    """Who takes a case, None for nobody yet, and why."""

    agent: Candidate | None
    reason: str


# --- trying out ----------------------------------------------------------------------------------


class TriedCase(Model):
    """A past case that rules would have treated otherwise."""

    reference: str
    subject: str = ""
    before: str
    after: str
    rule: str = ""  # that did it, "" for none of the rules
    why: str = ""


class TryOut(Model):
    """What rules would have done to past cases: "would have moved 34 of the last 500".

    Cases whose team (or priority) a person had set are left where they are: `kept`.
    """

    summary: str
    cases: int
    moved: int  # another team, or priority, than the one the case has
    kept: int = 0
    by_rule: dict[str, int] = {}  # how many cases each rule held for
    decided: dict[str, int] = {}  # how many cases each rule decided
    result: dict[str, int] = {}  # how many cases each team, or priority, would have got
    moves: dict[str, int] = {}  # "from → to": how many
    samples: tuple[TriedCase, ...] = ()  # the newest of each kind of move
    warnings: tuple[str, ...] = ()  # by field: allowed, and yet probably a mistake
