"""Query and Scan: key conditions, filters, pages of 1 MB or `Limit` evaluated items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.simulation.aws.dynamodb.binding import Bindings, Place, projected
from tests.simulation.aws.dynamodb.conditions import Test
from tests.simulation.aws.dynamodb.syntax import (
    Between,
    Both,
    Call,
    Compare,
    Condition,
    Either,
    In,
    Not,
    Operand,
    Path,
    Ref,
    parse_projection,
)
from tests.simulation.aws.dynamodb.tables import Schema, Table
from tests.simulation.aws.dynamodb.values import Item, Value, copied_item, item_bytes, sort_value
from tests.simulation.aws.dynamodb.writes import Request
from tests.simulation.aws.errors import invalid

PAGE_BYTES = 1024 * 1024
NOT_SUPPORTED = "Query key condition not supported"


@dataclass(frozen=True)
class Reading:
    """A Query or Scan, checked: what to filter by, what to show, how much to read."""

    filter: Test | None
    places: list[Place] | None
    limit: int | None
    count_only: bool


def query(table: Table, request: Request) -> Request:
    schema = _schema(table, request)
    bindings = Bindings(request)
    condition = Test(
        _demanded(request, "KeyConditionExpression"), "KeyConditionExpression", bindings
    )
    partition = _partition(table, schema, condition)
    reading = _reading(request, bindings, schema)
    bindings.close()
    backward = request.get("ScanIndexForward") is False
    rows = (
        row
        for row in _candidates(table, request, schema, partition, backward, condition)
        if condition.holds(row)
    )
    return _page(table, schema, reading, rows)


def scan(table: Table, request: Request) -> Request:
    schema = _schema(table, request)
    bindings = Bindings(request)
    reading = _reading(request, bindings, None)
    bindings.close()
    start = request.get("ExclusiveStartKey")
    rows: list[Item] = list(table.items.values())
    rows.sort(key=lambda item: repr(table.schema.key_of(item)))
    if request.get("IndexName"):
        rows = [row for row in rows if all(name in row for name in schema.names)]
    if start is not None:
        after = repr(table.key_of_request({name: start[name] for name in table.schema.names}))
        rows = [row for row in rows if repr(table.schema.key_of(row)) > after]
    return _page(table, schema, reading, iter(rows))


def _page(table: Table, schema: Schema, reading: Reading, rows: Iterator[Item]) -> Request:
    shown: list[Item] = []
    seen = size = matched = 0
    last: Item | None = None
    for row in rows:
        seen += 1
        size += item_bytes(row)
        if reading.filter is None or reading.filter.holds(row):
            matched += 1
            if not reading.count_only:
                kept = row if reading.places is None else projected(row, reading.places)
                shown.append(copied_item(kept))
        if seen == reading.limit or size >= PAGE_BYTES:
            last = {name: row[name] for name in {*table.schema.names, *schema.names}}
            break
    answer: Request = {"Count": matched, "ScannedCount": seen}
    if not reading.count_only:
        answer["Items"] = shown
    if last is not None:
        answer["LastEvaluatedKey"] = copied_item(last)
    return answer


def _candidates(
    table: Table,
    request: Request,
    schema: Schema,
    partition: Value,
    backward: bool,
    condition: Test,
) -> Iterator[Item]:
    start = request.get("ExclusiveStartKey")
    index = request.get("IndexName")
    if start is not None:
        _check_start(table, schema, start)
    own = table.schema.key_of(start) if start is not None else None
    if index is None:
        low, high = _range(condition, schema)
        return table.rows(sort_value(partition), backward=backward, after=own, low=low, high=high)
    after = None
    if start is not None and own is not None:
        after = (sort_value(start[schema.range]) if schema.range else "", own)
    return table.index_rows(index, sort_value(partition), backward=backward, after=after)


def _check_start(table: Table, schema: Schema, start: Item) -> None:
    if set(start) != {*table.schema.names, *schema.names}:
        raise invalid("The provided starting key is invalid")


def _range(condition: Test, schema: Schema) -> tuple[Any, Any]:
    """Bounds of the sort key that save reading a whole partition; only a hint."""
    for part in _conjuncts(condition.tree):
        match part:
            case Between(value=Path() as path, low=Ref() as low, high=Ref() as high):
                if condition.bindings.place(path) == (schema.range,):
                    return (
                        sort_value(condition.bindings.value(low)),
                        sort_value(condition.bindings.value(high)),
                    )
            case Call(name="begins_with", arguments=(Path(), Ref() as prefix)):
                return sort_value(condition.bindings.value(prefix)), None
            case Compare(operator=operator, left=Path() as path, right=Ref() as ref):
                if condition.bindings.place(path) == (schema.range,):
                    bound = sort_value(condition.bindings.value(ref))
                    return (
                        bound if operator in (">", ">=", "=") else None,
                        bound if operator in ("<", "<=", "=") else None,
                    )
    return None, None


def _partition(table: Table, schema: Schema, condition: Test) -> Value:
    """The value that the hash key must equal; raises where the condition is not a key condition."""
    parts = _conjuncts(condition.tree)
    found: Value | None = None
    others: list[Condition] = []
    for part in parts:
        path, value = _tested(part, condition)
        if path == schema.hash:
            if not isinstance(part, Compare) or part.operator != "=" or found is not None:
                raise invalid(NOT_SUPPORTED)
            found = value
        elif path == schema.range and not others:
            if isinstance(part, Compare) and part.operator == "<>":
                raise invalid(NOT_SUPPORTED)
            others.append(part)
        else:
            raise invalid(f"Query condition missed key schema element: {schema.range or path}")
        if table.kinds[str(path)] not in value:
            raise invalid(
                "One or more parameter values were invalid: Condition parameter type "
                "does not match schema type"
            )
    if found is None:
        raise invalid(f"Query condition missed key schema element: {schema.hash}")
    return found


def _tested(part: Condition, condition: Test) -> tuple[str, Value]:
    """The key attribute that one part of a key condition tests, and the value it is held to."""
    path: Operand
    ref: Operand
    match part:
        case Compare():
            path, ref = part.left, part.right
        case Between():
            path, ref = part.value, part.low
        case Call(name="begins_with"):
            path, ref = part.arguments[0], part.arguments[1]
        case _:
            raise invalid(NOT_SUPPORTED)
    if isinstance(part, Compare) and isinstance(path, Ref) and isinstance(ref, Path):
        path, ref = ref, path
    if not isinstance(path, Path) or not isinstance(ref, Ref):
        raise invalid(NOT_SUPPORTED)
    place = condition.bindings.place(path)
    if len(place) != 1:
        raise invalid(NOT_SUPPORTED)
    return str(place[0]), condition.bindings.value(ref)


def _conjuncts(node: Condition) -> list[Condition]:
    if isinstance(node, Both):
        return _conjuncts(node.left) + _conjuncts(node.right)
    return [node]


def _reading(request: Request, bindings: Bindings, keys: Schema | None) -> Reading:
    text = request.get("FilterExpression")
    test = Test(text, "FilterExpression", bindings) if text is not None else None
    if test is not None and keys is not None:
        for place in _places(test.tree, bindings):
            if place[0] in keys.names:
                raise invalid(
                    "Filter Expression can only contain non-primary key attributes: "
                    f"Primary key attribute: {place[0]}"
                )
    places = None
    if request.get("ProjectionExpression") is not None:
        parsed = parse_projection(request["ProjectionExpression"])
        bindings.use(parsed, "ProjectionExpression")
        places = [bindings.place(path) for path in parsed.tree]
    limit = request.get("Limit")
    if limit is not None and limit < 1:
        raise invalid(
            "1 validation error detected: Value at 'limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        )
    return Reading(test, places, limit, request.get("Select") == "COUNT")


def _places(node: Condition | Operand, bindings: Bindings) -> list[Place]:
    match node:
        case Path():
            return [bindings.place(node)]
        case Both() | Either() | Compare():
            return _places(node.left, bindings) + _places(node.right, bindings)
        case Not():
            return _places(node.inner, bindings)
        case Between():
            parts: tuple[Operand, ...] = (node.value, node.low, node.high)
        case In():
            parts = (node.value, *node.options)
        case Call():
            parts = node.arguments
        case _:
            return []
    return [place for part in parts for place in _places(part, bindings)]


def _schema(table: Table, request: Request) -> Schema:
    name = request.get("IndexName")
    if name is None:
        return table.schema
    if name not in table.indexes:
        raise invalid(f"The table does not have the specified index: {name}")
    if request.get("ConsistentRead"):
        raise invalid("Consistent reads are not supported on global secondary indexes")
    return table.indexes[name].schema


def _demanded(request: Request, name: str) -> str:
    if not request.get(name):
        raise invalid(
            "Either the KeyConditions or KeyConditionExpression parameter must be "
            "specified in the request."
        )
    return str(request[name])
