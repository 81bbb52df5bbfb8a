"""Languages that nobody speaks, to try the pages out."""

from __future__ import annotations

import re

import pytest

from chalicelib import pseudo
from chalicelib.words import languages, words

WORDS = re.compile(r"{\w+}")
SOURCE = words("en").all()


@pytest.mark.parametrize("language", pseudo.LANGUAGES)
def test_every_text_is_changed_and_its_fields_are_filled_in(language: str) -> None:
    made = pseudo.words(language)
    for key, text in SOURCE.items():
        assert made.all()[key] != text or not WORDS.sub("", text).strip(" :→"), key
    said = made("home.found", count=3)
    assert "3" in said
    assert "{" not in said
    assert "C-7K2M9Q" in made("case.keep", reference="C-7K2M9Q")


def test_one_is_longer_and_the_other_runs_from_right_to_left() -> None:
    long, plain = pseudo.words(pseudo.LONGER), words("en")
    assert len(long("home.person_text")) >= 1.35 * len(plain("home.person_text"))
    assert pseudo.words(pseudo.MIRRORED).direction == "rtl"
    assert long.direction == "ltr"


def test_no_customer_is_offered_them() -> None:
    assert not set(pseudo.LANGUAGES) & set(languages())
