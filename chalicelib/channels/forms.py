"""The web form's own fields: how a company describes them, and what their values must be. Pure.

The description is a part of the settings document `channels`; the values are kept on the case under
the fields' names, so that routing rules can name them (`fields.product`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from chalicelib.base import Model
from chalicelib.channels.models import FieldValue
from chalicelib.errors import Invalid

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=20)]
Words = Annotated[str, Field(min_length=1, max_length=200)]
Labels = Annotated[dict[Language, Words], Field(min_length=1, max_length=50)]
LARGEST = 10**15  # of a number: what JSON readers keep exactly
MOST_BYTES = 32_768  # of all values together; they live in the case's item


class FieldType(StrEnum):
    """What a field takes; a date is 2026-11-23, a phone number has its country code."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    DATE = "date"
    BOOL = "bool"
    EMAIL = "email"
    PHONE = "phone"


class Choice(Model):
    """One of the values that a field may have, and how it is called, by language."""

    value: Annotated[str, Field(min_length=1, max_length=80)]
    label: Labels | None = None


class FieldOfOurs(Model):
    """What both kinds of fields have. `label` is by language, such as {"en": "Order",
    "de": "Bestellung"}."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    label: Labels
    type: FieldType = FieldType.TEXT
    choices: tuple[Choice, ...] = Field(default=(), max_length=200)
    max_length: int = Field(default=500, ge=1, le=4_000)  # characters

    @model_validator(mode="after")
    def _choices_belong_to_a_choice(self) -> Self:
        if bool(self.choices) != (self.type == FieldType.CHOICE):
            raise ValueError("choices: a field of type choice has them, no other does")
        values = [choice.value for choice in self.choices]
        if len(set(values)) < len(values):
            raise ValueError("choices: two have the same value")
        return self


class FormField(FieldOfOurs):
    """A field that the web form asks for. One of the same name in the document `fields` says what
    it is."""

    required: bool = False


class FormSettings(Model):
    """The form, in the document `channels`. `upload_bytes` is the most that one file may have."""

    fields: tuple[FormField, ...] = Field(default=(), max_length=50)
    uploads: int = Field(default=5, ge=0, le=10)  # files with one message
    upload_bytes: int = Field(default=20_000_000, ge=1_000, le=40_000_000)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            raise ValueError("fields: two have the same name; names must differ")
        return self


Address = Callable[[str, str], str]
"""An address as it is compared, from (text, field's name); raises Invalid."""


def checked(
    form: FormSettings, given: Mapping[str, FieldValue], email: Address, phone: Address
) -> dict[str, FieldValue]:
    """The values as they are kept; raises Invalid that names every field that is wrong.

    An empty text is no value. Numbers and yes or no are also taken as text, as an HTML form
    sends them.
    """
    kept: dict[str, FieldValue] = {}
    wrong: list[Mapping[str, str]] = []
    known = {field.name: field for field in form.fields}
    for name in given.keys() - known.keys():
        wrong.append({"field": f"fields.{name[:60]}", "reason": "the form has no such field"})
    for name, field in known.items():
        raw = given.get(name, "")
        raw = raw.strip() if isinstance(raw, str) else raw
        try:
            if raw != "":
                kept[name] = value(field, raw, email, phone)
            elif field.required:
                raise Invalid.field(f"fields.{name}", "is required")
        except Invalid as invalid:
            wrong += invalid.extra["fields"]
    if wrong:
        first = wrong[0]
        raise Invalid(f"{first['field']}: {first['reason']}", wrong)
    return bounded(kept)


def bounded(values: dict[str, FieldValue]) -> dict[str, FieldValue]:
    """The values, where a case can hold them; raises Invalid."""
    if len(json.dumps(values).encode()) > MOST_BYTES:
        raise Invalid.field("fields", f"have more than {MOST_BYTES} bytes together")
    return values


def value(field: FieldOfOurs, raw: FieldValue, email: Address, phone: Address) -> FieldValue:
    """A value as it is kept; raises Invalid."""
    name = f"fields.{field.name}"
    match field.type:
        case FieldType.NUMBER:
            return _number(raw, name)
        case FieldType.BOOL:
            return _bool(raw, name)
    if not isinstance(raw, str):
        raise Invalid.field(name, "must be a text")
    if len(raw) > field.max_length:
        raise Invalid.field(name, f"has more than {field.max_length} characters")
    match field.type:
        case FieldType.CHOICE:
            if raw not in {choice.value for choice in field.choices}:
                raise Invalid.field(name, "is none of the choices")
        case FieldType.DATE:
            return _date(raw, name)
        case FieldType.EMAIL:
            return email(raw, name)
        case FieldType.PHONE:
            return phone(raw, name)
    return raw


NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?")


def _number(raw: FieldValue, name: str) -> FieldValue:
    if isinstance(raw, str) and NUMBER.fullmatch(raw):
        raw = float(raw) if "." in raw else int(raw)
    if isinstance(raw, bool | str) or not math.isfinite(raw) or abs(raw) >= LARGEST:
        raise Invalid.field(name, "is not a number")
    return raw


def _bool(raw: FieldValue, name: str) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.casefold() in ("true", "on", "yes", "false", "off", "no"):
        return raw.casefold() in ("true", "on", "yes")
    raise Invalid.field(name, "is true or false")


def _date(raw: str, name: str) -> str:
    try:
        return date.fromisoformat(raw).isoformat()
    except ValueError as error:
        raise Invalid.field(name, "is not a date such as 2026-11-23") from error
