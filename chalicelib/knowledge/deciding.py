"""Whether what was found answers a question, asks for one word more, or is nothing. Pure.

Said is only what an article says. The bounds are on the cosine of meanings and on the share of the
question's words that the article has (idf-weighted, 0 to 1). They were chosen on banking77 with one
short article for every second topic, which is harder than life: of the questions with an article
two thirds get it, a fifth at once and the others among the titles of one question back; of those
without, one in fifteen gets an article that does not fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from chalicelib.base import Model
from chalicelib.knowledge.search import Found

SURE_SUM = 0.8  # meaning and a part of the words, where the language has vectors
WORDS_PART = 0.3
LEAST_MEANING = 0.35
SURE_WORDS = 0.45  # where it has none
NEAR_SUM = 0.55  # worth a question back
NEAR_WORDS = 0.3
CLOSE = 0.85  # of the best score: too close to call


class Kind(StrEnum):
    ANSWER = "answer"
    CLARIFY = "clarify"
    HANDOVER = "handover"


class Decision(Model):
    """`keys` is the article that answers, or those to choose from."""

    kind: Kind
    keys: tuple[str, ...] = ()


def decide(found: Sequence[Found], may_ask: bool) -> Decision:
    """What to do with what was found, best first, one entry an article."""
    sure = [entry for entry in found if is_sure(entry)]
    if sure:
        rivals = [e for e in sure[1:3] if e.score >= CLOSE * sure[0].score]
        if rivals and may_ask:
            return Decision(kind=Kind.CLARIFY, keys=tuple(e.key for e in (sure[0], *rivals)))
        return Decision(kind=Kind.ANSWER, keys=(sure[0].key,))
    near = [entry for entry in found if _reaches(entry, NEAR_SUM, NEAR_WORDS)]
    if near and may_ask:
        return Decision(kind=Kind.CLARIFY, keys=tuple(e.key for e in near[:3]))
    return Decision(kind=Kind.HANDOVER)


def plainly(found: Sequence[Found], least: float) -> str:
    """The key of the article that is meant beyond doubt, "" where there is none: sure, with no
    rival near it, and of such a match (meaning and a part of the words) at least."""
    if not found or not is_sure(found[0]):
        return ""
    best, *others = found
    if others and others[0].score >= CLOSE * best.score:
        return ""
    match = best.meaning + WORDS_PART * best.words if best.meaning else 2 * best.words
    return best.key if match >= least else ""


def is_sure(entry: Found) -> bool:
    """Whether an entry may be given as the answer: a word of it must have been asked for."""
    return _reaches(entry, SURE_SUM, SURE_WORDS)


def _reaches(entry: Found, meant: float, worded: float) -> bool:
    if not entry.matched:
        return False
    if entry.meaning == 0.0:  # no vectors for this language
        return entry.words >= worded
    return entry.meaning >= LEAST_MEANING and entry.meaning + WORDS_PART * entry.words >= meant
