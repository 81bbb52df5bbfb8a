"""Problems: what makes many customers write, who ends it, which cases belong to it."""

from __future__ import annotations

from typing import TypeVar

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.errors import Invalid
from chalicelib.flows.handing_over import HandoverAction, HandoverInput
from chalicelib.flows.relating import Decision
from chalicelib.flows.weighing import ProblemView
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.handlers.queries import PageQuery
from chalicelib.problems.models import (
    Entry,
    Evidence,
    Handover,
    Link,
    LinkState,
    Problem,
    ProblemInput,
    ProblemPatch,
    ProblemState,
)

routes = Blueprint(__name__)
S = TypeVar("S", ProblemState, LinkState)


class ProblemQuery(PageQuery):
    """`state` takes several, separated by commas; without it all are listed."""

    state: str | None = Field(default=None, max_length=120)


class ProblemPage(Model):
    """Problems, newest first."""

    items: tuple[Problem, ...]
    cursor: str | None = None


class LinkPage(Model):
    """Cases of a problem, newest first, each with why it belongs and what it was told."""

    items: tuple[Link, ...]
    cursor: str | None = None


class EntryPage(Model):
    """The history of a problem, newest first."""

    items: tuple[Entry, ...]
    cursor: str | None = None


class HandoverPage(Model):
    """Handovers of a problem, newest first."""

    items: tuple[Handover, ...]
    cursor: str | None = None


class LinkDecision(Model):
    """A person's word: link a case, confirm or reject a proposal, let a case go."""

    case_id: str = Field(min_length=1, max_length=64)
    decision: Decision


@route(routes, "GET", "/v1/problems", query=ProblemQuery, answer=ProblemPage)
def list_problems(call: Call, query: ProblemQuery) -> Reply:
    """Problems, by state."""
    states = _states(query.state, ProblemState)
    part = call.app.problem_service.find(states, query.limit, query.cursor)
    return Reply(ProblemPage(items=part.problems, cursor=part.cursor))


@route(
    routes,
    "POST",
    "/v1/problems",
    body=ProblemInput,
    answer=Problem,
    status=201,
    example={"title": "Invoices of March show every position twice", "rule": {"topic": "billing"}},
)
def open_problem(call: Call, body: ProblemInput) -> Reply:
    """Open a problem, from a trend or by hand; a trend that has one gives that one again."""
    opened = call.app.problem_service.open(body, call.who.email)
    return Reply(opened, 201, version=opened.version)


@route(routes, "GET", "/v1/problems/{id}", answer=ProblemView)
def get_problem(call: Call, id: str) -> Reply:
    """One problem with its figures, and what cannot be concluded from them."""
    problem = call.app.problems.get(id)
    return Reply(call.app.weighing.view(problem), version=problem.version)


@route(
    routes,
    "PATCH",
    "/v1/problems/{id}",
    body=ProblemPatch,
    answer=Problem,
    if_match=True,
    example={"state": "accepted", "owner_team": "billing", "workaround": "Pay by card for now."},
    also=(409,),
)
def patch_problem(call: Call, id: str, body: ProblemPatch) -> Reply:
    """Change a problem or bring it to another state. Needs If-Match; the settings `approvals` say
    who may accept it, and who may have many customers told."""
    who = call.who
    changed = call.app.problem_service.patch(id, call.version(), body, who.email, who.roles)
    return Reply(changed, version=changed.version)


@route(routes, "GET", "/v1/problems/{id}/history", query=PageQuery, answer=EntryPage)
def problem_history(call: Call, id: str, query: PageQuery) -> Reply:
    """Who did what to a problem, the departments' answers included."""
    problem = call.app.problems.get(id)
    part = call.app.problem_service.history(problem.id, query.limit, query.cursor)
    return Reply(EntryPage(items=part.entries, cursor=part.cursor))


@route(routes, "GET", "/v1/problems/{id}/cases", query=ProblemQuery, answer=LinkPage)
def problem_cases(call: Call, id: str, query: ProblemQuery) -> Reply:
    """The cases that belong to it, or may; `state` is one of linked, proposed, rejected,
    unlinked."""
    problem = call.app.problems.get(id)
    states = _states(query.state, LinkState)
    part = call.app.problem_service.cases(problem.id, states, query.limit, query.cursor)
    seen = call.sight.among(link.case_id for link in part.links)
    links = tuple(link for link in part.links if link.case_id in seen)
    return Reply(LinkPage(items=links, cursor=part.cursor))


@route(
    routes,
    "POST",
    "/v1/problems/{id}/cases",
    body=LinkDecision,
    answer=Link,
    example={"case_id": "C-7K2M9Q", "decision": "confirm"},
    also=(409,),
)
def decide_case(call: Call, id: str, body: LinkDecision) -> Reply:
    """Link a case, confirm or reject a proposed one, or let one go."""
    call.sight.check_named(body.case_id, "case_id")
    link = call.app.relating.decide(id, body.case_id, body.decision, call.who.email)
    return Reply(link)


@route(routes, "GET", "/v1/problems/{id}/evidence", answer=Evidence)
def problem_evidence(call: Call, id: str) -> Reply:
    """What a department would get with it now, without anybody's name. Nothing is sent."""
    return Reply(call.app.evidence_package.of(call.app.problems.get(id)))


@route(routes, "GET", "/v1/problems/{id}/handovers", query=PageQuery, answer=HandoverPage)
def list_handovers(call: Call, id: str, query: PageQuery) -> Reply:
    """To which departments it was given, with the evidence they got, newest first."""
    problem = call.app.problems.get(id)
    part = call.app.problem_service.handovers(problem.id, query.limit, query.cursor)
    return Reply(HandoverPage(items=part.handovers, cursor=part.cursor))


@route(
    routes,
    "POST",
    "/v1/problems/{id}/handovers",
    body=HandoverInput,
    answer=Handover,
    status=201,
    once=True,
    example={"team": "billing", "note": "It began with release 4.2."},
    also=(409,),
)
def hand_over_problem(call: Call, id: str, body: HandoverInput) -> Reply:
    """Give an accepted problem to a department, with the evidence, by mail and signed webhook."""
    made = call.app.handing_over.hand_over(id, body, call.who.email, call.key())
    return Reply(made, 201, version=made.version)


@route(
    routes,
    "POST",
    "/v1/problems/{id}/handovers/{handover}",
    body=HandoverAction,
    answer=Handover,
    example={"action": "answer", "text": "Only customers of the tariff Gold."},
    also=(409,),
)
def act_on_handover(call: Call, id: str, handover: str, body: HandoverAction) -> Reply:
    """Answer what a department asked, take the task back, or withdraw its links for a new one."""
    after = call.app.handing_over.act(id, handover, body, call.who.email)
    return Reply(after, version=after.version)


def _states(listed: str | None, kind: type[S]) -> list[S]:
    if not listed:
        return sorted(kind)
    try:
        return sorted({kind(name.strip()) for name in listed.split(",")})
    except ValueError as error:
        known = ", ".join(kind)
        raise Invalid.field("state", f"is one or more of {known}, with commas between") from error
