"""Training the topic classifier of `learned`, wherever we run: plain Python, no library.

1. The same text under two labels is reported, and counts for the more frequent one.
2. Features are counted; those seen once are left out when there are many texts.
3. A label whose name speaks ("card_arrival") is an example of itself.
4. A seventh of the texts, drawn by label, is held out (of few texts each fifth in turn). First fits
   on the rest are calibrated on them: how to mix letters, vectors and likeness, the temperature,
   and the floor under which, with all other doubts, 4.2 % of known texts fall.
5. The final fit is on all texts, cut to the features that move most, and rounded to bytes.
"""

from __future__ import annotations

import math
import random
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from operator import mul
from typing import NamedTuple

from chalicelib.base import Model
from chalicelib.text import words
from chalicelib.understanding.calibrating import Check, calibrated
from chalicelib.understanding.learned import (
    About,
    Calibration,
    LearnedEngine,
    Parts,
    to_bytes,
)
from chalicelib.understanding.ngrams import hashed
from chalicelib.understanding.solver import Plan, Sample, Solver, Weights, solve
from chalicelib.understanding.telling_words import FUNCTION_WORDS
from chalicelib.understanding.vectors import Embedder, Vector

LETTER_BYTES = 1_900_000  # what the table of letters may take; 2 MB more are the vectors'
MANY_TEXTS = 1_000
_LEAST_CHECKS = 20
# Of too few texts: no cause for certainty.
_UNMEASURED = Calibration(near=8.0, temperature=3.0, letters_temperature=3.0)
_PROTOTYPES = 48  # by label
_GENERIC = frozenset(words("class category general label misc none other others topic various"))


class Example(Model):
    """A labelled text. `language` is ISO 639-1, or "und"; `worth` how much its label counts."""

    text: str
    label: str
    language: str = "und"
    worth: float = 1.0


class TrainingReport(Model):
    """What came out besides the model. Contradictions are texts with the labels they were given."""

    examples: int
    labels: int
    features: int
    held_out: int
    held_out_right: float  # share of the held-out texts whose best label was right
    contradictions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    calibration: Calibration


class Trained(NamedTuple):
    data: bytes
    report: TrainingReport


class _Fit(NamedTuple):
    engine: LearnedEngine
    about: About
    parts: Parts


def train(
    examples: Sequence[Example],
    table: Embedder | None,
    solver: Solver = solve,
    tell: Callable[[str], None] = lambda line: None,
) -> Trained:
    """A model file for these examples, and a report. Raises ValueError below two labels.

    In plain Python about 25 ms an example at 77 labels; `tell` hears of the progress."""
    agreed, contradictions = _agreed(examples)
    labels = tuple(sorted({example.label for example in agreed}))
    if len(labels) < 2:
        raise ValueError("examples: training needs at least two labels")
    checks: list[Check] = []
    for learn, held_out in _splits(agreed):
        tell(f"first fit: {len(learn)} texts, {len(held_out)} held out")
        first = _fit(learn, labels, table, solver, tell)
        checks += [_check(first, example) for example in held_out]
    calibration, right = calibrated(checks) if len(checks) >= _LEAST_CHECKS else (_UNMEASURED, 0)
    tell(f"final fit: {len(agreed)} texts, {len(labels)} labels")
    final = _fit(agreed, labels, table, solver, tell)
    about = final.about.model_copy(update={"calibration": calibration})
    report = TrainingReport(
        examples=len(examples),
        labels=len(labels),
        features=about.features,
        held_out=len(checks),
        held_out_right=round(right, 4),
        contradictions=contradictions,
        calibration=calibration,
    )
    return Trained(to_bytes(about, final.parts), report)


def _agreed(
    examples: Sequence[Example],
) -> tuple[list[Example], tuple[tuple[str, tuple[str, ...]], ...]]:
    """Examples without those that most of their doubles contradict, and the contradictions."""
    by_text: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_text[" ".join(words(example.text))].append(example)
    agreed: list[Example] = []
    contradictions: list[tuple[str, tuple[str, ...]]] = []
    for same in by_text.values():
        votes: Counter[str] = Counter()
        for example in same:
            votes[example.label] += round(100 * example.worth)
        if len(votes) > 1:
            contradictions.append((same[0].text, tuple(votes)))
        winner = votes.most_common(1)[0][0]
        agreed += [example for example in same if example.label == winner]
    return agreed, tuple(contradictions)


def _splits(
    examples: Sequence[Example], seed: int = 7
) -> list[tuple[list[Example], list[Example]]]:
    """What to learn from and what to hold out: once, or of few texts five times. Texts that say
    the same stay together, for a text is no proof of having learnt its double."""
    count, used = (7, 1) if len(examples) >= MANY_TEXTS else (5, 5)
    by_label: dict[str, dict[str, list[Example]]] = defaultdict(lambda: defaultdict(list))
    for example in examples:
        by_label[example.label][_gist(example.text)].append(example)
    chance = random.Random(seed)
    folds: list[list[Example]] = [[] for _ in range(count)]
    turn = 0
    for mine in by_label.values():
        for same in chance.sample(list(mine.values()), len(mine)):
            folds[turn % count] += same
            turn += 1
    return [
        ([one for other in folds if other is not fold for one in other], fold)
        for fold in folds[:used]
    ]


def _gist(text: str) -> str:
    """What is left of a text without numbers and words that say little, in no order."""
    said = {word for word in words(text) if word.isalpha() and word not in FUNCTION_WORDS}
    return " ".join(sorted(said))


