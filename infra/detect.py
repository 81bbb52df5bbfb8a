"""`python -m infra.detect COUNTS OUT`: the detector of the trends on any file of hourly counts.

COUNTS is CSV with the columns series, hour (ISO 8601, an offset or UTC) and count; further columns
are ignored, hours that are not listed count zero, hours listed twice are added up. OUT gets a row
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
from pathlib import Path

from chalicelib.base import to_utc
from chalicelib.trends.detector import Detector
from chalicelib.trends.models import DetectorConfig
from chalicelib.trends.series import HourlySeries, hour_of, moment_of

COLUMNS = ("series", "start", "alarm", "end", "window_hours", "expected", "seen", "p", "method")
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
    """The series of a CSV file; raises CountsNotReadable.

    A series that lists empty hours is taken to begin with its first row; one that does not, with
    the first hour of the file.
    """
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    first: dict[str, int] = {}
    lists_zeros: set[str] = set()
    last = 0
    for name, hour, count in _rows(lines):
        first[name] = min(hour, first.get(name, hour))
        if count:
            counts[name][hour] = counts[name].get(hour, 0) + count
        else:
            lists_zeros.add(name)
        last = max(hour, last)
    begin = min(first.values(), default=0)
    for name in first:
        counts[name].setdefault(last, 0)  # so that all are followed to the end of the file
    return {
        name: HourlySeries(at if name in lists_zeros else begin, counts[name])
        for name, at in sorted(first.items())
    }


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
    reader = csv.DictReader(lines)
    missing = {"series", "hour", "count"} - set(reader.fieldnames or ())
    if missing:
        raise CountsNotReadable(f"line 1: no column {', '.join(sorted(missing))}")
    known: dict[str, int] = {}
    for row in reader:
        text = row["hour"]
        try:
            if text not in known:
                known[text] = hour_of(to_utc(datetime.fromisoformat(text.strip())))
            count = int(float(row["count"]))
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            raise CountsNotReadable(f"line {reader.line_num}: {error}") from error
        if count < 0:
            raise CountsNotReadable(f"line {reader.line_num}: a count below zero: {count}")
        yield row["series"], known[text], count


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
