"""The command that looks for bursts of words in a file."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from infra.emerging import COLUMNS, TextsNotReadable, main, read_texts

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)


def rows(customer: bool = False) -> list[list[str]]:
    random = Random(3)
    words = [f"matter{n}" for n in range(300)]
    found = []
    for number in range(12 * 24 * 5):
        at = BEGIN + timedelta(minutes=12 * number)
        found.append([at.isoformat(), " ".join(random.choices(words, k=6)), f"c{number}"])
    for number in range(12):
        at = BEGIN + timedelta(days=9, hours=4, minutes=10 * number)
        who = "the same" if customer else f"b{number}"
        text = f"Terminal shows E403, call +49 30 901820 90 {random.choice(words)}"
        found.append([at.isoformat(), text, who])
    random.shuffle(found)
    return found


def written(path: Path, header: list[str], content: list[list[str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(content)
    return path


def found(texts: Path, out: Path) -> list[dict[str, str]]:
    assert main([str(texts), str(out)]) == 0
    with out.open() as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert tuple(reader.fieldnames or ()) == COLUMNS
    return rows


def test_burst_is_one_row_with_its_words_and_examples_whatever_the_order_of_rows(
    tmp_path: Path,
) -> None:
    texts = written(tmp_path / "t.csv", ["at", "text", "customer"], rows())
    (row,) = found(texts, tmp_path / "out.csv")
    assert row["start"].startswith("2026-01-14T04:")
    assert "2026-01-14T04:30" <= row["alarm"] <= "2026-01-14T06:00"
    assert row["end"] > row["alarm"]
    assert "e403" in row["terms"]
    assert int(row["seen"]) >= 5 > float(row["expected"])
    assert float(row["p"]) < 1e-6
    assert row["examples"].count("E403") == 3
    assert "901820" not in row["examples"]


def test_customers_are_counted_where_the_file_names_them(tmp_path: Path) -> None:
    texts = written(tmp_path / "t.csv", ["customer", "text", "at"], [r[::-1] for r in rows(True)])
    assert found(texts, tmp_path / "out.csv") == []


def test_columns_may_be_anywhere_and_further_ones_are_ignored() -> None:
    (row,) = read_texts(["x, At ,text", "1,2026-01-01T02:00:00+02:00,hello"])
    assert (row.at * 3600, row.text) == (datetime(2026, 1, 1, tzinfo=UTC).timestamp(), "hello")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("at,message\na,b", "line 1: no column text"),
        ("at,text\n2026-01-01,x\nyesterday,y", "line 3, column at: .*'yesterday'"),
        ("at,text\n,y", "line 2, column at"),
    ],
)
def test_file_that_is_not_texts_is_refused_with_line_and_column(text: str, reason: str) -> None:
    with pytest.raises(TextsNotReadable, match=reason):
        read_texts(text.splitlines())


def test_empty_file_has_no_bursts(tmp_path: Path) -> None:
    texts = written(tmp_path / "t.csv", ["at", "text"], [])
    assert found(texts, tmp_path / "out.csv") == []
    assert main([str(tmp_path / "none.csv"), str(tmp_path / "out.csv")]) == 2
