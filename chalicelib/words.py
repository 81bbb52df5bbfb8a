"""What people read on our pages and in our messages, by language: web/locales/<language>.json.

A text may hold `{name}` and plurals as ICU MessageFormat writes them,
`{count, plural, =0 {no case} one {# case} other {# cases}}`; `#` is the number. The browser reads
the same files with the same rules. English is complete; what a language lacks is said in English.
Source: Unicode CLDR 46, Language Plural Rules, for the languages named in `CATEGORIES`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent / "web" / "locales"
SOURCE = "en"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
PLURAL = re.compile(r"(\w+)\s*,\s*plural\s*,\s*(.*)", re.DOTALL)
CHOICE = re.compile(r"\s*(=\d+|\w+)\s*\{")
LANGUAGE = re.compile(r"[a-z]{2,3}")


class Words:
    """The texts of one language: `words("case.open", name="Ana")`."""

    def __init__(self, language: str, texts: Mapping[str, str], source: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts
        self._source = source

    def __call__(self, key: str, **fields: object) -> str:
        """The text; raises KeyError for a key that even English lacks, or a missing field."""
        text = self._texts.get(key)
        language = self.language if text is not None else SOURCE
        return render(text if text is not None else self._source[key], fields, language)

    @property
    def direction(self) -> str:
        return "rtl" if self.language[:2] in RIGHT_TO_LEFT else "ltr"

    def all(self, prefix: str = "") -> dict[str, str]:
        """Every text whose key begins so, as it is written, English where there is no other."""
        merged = {**self._source, **self._texts}
        return {key: text for key, text in merged.items() if key.startswith(prefix)}


def languages() -> tuple[str, ...]:
    """The languages that there are texts for, English first."""
    found = sorted(path.stem for path in LOCALES.glob("*.json"))
    return (SOURCE, *(name for name in found if name != SOURCE))


@cache
def words(language: str) -> Words:
    """The texts of a language; English for one that we do not have."""
    known = language if language in languages() else SOURCE
    return Words(known, _read(known), _read(SOURCE))


@cache
def _read(language: str) -> Mapping[str, str]:
    texts: Mapping[str, str] = json.loads(
        (LOCALES / f"{language}.json").read_text(encoding="utf-8")
    )
    return texts


def preferred(header: str, among: Iterable[str]) -> str | None:
    """The language that an Accept-Language header (RFC 9110, 12.5.4) likes best among ours."""
    known = set(among)
    liked: list[tuple[float, int, str]] = []
    for place, part in enumerate(header[:500].split(",")):
        tag, _, rest = part.strip().partition(";")
        match = LANGUAGE.match(tag.lower())
        if match and match[0] in known and (quality := _quality(rest)) > 0:
            liked.append((-quality, place, match[0]))
    return min(liked)[2] if liked else None


def _quality(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def render(text: str, fields: Mapping[str, object], language: str) -> str:
    """A text with its fields filled in; raises KeyError for one that is missing."""
    out: list[str] = []
    at = 0
    while (start := text.find("{", at)) >= 0:
        end = closing(text, start)
        out += [text[at:start], _filled(text[start + 1 : end], fields, language)]
        at = end + 1
    return "".join((*out, text[at:]))


def closing(text: str, start: int) -> int:
    """Where the brace that opens at `start` is closed; raises ValueError where it is not."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at
    raise ValueError(f"a brace is not closed: {text}")


def _filled(inside: str, fields: Mapping[str, object], language: str) -> str:
    match = PLURAL.fullmatch(inside.strip())
    if match is None:
        return str(fields[inside.strip()])
    number = fields[match[1]]
    if not isinstance(number, int):
        raise TypeError(f"{match[1]} must be a whole number")
    choices = _choices(match[2])
    category = CATEGORIES.get(language, _one_other)(number)
    chosen = choices.get(f"={number}", choices.get(category, choices["other"]))
    return render(chosen.replace("#", str(number)), fields, language)


def _choices(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while match := CHOICE.match(text, at):
        end = closing(text, match.end() - 1)
        found[match[1]] = text[match.end() : end]
        at = end + 1
    return found


def _one_other(number: int) -> str:
    return "one" if number == 1 else "other"


def _arabic(number: int) -> str:
    last = number % 100
    if number < 3:
        return ("zero", "one", "two")[number]
    return "few" if 3 <= last <= 10 else "many" if 11 <= last <= 99 else "other"


def _french(number: int) -> str:
    return "one" if number < 2 else "other"


CATEGORIES: Mapping[str, Callable[[int], str]] = {
    "ar": _arabic,
    "de": _one_other,
    "en": _one_other,
    "fr": _french,
}
