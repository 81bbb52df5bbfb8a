"""The learned topic classifier as it decides: plain Python, about 4 MB, under a millisecond a text.

Two softmax regressions look at a text, one at its letters and words (any language), one at its
vector (English). Their log-probabilities are added; so is, for the labels that lead, the likeness
to the nearest of a label's prototypes (examples kept for this). Tempered, that is the confidence.
The vector comes from the table that ships, or from the sentence model of the semantic layer:
whichever the model was trained with. Without it the letters decide alone.

What is not of any topic is found by signs, each in units of its spread on known texts: how far the
topic leads over the next by its letters, by its vector, and in the end, and how like it is to its
nearest prototype; without a vector, its lead and its height by letters. "Don't know" is said when
their mean is below a floor, the likeness below what the embedder calls least, hardly any letters
are known, or no topic stands out.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Sequence
from heapq import nlargest
from operator import mul
from typing import Any, NamedTuple
from zlib import crc32

from chalicelib.base import Model
from chalicelib.text import words
from chalicelib.understanding.models import TopicDecision
from chalicelib.understanding.ngrams import READ_WORDS, hashed, letters
from chalicelib.understanding.telling_words import FUNCTION_WORDS
from chalicelib.understanding.vectors import Embedder, Vector

SURE, SURE_OF_FEW = 0.25, 1.8  # least confidence; times chance, where there are few topics
LEAST_KNOWN = 0.2  # share of a text's features that were seen in training
SOURCE = "learned"
_SHOWN = 5
_ZERO = 128  # the byte that stands for no weight
_LANE, _MOST_WORTH, _MOST_ROWS = 4, 2_047, 8_000
_INVERTED = bytes(255 - byte for byte in range(256))
_LEADING = 5  # labels whose prototypes are looked at
_LEAST_CHANCE = 1e-12


class Calibration(Model):
    """What was measured on held-out texts; see the module's description."""

    mix: float = 1.0  # weight of the vector's log-probabilities beside the letters'
    near: float = 0.0  # weight of the likeness to the nearest prototype
    temperature: float = 1.0
    means: tuple[float, ...] = (0.0,) * 5  # of the signs, in their order
    spreads: tuple[float, ...] = (1.0,) * 5
    floor: float | None = None  # None: too few held-out texts to tell what is out of scope
    letters_temperature: float = 1.0  # of texts without a vector
    letters_floor: float | None = None


class About(Model):
    """The head of a model file."""

    labels: tuple[str, ...]
    features: int
    table: str = ""  # version of the vector table that it was trained with, "" without
    dimensions: int = 0
    prototypes: tuple[int, ...] = ()  # how many, by label
    calibration: Calibration = Calibration()


class Parts(NamedTuple):
    """The arrays of a model file, in their order. Rows are by feature, then label."""

    keys: array[int]  # "I": checksums of the features
    rarity: array[float]  # "f": inverse document frequency by feature
    scales: array[float]  # "f": what a unit of the row's bytes is worth
    rows: array[int]  # "B": the value plus 128
    bias: array[float]  # "f"
    vector_rows: array[float]  # "f": by label, then dimension
    vector_bias: array[float]  # "f"
    prototypes: array[int]  # "B": unit vectors times 127 plus 128; by label, dimension, prototype


class Reading(NamedTuple):
    """What both regressions and the prototypes say about a text."""

    scores: list[float]  # from the letters
    known: float  # the share of its features that were seen in training
    vector_scores: list[float] | None  # from the vector, where there is one
    likeness: dict[int, float]  # to the nearest prototype of each label that leads


class Signs(NamedTuple):
    """That a text is of a label; see the module's description."""

    lead: float
    height: float
    likeness: float  # this and the next are 0 without a vector
    vector_lead: float
    joint_lead: float


