"""Queries that more than one resource takes."""

from __future__ import annotations

from pydantic import Field

from chalicelib.base import Model


class PageQuery(Model):
    """Every list pages: give the `cursor` of one page to get the next."""

    limit: int = Field(default=25, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=8_000)
