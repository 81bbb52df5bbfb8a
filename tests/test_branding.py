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


def test_a_refusal_names_a_colour_near_it_that_is_taken() -> None:
    for poor in ({"accent": "#ffaa00"}, {"accent_dark": "#1f5fbf"}):
        with pytest.raises(ValidationError) as refused:
            BrandSettings(**poor)
        (name,) = poor
        found = re.search(r"as (#[0-9a-f]{6}) has", str(refused.value))
        assert found
        assert getattr(BrandSettings(**{name: found[1]}), name) == found[1]


@given(st.integers(0, 0xFFFFFF))
def test_text_can_be_read_on_the_tint_of_every_accent(number: int) -> None:
    try:
        brand = BrandSettings(accent=f"#{number:06x}")
    except ValidationError:
        return
    for accent, ground, text in (
        (brand.accent, "#ffffff", "#1a1f26"),
        (brand.accent_dark, "#12151a", "#e7eaf0"),
    ):
        assert contrast(mixed(accent, ground, 0.07), text) >= 4.5


def mixed(one: str, other: str, share: float) -> str:
    """Two colours as color-mix(in srgb) mixes them."""
    pairs = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def test_a_logo_travels_with_the_style_sheet_and_changes_its_mark() -> None:
    logo = "data:image/svg+xml;base64,PHN2Zy8+"
    plain, with_logo = BrandSettings(), BrandSettings(logo=logo)
    assert f'--logo:url("{logo}")' in with_logo.style_sheet()
    assert "--logo" not in plain.style_sheet()
    assert plain.mark != with_logo.mark
    assert with_logo.icon == logo
    assert BrandSettings(logo=logo[:-4] + "A" * 5_000).icon == "data:,"


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
    for line, ground in product(("control", "focus"), ("bg", "surface", "raised")):
        assert contrast(colours[line], colours[ground]) >= 3
