"""Models: what was learnt from people's corrections, how good it is, and which one decides."""

from __future__ import annotations

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.flows.engines import EnginesReport
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.handlers.queries import PageQuery
from chalicelib.understanding.costs import Costs
from chalicelib.understanding.lessons import ModelKind, TopicModel

routes = Blueprint(__name__)


class ModelRequest(Model):
    """What is to be trained."""

    kind: ModelKind = "topic"


class ModelPage(Model):
    """Models, newest first. `in_use` is the id of the one that decides, if there is one."""

    items: tuple[TopicModel, ...]
    in_use: str | None = None
    cursor: str | None = None


class ModelQuery(PageQuery):
    """Of which kind: our own models, or Comprehend's classifiers."""

    kind: ModelKind = "topic"


class CostQuery(Model):
    """The month, such as 2026-11; this one if none is named."""

    month: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}$")


@route(routes, "GET", "/v1/engines", answer=EnginesReport)
def get_engines(call: Call) -> Reply:
    """Which engine decides topics, and both engines on the same cases: how often they agree, who
    is right by what people made of the cases since, what each costs."""
    return Reply(call.app.engine_reports.report())


@route(routes, "GET", "/v1/costs", query=CostQuery, answer=Costs)
def get_costs(call: Call, query: CostQuery) -> Reply:
    """What Amazon Comprehend cost in a month, by day and kind, in US dollars."""
    return Reply(call.app.engine_reports.costs(query.month))


@route(routes, "GET", "/v1/models", query=ModelQuery, answer=ModelPage)
def list_models(call: Call, query: ModelQuery) -> Reply:
    """The history of models with their figures, ready to be drawn."""
    part = call.app.modelling.find(query.limit, query.cursor, query.kind)
    return Reply(ModelPage(items=part.models, in_use=part.in_use, cursor=part.cursor))


@route(
    routes,
    "POST",
    "/v1/models",
    body=ModelRequest,
    answer=TopicModel,
    status=202,
    example={"kind": "topic"},
)
def train_model(call: Call, body: ModelRequest) -> Reply:
    """Have a model trained now. It is listed at once, and says later what became of it."""
    return Reply(call.app.modelling.request(call.who.email, body.kind), status=202)


@route(routes, "GET", "/v1/models/{id}", answer=TopicModel)
def get_model(call: Call, id: str) -> Reply:
    """One model."""
    return Reply(call.app.models.of_any_kind(id))


@route(routes, "POST", "/v1/models/{id}/promote", answer=TopicModel, also=(409,))
def promote_model(call: Call, id: str) -> Reply:
    """Put a model into use, whatever was measured; an earlier one too: that is the way back."""
    return Reply(call.app.modelling.promote(id, call.who.email))
