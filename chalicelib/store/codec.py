"""Python values to and from DynamoDB's attribute values, without Decimal in between.

boto3's own serializer refuses floats; ours writes numbers as their shortest exact text and reads
them back as int or float. None is left out of maps: an absent attribute is our null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Attribute = dict[str, Any]
Item = dict[str, Any]


def encode(value: Any) -> Attribute:
    """One value as an attribute value; raises TypeError for what DynamoDB cannot hold."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": str(value)}
        case int() | float():
            return {"N": repr(value)}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": encode_item(value)}
        case list() | tuple():
            return {"L": [encode(v) for v in value]}
        case set() | frozenset():
            return {"SS": sorted(value)}
    raise TypeError(f"DynamoDB cannot hold {type(value).__name__}")


def encode_item(item: Mapping[str, Any]) -> dict[str, Attribute]:
    return {str(key): encode(value) for key, value in item.items() if value is not None}


def decode(attribute: Attribute) -> Any:
    """The inverse of `encode`."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL" | "B":
            return value
        case "N":
            return float(value) if any(c in value for c in ".eE") else int(value)
        case "M":
            return decode_item(value)
        case "L":
            return [decode(v) for v in value]
        case "SS":
            return set(value)
        case "NULL":
            return None
    raise TypeError(f"an attribute of type {kind} is not ours")


def decode_item(item: Mapping[str, Attribute]) -> Item:
    return {key: decode(value) for key, value in item.items()}
