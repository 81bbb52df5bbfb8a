"""Names and colours that a company sets."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.branding import INKS, BrandSettings, contrast

TOKENS = Path(__file__).parent.parent / "chalicelib" / "web" / "static" / "tokens.css"
TEXTS = ("text", "muted", "accent", "danger", "warn", "ok")
GROUNDS = ("bg", "surface", "raised", "out-bg", "note-bg", "sel")
OWN = {"danger": "danger-bg", "warn": "warn-bg", "ok": "ok-bg"}


@given(st.integers(0, 0xFFFFFF))
def test_on_every_accent_that_is_taken_its_ink_can_be_read(number: int) -> None:
    colour = f"#{number:06x}"
    try:
        BrandSettings(accent=colour)
    except ValidationError:
        return
    assert max(contrast(colour, ink) for ink in INKS) >= 4.5


def test_a_pale_accent_is_refused_with_its_contrast() -> None:
    with pytest.raises(ValidationError, match=r"accent: has a contrast of 1\.\d to 1"):
        BrandSettings(accent="#ffee88")


@pytest.mark.parametrize("logo", ["https://example.org/logo.png", "javascript:alert(1)", "x"])
def test_a_logo_that_would_be_loaded_from_elsewhere_is_refused(logo: str) -> None:
    with pytest.raises(ValidationError):
        BrandSettings(logo=logo)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_text_colour_can_be_read_on_every_ground(theme: int) -> None:
    blocks = re.findall(r"\{[^{}]*--bg:[^{}]*\}", TOKENS.read_text())
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[theme]))
    pairs = [*product(TEXTS, GROUNDS), *OWN.items(), ("on-accent", "accent")]
    poor = [p for p in pairs if contrast(colours[p[0]], colours[p[1]]) < 4.5]
    assert not poor
    for line in ("control", "focus"):
        assert contrast(colours[line], colours["bg"]) >= 3
