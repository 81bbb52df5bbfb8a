"""Known issues, as the help centre shows them. Public."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.base import Model
from chalicelib.flows.issues import KnownIssue
from chalicelib.handlers.http import Call, Reply, route

routes = Blueprint(__name__)
KEPT = {"Cache-Control": "public, max-age=30"}


class KnownIssues(Model):
    """Issues, newest first; resolved ones stay for a week."""

    items: tuple[KnownIssue, ...]


@route(routes, "GET", "/v1/help/issues", answer=KnownIssues)
def known_issues(call: Call) -> Reply:
    """What is known to be broken at present, and what helps until it is mended."""
    return Reply(KnownIssues(items=call.app.issues.known()), headers=KEPT)


@route(routes, "GET", "/v1/help/issues/{id}", answer=KnownIssue)
def known_issue(call: Call, id: str) -> Reply:
    """One known issue with its updates."""
    return Reply(call.app.issues.one(id), headers=KEPT)
