"""Topics from the first minute: an administrator's words and example sentences, no training.

1. A text becomes a sparse vector: words (those that say little weigh little), neighbouring words,
   and the letter sequences of each word, which forgive typing errors and inflections.
2. Features that many topics share weigh less (inverse frequency over topics).
3. A topic's likeness is the cosine with its nearest example and with the sum of its examples. A
   text that says little is shrunk towards none; a long one counts by its two best sentences,
   for mails say much besides the matter.
4. A topic's own words add to it, as far as they are not other topics' words too.
5. Confidence grows with the likeness and with the lead over the next topic. Its constants were
   fitted on few-shot samples of a public set of bank customers' questions; below `SURE` the answer
   is "don't know".
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from chalicelib.text import line_of, phrases_in, unspaced, words
from chalicelib.understanding.models import UNKNOWN_LANGUAGE, TopicDecision, TopicDefinition
from chalicelib.understanding.telling_words import FUNCTION_WORDS

SURE = 0.5
SOURCE = "words and examples"
READ_CHARACTERS = 4_000

_FUNCTION_WEIGHT, _NUMBER_WEIGHT = 0.15, 0.3
_PAIR_WEIGHT, _LETTERS_WEIGHT = 0.6, 0.35
_LEAST_NORM = 2.2  # a text of little words must not count as a perfect match
_NEAREST = 0.4  # share of the nearest example in the likeness; the rest is the sum's
_SECOND = 0.4  # how much the second most alike sentence helps the first
_WORD_ADDS = 0.3  # a word of the topic closes this share of the gap to certainty
_BASE, _PER_LIKENESS, _PER_LEAD = -3.0, 9.0, 1.5
_MAX_WORDS, _MAX_SENTENCES = 60, 40
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+")
_SHOWN, _WORTH_SAYING = 6, 0.05

Vector = dict[str, float]


class TopicScorer:
    """A `TopicEngine` over definitions; see the module's description."""

    def __init__(self, definitions: Sequence[TopicDefinition]) -> None:
        self._topics = {topic.label: topic for topic in definitions}
        self._version = _fingerprint(definitions)
        examples = {t.label: [_features(text) for text in _examples(t)] for t in definitions}
        self._idf = _inverse_frequencies(examples)
        self._rare = math.log(1 + len(examples)) + 1
        self._vectors: list[str] = []  # the topic of each vector in the index
        self._index: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self._totals: dict[str, int] = {}  # where a topic's sum lies in `_vectors`
        for label, vectors in examples.items():
            self._learn(label, vectors)
        self._words = _owners(definitions)

    @classmethod
    def from_definitions(cls, definitions: Iterable[TopicDefinition]) -> Self:
        """A scorer for these topics, about 0.1 ms an example."""
        return cls(list(definitions))

    @property
    def model_version(self) -> str:
        return self._version

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._topics)

    def decide(self, text: str, language: str) -> TopicDecision:
        """See `TopicEngine`; definitions hold in any language, so `language` only explains."""
        return self.score(text, language)

    def score(self, text: str, language: str = UNKNOWN_LANGUAGE) -> TopicDecision:
        """The topic of `text` with the words that spoke for it, or label None and a reason."""
        if not self._topics:
            return self._unknown("no topics are defined")
        read = text[:READ_CHARACTERS]
        likeness = self._likeness(read)
        matched = self._matched(read)
        for label, phrases in matched.items():
            for phrase in phrases:
                gap = 1 - likeness.get(label, 0.0)
                likeness[label] = 1 - gap * (1 - _WORD_ADDS / self._words[phrase])
        ranked = sorted(likeness.items(), key=lambda item: -item[1])
        if not ranked:
            return self._unknown("no word of it occurs in any topic")
        (guess, first), second = ranked[0], ranked[1][1] if len(ranked) > 1 else 0.0
        confidence = round(_confidence(first, second), 3)
        why = self._why(read, guess, matched.get(guess, []))
        if confidence < SURE:
            return self._unknown(self._doubt(ranked, language), confidence, why, guess)
        return TopicDecision(
            label=guess,
            confidence=confidence,
            source=SOURCE,
            why=why,
            model_version=self._version,
            guess=guess,
            reason=f"like the examples of '{guess}'" + (f": {', '.join(why)}" if why else ""),
        )

    def _learn(self, label: str, counted: Sequence[Vector]) -> None:
        total: Vector = defaultdict(float)
        for vector in (self._weighted(one) for one in counted):
            self._add(label, vector)
            for feature, weight in vector.items():
                total[feature] += weight / len(counted)
        self._totals[label] = self._add(label, _normalised(total, 0.0))

    def _add(self, label: str, vector: Vector) -> int:
        slot = len(self._vectors)
        self._vectors.append(label)
        for feature, weight in vector.items():
            self._index[feature].append((slot, weight))
        return slot

    def _weighted(self, counted: Vector) -> Vector:
        idf, rare = self._idf, self._rare
        weighted = {feature: w * idf.get(feature, rare) for feature, w in counted.items()}
        return _normalised(weighted, _LEAST_NORM * rare)

    def _likeness(self, text: str) -> dict[str, float]:
        """By topic, 0 to 1: that of the sentences (or of the whole) that are most like it."""
        likes: dict[str, list[float]] = defaultdict(list)
        for unit in _units(text):
            products: dict[int, float] = defaultdict(float)
            for feature, weight in self._weighted(_features(unit)).items():
                for slot, other in self._index.get(feature, ()):
                    products[slot] += weight * other
            nearest: dict[str, float] = {}
            for slot, product in products.items():
                label = self._vectors[slot]
                if slot != self._totals[label]:
                    nearest[label] = max(nearest.get(label, 0.0), product)
            for label, near in nearest.items():
                like = _NEAREST * near + (1 - _NEAREST) * products[self._totals[label]]
                likes[label].append(like)
        return {label: _together(found) for label, found in likes.items()}

    def _matched(self, text: str) -> dict[str, list[str]]:
        line = line_of(text)
        return {
            label: found
            for label, topic in self._topics.items()
            if (found := phrases_in(line, topic.words))
        }

    def _why(self, text: str, label: str, phrases: Sequence[str]) -> tuple[str, ...]:
        """The topic's words in the text, then the text's words that its examples know best."""
        slot = self._totals[label]
        weights: dict[str, float] = {}
        for word in dict.fromkeys(words(text)):
            if len(word) > 1 and word not in FUNCTION_WORDS:
                gained = sum(
                    weight * dict(self._index.get(feature, ())).get(slot, 0.0)
                    for feature, weight in _features(word).items()
                )
                weights[word] = gained
        strong = [word for word in weights if weights[word] > _WORTH_SAYING]
        strong.sort(key=lambda word: -weights[word])
        return tuple(dict.fromkeys([*phrases, *strong]))[:_SHOWN]

    def _doubt(self, ranked: Sequence[tuple[str, float]], language: str) -> str:
        if len(ranked) > 1 and ranked[1][1] > 0.8 * ranked[0][1]:
            return f"in doubt between '{ranked[0][0]}' and '{ranked[1][0]}'"
        return f"not like any topic's words and examples (language {language})"

    def _unknown(
        self, reason: str, confidence: float = 0.0, why: tuple[str, ...] = (), guess: str = ""
    ) -> TopicDecision:
        return TopicDecision(
            label=None,
            confidence=confidence,
            source=SOURCE,
            why=why,
            model_version=self._version,
            guess=guess,
            reason=reason,
        )


