"""Macros: what a text may hold, and that no customer ever reads an empty field."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.cases import macros
from chalicelib.cases.macros import Macro
from chalicelib.cases.models import Case
from chalicelib.channels.models import Channel
from chalicelib.errors import Invalid

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def case(**fields: object) -> Case:
    known = {
        "reply_channel": Channel.EMAIL,
        "id": "1",
        "reference": "C-7K2M9Q",
        "channel": Channel.EMAIL,
        "customer_id": "2",
    }
    times = dict.fromkeys(("last_message_at", "created_at", "updated_at"), NOON)
    return Case.model_validate({**known, **times, **fields})


def test_a_text_is_filled_with_the_values_of_the_case() -> None:
    values = macros.values_of(case(fields={"serial": "X 1"}), "Ada Byron", "Ben", "Shop")
    text = (
        "Hello {{customer.first_name}}, {{ case.reference }} about {{form.serial}}. {{agent.name}}"
    )
    assert macros.render(text, values) == "Hello Ada, C-7K2M9Q about X 1. Ben"


def test_a_field_without_a_value_is_refused_by_its_name() -> None:
    values = macros.values_of(case(), "", "Ben", "Shop")
    with pytest.raises(Invalid) as refused:
        macros.render("Hello {{customer.first_name}},", values)
    assert refused.value.extra["fields"][0]["field"] == "customer.first_name"


def test_a_misspelt_field_is_refused_when_it_is_saved() -> None:
    with pytest.raises(ValidationError, match=r"custmer\.name"):
        Macro(name="a", title="A", text="Hello {{custmer.name}}")


def test_a_macro_that_does_nothing_is_refused() -> None:
    with pytest.raises(ValidationError):
        Macro(name="a", title="A")


@given(st.text(max_size=60))
def test_what_a_customer_is_called_is_never_read_as_a_field(name: str) -> None:
    values = {"customer.name": name + "{{agent.name}}", "agent.name": "Ben"}
    assert macros.render("{{customer.name}}", values) == name + "{{agent.name}}"


def test_the_text_is_that_of_the_language_else_the_one_for_all() -> None:
    macro = Macro(name="a", title="A", text="Hello", texts={"de": "Hallo"})
    assert [macros.text_for(macro, code) for code in ("de", "fr")] == ["Hallo", "Hello"]
    only = Macro(name="a", title="A", texts={"de": "Hallo", "en": "Hello"})
    assert macros.text_for(only, "fr") == "Hello"


def test_tags_join_those_that_are_there() -> None:
    macro = Macro(name="a", title="A", tags=("late", "parcel"), assignee="me")
    patch = macros.patch_of(macro, case(tags=("parcel",)), "ben@example.com")
    assert (patch.tags, patch.assignee) == (("parcel", "late"), "ben@example.com")
    assert patch.model_fields_set == {"tags", "assignee"}


def test_a_macro_of_a_team_is_seen_by_that_team_only() -> None:
    listed = [
        Macro(name="a", title="A", text="a"),
        Macro(name="b", title="B", text="b", visible_to=("x",)),
    ]
    assert [m.name for m in macros.visible(listed, frozenset())] == ["a"]
    assert [m.name for m in macros.visible(listed, frozenset({"x"}))] == ["a", "b"]
