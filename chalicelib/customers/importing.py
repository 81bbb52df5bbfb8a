"""Lines of an import, CSV or JSON, as customers. Pure: text in, one outcome a line out.

CSV has a header. Columns are the fields of a customer (name, email, phone, external_id, language,
time_zone, tier), `attributes.x` for an attribute, `consent.email` and `consent.sms`, and `assets`:
either names with ";" between them or a JSON list. An empty cell says nothing about its field.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError

from chalicelib.customers.models import CustomerInput
from chalicelib.errors import Invalid, Malformed, TooLarge

MOST_LINES = 5_000
PLAIN = frozenset({"name", "email", "phone", "external_id", "language", "time_zone", "tier"})
NESTED = ("attributes.", "consent.")


@dataclass(frozen=True)
class Line:
    """One line: what it says of a customer, or what is wrong with it (`fields`)."""

    number: int
    given: CustomerInput | None = None
    fields: tuple[dict[str, str], ...] = ()


def from_csv(text: str) -> list[Line]:
    """Raises Malformed without a header, Invalid for a column that is not known, TooLarge."""
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise Malformed(f"line {reader.line_num} is not CSV: {error}") from error
    if not rows:
        raise Malformed("the first line must name the columns")
    columns = _columns(rows[0][1])
    _bounded(len(rows) - 1)
    return [_row(number, columns, row) for number, row in rows[1:]]


def from_json_lines(text: str) -> list[Line]:
    """One JSON object a line; raises TooLarge."""
    numbered = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    _bounded(len(numbered))
    return [_line(number, partial(_object, line)) for number, line in numbered]


def _columns(header: list[str]) -> list[str]:
    columns = [name.strip() for name in header]
    for name in columns:
        head = name.partition(".")[0] + "."
        known = name in PLAIN or name == "assets" or (head in NESTED and name != head)
        if not known:
            raise Invalid.field(name or "column", "is not a column that an import knows")
    if len(set(columns)) < len(columns):
        raise Invalid.field("column", "two columns have the same name")
    return columns


def _bounded(lines: int) -> None:
    if lines > MOST_LINES:
        raise TooLarge(f"an import takes {MOST_LINES} lines a call, this one has {lines}")


def _row(number: int, columns: list[str], row: list[str]) -> Line:
    if len(row) != len(columns):
        reason = f"has {len(row)} cells, the header has {len(columns)}"
        return Line(number, fields=({"field": "line", "reason": reason},))
    cells = {name: cell.strip() for name, cell in zip(columns, row, strict=True) if cell.strip()}
    return _line(number, partial(_nested, cells))


def _nested(cells: Mapping[str, str]) -> dict[str, Any]:
    """Cells as the fields of a customer; raises Invalid."""
    given: dict[str, Any] = {}
    for name, cell in cells.items():
        head, _, tail = name.partition(".")
        if tail:
            given.setdefault(head, {})[tail] = cell
        elif name == "assets":
            given[name] = list(_assets(cell))
        else:
            given[name] = cell
    return given


def _assets(cell: str) -> Iterator[Any]:
    if not cell.startswith("["):
        yield from ({"name": name.strip()} for name in cell.split(";") if name.strip())
        return
    try:
        listed = json.loads(cell)
    except ValueError as error:
        raise Invalid.field("assets", "is not valid JSON") from error
    for entry in listed:
        yield {"name": entry} if isinstance(entry, str) else entry


def _object(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Invalid.field("line", "is not valid JSON") from error


def _line(number: int, read: Callable[[], Any]) -> Line:
    try:
        given = CustomerInput.model_validate(read())
    except Invalid as refused:
        return Line(number, fields=tuple(refused.extra["fields"]))
    except ValidationError as error:
        return Line(number, fields=tuple(_fields(error)))
    if not (given.email or given.phone):
        reason = "give an e-mail address or a phone number, so that they are found again"
        return Line(number, fields=({"field": "email", "reason": reason},))
    return Line(number, given)


def _fields(error: ValidationError) -> Iterator[dict[str, str]]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    for entry in found[:10]:
        name = ".".join(str(part) for part in entry["loc"]) or "line"
        known = entry["type"] != "extra_forbidden"
        yield {"field": name, "reason": entry["msg"] if known else "is not known here"}