def _together(likes: Sequence[float]) -> float:
    """The best of several sentences, helped by the second best."""
    first, second = sorted((*likes, 0.0), reverse=True)[:2]
    return 1 - (1 - first) * (1 - _SECOND * second)


def _confidence(first: float, second: float) -> float:
    """That the nearest topic is right, from its likeness and its lead."""
    lead = (first - second) / first if first else 0.0
    return 1 / (1 + math.exp(-(_BASE + _PER_LIKENESS * first + _PER_LEAD * lead)))


def _examples(topic: TopicDefinition) -> list[str]:
    """Its sentences; words alone, and its name, serve as one more."""
    described = " ".join((topic.name, *topic.words))
    return [*topic.examples, described]


def _units(text: str) -> list[str]:
    """The sentences of `text`, long ones in pieces, and a short text as a whole."""
    sentences = [one for one in _SENTENCE.split(text) if one.strip()][:_MAX_SENTENCES]
    pieces: list[str] = []
    for sentence in sentences:
        said = sentence.split()
        step = _MAX_WORDS // 2
        pieces += [
            " ".join(said[at : at + _MAX_WORDS]) for at in range(0, max(1, len(said) - step), step)
        ]
    if len(pieces) > 1:
        pieces.append(" ".join(text.split()[:_MAX_WORDS]))
    return pieces


def _features(text: str) -> Vector:
    """The features of a text with their weights before the inverse frequency."""
    found: Vector = {}
    before, weight_before = "", 0.0
    for word in words(text):
        weight = _word_weight(word)
        for feature, share in _word_features(word):
            found[feature] = max(found.get(feature, 0.0), weight * share)
        if before:
            pair = _PAIR_WEIGHT * math.sqrt(weight * weight_before)
            found[f"{before} {word}"] = max(found.get(f"{before} {word}", 0.0), pair)
        before, weight_before = word, weight
    return found


def _word_weight(word: str) -> float:
    if word in FUNCTION_WORDS:
        return _FUNCTION_WEIGHT
    return _NUMBER_WEIGHT if word.isdecimal() else 1.0


def _word_features(word: str) -> list[tuple[str, float]]:
    if unspaced(word):
        return [(word[i : i + 2], 0.7) for i in range(len(word) - 1)] or [(word, 0.7)]
    bounded = f"^{word}$"
    grams = [
        (f"#{bounded[i : i + n]}", _LETTERS_WEIGHT)
        for n in (3, 4)
        for i in range(len(bounded) - n + 1)
    ]
    return [(word, 1.0), *grams]


def _inverse_frequencies(examples: Mapping[str, Sequence[Vector]]) -> dict[str, float]:
    topics: Counter[str] = Counter()
    for vectors in examples.values():
        topics.update({feature for vector in vectors for feature in vector})
    return {f: math.log((1 + len(examples)) / count) + 1 for f, count in topics.items()}


def _normalised(vector: Mapping[str, float], least: float) -> Vector:
    norm = max(least, math.sqrt(sum(weight * weight for weight in vector.values())))
    return {feature: weight / norm for feature, weight in vector.items()} if norm else {}


def _owners(definitions: Iterable[TopicDefinition]) -> dict[str, int]:
    """How many topics claim each word."""
    claims = Counter(" ".join(words(word)) for topic in definitions for word in topic.words)
    return {word: claims[" ".join(words(word))] for topic in definitions for word in topic.words}


def _fingerprint(definitions: Sequence[TopicDefinition]) -> str:
    told = json.dumps([topic.model_dump(mode="json") for topic in definitions], sort_keys=True)
    return f"examples-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
