"""Reading the CSV files of others: any order of columns, other separators, odd rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

LONGEST_FIELD: Final = 10_000_000  # characters of an article
_SEPARATORS: Final = ",;\t|"


def rows(path: Path, wanted: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """The rows of a CSV file by the names in `wanted`, each of which says what else a column may be
    called. Case and spaces of names do not matter; a field that is missing is empty.

    Raises SystemExit, in words, where the file cannot be read or a column is missing."""
    csv.field_size_limit(LONGEST_FIELD)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SystemExit(f"{path}: {error.strerror}") from error
    text = _decoded(raw).replace("\0", "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    try:
        listed = [row for row in reader if any(field.strip() for field in row)]
    except csv.Error as error:
        raise SystemExit(f"{path}: {error}") from error
    places = _places(path, listed[0] if listed else [], wanted)
    return [
        {name: row[at] if at < len(row) else "" for name, at in places.items()}
        for row in listed[1:]
    ]


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _separator(text: str) -> str:
    """The one that the header has most of."""
    header = text.lstrip().partition("\n")[0]
    return max(_SEPARATORS, key=lambda one: (header.count(one), -_SEPARATORS.index(one)))


def _places(
    path: Path, header: Sequence[str], wanted: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    names = [name.strip().strip('"').lower().replace(" ", "_") for name in header]
    found: dict[str, int] = {}
    for name, others in wanted.items():
        known = next((one for one in (name, *others) if one in names), None)
        if known is None:
            raise SystemExit(
                f"{path}: the columns {' and '.join(wanted)} are needed, there are"
                f" {', '.join(names) or 'none'}"
            )
        found[name] = names.index(known)
    return found
