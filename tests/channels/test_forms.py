"""The form's own fields: what each type takes, and how it is kept."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.channels.forms import FormSettings, checked
from chalicelib.customers.rules import email, phone
from chalicelib.errors import Invalid


def form(**field: Any) -> FormSettings:
    return FormSettings.model_validate(
        {"fields": [{"name": "x", "label": {"en": "X", "de": "X"}, **field}]}
    )


CHOICES = [{"value": "shoes"}, {"value": "hats", "label": {"en": "Hats"}}]


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ({}, "  4711 ", "4711"),
        ({"type": "choice", "choices": CHOICES}, "hats", "hats"),
        ({"type": "number"}, "12.50", 12.5),
        ({"type": "number"}, -3, -3),
        ({"type": "date"}, "2026-02-28", "2026-02-28"),
        ({"type": "bool"}, "on", True),
        ({"type": "bool"}, False, False),
        ({"type": "email"}, "Ada@Example.com", "ada@example.com"),
        ({"type": "phone"}, "+49 151 123 456 78", "+4915112345678"),
    ],
)
def test_a_value_is_kept_as_its_type(field: dict[str, Any], given: Any, kept: Any) -> None:
    value = checked(form(**field), {"x": given}, email, phone)["x"]
    assert (value, type(value)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("field", "given", "reason"),
    [
        ({"required": True}, " ", "is required"),
        ({"max_length": 3}, "four", "has more than 3 characters"),
        ({}, 5, "must be a text"),
        ({"type": "choice", "choices": CHOICES}, "gloves", "is none of the choices"),
        ({"type": "number"}, "1e400", "is not a number"),
        ({"type": "number"}, float("nan"), "is not a number"),
        ({"type": "number"}, 10**15, "is not a number"),
        ({"type": "number"}, True, "is not a number"),
        ({"type": "date"}, "2026-02-30", "is not a date such as 2026-11-23"),
        ({"type": "bool"}, "perhaps", "is true or false"),
        ({"type": "email"}, "ada", "is not an e-mail address"),
        ({"type": "phone"}, "0151", "is not a number with country code (+49 30 …)"),
    ],
)
def test_a_wrong_value_is_refused_by_its_field(
    field: dict[str, Any], given: Any, reason: str
) -> None:
    with pytest.raises(Invalid) as refused:
        checked(form(**field), {"x": given}, email, phone)
    assert refused.value.extra["fields"] == [{"field": "fields.x", "reason": reason}]


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        checked(form(required=True), {"y": "1"}, email, phone)
    assert [f["field"] for f in refused.value.extra["fields"]] == ["fields.y", "fields.x"]


def test_an_optional_field_that_is_left_empty_is_not_kept() -> None:
    assert checked(form(type="date"), {"x": ""}, email, phone) == {}


@pytest.mark.parametrize(
    "field",
    [
        {"type": "choice"},
        {"choices": CHOICES},
        {"type": "choice", "choices": [{"value": "a"}, {"value": "a"}]},
        {"label": {}},
        {"name": "Not A Name"},
    ],
)
def test_a_field_that_makes_no_sense_cannot_be_set_up(field: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"choices|label|name"):
        form(**field)
