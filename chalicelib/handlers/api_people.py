"""Who may sign in, and as what: for admins."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.access.models import Act
from chalicelib.base import Model
from chalicelib.flows.staffing import Invitation, PersonPatch, PersonView, TemporaryPassword
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.handlers.queries import PageQuery

routes = Blueprint(__name__)


class PersonPage(Model):
    """People in the order of the user pool."""

    items: tuple[PersonView, ...]
    cursor: str | None = None


@route(routes, "GET", "/v1/people", query=PageQuery, answer=PersonPage, also=(429,))
def list_people(call: Call, query: PageQuery) -> Reply:
    """Everybody who may sign in, with roles and teams.

    A team's members are in the settings `teams`; `second_factor` says whether one is set up.
    """
    part = call.app.staffing.find(query.limit, query.cursor)
    return Reply(PersonPage(items=part.people, cursor=part.cursor))


@route(
    routes,
    "POST",
    "/v1/people",
    body=Invitation,
    answer=PersonView,
    status=201,
    example={"email": "eva.berg@example.com", "name": "Eva Berg", "roles": ["agent"]},
    also=(409, 429),
)
def invite_person(call: Call, body: Invitation) -> Reply:
    """Invite somebody: a temporary password is mailed to them, which they replace at once."""
    details = {"roles": " ".join(body.roles)}
    with call.audited(Act.INVITED, body.email.lower(), details):
        person = call.app.staffing.invite(body, call.who.email)
    return Reply(person, 201)


@route(
    routes,
    "PATCH",
    "/v1/people/{email}",
    body=PersonPatch,
    answer=PersonView,
    example={"roles": ["agent", "lead"]},
    also=(409, 429),
)
def change_person(call: Call, email: str, body: PersonPatch) -> Reply:
    """Change somebody's roles, name, or whether they may sign in.

    What is taken away ends their tokens; within five minutes nothing is left of it. Nobody takes
    their own role as an admin, and the last admin stays one.
    """
    details = {}
    if body.roles is not None:
        details["roles"] = " ".join(body.roles)
    if body.enabled is not None:
        details["enabled"] = "yes" if body.enabled else "no"
    if body.name is not None:
        details["name"] = "changed"
    with call.audited(Act.PERSON_CHANGED, email.lower(), details):
        person = call.app.staffing.change(email, body, call.who.email)
    return Reply(person)


@route(routes, "POST", "/v1/people/{email}/sign-out", status=204, also=(429,))
def sign_person_out(call: Call, email: str) -> Reply:
    """Sign somebody out everywhere; it takes five minutes at most."""
    with call.audited(Act.PERSON_SIGNED_OUT, email.lower()):
        call.app.staffing.sign_out(email)
    return Reply("", 204)


@route(
    routes,
    "POST",
    "/v1/people/{email}/reset-password",
    answer=TemporaryPassword,
    also=(409, 429),
)
def reset_password(call: Call, email: str) -> Reply:
    """Give somebody a temporary password, which is shown this once, for you to hand over.

    They are signed out everywhere, and replace it at their next sign-in.
    """
    with call.audited(Act.PASSWORD_RESET, email.lower()):
        temporary = call.app.staffing.reset(email)
    return Reply(temporary)
