"""How many promises were kept."""

from __future__ import annotations

from datetime import date
from typing import Literal

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.flows.attaining import Attainment
from chalicelib.handlers.http import Call, Reply, route

routes = Blueprint(__name__)


class AttainmentQuery(Model):
    """Days in UTC, both included; the last thirty unless asked for others."""

    by: Literal["policy", "team", "topic"] = "policy"
    since: date | None = Field(default=None, examples=["2026-11-01"])
    until: date | None = Field(default=None, examples=["2026-11-30"])


@route(routes, "GET", "/v1/promises/attainment", query=AttainmentQuery, answer=Attainment)
def get_attainment(call: Call, query: AttainmentQuery) -> Reply:
    """Promises kept and missed, by policy, team or topic, of cases that began on those days.

    What is open and overdue is missed; what is excluded is said with its reason: spam, history,
    merged into another case, solved without a reply (unanswered), nothing promised (unpromised).
    """
    return Reply(call.app.attaining.figures(query.by, query.since, query.until))
