"""Fields that a company gives its cases beside those that every case has. Pure.

They are described in the settings document `fields`; the web form's own fields (forms.py) are
fields of cases as well. Where both name the same one, `fields` says what it is, and the form only
whether it is asked for: so that no two descriptions of a value can contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from chalicelib.base import Model
from chalicelib.channels import forms
from chalicelib.channels.forms import Address, FieldOfOurs, FormField, FormSettings
from chalicelib.channels.models import FieldValue
from chalicelib.errors import Invalid

Label = Annotated[str, Field(min_length=1, max_length=64)]
Given = Mapping[str, FieldValue | None]


class CaseField(FieldOfOurs):
    """A field of cases. It belongs to cases of those topics and teams; none means all. With
    `to_resolve` a case that it belongs to is not resolved by an agent while it is empty."""

    topics: tuple[Label, ...] = Field(default=(), max_length=50)
    teams: tuple[Label, ...] = Field(default=(), max_length=50)
    to_resolve: bool = False

    def belongs(self, topic: str | None, team: str | None) -> bool:
        """Whether cases of that topic and team have it."""
        fits_topic = not self.topics or topic in self.topics
        return fits_topic and (not self.teams or team in self.teams)


class FieldsSettings(Model):
    """The document `fields`."""

    fields: tuple[CaseField, ...] = Field(default=(), max_length=100)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            raise ValueError("fields: two have the same name; names must differ")
        return self


def all_fields(own: FieldsSettings, form: FormSettings) -> tuple[CaseField, ...]:
    """Every field that a case may have, those of the document `fields` first."""
    named = {field.name for field in own.fields}
    asked = (field for field in form.fields if field.name not in named)
    return (*own.fields, *(CaseField(**field.model_dump(exclude={"required"})) for field in asked))


def form_of(own: FieldsSettings, form: FormSettings) -> FormSettings:
    """The form with its fields as the document `fields` describes them."""
    described = {field.name: field for field in own.fields}
    shared = set(FieldOfOurs.model_fields) - {"label"}  # the customer reads the form's own words
    fields = tuple(
        FormField.model_validate(
            field.model_dump() | described[field.name].model_dump(include=shared)
        )
        if field.name in described
        else field
        for field in form.fields
    )
    return form.model_copy(update={"fields": fields})


def checked(
    known: Iterable[CaseField],
    given: Given,
    values: Mapping[str, FieldValue],
    email: Address,
    phone: Address,
) -> dict[str, FieldValue | None]:
    """What was given as it is kept; raises Invalid that names every field that is wrong.

    An empty text is None, as is null: the value goes. A value of a field that is described no
    longer can only be taken away.
    """
    described = {field.name: field for field in known}
    kept: dict[str, FieldValue | None] = {}
    wrong: list[Mapping[str, str]] = []
    for name, raw in given.items():
        raw = raw.strip() if isinstance(raw, str) else raw
        try:
            if raw is None or raw == "":
                kept[name] = None
            elif name in described:
                kept[name] = forms.value(described[name], raw, email, phone)
            elif raw != values.get(name):
                raise Invalid.field(f"fields.{name}", "there is no such field")
        except Invalid as invalid:
            wrong += invalid.extra["fields"]
    if wrong:
        raise Invalid(f"{wrong[0]['field']}: {wrong[0]['reason']}", wrong)
    return kept


def lacking(
    known: Iterable[CaseField],
    topic: str | None,
    team: str | None,
    values: Mapping[str, FieldValue],
) -> list[str]:
    """Names of fields that such a case must have before it is resolved, and has not."""
    return [
        field.name
        for field in known
        if field.to_resolve and field.name not in values and field.belongs(topic, team)
    ]
