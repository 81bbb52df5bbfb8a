"""How cases find their people: rules tried out before they are saved, and who is at work."""

from __future__ import annotations

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Instant, Model
from chalicelib.errors import NotFound
from chalicelib.flows.availability import AgentView, Recounted
from chalicelib.flows.trying_out import PriorityTrial, RoutingTrial
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.handlers.queries import PageQuery
from chalicelib.routing.models import TryOut

routes = Blueprint(__name__)


class AvailabilityInput(Model):
    """Whether one is there. `until`: back by oneself at that time."""

    away: bool
    until: Instant | None = None
    note: str = Field(default="", max_length=200)


class RecountInput(Model):
    email: str = Field(min_length=3, max_length=254)


class AgentPage(Model):
    """Members of a team, in the order of the settings."""

    items: tuple[AgentView, ...]
    cursor: str | None = None


@route(
    routes,
    "POST",
    "/v1/settings/routing/try",
    body=RoutingTrial,
    answer=TryOut,
    example={
        "rules": [
            {
                "name": "Gold customers",
                "all": [{"field": "customer.tier", "op": "eq", "value": "gold"}],
                "team": "priority-care",
            }
        ],
        "default_team": "support",
        "cases": 500,
    },
)
def try_routing(call: Call, body: RoutingTrial) -> Reply:
    """Try routing rules on past cases before they are saved: what would have moved?

    Nothing is changed. `warnings` name fields that are probably mistakes.
    """
    return Reply(call.app.trying_out.routing(body))


@route(
    routes,
    "POST",
    "/v1/settings/priorities/try",
    body=PriorityTrial,
    answer=TryOut,
    example={
        "rules": [{"name": "Gold", "priority": "high", "tiers": ["gold"]}],
        "cases": 500,
    },
)
def try_priorities(call: Call, body: PriorityTrial) -> Reply:
    """Try rules of priority on past cases before they are saved. Nothing is changed."""
    return Reply(call.app.trying_out.priorities(body))


@route(routes, "GET", "/v1/me/availability", answer=AgentView)
def get_availability(call: Call) -> Reply:
    """Whether cases come to oneself now, and how many one has."""
    return Reply(call.app.availability.view(call.who.email))


@route(
    routes,
    "PUT",
    "/v1/me/availability",
    body=AvailabilityInput,
    answer=AgentView,
    example={"away": True, "until": "2026-11-23T13:00:00Z", "note": "lunch"},
)
def put_availability(call: Call, body: AvailabilityInput) -> Reply:
    """Say that one is away, or back: what waits in the queues of one's teams then comes."""
    given = call.app.availability.set(call.who.email, body.away, body.until, body.note)
    return Reply(given)


@route(routes, "GET", "/v1/teams/{name}/agents", query=PageQuery, answer=AgentPage, also=(404,))
def list_agents(call: Call, name: str, query: PageQuery) -> Reply:
    """A team's members: who is at work, how many open cases they have and take."""
    if name in call.sight.closed:
        raise NotFound(f"there is no team {name}")
    part = call.app.availability.team(name, query.limit, query.cursor)
    return Reply(AgentPage(items=part.agents, cursor=part.cursor))


@route(
    routes,
    "POST",
    "/v1/agents/recount",
    body=RecountInput,
    answer=Recounted,
    example={"email": "agent@example.com"},
)
def recount_agent(call: Call, body: RecountInput) -> Reply:
    """Count an agent's open cases anew. `corrected` is how far off the count was: always 0, unless
    somebody changed the table by hand."""
    return Reply(call.app.availability.recount(body.email))