def _fit(
    texts: Sequence[Example],
    labels: tuple[str, ...],
    table: Embedder | None,
    solver: Solver,
    tell: Callable[[str], None],
) -> _Fit:
    examples = [*texts, *_names(labels)]
    wanted = [labels.index(example.label) for example in examples]
    counted = [hashed(example.text) for example in examples]
    rarity = _rarity(counted)
    slots = {key: slot for slot, key in enumerate(rarity)}
    samples = [_sample(counts, rarity, slots) for counts in counted]
    worth = [example.worth for example in examples]
    plan = Plan(epochs(len(examples)), rate=5.0, drop=0.4, worth=worth)
    weights = solver(samples, wanted, len(slots), len(labels), plan, lambda s: tell(f"letters {s}"))
    letters = _letter_parts(rarity, weights, len(labels))
    told = [(example.text, example.language) for example in examples]
    vectors = table.embed_all(told) if table else [None] * len(told)
    meaning = _vector_parts(vectors, wanted, worth, len(labels), table, solver, tell)
    about = About(
        labels=labels,
        features=len(letters[0]),
        table=table.version if table else "",
        dimensions=table.dimensions if table else 0,
        prototypes=meaning.counts,
    )
    parts = Parts(*letters, meaning.rows, meaning.bias, meaning.prototypes)
    return _Fit(LearnedEngine(about, parts, [table], "in training"), about, parts)


def _names(labels: Sequence[str]) -> list[Example]:
    """The labels that say what they are about, as texts."""
    said = {label: list(words(label.replace("_", " "))) for label in labels}
    return [
        Example(text=" ".join(told), label=label)
        for label, told in said.items()
        if any(len(w) > 2 and w.isalpha() and w not in _GENERIC | FUNCTION_WORDS for w in told)
    ]


def epochs(count: int) -> int:
    """How often each of so many texts is learnt from."""
    return max(10, min(25, 30_000 // max(1, count)))


def _rarity(counted: Sequence[Mapping[int, int]]) -> dict[int, float]:
    """The inverse document frequency of the features that are kept."""
    texts = Counter(key for counts in counted for key in counts)
    least = 2 if len(counted) >= MANY_TEXTS else 1
    return {key: math.log(len(counted) / n) + 1 for key, n in texts.items() if n >= least}


def _sample(
    counts: Mapping[int, int], rarity: Mapping[int, float], slots: Mapping[int, int]
) -> Sample:
    found = [
        (slots[key], (1 + math.log(n)) * rarity[key]) for key, n in counts.items() if key in slots
    ]
    norm = math.sqrt(sum(value * value for _, value in found)) or 1.0
    return [slot for slot, _ in found], [value / norm for _, value in found]


def _letter_parts(
    rarity: Mapping[int, float], weights: Weights, classes: int
) -> tuple[array[int], array[float], array[float], array[int], array[float]]:
    """The features that move most, in bytes: as many as LETTER_BYTES hold."""
    room = LETTER_BYTES // (classes + 12)
    keys = list(rarity)
    worth = [max(map(abs, row)) for row in weights.rows]
    kept = sorted(range(len(keys)), key=lambda slot: -worth[slot])[:room]
    scales = array("f", [max(worth[slot], 1e-6) / 127 for slot in kept])
    rows = array("B")
    for slot, scale in zip(kept, scales, strict=True):
        rows.extend(128 + round(value / scale) for value in weights.rows[slot])
    return (
        array("I", [keys[slot] for slot in kept]),
        array("f", [rarity[keys[slot]] for slot in kept]),
        scales,
        rows,
        array("f", weights.bias),
    )


class _Meaning(NamedTuple):
    rows: array[float]
    bias: array[float]
    prototypes: array[int]
    counts: tuple[int, ...]


def _vector_parts(
    vectors: Sequence[Vector | None],
    wanted: Sequence[int],
    worth: Sequence[float],
    classes: int,
    table: Embedder | None,
    solver: Solver,
    tell: Callable[[str], None],
) -> _Meaning:
    if table is None:
        return _Meaning(array("f"), array("f"), array("B"), ())
    told = zip(vectors, wanted, worth, strict=True)
    known = [(vector, label, counts) for vector, label, counts in told if vector]
    everywhere = range(table.dimensions)
    weights = solver(
        [(everywhere, vector) for vector, _, _ in known],
        [label for _, label, _ in known],
        table.dimensions,
        classes,
        Plan(epochs(len(known)), rate=6.0, decay=1e-5, worth=[counts for _, _, counts in known]),
        lambda line: tell(f"vectors {line}"),
    )
    rows = array("f", [weights.rows[i][label] for label in range(classes) for i in everywhere])
    chosen = [
        _spread_out([vector for vector, mine, _ in known if mine == label])
        for label in range(classes)
    ]
    prototypes = array(
        "B",
        [128 + round(127 * v[i]) for many in chosen if many for i in everywhere for v in many],
    )
    counts = tuple(len(many) for many in chosen)
    return _Meaning(rows, array("f", weights.bias), prototypes, counts)


def _spread_out(vectors: Sequence[Vector]) -> list[Vector]:
    """Up to _PROTOTYPES of the vectors, each the one least like those before (k-centre, Gonzalez
    1985)."""
    if not vectors:
        return []
    chosen = [vectors[0]]
    nearest = [_cosine(vector, chosen[0]) for vector in vectors]
    while len(chosen) < min(_PROTOTYPES, len(vectors)):
        farthest = min(range(len(vectors)), key=nearest.__getitem__)
        chosen.append(vectors[farthest])
        nearest = [
            max(near, _cosine(vector, chosen[-1]))
            for near, vector in zip(nearest, vectors, strict=True)
        ]
    return chosen


def _cosine(one: Vector, other: Vector) -> float:
    product: float = sum(map(mul, one, other))
    return product


def _check(fit: _Fit, example: Example) -> Check:
    reading = fit.engine.read(example.text, example.language)
    return Check(reading, fit.engine, fit.about.labels.index(example.label))
