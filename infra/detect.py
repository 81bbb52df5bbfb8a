"""`python -m infra.detect COUNTS OUT`: the detector of the trends on any file of hourly counts.

COUNTS is CSV with the columns series, hour (ISO 8601, an offset or UTC) and count, in any order of
columns and rows; further columns are ignored, and rows of the same series and hour are added up.
An hour without a row counts zero, but where a series lists its zeros, or nearly every hour, a hole
is a hole: nobody counted, and nothing is concluded from it. A series that first appears more than a
week after the file begins is judged by the cautious rule for its own first week. OUT gets a row
an alarm: series, start, alarm, end, window_hours, expected, seen, p, method. Times are the
beginnings of UTC hours. `alarm` is the last hour that was looked at when the alarm was raised, and
the figures are those of that moment: no later hour changes them. `end` is the first hour that was
ordinary again, empty when the alarm was still open at the end of the file.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from chalicelib.base import to_utc
from chalicelib.trends.detector import Detector
from chalicelib.trends.models import DetectorConfig
from chalicelib.trends.series import HOURS_A_WEEK, HourlySeries, hour_of, moment_of

COLUMNS = ("series", "start", "alarm", "end", "window_hours", "expected", "seen", "p", "method")
_NEEDED = ("series", "hour", "count")
_LONGEST_FILE = 20 * 366 * 24  # hours; beyond, a year is mistyped
_COMPLETE = 0.8  # of the hours between its first and last row, from which on a hole is a gap
_NO_ZEROS = 24  # hours of a hole, where zeros are not listed, from which on it is a gap
_MIN_SEEN = 3  # a file is judged by the numbers alone; a live desk wants a few more cases


class CountsNotReadable(ValueError):
    """The file of counts is not what is described above; the text names line and reason."""


def main(arguments: list[str] | None = None) -> int:
    """Read, detect, write. Returns the exit code: 0, or 2 when COUNTS cannot be read."""
    options = _options(arguments)
    config = DetectorConfig(
        false_alarms_per_series_month=options.false_alarms,
        min_seen=options.min_seen,
        zone=options.zone,
    )
    try:
        with Path(options.counts).open(encoding="utf-8-sig", newline="") as file:
            history = read_counts(file)
    except (CountsNotReadable, OSError, UnicodeDecodeError) as error:
        print(f"{options.counts}: {error}", file=sys.stderr)
        return 2
    rows = list(alarm_rows(history, config))
    with Path(options.out).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    print(f"{len(history)} series, {len(rows)} alarms -> {options.out}", file=sys.stderr)
    return 0


def read_counts(lines: Iterable[str]) -> dict[str, HourlySeries]:
    """The series of a CSV file; raises CountsNotReadable."""
    listed: dict[str, dict[int, int]] = defaultdict(dict)
    for name, hour, count in _rows(lines):
        counts = listed[name]
        counts[hour] = counts.get(hour, 0) + count
    if not listed:
        return {}
    begin = min(min(counts) for counts in listed.values())
    last = max(max(counts) for counts in listed.values())
    if last - begin > _LONGEST_FILE:
        raise CountsNotReadable(
            f"column hour: from {_text(begin)} to {_text(last)} are more than twenty years"
        )
    return {name: _series(counts, begin, last) for name, counts in sorted(listed.items())}


def _series(listed: Mapping[int, int], begin: int, last: int) -> HourlySeries:
    """A series that begins with its first row or with the file; followed to the end of the file."""
    first, final = min(listed), max(listed)
    zeros = any(count == 0 for count in listed.values())
    complete = len(listed) >= _COMPLETE * (final - first + 1)
    late = first - begin > HOURS_A_WEEK
    gaps: tuple[tuple[int, int], ...] = ()
    if complete:
        shortest = 1 if zeros else _NO_ZEROS
        gaps = tuple(gap for gap in _holes(sorted(listed)) if gap[1] - gap[0] + 1 >= shortest)
    counts = {hour: count for hour, count in listed.items() if count}
    counts.setdefault(last, 0)
    return HourlySeries(first if zeros or complete or late else begin, counts, gaps)


def _holes(hours: list[int]) -> Iterator[tuple[int, int]]:
    for one, next_one in pairwise(hours):
        if next_one - one > 1:
            yield one + 1, next_one - 1


def alarm_rows(
    history: Mapping[str, HourlySeries], config: DetectorConfig
) -> Iterator[tuple[object, ...]]:
    """The rows of the alarm list, by hour of alarm, then by series."""
    last = max((max(s.counts, default=s.first) for s in history.values()), default=0)
    began = Detector(config).advance(history, last + 1)
    for name, episode in sorted(began, key=lambda b: (b[1].opened, b[0])):
        yield (
            name,
            _text(episode.start),
            _text(episode.opened),
            "" if episode.end is None else _text(episode.end),
            episode.window,
            f"{episode.expected:.4g}",
            episode.seen,
            f"{episode.p_opened:.3g}",
            episode.method.value,
        )


def _rows(lines: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    reader = csv.reader(lines)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in _NEEDED if name not in header]
        if missing:
            raise CountsNotReadable(f"line 1: no column {', '.join(missing)}")
        places = [header.index(name) for name in _NEEDED]
        known: dict[str, int] = {}
        for row in reader:
            if not row:
                continue
            if len(row) <= max(places):
                raise CountsNotReadable(f"line {reader.line_num}: too few columns")
            series, stamp, number = (row[place] for place in places)
            if stamp not in known:
                known[stamp] = _hour(stamp, reader.line_num)
            yield series.strip(), known[stamp], _count(number, reader.line_num)
    except csv.Error as error:
        raise CountsNotReadable(f"line {reader.line_num}: {error}") from error


def _hour(text: str, line: int) -> int:
    try:
        return hour_of(to_utc(datetime.fromisoformat(text.strip())))
    except (ValueError, OverflowError) as error:
        where = f"line {line}, column hour"
        raise CountsNotReadable(f"{where}: not an ISO time: {text[:40]!r}") from error


def _count(text: str, line: int) -> int:
    where = f"line {line}, column count"
    try:
        count = int(text) if text.strip().isdigit() else _whole(float(text))
    except (ValueError, OverflowError) as error:
        raise CountsNotReadable(f"{where}: not a whole number: {text[:40]!r}") from error
    if count < 0:
        raise CountsNotReadable(f"{where}: a count below zero: {count}")
    return count


def _whole(value: float) -> int:
    if value != int(value):
        raise ValueError(value)
    return int(value)


def _text(hour: int) -> str:
    return moment_of(hour).strftime("%Y-%m-%dT%H:%M:%SZ")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="infra.detect", description="Alarms of hourly counts.")
    parser.add_argument("counts", help="CSV: series,hour,count")
    parser.add_argument("out", help="CSV to write")
    parser.add_argument("--false-alarms", type=float, default=0.1, help="a series-month")
    parser.add_argument("--min-seen", type=int, default=_MIN_SEEN, help="fewer cases say nothing")
    parser.add_argument("--zone", default="UTC", help="time zone of the week's season")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
