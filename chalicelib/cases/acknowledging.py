"""Whether one more acknowledgement may go to a sender. Pure.

A robot answers what it gets, so a loop ends with the first acknowledgement that is withheld. But a
person with two matters within a minute deserves two. So it is not the time that decides, it is
what they look like:

1. The very same text once a window (a day, unless set otherwise): an echo is quiet after one mail.
2. Texts that differ only in figures (ticket numbers, dates): five within the window.
3. Whatever the text: so many an hour, a day, and within thirty days.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.base import Instant, Model
from chalicelib.cases.rules import REFERENCE

SIMILAR = 5
MONTH = timedelta(days=30)
PER_MONTH = 100
LINKS = re.compile(r"(?i)\bhttps?://\S+|\b\S{1,64}@\S{1,255}")
SPACES = re.compile(r"[\s>]+")
FIGURES = re.compile(r"\d+")
READ = 2_000  # characters of a text that tell it from another


class Limits(Model):
    """How many acknowledgements one sender gets."""

    window: timedelta
    per_hour: int
    per_day: int


class Acknowledged(Model):
    """One acknowledgement: when it went out, and marks of the text that it was for."""

    at: Instant
    same: str
    similar: str


class Acknowledgements(Model):
    """What a sender was sent within the last thirty days, oldest first."""

    sent: tuple[Acknowledged, ...] = ()
    version: int = 0


def plain(subject: str, text: str) -> str:
    """The words by which texts are told apart: without our references, links and line breaks.

    An empty text is told by its subject.
    """
    words = text if text.strip() else subject
    words = LINKS.sub(" ", REFERENCE.sub(" ", words[:READ]))
    return SPACES.sub(" ", words).strip().casefold()


def without_figures(words: str) -> str:
    return SPACES.sub(" ", FIGURES.sub(" ", words)).strip()


def withheld(known: Acknowledgements, fresh: Acknowledged, limits: Limits) -> str:
    """Why this one may not go out, in words; "" where it may."""
    recent = _within(known, fresh.at, limits.window)
    if any(one.same == fresh.same for one in recent):
        return "the same text was acknowledged a short while ago"
    if sum(one.similar == fresh.similar for one in recent) >= SIMILAR:
        return f"{SIMILAR} texts like it were acknowledged a short while ago"
    for most, span, words in (
        (limits.per_hour, timedelta(hours=1), "the hour"),
        (limits.per_day, timedelta(days=1), "the day"),
        (PER_MONTH, MONTH, "thirty days"),
    ):
        if len(_within(known, fresh.at, span)) >= most:
            return f"they had too many within {words}"
    return ""


def counted(known: Acknowledgements, fresh: Acknowledged) -> Acknowledgements:
    """The record with one more, without what is too old to matter."""
    kept = _within(known, fresh.at, MONTH)
    return Acknowledgements(sent=(*kept, fresh)[-PER_MONTH:], version=known.version + 1)


def _within(known: Acknowledgements, now: datetime, span: timedelta) -> Sequence[Acknowledged]:
    return [one for one in known.sent if now - one.at < span]
