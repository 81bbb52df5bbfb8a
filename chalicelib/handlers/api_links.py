"""The secret link of a case, for agents: withdraw it, send a new one."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.handlers.http import Call, Reply, route
from chalicelib.handlers.views import CaseView, MessageView, case_view, message_views

routes = Blueprint(__name__)


@route(routes, "POST", "/v1/cases/{id}/links/revoke", answer=CaseView)
def revoke_links(call: Call, id: str) -> Reply:
    """Withdraw every secret link of a case. Whoever holds one is told so; the case goes on."""
    case = call.app.links.revoke(id, call.who.email)
    return Reply(case_view(case), version=case.version)


@route(
    routes,
    "POST",
    "/v1/cases/{id}/links",
    answer=MessageView,
    status=201,
    once=True,
    also=(409,),
)
def send_link(call: Call, id: str) -> Reply:
    """Send the customer a new secret link, to them alone."""
    message = call.app.links.send(id, call.who.email, call.key())
    (view,) = message_views([message], call.app)
    return Reply(view, 201)
