"""What every model shares: frozen, strict about unknown fields, times in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer


class Model(BaseModel):
    """A frozen value. Unknown fields are refused: what is not understood is not accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)


def to_utc(moment: datetime) -> datetime:
    """`moment` in UTC; a naive one is taken as UTC."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, which sorts as text: 2026-11-22T20:00:00.000Z."""
    return to_utc(moment).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def from_iso(text: str) -> datetime:
    """The inverse of `iso`; raises ValueError."""
    return to_utc(datetime.fromisoformat(text))


Instant = Annotated[
    datetime,
    AfterValidator(to_utc),
    PlainSerializer(iso, return_type=str, when_used="json"),
]
"""A moment in UTC; in JSON it is RFC 3339 text with milliseconds."""
