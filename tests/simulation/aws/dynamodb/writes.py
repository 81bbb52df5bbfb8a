"""Plan a write: check it, test its condition, work out the new item, without writing anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.simulation.aws.dynamodb.binding import Bindings, Place
from tests.simulation.aws.dynamodb.conditions import Test
from tests.simulation.aws.dynamodb.tables import Key, Table
from tests.simulation.aws.dynamodb.updates import Update
from tests.simulation.aws.dynamodb.values import Item, copied_item, stored_item
from tests.simulation.aws.errors import AwsError

Request = dict[str, Any]


@dataclass(frozen=True)
class Planned:
    """What a write will do, if nothing else of its transaction forbids it."""

    table: Table
    key: Key
    old: Item | None
    new: Item | None
    touched: tuple[Place, ...] = ()


def key_of(table: Table, kind: str, request: Request) -> Key:
    """The key of the item that a write is about; raises where it does not fit the table."""
    given = request["Item"] if kind == "Put" else request["Key"]
    return table.key_of_request({name: given[name] for name in table.schema.names if name in given})


def plan(table: Table, kind: str, request: Request) -> Planned:
    """Check and compute a Put, Update, Delete or ConditionCheck.

    Raises ValidationException, or ConditionalCheckFailedException with the old item where
    ReturnValuesOnConditionCheckFailure asks for it.
    """
    bindings = Bindings(request)
    test = _condition(request, bindings)
    expression = request.get("UpdateExpression") if kind == "Update" else None
    update = Update(expression, bindings, table.schema.names) if expression else None
    bindings.close()
    item = stored_item(request["Item"]) if kind == "Put" else None
    key = table.check_item(item) if item is not None else table.key_of_request(request["Key"])
    old = table.items.get(key)
    if test is not None and not test.holds(old or {}):
        raise _refused(request, old)
    if kind == "Put":
        return Planned(table, key, old, item)
    if kind == "Delete":
        return Planned(table, key, old, None)
    if kind == "ConditionCheck":
        return Planned(table, key, old, old)
    return Planned(table, key, old, _updated(table, request, update, old), _touched(update))


def _condition(request: Request, bindings: Bindings) -> Test | None:
    text = request.get("ConditionExpression")
    return None if text is None else Test(text, "ConditionExpression", bindings)


def _updated(
    table: Table, request: Request, update: Update | None, old: Item | None
) -> Item | None:
    base = old if old is not None else stored_item(request["Key"])
    if update is None:
        return base
    new = update.apply(base)
    if old is None and update.only_removes:
        return None
    table.check_item(new)
    return new


def _touched(update: Update | None) -> tuple[Place, ...]:
    return tuple(update.touched()) if update is not None else ()


def _refused(request: Request, old: Item | None) -> AwsError:
    wanted = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    return AwsError(
        "ConditionalCheckFailedException",
        "The conditional request failed",
        fields={"Item": copied_item(old)} if wanted and old is not None else {},
    )