class LearnedEngine:
    """A `TopicEngine` that was trained; `training.train` makes its bytes."""

    def __init__(
        self, about: About, parts: Parts, embedders: Sequence[Embedder | None], version: str
    ) -> None:
        self.about = about
        self._parts = parts
        fitting = (one for one in embedders if one is not None and one.version == about.table)
        self._embedder = next(fitting, None)
        self._version = version
        self._rows = parts.rows.tobytes()
        self._slots = dict(zip(parts.keys, range(about.features), strict=True))
        width = about.dimensions
        columns = [parts.vector_rows[i::width] for i in range(width)]
        self._vector_scales = [max(map(abs, column), default=0) / 127 or 1.0 for column in columns]
        self._vector_rows = bytes(
            _ZERO + round(value / scale)
            for column, scale in zip(columns, self._vector_scales, strict=True)
            for value in column
        )
        self._kept = parts.prototypes.tobytes()
        self._starts = [width * sum(about.prototypes[:i]) for i in range(len(about.prototypes))]

    @classmethod
    def from_bytes(cls, data: bytes, *embedders: Embedder | None) -> LearnedEngine:
        """Reads what `to_bytes` wrote. Of the `embedders` it takes the one that it was trained
        with; without that only the letters decide."""
        head, _, rest = data.partition(b"\n")
        about = About.model_validate_json(head)
        loaded: list[array[Any]] = []
        start = 0
        for kind, count in zip(_KINDS, _sizes(about), strict=True):
            values: array[Any] = array(kind)
            end = start + count * values.itemsize
            values.frombytes(rest[start:end])
            loaded.append(values)
            start = end
        version = f"learned-{hashlib.sha256(data).hexdigest()[:8]}"
        return cls(about, Parts(*loaded), embedders, version)

    @property
    def model_version(self) -> str:
        return self._version

    @property
    def labels(self) -> tuple[str, ...]:
        return self.about.labels

    def decide(self, text: str, language: str) -> TopicDecision:
        """See `TopicEngine`."""
        reading = self.read(text, language)
        chances = mixed(reading, self.about.calibration)
        best = max(range(len(chances)), key=chances.__getitem__)
        label, confidence = self.labels[best], round(chances[best], 4)
        why = self._why(text, best)
        doubt = self._doubt(reading, best, chances)
        return TopicDecision(
            label=None if doubt else label,
            confidence=confidence,
            source=SOURCE,
            why=why,
            model_version=self._version,
            guess=label,
            reason=doubt or f"like the learned cases of '{label}'",
        )

    def read(self, text: str, language: str) -> Reading:
        """The scores before they are mixed."""
        vector = self._embedder.embed(text, language) if self._embedder else None
        scores, known = self._letter_scores(text)
        if vector is None:
            return Reading(scores, known, None, {})
        told = self._vector_scores(vector)
        said = [a + b for a, b in zip(_log_softmax(scores), _log_softmax(told), strict=True)]
        leading = nlargest(_LEADING, range(len(said)), key=said.__getitem__)
        return Reading(scores, known, told, {one: self._likeness(vector, one) for one in leading})

    def signs(self, reading: Reading, best: int, chances: Sequence[float]) -> Signs:
        """The signs that a text is of label `best`."""
        said = [math.log(max(chance, _LEAST_CHANCE)) for chance in chances]
        return Signs(
            lead=_lead(reading.scores, best),
            height=reading.scores[best],
            likeness=reading.likeness.get(best, 0.0),
            vector_lead=_lead(reading.vector_scores or (), best),
            joint_lead=_lead(said, best),
        )

    def _doubt(self, reading: Reading, best: int, chances: Sequence[float]) -> str:
        """Why not to name the topic; "" when there is no reason."""
        calibration = self.about.calibration
        if doubt := self.plain_doubt(reading, best, chances[best]):
            return doubt
        told = reading.vector_scores is not None
        floor = calibration.floor if told else calibration.letters_floor
        if floor is None:
            return ""
        if in_scope(self.signs(reading, best, chances), calibration, told) < floor:
            return "unlike everything that was learned"
        return ""

    def plain_doubt(self, reading: Reading, best: int, confidence: float) -> str:
        """The reasons for doubt that need no measured floor."""
        if reading.vector_scores is None and reading.known < LEAST_KNOWN:
            return "its words were never seen"
        least_like = self._embedder.least_likeness if self._embedder else 0.0
        if reading.vector_scores is not None and reading.likeness.get(best, 0.0) < least_like:
            return "unlike every example"
        least = max(SURE, min(0.6, SURE_OF_FEW / len(self.labels)))
        return "" if confidence >= least else "no topic stands out"

    def _letter_scores(self, text: str) -> tuple[list[float], float]:
        """The scores, and the share of the text's features that are known."""
        parts, classes, slots = self._parts, len(self.labels), self._slots
        counts = hashed(text)
        found = [(slots[key], n) for key, n in counts.items() if key in slots]
        values = [(1 + math.log(n)) * parts.rarity[slot] for slot, n in found]
        norm = math.sqrt(sum(value * value for value in values)) or 1.0
        worths = [
            (slot, value / norm * parts.scales[slot])
            for (slot, _), value in zip(found, values, strict=True)
        ]
        said = _weighed(self._rows, classes, worths)
        scores = [bias + one for bias, one in zip(parts.bias, said, strict=True)]
        return scores, len(found) / max(1, len(counts))

    def _vector_scores(self, vector: Vector) -> list[float]:
        worths = list(enumerate(map(mul, vector, self._vector_scales)))
        said = _weighed(self._vector_rows, len(self.labels), worths)
        return [bias + one for bias, one in zip(self._parts.vector_bias, said, strict=True)]

    def _likeness(self, vector: Vector, label: int) -> float:
        """The cosine with the nearest prototype of a label, 0 where it has none."""
        count = self.about.prototypes[label]
        if not count:
            return 0.0
        start = self._starts[label]
        mine = self._kept[start : start + len(vector) * count]
        return max(_weighed(mine, count, list(enumerate(vector)))) / 127

    def _why(self, text: str, label: int) -> tuple[str, ...]:
        """The words whose letters speak most for `label`."""
        spoke: dict[str, float] = {}
        for word in dict.fromkeys(words(text)[:READ_WORDS]):
            if word in FUNCTION_WORDS:
                continue
            slots = (self._slots.get(crc32(f.encode())) for f in (word, *letters(word)))
            spoke[word] = sum(self._speaks(slot, label) for slot in slots if slot is not None)
        strong = sorted((word for word in spoke if spoke[word] > 0), key=lambda w: -spoke[w])
        return tuple(strong[:_SHOWN])

    def _speaks(self, slot: int, label: int) -> float:
        """How much one occurrence of a feature speaks for `label`."""
        weight = self._rows[slot * len(self.labels) + label] - _ZERO
        return weight * self._parts.scales[slot] * self._parts.rarity[slot]


