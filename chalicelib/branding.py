"""How the pages look: a company's name, logo and colours, as a style sheet of custom properties.

Colours are checked when they are set: text and controls must be readable by WCAG 2.2 (1.4.3, a
contrast of at least 4.5 to 1) in the light and in the dark theme.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from chalicelib.base import Model

LIGHT_GROUNDS = ("#ffffff", "#f6f7f9", "#e8f0fd")
DARK_GROUNDS = ("#12151a", "#212732", "#16283f")
"""What the accent colour stands on: page, surface and a message of ours."""
INKS = ("#ffffff", "#0d1b33")
READABLE = 4.5
SMALL = 4_000  # characters of a logo
LOGO = re.compile(r"data:image/(?:png|svg\+xml);base64,[A-Za-z0-9+/=]+")


def _logo(text: str) -> str:
    if text and not LOGO.fullmatch(text):
        raise ValueError("must be a data: address of a PNG or SVG image in base64")
    if text.startswith("https:"):
        raise ValueError(
            "must be inside (data:image/…;base64,…): pages load nothing from elsewhere"
        )
    return text


Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class BrandSettings(Model):
    """The document `brand`."""

    name: str = Field(default="CustOps", min_length=1, max_length=60)
    accent: Colour = "#1f5fbf"
    accent_dark: Colour = "#8ab4ff"
    logo: Annotated[str, Field(max_length=60_000), AfterValidator(_logo)] = ""
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}$")

    @model_validator(mode="after")
    def _readable(self) -> Self:
        for name, colour, grounds in (
            ("accent", self.accent, LIGHT_GROUNDS),
            ("accent_dark", self.accent_dark, DARK_GROUNDS),
        ):
            worst = min(contrast(colour, ground) for ground in grounds)
            if worst < READABLE:
                raise ValueError(
                    f"{name}: has a contrast of {worst:.1f} to 1 on our pages; 4.5 is needed, "
                    f"as {readable(colour, grounds)} has"
                )
        return self

    @property
    def mark(self) -> str:
        """Changes whenever the style sheet does."""
        return hashlib.sha256(self.style_sheet().encode()).hexdigest()[:12]

    @property
    def icon(self) -> str:
        """The logo where it is small enough to travel with every page, else nothing."""
        return self.logo if 0 < len(self.logo) <= SMALL else "data:,"

    def style_sheet(self) -> str:
        """Custom properties for both themes; the theme of the page wins over the system's."""
        logo = f';--logo:url("{self.logo}")' if self.logo else ""
        light = _properties(self.accent) + logo
        dark = _properties(self.accent_dark)
        return (
            f":root{{{light}}}\n"
            f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
            f":root[data-theme=dark]{{{dark}}}\n"
        )


def _properties(accent: str) -> str:
    return f"--accent:{accent};--on-accent:{ink(accent)}"


def ink(accent: str) -> str:
    """The colour of text that is best read on the accent colour."""
    return max(INKS, key=lambda colour: contrast(accent, colour))


def readable(colour: str, grounds: Iterable[str]) -> str:
    """The colour, made so much darker or lighter that it can be read on all of the grounds."""
    against = tuple(grounds)
    end = 0 if _luminance(against[0]) > 0.5 else 255
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    for step in range(101):
        moved = (round(part + (end - part) * step / 100) for part in parts)
        found = "#" + "".join(f"{part:02x}" for part in moved)
        if min(contrast(found, ground) for ground in against) >= READABLE:
            return found
    raise ValueError("black or white can be read on every ground")


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (#rrggbb), 1 to 21 (WCAG 2.2, contrast ratio)."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
