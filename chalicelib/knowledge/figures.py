"""What became of questions, counted so that it can be believed. Pure.

A question counts as deflected only where its customer said that an article solved it, no person
took it over, and nothing was heard of them within three days. No word from them is "unknown", not
"solved". The counts of a day are sums over its conversations (`contribution`), kept in the
transaction that changes one, so that they always equal a recount.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from chalicelib.base import Model
from chalicelib.knowledge.models import QuestionSession, QuestionState, WordingSettings

Z = 1.96  # two-sided 95 %
SETTLED_DAYS = 3  # after which nobody who writes counts as following up
Cell = tuple[str, str]
"""(slug of an article, or "" for all; what is counted)."""
SHOWN = "shown"
NOT_COUNTED = (
    "Questions whose customer did not say whether it helped count as unknown, not as solved.",
    "A question counts no longer as deflected once somebody with the same browser at the same"
    " address in the net wrote to us by form or chat within three days, in whatever matter.",
    "A follow-up by mail or telephone, or from another device, is not seen.",
)


class Rate(Model):
    """A share, with its 95 % confidence interval (Wilson 1927); None where there is nothing."""

    value: float | None
    low: float
    high: float
    of: int


class ArticleFigures(Model):
    """`sent` by agents, `credited` where the case then was solved and stayed so."""

    slug: str
    shown: int = 0
    helped: int = 0
    not_helped: int = 0
    sent: int = 0
    credited: int = 0


class WordingFigures(Model):
    """What the wording of answers by a model took."""

    tokens_in: int
    tokens_out: int
    dollars: float


class HelpFigures(Model):
    """What became of the questions of some days.

    `deflection` is `confirmed` of all that were asked; `at_most` is what it would be if everybody
    who said nothing had been helped. `open` are so young that somebody may still follow up.
    """

    since: date
    until: date
    asked: int
    answered: int
    confirmed: int
    not_helped: int
    unknown: int
    handed_over: int
    unanswered: int
    followed: int
    open: int
    deflection: Rate
    at_most: Rate
    articles: tuple[ArticleFigures, ...]
    wording: WordingFigures
    not_counted: tuple[str, ...] = NOT_COUNTED


def contribution(session: QuestionSession) -> Counter[Cell]:
    """What one conversation adds to the counts of its day."""
    handed = session.state == QuestionState.HANDED_OVER
    confirmed = session.solved is True and not handed and not session.followed
    states = {
        "asked": True,
        "answered": bool(session.shown),
        "confirmed": confirmed,
        "not_helped": session.solved is False,
        "unknown": bool(session.shown)
        and session.solved is None
        and not handed
        and not session.followed,
        "handed_over": handed,
        "unanswered": not session.shown and not handed,
        "followed": session.followed and not handed,
    }
    cells: Counter[Cell] = Counter({("", name): 1 for name, holds in states.items() if holds})
    cells["", "tokens_in"] = session.tokens_in
    cells["", "tokens_out"] = session.tokens_out
    for slug in set(session.shown):
        cells[slug, SHOWN] = 1
    if session.article and session.solved is not None:
        if confirmed:
            cells[session.article, "helped"] = 1
        elif session.solved is False:
            cells[session.article, "not_helped"] = 1
    return cells


def difference(before: QuestionSession | None, after: QuestionSession) -> dict[Cell, int]:
    """What a change of a conversation changes in the counts."""
    then = contribution(before) if before else Counter[Cell]()
    now = contribution(after)
    return {cell: now[cell] - then[cell] for cell in now | then if now[cell] != then[cell]}


def report(
    counts: Mapping[Cell, int],
    since: date,
    until: date,
    still_open: int,
    prices: WordingSettings,
) -> HelpFigures:
    """The figures of the days from `since` to `until`, both included."""

    def total(name: str) -> int:
        return counts.get(("", name), 0)

    names = ("asked", "answered", "confirmed", "not_helped", "unknown", "handed_over")
    totals = {name: total(name) for name in (*names, "unanswered", "followed")}
    dollars = (
        total("tokens_in") * prices.input_price + total("tokens_out") * prices.output_price
    ) / 1_000_000
    return HelpFigures(
        since=since,
        until=until,
        **totals,
        open=still_open,
        deflection=rate(total("confirmed"), total("asked")),
        at_most=rate(total("confirmed") + total("unknown"), total("asked")),
        articles=tuple(_articles(counts)),
        wording=WordingFigures(
            tokens_in=total("tokens_in"),
            tokens_out=total("tokens_out"),
            dollars=round(dollars, 6),
        ),
    )


def rate(hits: int, of: int) -> Rate:
    """The share with Wilson's score interval, which holds for few cases as well."""
    if not of:
        return Rate(value=None, low=0.0, high=1.0, of=0)
    share, square = hits / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    spread = Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    low = 0.0 if not hits else max(0.0, middle - spread)
    high = 1.0 if hits == of else min(1.0, middle + spread)
    return Rate(value=round(share, 4), low=round(low, 4), high=round(high, 4), of=of)


def _articles(counts: Mapping[Cell, int]) -> Iterable[ArticleFigures]:
    by_slug: dict[str, dict[str, int]] = {}
    for (slug, name), count in counts.items():
        if slug and name in ArticleFigures.model_fields:
            by_slug.setdefault(slug, {})[name] = count
    listed = [ArticleFigures(slug=slug, **found) for slug, found in by_slug.items()]
    return sorted(listed, key=lambda figures: (-figures.shown - figures.sent, figures.slug))
