"""Models to items and back: what every item carries beside its model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from chalicelib.base import iso
from chalicelib.store.codec import Item
from chalicelib.store.table import Key

M = TypeVar("M", bound=BaseModel)

OURS = frozenset(
    {
        "pk",
        "sk",
        "type",
        "expires",
        *(f"gsi{n}{part}" for n in range(1, 10) for part in ("pk", "sk")),
    }
)


def item(key: Key, kind: str, model: BaseModel, **extra: Any) -> dict[str, Any]:
    """The item of a model: its key, its type, its fields, and what lists it."""
    fields = model.model_dump(mode="json", exclude_none=True)
    return {"pk": key[0], "sk": key[1], "type": kind, **fields, **extra}


def model(cls: type[M], stored: Mapping[str, Any]) -> M:
    """The model of an item."""
    return cls.model_validate({k: v for k, v in stored.items() if k not in OURS})


def plain(stored: Item) -> dict[str, Any]:
    """An item's fields without keys."""
    return {k: v for k, v in stored.items() if k not in OURS}


def by_time(moment: datetime, identifier: str) -> str:
    """The sort key that lists an item by its time."""
    return f"{iso(moment)}#{identifier}"
