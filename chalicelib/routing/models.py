"""Routing: conditions over what is known of a case and its customer, and what follows from them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from chalicelib.base import Model

Scalar = str | int | float | bool
Name = Annotated[str, Field(min_length=1, max_length=80)]

_FIELD = re.compile(r"[A-Za-z_][\w-]*(\.[\w-]+)*")


def _tag(tag: str) -> str:
    cleaned = tag.strip().casefold()
    if not cleaned or len(cleaned) > 40:
        raise ValueError("a tag has 1 to 40 characters")
    return cleaned


Tag = Annotated[str, AfterValidator(_tag)]


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
    enabled: bool = True

    @model_validator(mode="after")
    def _says_when_and_what(self) -> Self:
        if not self.all and not self.any:
            raise ValueError("all: give at least one condition (in all or any)")
        if not (self.team or self.priority or self.tags):
            raise ValueError("team: a rule must set a team, a priority or tags")
        return self


class RoutingSettings(Model):
    """The settings document `routing`. Rules are read in order."""

    rules: tuple[RoutingRule, ...] = Field(default=(), max_length=200)
    default_team: str = Field(default="support", min_length=1, max_length=60)

    @field_validator("rules")
    @classmethod
    def _names_differ(cls, rules: tuple[RoutingRule, ...]) -> tuple[RoutingRule, ...]:
        seen: set[str] = set()
        for rule in rules:
            if rule.name.casefold() in seen:
                raise ValueError(f"two rules are called {rule.name!r}; names must differ")
            seen.add(rule.name.casefold())
        return rules


class RoutingDecision(Model):
    """Where a case goes and why. `rule` is the rule that chose the team, "" if none did."""

    team: str
    tags: tuple[str, ...] = ()
    priority: RulePriority | None = None
    reason: str
    rule: str = ""


class TryOut(Model):
    """What rules would have done to past cases: "would have moved `moved` of the last `cases`"."""

    cases: int
    moved: int  # another team than the one the case had
    raised: int  # another priority than the one the case had
    by_rule: dict[str, int] = {}  # how many cases each rule matched, also those that chose no team
    to_team: dict[str, int] = {}  # how many cases each team would have got
    moves: dict[str, int] = {}  # "from → to": how many

    @property
    def summary(self) -> str:
        return f"would have moved {self.moved} of the last {self.cases}"
