"""Questions that ask the same, gathered into groups that are named by their telling words. Pure.

Every pair is compared: by the share of their stems, weighted by how telling each is among these
questions, and by meaning where the language has vectors. Pairs that are near enough are joined by
average linkage, so that a chain of neighbours does not become one heap.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from operator import mul
from typing import NamedTuple

from chalicelib.knowledge.stemming import EMPTY_WORDS, stem
from chalicelib.text import words

NEAR = 0.4  # average nearness of what is joined; chosen on made questions and on banking77
MEANING = 0.75  # what equal meaning weighs beside equal words
NAMED_BY = 3

# Words that many questions share whatever they are about.
_ASKING = frozenset(
    words(
        "possible way want need know tell get got like please help question able go going really"
        " möglich möchte brauche wissen gibt geht hilfe frage kriege bekomme"
    )
)


_WRITTEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


class Text(NamedTuple):
    """A question as it is compared. `spoken` is the word that stands for each stem."""

    text: str
    stems: frozenset[str]
    vector: Sequence[float] | None
    spoken: dict[str, str]


def read(text: str, language: str, vector: Sequence[float] | None) -> Text:
    """A question, ready to be compared."""
    empty = EMPTY_WORDS.get(language, frozenset()) | _ASKING
    spoken: dict[str, str] = {}
    for written in _WRITTEN.findall(text):
        for word in words(written):
            if word not in empty and len(word) > 1:
                spoken[stem(word, language)] = written.casefold()
    return Text(text, frozenset(spoken), vector, spoken)


def groups(texts: Sequence[Text]) -> list[list[int]]:
    """The questions by group, as numbers; the largest group first, and in it the question that is
    nearest to all others."""
    weights = _weights(texts)
    near = [
        [nearness(one, other, weights) if i < j else 0.0 for j, other in enumerate(texts)]
        for i, one in enumerate(texts)
    ]
    for i in range(len(texts)):
        for j in range(i):
            near[i][j] = near[j][i]
    found = _linked(near)
    ordered = [sorted(group, key=lambda n: (-sum(near[n][m] for m in group), n)) for group in found]
    return sorted(ordered, key=lambda group: (-len(group), group[0]))


def names(texts: Sequence[Text], grouped: Sequence[Sequence[int]]) -> list[str]:
    """What to call each group: its words that are frequent in it and rare elsewhere."""
    weights = _weights(texts)
    found = []
    for group in grouped:
        counts = Counter(stem for n in group for stem in texts[n].stems)
        least = 1 if len(group) == 1 else 2
        telling = sorted(
            (s for s in counts if counts[s] >= least),
            key=lambda s: (-counts[s] * weights[s], s),
        )
        spoken = Counter(
            (s, texts[n].spoken[s]) for n in group for s in texts[n].stems & set(telling)
        )
        shown = []
        for s in telling[:NAMED_BY]:
            forms = [(count, word) for (one, word), count in spoken.items() if one == s]
            shown.append(max(forms)[1])
        found.append(" ".join(shown))
    return found


def nearness(one: Text, other: Text, weights: dict[str, float]) -> float:
    """How much two questions ask the same, 0 to 1."""
    both = sum(weights[s] for s in one.stems & other.stems)
    least = min(sum(weights[s] for s in text.stems) for text in (one, other))
    either = sum(weights[s] for s in one.stems | other.stems)
    shared = (both / either + both / least) / 2 if either and least else 0.0
    if one.vector is None or other.vector is None:
        return shared
    meant = max(0.0, float(sum(map(mul, one.vector, other.vector))))
    return MEANING * meant + (1 - MEANING) * shared


def _weights(texts: Sequence[Text]) -> dict[str, float]:
    found = Counter(stem for text in texts for stem in text.stems)
    return {s: math.log(1 + max(len(texts), 20) / count) for s, count in found.items()}


def _linked(near: list[list[float]]) -> list[list[int]]:
    """Average linkage: the two nearest groups are joined as long as they are near enough."""
    groups = {n: [n] for n in range(len(near))}
    score = {n: {m: near[n][m] for m in range(len(near)) if m != n} for n in range(len(near))}
    best = {n: max(score[n], key=lambda m: score[n][m]) for n in groups if score[n]}
    while best:
        one = max(best, key=lambda n: score[n][best[n]])
        other = best[one]
        if score[one][other] < NEAR:
            break
        sizes = len(groups[one]), len(groups[other])
        for third in groups:
            if third in (one, other):
                continue
            joined = sizes[0] * score[one][third] + sizes[1] * score[other][third]
            score[one][third] = score[third][one] = joined / sum(sizes)
            del score[third][other]
        groups[one] += groups.pop(other)
        del score[other], score[one][other], best[other]
        for third in groups:
            if third == one or best.get(third) in (one, other):
                if score[third]:
                    best[third] = max(score[third], key=lambda m: score[third][m])
                else:
                    best.pop(third, None)
            elif score[third][one] > score[third][best[third]]:
                best[third] = one
    return list(groups.values())
