"""Builds the table by which languages are told apart: chalicelib/understanding/languages.bin.

    python -m infra.languages LINGUA_WHEEL LANGDETECT_SDIST

Sources, both under Apache-2.0: letter n-gram probabilities of `lingua-language-detector` 1.3.5
(trained on news by the Wortschatz project, Leipzig) and, for word borders, the profiles of
`langdetect` 1.0.9 (trained on Wikipedia abstracts). Needs `brotli` to read the first.

1. For each script with several languages, every n-gram of one to four letters gets a row: one
   penalty a language, the negative conditional log-probability of its last letter after the others
   (backed off where a language does not know it), less the row's minimum.
2. Of the longer n-grams only those are kept that change the verdict most, weighted by frequency.
3. n-grams of two and three letters at a word border get a row from the border profiles.
4. Rows are quantised to a byte, and the file is compressed.
"""

from __future__ import annotations

import json
import math
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

_LATIN = "en de fr es it pt nl pl da sv no fi cs tr ro hu sk sl hr ca et lv lt vi id sq af sw tl"
CYRILLIC, ARABIC, DEVANAGARI = (
    ["ru", "uk", "bg", "mk", "sr", "be"],
    ["ar", "fa", "ur"],
    ["hi", "mr"],
)
GROUPS = {  # script: (languages, trigrams kept, quadrigrams kept)
    "latin": (_LATIN.split(), 6_000, 8_000),
    "cyrillic": (CYRILLIC, 1_500, 0),
    "arabic": (ARABIC, 1_000, 0),
    "devanagari": (DEVANAGARI, 800, 0),
}
STEPS_PER_NAT = 8
TARGET = Path(__file__).parent.parent / "chalicelib/understanding/languages.bin"

_UNSEEN, _BACK_OFF = -12.0, -0.9
_BORDER_WEIGHT, _BORDER_FLOOR = 0.6, 3e-5
_ORDERS = ("unigrams", "bigrams", "trigrams", "quadrigrams")

Conditionals = Mapping[str, float]
Row = list[float]


def build(lingua: Path, langdetect: Path) -> bytes:
    """The table as `chalicelib.understanding.language` reads it."""
    header: dict[str, object] = {"steps_per_nat": STEPS_PER_NAT, "groups": {}}
    features: list[str] = []
    rows = bytearray()
    groups: dict[str, object] = {}
    for script, (languages, trigrams, quadrigrams) in GROUPS.items():
        models = {code: conditionals(lingua, code) for code in languages}
        table = inner_rows(models, {3: trigrams, 4: quadrigrams})
        table |= border_rows(langdetect, languages)
        groups[script] = {"languages": languages, "features": len(table)}
        features += table
        for row in table.values():
            rows += quantised(row)
        print(f"{script}: {len(languages)} languages, {len(table)} n-grams", flush=True)
    header["groups"] = groups
    head = json.dumps(header).encode() + b"\n" + "\n".join(features).encode() + b"\n\n"
    return zlib.compress(head + bytes(rows), 9)


def conditionals(wheel: Path, code: str) -> dict[str, float]:
    """Log-probability of each n-gram's last letter, given the letters before it."""
    brotli = import_module("brotli")
    name = {"no": "nb"}.get(code, code)
    found: dict[str, float] = {}
    with zipfile.ZipFile(wheel) as archive:
        for order in _ORDERS:
            packed = archive.read(f"lingua/language-models/{name}/{order}.json.br")
            for fraction, grams in json.loads(brotli.decompress(packed))["ngrams"].items():
                above, below = fraction.split("/")
                found |= dict.fromkeys(grams.split(), math.log(int(above) / int(below)))
    return found


def inner_rows(models: Mapping[str, Conditionals], keep: Mapping[int, int]) -> dict[str, Row]:
    """Rows of n-grams inside of words: all of one and two letters that are not rare, and of the
    longer ones the `keep` that change most."""
    table: dict[str, Row] = {}
    for length in (1, 2, 3, 4):
        worth: dict[str, float] = {}
        for code, model in models.items():
            for gram in (g for g in model if len(g) == length):
                probability = math.exp(joint(model, gram))
                if length > 1 and probability < 2e-6:
                    continue
                worth[gram] = worth.get(gram, 0.0) + probability * (2.0 if code == "en" else 1.0)
        rows = {gram: [conditional(m, gram) for m in models.values()] for gram in worth}
        if length > 2:
            ranked = sorted(worth, key=lambda g: -worth[g] * change(rows[g], table, g))
            rows = {gram: rows[gram] for gram in ranked[: keep[length]]}
        table |= rows
    return table


def change(row: Row, table: Mapping[str, Row], gram: str) -> float:
    """How far `row` moves the languages apart from where the shorter n-gram would put them."""
    shorter = next((table[gram[i:]] for i in range(1, len(gram)) if gram[i:] in table), None)
    if shorter is None:
        return 0.0
    moved = [a - b for a, b in zip(row, shorter, strict=True)]
    mean = sum(moved) / len(moved)
    return sum(abs(one - mean) for one in moved)


def joint(model: Conditionals, gram: str) -> float:
    return sum(conditional(model, gram[:end]) for end in range(1, len(gram) + 1))


def conditional(model: Conditionals, gram: str) -> float:
    for start in range(len(gram)):
        if (value := model.get(gram[start:])) is not None:
            return value + _BACK_OFF * start
    return _UNSEEN


def border_rows(sdist: Path, languages: Iterable[str]) -> dict[str, Row]:
    """Rows of n-grams that touch a word border, written with a space; none where the profiles
    lack one of the languages."""
    profiles: list[dict[str, float]] = []
    with tarfile.open(sdist) as archive:
        names = {Path(name).name: name for name in archive.getnames() if "/profiles/" in name}
        for code in languages:
            if code not in names:
                return {}
            member = archive.extractfile(names[code])
            assert member is not None
            profiles.append(shares(json.loads(member.read())))
    grams = dict.fromkeys(g for profile in profiles for g in profile if _at_border(g))
    return {
        gram: [_BORDER_WEIGHT * math.log(p.get(gram, 0.0) + _BORDER_FLOOR) for p in profiles]
        for gram in grams
    }


def shares(profile: dict[str, object]) -> dict[str, float]:
    """The share of each n-gram among those of its length, letters in lower case."""
    counts: dict[str, float] = {}
    frequencies, totals = profile["freq"], profile["n_words"]
    assert isinstance(frequencies, dict)
    assert isinstance(totals, list)
    for gram, count in frequencies.items():
        if len(gram) <= len(totals):
            lowered = gram.lower()
            counts[lowered] = counts.get(lowered, 0.0) + count / totals[len(gram) - 1]
    return counts


def quantised(row: Row) -> bytes:
    best = max(row)
    return bytes(min(255, round((best - value) * STEPS_PER_NAT)) for value in row)


def _at_border(gram: str) -> bool:
    return (
        len(gram) in (2, 3)
        and " " in (gram[0], gram[-1])
        and gram.strip() != ""
        and (len(gram) == 2 or gram[1] != " ")
    )


if __name__ == "__main__":
    table = build(Path(sys.argv[1]), Path(sys.argv[2]))
    TARGET.write_bytes(table)
    print(f"{TARGET.name}: {len(table):,} bytes")
