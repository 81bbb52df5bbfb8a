"""Attribute values as DynamoDB keeps them: dictionaries of one key, {"S": "text"}.

`stored` turns what a caller sent into the canonical form (numbers without superfluous digits, sets
in order), so that two values are equal exactly when the dictionaries are. Values are never changed
in place once they are stored; `copied` is for what leaves the model.
"""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from tests.simulation.aws.errors import invalid

Value = dict[str, Any]
Item = dict[str, Value]

MAX_ITEM_BYTES = 400 * 1024
MAX_DEPTH = 32
SETS = {"SS": "S", "NS": "N", "BS": "B"}
_DIGITS = Context(prec=60)


def stored(value: Value, depth: int = 0) -> Value:
    """The canonical copy of a value; raises ValidationException where AWS would refuse it."""
    if len(value) != 1:
        raise invalid(
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
            if not value
            else "Supplied AttributeValue has more than one datatypes set, "
            "must contain exactly one of the supported datatypes"
        )
    ((kind, content),) = value.items()
    if kind == "S" or kind == "BOOL":
        return {kind: content}
    if kind == "N":
        return {"N": number_text(content)}
    if kind == "NULL":
        if content is not True:
            raise invalid("One or more parameter values were invalid: Null attribute value types")
        return {"NULL": True}
    if kind == "B":
        return {"B": bytes(content)}
    if kind in SETS:
        return {kind: _set(kind, content)}
    if depth >= MAX_DEPTH:
        raise invalid("Nesting Levels have exceeded supported limits")
    if kind == "L":
        return {"L": [stored(one, depth + 1) for one in content]}
    return {"M": {name: stored(one, depth + 1) for name, one in content.items()}}


def stored_item(item: Item) -> Item:
    return {name: stored(value) for name, value in item.items()}


def copied(value: Value) -> Value:
    """A copy that shares nothing that could be changed."""
    ((kind, content),) = value.items()
    if kind == "M":
        return {"M": {name: copied(one) for name, one in content.items()}}
    if kind == "L":
        return {"L": [copied(one) for one in content]}
    return {kind: list(content)} if kind in SETS else {kind: content}


def copied_item(item: Item) -> Item:
    return {name: copied(value) for name, value in item.items()}


@lru_cache(maxsize=65536)
def number_text(text: str) -> str:
    """DynamoDB's canonical form of a number: at most 38 significant digits, no exponent."""
    try:
        number = Decimal(text)
    except (InvalidOperation, TypeError) as error:
        raise invalid(f"The parameter cannot be converted to a numeric value: {text}") from error
    if not number.is_finite():
        raise invalid(f"The parameter cannot be converted to a numeric value: {text}")
    number = number.normalize(_DIGITS)
    if len(number.as_tuple().digits) > 38:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    if number and number.adjusted() > 125:
        raise invalid(
            "Number overflow. Attempting to store a number with magnitude larger "
            "than supported range"
        )
    if number and number.adjusted() < -130:
        raise invalid(
            "Number underflow. Attempting to store a number with magnitude smaller "
            "than supported range"
        )
    return format(number, "f") if number else "0"


@lru_cache(maxsize=65536)
def number(text: str) -> Decimal:
    return Decimal(text)


def added(left: Value, right: Value, sign: int = 1) -> Value:
    """The sum or difference of two numbers."""
    total = _DIGITS.add(number(left["N"]), sign * number(right["N"]))
    return {"N": number_text(str(total))}


def _set(kind: str, content: Any) -> list[Any]:
    member = SETS[kind]
    if not content:
        raise invalid(
            "One or more parameter values were invalid: An number set  may not be empty"
            if kind == "NS"
            else "One or more parameter values were invalid: An string set  may not be empty"
        )
    members = [stored({member: one})[member] for one in content]
    if len(set(members)) != len(members):
        raise invalid(
            "One or more parameter values were invalid: "
            f"Input collection {list(content)} contains duplicates."
        )
    return in_order(kind, members)


def in_order(kind: str, members: Any) -> list[Any]:
    """The members of a set in the order in which this model keeps them."""
    return sorted(members, key=number) if kind == "NS" else sorted(members)


def sort_value(value: Value) -> Any:
    """What keys and the comparisons < and > go by; only for S, N and B."""
    ((kind, content),) = value.items()
    return number(content) if kind == "N" else content


def value_bytes(value: Value) -> int:
    """The size that counts against the item limit (AWS: DynamoDB item sizes and formats)."""
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content) if content.isascii() else len(content.encode())
    if kind == "N":
        return _number_bytes(content)
    if kind == "B":
        return len(content)
    if kind in SETS:
        return sum(value_bytes({SETS[kind]: one}) for one in content)
    if kind == "L":
        return 3 + sum(1 + value_bytes(one) for one in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + value_bytes(v) for name, v in content.items())
    return 1


def item_bytes(item: Item) -> int:
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def _number_bytes(text: str) -> int:
    digits = text.lstrip("-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + (1 if text.startswith("-") else 0)
