"""Signing in, who one is, and whether the system is up."""

from __future__ import annotations

from chalice import Blueprint
from pydantic import Field

from chalicelib import VERSION
from chalicelib.access.models import Act
from chalicelib.base import Instant, Model
from chalicelib.errors import Unauthenticated
from chalicelib.handlers.http import Call, Reply, route

routes = Blueprint(__name__)


class Login(Model):
    """`new_password` only where the answer to a first sign-in asked for one."""

    email: str = Field(min_length=3, max_length=254)
    password: str = Field(min_length=1, max_length=256)
    new_password: str | None = Field(default=None, min_length=8, max_length=256)


class Token(Model):
    """Send it as `Authorization: Bearer <token>`."""

    token: str


class Me(Model):
    email: str
    roles: list[str]


class Health(Model):
    status: str
    version: str
    stage: str
    time: Instant


@route(
    routes,
    "POST",
    "/v1/login",
    body=Login,
    answer=Token,
    example={"email": "agent@example.com", "password": "correct horse battery staple"},
    also=(401, 403, 429),
)
def login(call: Call, body: Login) -> Reply:
    """Sign in.

    403 with the field new_password means: choose one and send it along.
    """
    by = call.trace.model_copy(update={"who": body.email.strip()})
    try:
        token = call.app.identity.login(by.who, body.password, body.new_password)
    except Unauthenticated:
        call.app.auditing.refused(by)
        raise
    call.app.auditing.record(by, Act.SIGNED_IN)
    return Reply(Token(token=token))


@route(routes, "GET", "/v1/me", answer=Me)
def me(call: Call) -> Reply:
    """Who is signed in, with their roles."""
    return Reply(Me(email=call.who.email, roles=sorted(call.who.roles)))


@route(routes, "GET", "/v1/health", head=True, answer=Health, also=(503,))
def health(call: Call) -> Reply:
    """Whether the system answers and reaches its table."""
    call.app.documents.document("health")
    return Reply(
        Health(
            status="ok",
            version=VERSION,
            stage=call.app.settings.stage,
            time=call.app.clock(),
        )
    )
