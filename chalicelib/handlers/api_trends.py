"""Trends: which topics are too full, against what is usual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.errors import Invalid
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.handlers.queries import PageQuery
from chalicelib.trends.models import Trend, TrendState
from chalicelib.trends.service import TrendPatch

routes = Blueprint(__name__)


class TrendQuery(PageQuery):
    """`state` takes several, separated by commas; without it all are listed."""

    state: str | None = Field(default=None, max_length=60)


class TrendPage(Model):
    """Trends, newest first."""

    items: tuple[Trend, ...]
    cursor: str | None = None


@route(routes, "GET", "/v1/trends", query=TrendQuery, answer=TrendPage)
def list_trends(call: Call, query: TrendQuery) -> Reply:
    """Trends with what was expected and seen, hour by hour."""
    part = call.app.trend_service.find(_states(query.state), query.limit, query.cursor)
    trends = tuple(_seen(call, part.trends))
    return Reply(TrendPage(items=trends, cursor=part.cursor))


@route(routes, "GET", "/v1/trends/{id}", answer=Trend)
def get_trend(call: Call, id: str) -> Reply:
    """One trend."""
    return _one(call, call.app.trends.get(id))


@route(
    routes,
    "PATCH",
    "/v1/trends/{id}",
    body=TrendPatch,
    answer=Trend,
    if_match=True,
    example={"state": "dismissed", "reason": "a newsletter went out"},
)
def patch_trend(call: Call, id: str, body: TrendPatch) -> Reply:
    """Dismiss a trend, take that back, or say which problem it belongs to. Needs If-Match."""
    return _one(call, call.app.trend_service.patch(id, call.version(), body))


def _one(call: Call, trend: Trend) -> Reply:
    (shown,) = _seen(call, [trend])
    return Reply(shown, version=trend.version)


def _seen(call: Call, trends: Sequence[Trend]) -> Iterator[Trend]:
    """The trends with those of their examples that whoever asks may see."""
    sees = call.sight.among(case_id for trend in trends for case_id in trend.example_case_ids)
    for trend in trends:
        examples = [case_id for case_id in trend.example_case_ids if case_id in sees]
        yield trend.model_copy(update={"example_case_ids": examples})


def _states(listed: str | None) -> list[TrendState]:
    if not listed:
        return sorted(TrendState)
    try:
        return sorted({TrendState(name.strip()) for name in listed.split(",")})
    except ValueError as error:
        known = ", ".join(TrendState)
        raise Invalid.field("state", f"is one or more of {known}, with commas between") from error
