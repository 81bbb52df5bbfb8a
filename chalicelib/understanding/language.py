"""Which language a text is in: decided here, before any paid call.

1. What is no language (links, addresses, numbers) is taken out.
2. Letters are counted by script. Some scripts name the language (Hangul, kana, Greek, Thai, …).
3. Where several languages share a script, every letter is looked up with the up to three letters
   before it, and every word border with its neighbours: a row of penalties, one a language. Words
   of a short list speak for their languages.
4. The penalties add up; their softmax, tempered because neighbouring n-grams are not independent,
   is the confidence. Below `SURE` the answer is "und".

The table is built by infra/languages.py, which names its sources and their licences.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
import zlib
from collections import Counter
from functools import cache
from operator import add
from pathlib import Path
from typing import NamedTuple

from chalicelib.text import MARKS
from chalicelib.understanding.models import UNKNOWN_LANGUAGE, Language
from chalicelib.understanding.telling_words import TELLING_WORDS

SURE = 0.55
READ_CHARACTERS = 500  # more does not change the verdict

_TEMPER = 0.45
_WORD_TELLS = 7.0  # nats for the first word of the list; further ones count less (root)
_TABLE = Path(__file__).with_name("languages.bin")
_NOISE = re.compile(r"https?://\S{1,2000}|www\.\S{1,2000}|(?<!\S)\S{0,100}@\S{1,200}|[\d_]+")
_LETTERS = f"(?:[^\\W\\d_]|[{MARKS}])+"
_WORD = re.compile(f"{_LETTERS}(?:['’]{_LETTERS})*")

# First and last code point, script, the language where the script names one, weight of a letter
# (a syllable or an ideograph says as much as several letters).
_SCRIPTS = (
    (0x0041, 0x024F, "latin", "", 1),
    (0x1E00, 0x1EFF, "latin", "", 1),
    (0x0400, 0x052F, "cyrillic", "", 1),
    (0x0600, 0x06FF, "arabic", "", 1),
    (0x0900, 0x097F, "devanagari", "", 1),
    (0x3040, 0x30FF, "kana", "ja", 3),
    (0x31F0, 0x31FF, "kana", "ja", 3),
    (0x3400, 0x9FFF, "han", "zh", 3),
    (0xAC00, 0xD7AF, "hangul", "ko", 2),
    (0x1100, 0x11FF, "hangul", "ko", 1),
    (0x0370, 0x03FF, "greek", "el", 1),
    (0x1F00, 0x1FFF, "greek", "el", 1),
    (0x0590, 0x05FF, "hebrew", "he", 1),
    (0x0E00, 0x0E7F, "thai", "th", 1),
    (0x0980, 0x09FF, "bengali", "bn", 1),
    (0x0A00, 0x0A7F, "gurmukhi", "pa", 1),
    (0x0A80, 0x0AFF, "gujarati", "gu", 1),
    (0x0B80, 0x0BFF, "tamil", "ta", 1),
    (0x0C00, 0x0C7F, "telugu", "te", 1),
    (0x0C80, 0x0CFF, "kannada", "kn", 1),
    (0x0D00, 0x0D7F, "malayalam", "ml", 1),
    (0x0530, 0x058F, "armenian", "hy", 1),
    (0x10A0, 0x10FF, "georgian", "ka", 1),
)

# Nats in favour, for what is more often written to a helpdesk; moves only what is in doubt.
_PRIOR = {"en": 2.0} | dict.fromkeys(("de", "fr", "es", "it", "pt", "nl"), 1.0)
_PRIOR |= dict.fromkeys(("af", "ca", "sq", "sw", "tl", "mk", "be", "sr"), -1.0)


class _Group(NamedTuple):
    languages: tuple[str, ...]
    rows: dict[str, bytes]
    steps_per_nat: int


def identify_language(text: str) -> Language:
    """The language of `text` (ISO 639-1), or "und" when there is too little to be sure."""
    letters = " ".join(_WORD.findall(_NOISE.sub(" ", text[: 4 * READ_CHARACTERS])))
    letters = unicodedata.normalize("NFC", letters[:READ_CHARACTERS])
    weights = _scripts(letters)
    if not weights:
        return Language(code=UNKNOWN_LANGUAGE, confidence=0.0, reason="no letters to go by")
    script = max(weights, key=lambda name: weights[name])
    share = weights[script] / weights.total()
    if script in ("han", "kana"):
        return _chinese_or_japanese(weights, share)
    if named := _named(script):
        return Language(
            code=named, confidence=round(share, 3), reason=f"written in {script} letters"
        )
    return _by_ngrams(script, letters)


def _scripts(letters: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for char, times in Counter(letters).items():
        script, weight = _script(char)
        if script:
            counts[script] += weight * times
    if counts["kana"]:  # Japanese is written in both
        counts["kana"] += counts.pop("han", 0)
    return +counts


@cache
def _script(char: str) -> tuple[str, int]:
    point = ord(char)
    for first, last, script, _, weight in _SCRIPTS:
        if first <= point <= last and char.isalpha():
            return script, weight
    return "", 0


@cache
def _named(script: str) -> str:
    return next(language for _, _, name, language, _ in _SCRIPTS if name == script)


def _chinese_or_japanese(weights: Counter[str], share: float) -> Language:
    if weights["kana"]:
        return Language(code="ja", confidence=round(share, 3), reason="written with kana")
    # A few ideographs alone might be a Japanese word.
    confidence = share * (1 - 0.4 / max(1, weights["han"] / 6))
    return Language(
        code="zh", confidence=round(confidence, 3), reason="written in ideographs without kana"
    )


def _by_ngrams(script: str, letters: str) -> Language:
    group = _table()[script]
    spellings = letters.lower().replace("’", "'").split()
    totals = _penalties(" ".join(spellings).replace("'", " "), group)
    scores = [
        _PRIOR.get(code, 0.0)
        + _TEMPER * (_words_for(code, spellings) - total / group.steps_per_nat)
        for code, total in zip(group.languages, totals, strict=True)
    ]
    best = max(scores)
    shares = [math.exp(score - best) for score in scores]
    confidence = 1 / sum(shares)
    ranked = sorted(zip(scores, group.languages, strict=True), reverse=True)
    first, second = ranked[0][1], ranked[1][1]
    if confidence < SURE:
        reason = f"in doubt between {first} and {second}"
        return Language(code=UNKNOWN_LANGUAGE, confidence=round(confidence, 3), reason=reason)
    reason = f"its letter sequences fit {first} better than {second}"
    return Language(code=first, confidence=round(confidence, 3), reason=reason)


def _words_for(code: str, spellings: list[str]) -> float:
    listed = TELLING_WORDS.get(code, frozenset())
    return _WORD_TELLS * math.sqrt(sum(word in listed for word in spellings))


def _penalties(letters: str, group: _Group) -> list[int]:
    rows = group.rows
    totals = [0] * len(group.languages)
    for word in letters.split():
        for end in range(1, len(word) + 1):
            for start in range(max(0, end - 4), end):
                if row := rows.get(word[start:end]):
                    totals = list(map(add, totals, row))
                    break
        for border in (f" {word[:1]}", f" {word[:2]}", f"{word[-1:]} ", f"{word[-2:]} "):
            if row := rows.get(border):
                totals = list(map(add, totals, row))
    return totals


@cache
def _table() -> dict[str, _Group]:
    """The languages and rows by script, read once: 10 ms."""
    head, _, rows = zlib.decompress(_TABLE.read_bytes()).partition(b"\n\n")
    first_line, _, listed = head.partition(b"\n")
    header, features = json.loads(first_line), listed.decode().split("\n")
    groups: dict[str, _Group] = {}
    start = offset = 0
    for script, about in header["groups"].items():
        width, count = len(about["languages"]), about["features"]
        names = features[start : start + count]
        table = {
            name: rows[offset + i * width : offset + (i + 1) * width]
            for i, name in enumerate(names)
        }
        groups[script] = _Group(tuple(about["languages"]), table, header["steps_per_nat"])
        start += count
        offset += count * width
    return groups
