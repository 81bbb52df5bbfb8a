"""Whoever is signed in: who they are, their password and their second factor.

What would outlast the session wants the password again: whoever finds an unlocked browser has the
session, but shall not keep the account.
"""

from __future__ import annotations

from chalice import Blueprint
from pydantic import Field

from chalicelib.access.models import Setup
from chalicelib.base import Instant, Model
from chalicelib.flows.signing_in import SecondFactorState
from chalicelib.handlers.api_session import note
from chalicelib.handlers.http import Call, Reply, route

routes = Blueprint(__name__)


class Me(Model):
    """`now` is our clock; that of a browser may be wrong."""

    email: str
    roles: list[str]
    now: Instant


class PasswordChange(Model):
    password: str = Field(min_length=1, max_length=256)
    new_password: str = Field(min_length=8, max_length=256)


class Proof(Model):
    """The present password, again."""

    password: str = Field(min_length=1, max_length=256)


class FirstCode(Model):
    """What the authenticator shows now: six digits."""

    code: str = Field(pattern=r"^ *\d{3} ?\d{3} *$")


@route(routes, "GET", "/v1/me", answer=Me)
def me(call: Call) -> Reply:
    """Who is signed in, with their roles."""
    return Reply(Me(email=call.who.email, roles=sorted(call.who.roles), now=call.app.clock()))


@route(
    routes,
    "PUT",
    "/v1/me/password",
    body=PasswordChange,
    status=204,
    example={
        "password": "correct horse battery staple",
        "new_password": "correct horse battery staple 9",
    },
    also=(429,),
)
def change_password(call: Call, body: PasswordChange) -> Reply:
    """Change the password. One is signed out everywhere, here as well."""
    call.app.signing_in.change_password(call.token, body.password, body.new_password)
    note(call, "password changed", email=call.who.email)
    return Reply("", 204)


@route(routes, "GET", "/v1/me/second-factor", answer=SecondFactorState, also=(429,))
def second_factor(call: Call) -> Reply:
    """Whether a sign-in asks for a code of an authenticator (TOTP, RFC 6238)."""
    return Reply(call.app.signing_in.second_factor(call.token))


@route(
    routes,
    "POST",
    "/v1/me/second-factor",
    body=Proof,
    answer=Setup,
    example={"password": "correct horse battery staple"},
    also=(409, 429),
)
def begin_second_factor(call: Call, body: Proof) -> Reply:
    """Begin with a new authenticator: its secret, and the link that carries it.

    Nothing changes until its first code is confirmed.
    """
    given = (call.token, call.who.email, body.password)
    return Reply(call.app.signing_in.begin_second_factor(*given))


@route(
    routes,
    "PUT",
    "/v1/me/second-factor",
    body=FirstCode,
    status=204,
    example={"code": "417034"},
    also=(429,),
)
def confirm_second_factor(call: Call, body: FirstCode) -> Reply:
    """Confirm the new authenticator with its code: sign-ins ask for one from now on."""
    call.app.identity.confirm_second_factor(call.token, body.code.replace(" ", ""))
    note(call, "second factor on", email=call.who.email)
    return Reply("", 204)


@route(
    routes,
    "POST",
    "/v1/me/second-factor/off",
    body=Proof,
    status=204,
    example={"password": "correct horse battery staple"},
    also=(409, 429),
)
def end_second_factor(call: Call, body: Proof) -> Reply:
    """Sign in without a code from now on."""
    call.app.signing_in.end_second_factor(call.token, call.who.email, body.password)
    note(call, "second factor off", email=call.who.email)
    return Reply("", 204)
