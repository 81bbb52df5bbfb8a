"""Texts by language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.handlers.pages import WEB
from chalicelib.settings_documents import DOCUMENTS
from chalicelib.words import _read, languages, preferred, render, words

RECKONED = {"observed", "observed_until", "field", "op", "all", "any"}  # not asked, or a row's own
FIELD = re.compile(r"\{\s*(\w+)\s*(?:,|\})")


def test_a_plural_is_chosen_by_the_language() -> None:
    text = "{n, plural, =0 {none} one {# case} two {# (two)} few {# few} other {# cases}}"
    assert [render(text, {"n": n}, "en") for n in (0, 1, 2, 5)] == [
        "none", "1 case", "2 cases", "5 cases",
    ]  # fmt: skip
    assert [render(text, {"n": n}, "ar") for n in (2, 5, 11)] == ["2 (two)", "5 few", "11 cases"]


def test_a_field_inside_a_plural_is_filled_in() -> None:
    text = "{n, plural, one {# case of {name}} other {# cases of {name}}}"
    assert render(text, {"n": 3, "name": "Ana"}, "en") == "3 cases of Ana"


def test_a_missing_field_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(KeyError, match="name"):
        render("Dear {name}", {}, "en")


def test_what_a_language_lacks_is_said_in_english() -> None:
    assert words("xx").language == "en"


@pytest.mark.parametrize("language", languages())
def test_no_text_is_there_twice(language: str) -> None:
    keys: list[str] = []
    text = (WEB / "locales" / f"{language}.json").read_text("utf-8")
    json.loads(text, object_pairs_hook=lambda pairs: keys.extend(key for key, _ in pairs))
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("language", [name for name in languages() if name != "en"])
def test_every_language_has_every_text_with_the_same_fields(language: str) -> None:
    source, texts = _read("en"), _read(language)
    assert set(texts) == set(source)
    for key, text in source.items():
        assert set(FIELD.findall(texts[key])) == set(FIELD.findall(text)), key


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr, en;q=0.4, de;q=0.8", "de"),
        ("de;q=0, en", "en"),
        ("tlh", None),
        (";;q=x,,", None),
    ],
)
def test_the_browsers_wish_is_read(header: str, language: str | None) -> None:
    assert preferred(header, ("en", "de")) == language


def _fields(schema: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Every field in a schema, and the values that it is chosen from."""
    for part in (schema, *schema.get("$defs", {}).values()):
        for name, field in part.get("properties", {}).items():
            yield name, field.get("enum", [])
        yield "", part.get("enum", [])


@pytest.mark.parametrize("document", sorted(DOCUMENTS))
def test_every_field_of_the_settings_is_called_by_a_word(document: str) -> None:
    known = set(_read("en"))
    assert {f"settings.{document}", f"settings.{document}_what"} <= known
    for name, values in _fields(DOCUMENTS[document]().model_json_schema()):
        if name and name not in RECKONED:
            assert known & {f"set.{document}.{name}", f"set.{name}"}, name
        for value in values:
            keys = {f"{kind}.{value}" for kind in ("enum", "channel", "state", "priority", "op")}
            assert known & keys, value
