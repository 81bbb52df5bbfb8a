"""`python -m infra.emerging TEXTS OUT`: new kinds of trouble in any file of texts, by their words.

TEXTS is CSV with the columns at (ISO 8601, an offset or UTC) and text; a column customer makes it
count customers instead of texts; further columns are ignored, rows may be in any order. OUT gets a
row a burst: start, alarm, end, terms, seen, expected, p, examples. Times are UTC; `alarm` is when
it was noticed, looking only at texts before that (every quarter of an hour in which any came), and
`terms`, `seen` (customers, or texts without that column), `expected` and `p` are those of that
moment, for the first of the terms; no later text changes them. `end` is when the words were as
usual again, empty when the burst was going on at the end. Terms are parted by "; ", most telling
first; examples are texts, parted by " | ", shortened, without e-mail addresses and the like.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.base import to_utc
from chalicelib.trends.bursts import Burst, Text
from chalicelib.trends.emerging import NAMED_BY, Emerging
from chalicelib.trends.wording import telling
from chalicelib.understanding.pii import redact
from chalicelib.understanding.telling_words import FUNCTION_WORDS

COLUMNS = ("start", "alarm", "end", "terms", "seen", "expected", "p", "examples")
_MOST_PAST = 400_000  # terms; about 100 MB
_STEP = 0.25  # hours
_EXAMPLES, _LONGEST_EXAMPLE = 3, 120


class TextsNotReadable(ValueError):
    """The file of texts is not what is described above; the text names line and column."""


@dataclass(frozen=True)
class Row:
    """A line of the file; `at` in hours since 1970."""

    at: float
    text: str
    customer: str = ""


@dataclass(frozen=True)
class Found:
    """A burst as it was told when it was noticed; `burst` has its end."""

    burst: Burst
    terms: tuple[str, ...]
    seen: int
    expected: float
    p: float
    cases: tuple[str, ...]


def main(arguments: list[str] | None = None) -> int:
    """Read, watch, write. Returns the exit code: 0, or 2 when TEXTS cannot be read."""
    parser = argparse.ArgumentParser(prog="infra.emerging", description="Bursts of words.")
    parser.add_argument("texts", help="CSV: at,text and, where there is one, customer")
    parser.add_argument("out", help="CSV to write")
    options = parser.parse_args(arguments)
    csv.field_size_limit(10_000_000)
    try:
        with Path(options.texts).open(encoding="utf-8-sig", newline="") as file:
            texts = read_texts(file)
    except (TextsNotReadable, OSError, UnicodeDecodeError, csv.Error) as error:
        print(f"{options.texts}: {error}", file=sys.stderr)
        return 2
    found = bursts(texts)
    with Path(options.out).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        writer.writerows(_row(one, texts) for one in found)
    print(f"{len(texts)} texts, {len(found)} bursts -> {options.out}", file=sys.stderr)
    return 0


def read_texts(lines: Iterable[str]) -> list[Row]:
    """The texts of a CSV file, oldest first; raises TextsNotReadable."""
    reader = csv.DictReader(lines)
    names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    missing = {"at", "text"} - set(names)
    if missing:
        raise TextsNotReadable(f"line 1: no column {', '.join(sorted(missing))}")
    found = []
    for row in reader:
        stamp = (row[names["at"]] or "").strip()
        try:
            at = to_utc(datetime.fromisoformat(stamp)).timestamp() / 3600
        except (ValueError, OverflowError) as error:
            where = f"line {reader.line_num}, column at"
            raise TextsNotReadable(f"{where}: not an ISO time: {stamp[:40]!r}") from error
        customer = (row[names["customer"]] or "").strip() if "customer" in names else ""
        found.append(Row(at, row[names["text"]] or "", customer))
    return sorted(found, key=lambda one: one.at)


def bursts(texts: list[Row]) -> list[Found]:
    """Bursts in the order of their alarms, each as it was known then."""
    engine = Emerging(_MOST_PAST)
    found: list[Found] = []
    due: float | None = None
    for number, row in enumerate(texts):
        if due is not None and row.at >= due:
            found += _told(engine.judge(due))
            due = None
        told = telling(redact(row.text[:4_000]).text, FUNCTION_WORDS)
        engine.add(Text.of(str(number), row.at, row.customer, told))
        if due is None:
            due = (row.at // _STEP + 1) * _STEP
    if due is not None:
        found += _told(engine.judge(due))
    return found


def _told(begun: Iterable[Burst]) -> Iterator[Found]:
    for one in begun:
        terms = tuple(one.terms[:NAMED_BY])
        yield Found(one, terms, one.seen, one.expected, one.p, tuple(one.cases))


def _row(one: Found, texts: list[Row]) -> tuple[object, ...]:
    return (
        _time(one.burst.start),
        _time(one.burst.alarm),
        "" if one.burst.end is None else _time(one.burst.end),
        "; ".join(one.terms),
        one.seen,
        f"{one.expected:.3g}",
        f"{one.p:.3g}",
        " | ".join(_example(texts[int(case)].text) for case in _best(one, texts)),
    )


def _best(one: Found, texts: list[Row]) -> list[str]:
    """The texts with most of its terms."""

    def score(case: str) -> int:
        text = " ".join(telling(texts[int(case)].text, FUNCTION_WORDS))
        return -sum(term in text for term in one.terms)

    return sorted(one.cases[:50], key=score)[:_EXAMPLES]


def _example(text: str) -> str:
    line = " ".join(redact(text[:1_000]).text.split()).replace("|", "/")
    if len(line) > _LONGEST_EXAMPLE:
        line = line[: _LONGEST_EXAMPLE - 1] + "…"
    return f" {line}" if line[:1] in "=+-@" else line  # no spreadsheet takes it for a formula


def _time(hours: float) -> str:
    return datetime.fromtimestamp(round(hours * 3600), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    sys.exit(main())
