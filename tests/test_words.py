"""Texts by language."""

from __future__ import annotations

import re

import pytest

from chalicelib.words import _read, languages, preferred, render, words

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
