"""The command that runs the detector on a file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from infra.detect import COLUMNS, CountsNotReadable, main, read_counts


def rows(burst: int) -> list[str]:
    lines = ["series,hour,count"]
    for hour in range(5 * 168):
        day, rest = divmod(hour, 24)
        count = 3 + (hour * 7) % 3 + (burst if 700 <= hour < 706 else 0)
        date = f"2026-{1 + day // 31:02d}-{1 + day % 31:02d}"
        lines.append(f"login,{date}T{rest:02d}:00:00Z,{count}")
    return lines


def test_burst_in_a_file_is_one_row_with_its_figures(tmp_path: Path) -> None:
    counts, out = tmp_path / "counts.csv", tmp_path / "alarms.csv"
    counts.write_text("\n".join(rows(burst=15)))
    assert main([str(counts), str(out)]) == 0
    with out.open() as file:
        reader = csv.DictReader(file)
        (row,) = list(reader)
    assert tuple(reader.fieldnames or ()) == COLUMNS
    assert row["series"] == "login"
    assert row["start"] == row["alarm"] == "2026-01-30T04:00:00Z"
    assert "2026-01-30T10:00:00Z" <= row["end"] <= "2026-01-30T22:00:00Z"
    assert float(row["p"]) < 1e-4
    assert int(row["seen"]) > 2 * float(row["expected"])


def test_ordinary_file_has_no_row(tmp_path: Path) -> None:
    counts, out = tmp_path / "counts.csv", tmp_path / "alarms.csv"
    counts.write_text("\n".join(rows(burst=0)))
    assert main([str(counts), str(out)]) == 0
    assert out.read_text().splitlines() == [",".join(COLUMNS)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("series,count\na,1", "no column hour"),
        ("", "no column series, hour, count"),
        ("series,hour,count\na,yesterday,1", "line 2, column hour: .*'yesterday'"),
        ("series,hour,count\na,2026-01-01T00:00,many", "line 2, column count"),
        ("series,hour,count\na,2026-01-01T00:00,1.5", "line 2, column count"),
        ("series,hour,count\na,2026-01-01T00:00,inf", "line 2, column count"),
        ("series,hour,count\na,2026-01-01T00:00,-1", "below zero"),
        ("series,hour,count\na,2026-01-01T00:00", "line 2: too few columns"),
        ("series,hour,count\na,2026-01-01T00,1\na,0206-01-01T00,1", "twenty years"),
    ],
)
def test_file_that_is_not_counts_is_refused_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(CountsNotReadable, match=reason):
        read_counts(text.splitlines())


def test_file_that_is_not_there_ends_with_a_message_and_code_two(tmp_path: Path) -> None:
    assert main([str(tmp_path / "none.csv"), str(tmp_path / "out.csv")]) == 2


def test_hours_listed_twice_add_up_and_offsets_are_followed() -> None:
    lines = ["series,hour,count", "a,2026-01-01T02:00:00+02:00,2", "a,2026-01-01T00:00Z,3"]
    (series,) = read_counts(lines).values()
    assert series.counts == {series.first: 5}


def test_columns_and_rows_may_come_in_any_order_and_zone(tmp_path: Path) -> None:
    header, *plain = rows(burst=15)
    assert header == "series,hour,count"
    moved = [line.replace("Z", "+00:00").split(",") for line in plain]
    other = ["Count, hour ,extra,series"]
    other += [f"{count},{hour},x,{series}" for series, hour, count in reversed(moved)]
    found = []
    for name, lines in (("one", [header, *plain]), ("other", other)):
        counts, out = tmp_path / f"{name}.csv", tmp_path / f"{name}-out.csv"
        counts.write_text("\n".join(lines))
        assert main([str(counts), str(out)]) == 0
        found.append(out.read_text())
    assert found[0] == found[1]
    assert len(found[0].splitlines()) == 2


def test_hole_in_a_listing_of_all_hours_is_no_quiet_time(tmp_path: Path) -> None:
    lines = rows(burst=0)
    holed = [line for line in lines if not "2026-01-20T00" <= line.split(",")[1] < "2026-01-24T00"]
    counts, out = tmp_path / "counts.csv", tmp_path / "alarms.csv"
    counts.write_text("\n".join(holed))
    assert main([str(counts), str(out)]) == 0
    assert out.read_text().splitlines() == [",".join(COLUMNS)]


def test_series_that_appears_late_is_no_outbreak(tmp_path: Path) -> None:
    lines = rows(burst=0)
    late = [line.replace("login", "new") for line in lines[1:] if line >= "login,2026-01-20"]
    counts, out = tmp_path / "counts.csv", tmp_path / "alarms.csv"
    counts.write_text("\n".join(lines + late))
    assert main([str(counts), str(out)]) == 0
    assert out.read_text().splitlines() == [",".join(COLUMNS)]


def test_later_rows_change_no_earlier_alarm(tmp_path: Path) -> None:
    lines = rows(burst=15)
    counts, out = tmp_path / "counts.csv", tmp_path / "alarms.csv"
    found = []
    for length in (len(lines), 715):
        counts.write_text("\n".join(lines[:length]))
        assert main([str(counts), str(out)]) == 0
        with out.open() as file:
            found += [[(r["series"], r["start"], r["alarm"], r["p"]) for r in csv.DictReader(file)]]
    assert found[0] == found[1]
    assert found[0]
