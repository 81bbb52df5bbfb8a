"""Signing in and out, and whether the system is up.

Programs sign in with `POST /v1/login` and send the token that they get. The desk does so by the
routes under `/v1/session/`, which keep what renews a session in a cookie that no script can read:

- `HttpOnly`, `SameSite=Strict`, `Secure` wherever the address is https, and gone with the browser;
- without a Path, so that browsers send it to `…/v1/session/…` only, whatever stands before that
  (RFC 6265, 5.1.4): the stage of API Gateway, or nothing behind a domain or another front door;
- worth nothing to another site: it is not sent along, and these routes want a header that a foreign
  page cannot set, and what browsers say of where a request comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice import Blueprint
from pydantic import Field, model_validator

from chalicelib import VERSION
from chalicelib.access.models import Act
from chalicelib.base import Instant, Model
from chalicelib.errors import Forbidden, Malformed, NotFound, Refused, Unauthenticated
from chalicelib.flows.signing_in import SignIn
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.observability import logger
from chalicelib.ports import Tokens

routes = Blueprint(__name__)
COOKIE = "custops-session"
POOL_ITSELF = "COGNITO"  # as the pool calls itself among its identity providers
HEADER = "X-Requested-With"
PASSWORD, RENEWAL = "password", "refresh"  # ways of a sign-in
FACTS: Mapping[str, Act | None] = {
    "signed in": Act.SIGNED_IN,
    "refused": Act.SIGN_IN_FAILED,
    "asked for more": None,
    "signed out": Act.SIGNED_OUT,
    "signed out everywhere": Act.SIGNED_OUT_EVERYWHERE,
    "password changed": Act.PASSWORD_CHANGED,
    "second factor on": Act.SECOND_FACTOR_ON,
    "second factor off": Act.SECOND_FACTOR_OFF,
}
"""What happens at the door, and what the audit list calls it."""


class Login(Model):
    """`new_password` and `code` only where an answer asked for them, with the `session` that it
    gave; then no password is needed again."""

    email: str = Field(min_length=3, max_length=254)
    password: str = Field(default="", max_length=256)
    new_password: str | None = Field(default=None, min_length=8, max_length=256)
    code: str | None = Field(default=None, pattern=r"^ *\d{3} ?\d{3} *$")
    session: str | None = Field(default=None, min_length=1, max_length=8192)

    @model_validator(mode="after")
    def _says_who(self) -> Login:
        if not self.password and not self.session:
            raise ValueError("password: is missing")
        return self


class SsoCode(Model):
    """What single sign-on came back with, and what the page began it with."""

    code: str = Field(min_length=1, max_length=2048)
    verifier: str = Field(pattern=r"^[A-Za-z0-9._~-]{43,128}$")
    redirect_uri: str = Field(pattern=r"^https?://", max_length=500)


class Sso(Model):
    """Where single sign-on begins, and with whom; without a domain or providers there is none."""

    domain: str
    client_id: str
    providers: tuple[str, ...]


class Forgotten(Model):
    email: str = Field(min_length=3, max_length=254)


class Reset(Model):
    email: str = Field(min_length=3, max_length=254)
    code: str = Field(min_length=1, max_length=100)
    new_password: str = Field(min_length=8, max_length=256)


class Token(Model):
    """Send it as `Authorization: Bearer <token>`, for so many `seconds`."""

    token: str
    seconds: int


class Health(Model):
    status: str
    version: str
    stage: str
    time: Instant


LOGIN: dict[str, Any] = {
    "body": Login,
    "answer": Token,
    "example": {"email": "agent@example.com", "password": "correct horse battery staple"},
    "also": (401, 403, 429),
}


@route(routes, "POST", "/v1/login", **LOGIN)
def login(call: Call, body: Login) -> Reply:
    """Sign in.

    403 says in `fields` what is asked for besides: `new_password` (choose one) or `code` (of the
    second factor; with `setup`, one is to be set up first). Send it with the `session` of that
    answer, which holds ten minutes, or at once with e-mail address and password.
    """
    tokens = _signed_in(call, body)
    return Reply(Token(token=tokens.access, seconds=tokens.seconds))


@route(routes, "POST", "/v1/session/login", **LOGIN)
def session_login(call: Call, body: Login) -> Reply:
    """Sign in with a browser.

    As `POST /v1/login`, and a cookie keeps what renews the session.
    """
    _own_page(call)
    return _begun(call, _signed_in(call, body))


@route(routes, "GET", "/v1/session/sso", answer=Sso)
def sso(call: Call) -> Reply:
    """Whether and where staff signs in with the company's own identity provider.

    The page begins at `https://<domain>/oauth2/authorize` with a state and a PKCE challenge (S256).
    """
    known = call.app.settings
    client = known.user_pool_client_id if known.sso_domain else ""
    others = tuple(name for name in known.sso_providers if name != POOL_ITSELF)
    return Reply(Sso(domain=known.sso_domain, client_id=client, providers=others))


@route(
    routes,
    "POST",
    "/v1/session/sso",
    body=SsoCode,
    answer=Token,
    example={
        "code": "5f0e6b1c-4f7a-4f56-9f0e-2d6f6f1b7c11",
        "verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "redirect_uri": "https://help.example.com/desk",
    },
    also=(401, 403, 404),
)
def sso_login(call: Call, body: SsoCode) -> Reply:
    """Sign in with what single sign-on came back with."""
    _own_page(call)
    provider = call.app.sso
    if provider is None:
        raise NotFound("there is no single sign-on here")
    try:
        tokens = provider.exchange(body.code, body.verifier, body.redirect_uri)
    except Unauthenticated as refused:
        note(call, "refused", reason=refused.type)
        raise
    note(call, "signed in", email=call.app.identity.whoami(tokens.access)[0], way="sso")
    return _begun(call, tokens)


@route(routes, "POST", "/v1/session/refresh", answer=Token, also=(403, 429))
def refresh(call: Call) -> Reply:
    """Go on with a browser's session: a new token.

    An empty token says that there is none: nobody signed in, or it ended, or was ended elsewhere.
    """
    _own_page(call)
    kept = _cookie(call)
    if not kept:
        return Reply(Token(token="", seconds=0))
    try:
        tokens = call.app.identity.refresh(kept)
    except Unauthenticated:
        note(call, "refused", way=RENEWAL)
        return Reply(Token(token="", seconds=0), headers=_forget(call))
    return _begun(call, tokens)


@route(routes, "POST", "/v1/session/logout", status=204, also=(403, 429))
def logout(call: Call) -> Reply:
    """Sign out of this browser: its session and its tokens end."""
    _own_page(call)
    kept = _cookie(call)
    if kept:
        email = _whose(call)  # its token ends as well
        try:
            call.app.identity.revoke(kept)
        except Unauthenticated:
            logger().info("the session had ended before")
        note(call, "signed out", email=email)
    return Reply("", 204, _forget(call))


@route(routes, "POST", "/v1/session/logout-everywhere", status=204, also=(429,))
def logout_everywhere(call: Call) -> Reply:
    """Sign out everywhere: all sessions and tokens of whoever asks end.

    A token that was used within the last five minutes may be taken until they are over.
    """
    call.app.identity.sign_out_everywhere(call.token)
    note(call, "signed out everywhere", email=call.who.email)
    return Reply("", 204, _forget(call))


@route(
    routes,
    "POST",
    "/v1/login/forgotten",
    body=Forgotten,
    status=204,
    example={"email": "agent@example.com"},
    also=(429,),
)
def forgotten(call: Call, body: Forgotten) -> Reply:
    """Have a code mailed with which to choose a new password.

    The answer is the same whether or not there is such a person.
    """
    call.app.identity.forgot(body.email.strip())
    return Reply("", 204)


@route(
    routes,
    "POST",
    "/v1/login/reset",
    body=Reset,
    status=204,
    example={
        "email": "agent@example.com",
        "code": "417034",
        "new_password": "correct horse battery staple 9",
    },
    also=(429,),
)
def reset(call: Call, body: Reset) -> Reply:
    """Choose a new password with the code that was mailed. Whoever was signed in is signed out."""
    email = body.email.strip()
    call.app.identity.reset(email, body.code.strip(), body.new_password)
    note(call, "password changed", email=email, way="mailed code")
    return Reply("", 204)


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


def note(call: Call, fact: str, *, email: str = "", way: str = PASSWORD, reason: str = "") -> None:
    """The one place where a sign-in, a refusal or a sign-out becomes a fact (one of FACTS).

    The audit list has it from here, and who it was; the log says what happened only. `email` is
    whom it is about, "" where that is not known: then the list has refused sign-ins, so many an
    hour, and nothing else, since anybody could fill it.
    """
    act = FACTS[fact]
    logger().info("session", extra={"fact": fact, "way": way, "reason": reason})
    by = call.trace.model_copy(update={"who": email})
    if act == Act.SIGN_IN_FAILED and way != RENEWAL:
        call.app.auditing.refused(by)
    elif act and email:
        call.app.auditing.record(by, act, details={"way": way} if way != PASSWORD else {})


def _signed_in(call: Call, body: Login) -> Tokens:
    email = body.email.strip()
    given = SignIn(
        email=email,
        password=body.password,
        new_password=body.new_password,
        code=body.code and body.code.replace(" ", ""),
        session=body.session,
    )
    try:
        tokens = call.app.signing_in.sign_in(given)
    except Forbidden as asked:
        note(call, "asked for more", email=email, reason=asked.detail)
        raise
    except Refused as refused:
        note(call, "refused", email=email, reason=refused.type)
        raise
    note(call, "signed in", email=email)
    return tokens


def _begun(call: Call, tokens: Tokens) -> Reply:
    """The token for the page; what renews it goes into the cookie."""
    headers = {}
    if tokens.refresh:
        headers["Set-Cookie"] = f"{_name(call)}={tokens.refresh}; {_attributes(call)}"
    return Reply(Token(token=tokens.access, seconds=tokens.seconds), headers=headers)


def _own_page(call: Call) -> None:
    """Raises where a page of another origin asks, or something that is no page of ours."""
    if call.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Forbidden("only pages of this address may do that")
    if not call.headers.get(HEADER):
        raise Malformed(f"send the header {HEADER}: desk")


def _cookie(call: Call) -> str:
    pairs = (part.strip().partition("=") for part in str(call.headers.get("cookie", "")).split(";"))
    return next((value for name, _, value in pairs if name == _name(call)), "")


def _forget(call: Call) -> dict[str, str]:
    return {"Set-Cookie": f"{_name(call)}=; Max-Age=0; {_attributes(call)}"}


def _whose(call: Call) -> str:
    """The address of the token that came along, on a route that needs none; "" without a good
    one."""
    try:
        return call.app.identity.whoami(call.token)[0] if call.token else ""
    except Unauthenticated:
        return ""


def _secure(call: Call) -> bool:
    """API Gateway knows https only; the local cloud is reached without."""
    return str(call.headers.get("x-forwarded-proto", "https")) != "http"


def _name(call: Call) -> str:
    """Browsers take the prefix as a promise that only https set it."""
    return f"__Secure-{COOKIE}" if _secure(call) else COOKIE


def _attributes(call: Call) -> str:
    return "HttpOnly; SameSite=Strict" + ("; Secure" if _secure(call) else "")
