"""Macros: answers that are kept ready, and what else they do to a case. Pure.

A text has fields such as {{customer.name}}. They are a closed list, so that a misspelt one is
refused when the macro is saved; one without a value is refused when it is used, because a customer
must never read "Hello ,". What no field of the case knows is asked of the agent at each use: a
macro lists those fields with their types, and its text names them {{ask.<name>}}.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from chalicelib.base import Model
from chalicelib.cases.models import Case, CasePatch, CaseStatus, FieldName, Priority
from chalicelib.channels.models import FieldValue
from chalicelib.errors import Invalid

FIELDS: Mapping[str, str] = {
    "customer.name": "the customer's name",
    "customer.first_name": "the first word of it",
    "case.reference": "such as C-7K2M9Q",
    "case.subject": "the case's subject",
    "case.topic": "its topic",
    "agent.name": "whoever uses the macro",
    "company": "the company's name in the settings of the channels",
}
"""Every field and what it stands for; {{form.<name>}} is a field of the web form, {{ask.<name>}}
one that is asked at each use."""

_FIELD = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_FORM = re.compile(r"form\.[a-z0-9_-]{1,60}")
_ASK = re.compile(r"ask\.([a-z0-9_]{1,40})")
_NUMBER = re.compile(r"-?\d{1,15}(?:[.,]\d{1,9})?")
_DAYS = {"en": "{d} {month} {y}", "de": "{d:02}.{m:02}.{y}"}
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def _known_fields(text: str) -> str:
    for name in fields_of(text):
        if name not in FIELDS and not _FORM.fullmatch(name) and not _ASK.fullmatch(name):
            raise ValueError(f"has a field that does not exist: {name}")
    return text


Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=60)]
MacroText = Annotated[str, Field(max_length=10_000), AfterValidator(_known_fields)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Label = Annotated[str, Field(min_length=1, max_length=64)]
TagName = Annotated[str, Field(min_length=1, max_length=40)]


class AskedType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"


class Asked(Model):
    """A field that the agent fills in when the macro is used: {{ask.<name>}} in its text.

    `default` is what it begins with; one that is not required may stay empty.
    """

    name: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    label: str = Field(min_length=1, max_length=120)
    type: AskedType = AskedType.TEXT
    required: bool = True
    default: str = Field(default="", max_length=500)
    choices: tuple[Annotated[str, Field(min_length=1, max_length=120)], ...] = Field(
        default=(), max_length=50
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.type == AskedType.CHOICE) != bool(self.choices):
            raise ValueError("choices are for the type choice, which needs some")
        if self.default and (wrong := fault(self, self.default)):
            raise ValueError(f"the default {wrong}")
        return self


class Macro(Model):
    """An answer that is kept ready, and what else it does to the case.

    `name` is its id. `text` is for every language that `texts` does not have. `topics` are those
    that it fits, `visible_to` the teams that see it: none means all.
    """

    name: Slug
    title: str = Field(min_length=1, max_length=120)
    text: MacroText = ""
    texts: dict[Language, MacroText] = Field(default={}, max_length=20)
    asks: tuple[Asked, ...] = Field(default=(), max_length=10)
    status: CaseStatus | None = None
    priority: Priority | None = None
    team: str = Field(default="", max_length=64)
    assignee: str = Field(default="", max_length=254)  # "me" is whoever uses it
    tags: tuple[TagName, ...] = Field(default=(), max_length=20)
    fields: dict[FieldName, FieldValue] = Field(default={}, max_length=20)  # of the case
    topics: tuple[Label, ...] = Field(default=(), max_length=50)
    visible_to: tuple[Label, ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        does = (self.text, self.texts, self.status, self.priority, self.team, self.assignee)
        if not any((*does, self.tags, self.fields)):
            raise ValueError("a macro has a text, or changes something")
        return self

    @model_validator(mode="after")
    def _asks_for_what_it_names(self) -> Self:
        known = [asked.name for asked in self.asks]
        if len(set(known)) < len(known):
            raise ValueError("two fields that are asked have the same name; names must differ")
        for text in (self.text, *self.texts.values()):
            for name in fields_of(text):
                if (match := _ASK.fullmatch(name)) and match[1] not in known:
                    raise ValueError(f"asks has no field {match[1]}, which the text names")
        return self


class MacrosSettings(Model):
    """The document `macros`."""

    macros: tuple[Macro, ...] = Field(default=(), max_length=500)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [macro.name for macro in self.macros]
        if len(set(names)) < len(names):
            raise ValueError("two macros have the same name; names must differ")
        return self


def fields_of(text: str) -> list[str]:
    """The names of the fields in a text, each once."""
    return list(dict.fromkeys(_FIELD.findall(text)))


def text_for(macro: Macro, language: str) -> str:
    """Its text in that language, else the one for all, else in English or any other."""
    if language in macro.texts:
        return macro.texts[language]
    return macro.text or macro.texts.get("en") or next(iter(macro.texts.values()), "")


def render(text: str, values: Mapping[str, str], optional: Iterable[str] = ()) -> str:
    """The text with its fields filled in; raises Invalid for the first that has no value and is
    not `optional`.

    A value is data: a field inside of it is left as it stands.
    """
    free = frozenset(optional)
    for name in fields_of(text):
        if name not in free and not values.get(name, "").strip():
            raise Invalid.field(name, "has no value in this case; write the answer by hand")
    return _FIELD.sub(lambda match: values.get(match[1], ""), text)


def fault(asked: Asked, value: str) -> str:
    """What is wrong with a value, in words; "" where nothing is."""
    if asked.type == AskedType.NUMBER and not _NUMBER.fullmatch(value):
        return "is not a number"
    if asked.type == AskedType.DATE and not _is_date(value):
        return "is not a date such as 2026-11-23"
    if asked.type == AskedType.CHOICE and value not in asked.choices:
        return "is none of the choices"
    return ""


def filled_in(macro: Macro, given: Mapping[str, str], language: str) -> dict[str, str]:
    """What the asked fields stand for, by the name that texts have for them.

    Raises Invalid, which names every field that is missing, wrong or not asked for.
    """
    wrong = [(name, "is not asked for") for name in given if name not in _names(macro)]
    values = {}
    for asked in macro.asks:
        value = " ".join(given.get(asked.name, asked.default).split())
        reason = fault(asked, value) if value else "is required" if asked.required else ""
        if reason:
            wrong.append((asked.name, reason))
        dated = asked.type == AskedType.DATE and value and not reason
        values[f"ask.{asked.name}"] = (
            _spoken(date.fromisoformat(value), language) if dated else value
        )
    if wrong:
        fields = [{"field": f"asked.{name}", "reason": reason} for name, reason in wrong]
        raise Invalid("; ".join(f"{name} {reason}" for name, reason in wrong), fields)
    return values


def optional(macro: Macro) -> frozenset[str]:
    """The fields of its texts that may stay empty."""
    return frozenset(f"ask.{asked.name}" for asked in macro.asks if not asked.required)


def _names(macro: Macro) -> frozenset[str]:
    return frozenset(asked.name for asked in macro.asks)


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _spoken(day: date, language: str) -> str:
    """A day as a customer reads it; in a language that we do not write, as ISO 8601."""
    form = _DAYS.get(language)
    if form is None:
        return day.isoformat()
    return form.format(d=day.day, m=day.month, y=day.year, month=_MONTHS[day.month - 1])


def values_of(case: Case, customer_name: str, agent_name: str, company: str) -> dict[str, str]:
    """What the fields stand for in a case."""
    found = {
        "customer.name": customer_name,
        "customer.first_name": customer_name.split()[0] if customer_name.split() else "",
        "case.reference": case.reference,
        "case.subject": case.subject,
        "case.topic": case.topic.label or "",
        "agent.name": agent_name,
        "company": company,
    }
    form = {f"form.{name}": str(value) for name, value in case.fields.items()}
    return {name: " ".join(value.split()) for name, value in {**form, **found}.items()}


def patch_of(macro: Macro, case: Case, agent: str) -> CasePatch:
    """What the macro changes, as the patch of an agent; its tags join those that are there."""
    wanted: dict[str, object] = {}
    if macro.status:
        wanted["status"] = macro.status
    if macro.priority:
        wanted["priority"] = macro.priority
    if macro.team:
        wanted["team"] = macro.team
    if macro.assignee:
        wanted["assignee"] = agent if macro.assignee == "me" else macro.assignee
    fresh = [tag for tag in macro.tags if tag not in case.tags]
    if fresh:
        wanted["tags"] = (*case.tags, *fresh)
    if macro.fields:
        wanted["fields"] = macro.fields
    return CasePatch.model_validate(wanted)


def visible(macros: Iterable[Macro], teams: frozenset[str]) -> list[Macro]:
    """The macros that somebody in those teams sees."""
    return [m for m in macros if not m.visible_to or teams & frozenset(m.visible_to)]