def _weighed(rows: bytes, classes: int, worths: Sequence[tuple[int, float]]) -> list[float]:
    """The sum of the rows at the given slots, each times its worth, per column.

    Python adds and multiplies long integers much faster than lists. So a row is spread to lanes of
    32 bits in one long integer: no lane runs over while a byte, times a worth of 11 bits, is added
    up to 8,000 times. A negative worth is taken as a positive one of the inverted bytes, for lanes
    must not borrow.
    """
    unit = max((abs(worth) for _, worth in worths), default=0.0) / _MOST_WORTH
    if not unit:
        return [0.0] * classes
    lanes = bytearray(_LANE * classes)
    total = whole = 0
    for slot, worth in worths[:_MOST_ROWS]:
        times = round(worth / unit)
        row = rows[slot * classes : (slot + 1) * classes]
        if times < 0:
            times = -times
            row = row.translate(_INVERTED)  # 255 - b is (128 - b) + 127, so one less than 128
            whole -= times
        lanes[::_LANE] = row
        total += times * int.from_bytes(lanes, "little")
        whole += _ZERO * times
    sums = array("I", total.to_bytes(_LANE * classes, "little"))
    return [unit * (value - whole) for value in sums]


def to_bytes(about: About, parts: Parts) -> bytes:
    """A line of JSON, then the arrays one after the other, little-endian as all Lambda machines."""
    return about.model_dump_json().encode() + b"\n" + b"".join(part.tobytes() for part in parts)


class Parted(NamedTuple):
    """What is added up to a label's score, each by label."""

    letters: list[float]
    vector: list[float]
    likeness: list[float]

    def joined(self, mix: float, near: float) -> list[float]:
        return [
            a + mix * b + near * c
            for a, b, c in zip(self.letters, self.vector, self.likeness, strict=True)
        ]


def parted(reading: Reading) -> Parted:
    """The log-probabilities of both regressions, and the likeness: of labels that do not lead the
    least that one that leads has."""
    letters_say = _log_softmax(reading.scores)
    if reading.vector_scores is None:
        nothing = [0.0] * len(letters_say)
        return Parted(letters_say, nothing, nothing)
    least = min(reading.likeness.values())
    likeness = [reading.likeness.get(label, least) for label in range(len(letters_say))]
    return Parted(letters_say, _log_softmax(reading.vector_scores), likeness)


def mixed(reading: Reading, calibration: Calibration) -> list[float]:
    """The chance of each label, adding up to 1."""
    joined = parted(reading).joined(calibration.mix, calibration.near)
    told = reading.vector_scores is not None
    temperature = calibration.temperature if told else calibration.letters_temperature
    return [math.exp(one) for one in _log_softmax([j / temperature for j in joined])]


def in_scope(signs: Signs, calibration: Calibration, vector: bool) -> float:
    """The mean of the signs that count, in units of their spread."""
    units = Signs(
        *(
            (sign - mean) / spread
            for sign, mean, spread in zip(
                signs, calibration.means, calibration.spreads, strict=True
            )
        )
    )
    if not vector:
        return (units.lead + units.height) / 2
    return (units.lead + units.likeness + units.vector_lead + units.joint_lead) / 4


def _lead(scores: Sequence[float], best: int) -> float:
    """Over the next label; 0 where there are no scores."""
    others = [value for index, value in enumerate(scores) if index != best]
    return scores[best] - max(others) if others else 0.0


def _log_softmax(values: Sequence[float]) -> list[float]:
    highest = max(values)
    total = math.log(sum(math.exp(value - highest) for value in values)) + highest
    return [value - total for value in values]


_KINDS = "IffBfffB"


def _sizes(about: About) -> tuple[int, ...]:
    """How many values each array of `Parts` has."""
    features, classes, width = about.features, len(about.labels), about.dimensions
    return (
        features,
        features,
        features,
        features * classes,
        classes,
        classes * width,
        classes if width else 0,
        sum(about.prototypes) * width,
    )
