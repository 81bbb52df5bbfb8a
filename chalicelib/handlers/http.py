"""What every route shares, under Chalice's own decorator.

1. `route` declares a route once: Chalice gets it, and the API description is made from it.
2. A request is read: who asks (the authorizer's context), path, query and body by their models.
3. The table of roles decides (access/rules.py); what is not in it is refused.
4. A route of one case is for whoever sees that case (access/service.py).
5. The function is called; it answers with a `Reply`.
6. The reply, or whatever was raised, becomes the answer, with the headers that all answers carry.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from chalice import Blueprint, Response
from pydantic import BaseModel, ValidationError

from chalicelib import bootstrap
from chalicelib.access.models import Act, Trace, network_of
from chalicelib.access.rules import PUBLIC, ROUTES, Principal
from chalicelib.access.rules import authorize as allowed
from chalicelib.access.service import Sight
from chalicelib.bootstrap import Application
from chalicelib.errors import (
    Invalid,
    Malformed,
    MethodNotAllowed,
    NotFound,
    PreconditionMissing,
    Refused,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)
from chalicelib.handlers import problems
from chalicelib.handlers.authorizer import authorize
from chalicelib.observability import correlated

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
LARGEST_BODY = 5_500_000  # bytes; Lambda takes 6 MB a call with all that is around the body
CASE = "/v1/cases/{id}"  # all that lies below it is seen by whoever sees the case
SEGMENT = re.compile(r"[A-Za-z0-9._~=@+-]{1,512}")
VERSION = re.compile(r'(?:W/)?"?(\d{1,15})"?')
KEY = re.compile(r"[\x21-\x7e]{1,255}")
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

View = Callable[..., "Reply"]


@dataclass(frozen=True)
class Reply:
    """An answer: a model, a dictionary, or ready text of `media_type`. A header of "" is left out,
    also where all answers carry it."""

    body: BaseModel | Mapping[str, Any] | str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON
    version: int | None = None  # becomes the ETag


@dataclass(frozen=True)
class Endpoint:
    """A route as it was declared: what Chalice serves, and what the description says of it."""

    method: str
    path: str
    view: View
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    optional_body: type[BaseModel] | None = None  # read by the view; only described here
    takes: tuple[str, ...] = (JSON,)
    answer: type[BaseModel] | None = None
    status: int = 200
    media_type: str = JSON
    if_match: bool = False
    leads: bool = False  # a form that shows the next page, or leads on to another (303)
    once: bool = False  # takes an Idempotency-Key
    example: Mapping[str, Any] | str | None = None
    also: tuple[int, ...] = ()  # statuses of errors beside those that follow from the above
    on_error: Callable[[Call, Refused], Reply] | None = None

    @property
    def summary(self) -> str:
        return self.documentation.split("\n", 1)[0].rstrip(".")

    @property
    def documentation(self) -> str:
        lines = (self.view.__doc__ or "").strip().splitlines()
        return "\n".join(line.strip() for line in lines)


ENDPOINTS: dict[tuple[str, str], Endpoint] = {}
"""All routes that were declared, by method and path."""


class Call:
    """One request, read on demand."""

    def __init__(self, request: Any, endpoint: Endpoint) -> None:
        self._request = request
        self._endpoint = endpoint
        self.method: str = request.method
        self.headers: Mapping[str, str] = request.headers
        context = request.context
        self.request_id = _request_id(request)
        self.instance = _instance(context) or endpoint.path
        self.root = "../" * (endpoint.path.count("/") - 1)
        self.address = str(context.get("identity", {}).get("sourceIp") or "")

    @cached_property
    def app(self) -> Application:
        return bootstrap.get()

    @cached_property
    def principal(self) -> Principal | None:
        """Whoever the authorizer vouched for."""
        context = self._request.context.get("authorizer") or {}
        email = context.get("email")
        if not email:
            return None
        return Principal(email=email, roles=frozenset(str(context.get("roles", "")).split()))

    @property
    def who(self) -> Principal:
        """The principal of a route that is not public; raises Unauthenticated."""
        if self.principal is None:
            raise Unauthenticated("the token is missing, wrong or no longer valid")
        return self.principal

    @property
    def token(self) -> str:
        """The access token with which a route that is not public was called."""
        return str(self.headers.get("authorization", "")).partition(" ")[2].strip()

    @property
    def trace(self) -> Trace:
        """Who asks from where, for the audit list; who is "" on a public route."""
        who = self.principal.email if self.principal else ""
        where = network_of(self.address)
        return Trace(who=who, where=where, request_id=self.request_id)

    @contextmanager
    def audited(
        self, what: Act, whom: str = "", details: dict[str, str] | None = None
    ) -> Iterator[None]:
        """Around what happens outside of our table: the list has it before and behind."""
        begun = self.app.auditing.begin(self.trace, what, whom, details)
        try:
            yield
        except Refused as refused:
            self.app.auditing.end(begun, refused.type)
            raise
        self.app.auditing.end(begun)

    @cached_property
    def sight(self) -> Sight:
        """Which cases they see; raises Unauthenticated."""
        return self.app.sights.of(self.who)

    @cached_property
    def media_type(self) -> str:
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    @cached_property
    def raw(self) -> bytes:
        """The body; raises TooLarge, Malformed."""
        try:
            body = self._request.raw_body or b""
        except ValueError as error:
            raise Malformed("the body cannot be decoded") from error
        body = body.encode() if isinstance(body, str) else body
        if len(body) > LARGEST_BODY:
            raise TooLarge(f"a body may have {LARGEST_BODY} bytes, this one has {len(body)}")
        return body

    @property
    def text(self) -> str:
        """The body as text; raises Malformed where it is not UTF-8."""
        try:
            return self.raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Malformed("the body is not UTF-8") from error

    @property
    def parameters(self) -> dict[str, str]:
        """The query's parameters; one that is empty counts as absent."""
        given = self._request.query_params or {}
        return {name: given[name] for name in given if given[name] != ""}

    def if_match(self) -> int | None:
        """The version that If-Match names, None without the header; raises Malformed."""
        header = self.headers.get("if-match")
        if header is None:
            return None
        match = VERSION.fullmatch(header.strip())
        if match is None:
            raise Malformed('If-Match takes the ETag that you read, such as "7"')
        return int(match.group(1))

    def version(self) -> int:
        """The version to change; raises PreconditionMissing without an If-Match."""
        version = self.if_match()
        if version is None:
            raise PreconditionMissing
        return version

    def key(self) -> str:
        """The Idempotency-Key, "" without one; raises Malformed."""
        key = str(self.headers.get("idempotency-key", ""))
        if key and not KEY.fullmatch(key):
            raise Malformed("an Idempotency-Key has 1 to 255 printable ASCII characters")
        return key


def route(
    blueprint: Blueprint, method: str, path: str, *, head: bool = False, **declared: Any
) -> Callable[[View], View]:
    """Declare a route. The view gets the call, its path parameters, and `query` and `body` as
    models where they were declared; `declared` are the other fields of Endpoint."""

    def register(view: View) -> View:
        endpoint = Endpoint(method, path, view, **declared)
        methods = [method, "HEAD"] if head else [method]

        def serve(**captured: str) -> Response:
            return _serve(endpoint, blueprint.current_request, captured)

        serve.__name__ = view.__name__
        closed = ROUTES.get((method, path)) is not PUBLIC
        # Content types are checked here, not by Chalice, whose answer would be no problem+json.
        options = {"methods": methods, "content_types": []}
        blueprint.route(path, authorizer=authorize if closed else None, **options)(serve)
        for name in methods:
            ENDPOINTS[name, path] = endpoint
        return view

    return register


def known_errors(request: Any, proceed: Callable[[Any], Response]) -> Response:
    """Chalice's own refusals (a method that a path does not have) as problems too."""
    response = proceed(request)
    if response.status_code != MethodNotAllowed.status or isinstance(response.body, str):
        return response
    allow = str(response.headers.get("Allow", ""))
    refused = MethodNotAllowed(f"there is {allow}" if allow else "")
    body = problems.shape(refused, str(request.path), _request_id(request))
    headers: dict[str, Any] = {**HEADERS, "Content-Type": problems.MEDIA_TYPE, "Allow": allow}
    return Response(_text(body), headers, refused.status)


def _instance(context: Mapping[str, Any]) -> str:
    """The path that was asked for, without the stage: it is no part of our addresses."""
    return str(context.get("path") or "").removeprefix(f"/{context.get('stage')}")


def _request_id(request: Any) -> str:
    """API Gateway's id of the request, else that of the invocation."""
    inside = getattr(request.lambda_context, "aws_request_id", "")
    return str(request.context.get("requestId") or inside)


def parse(model: type[BaseModel], given: bytes | Mapping[str, Any]) -> Any:
    """The model of a JSON body or of a query; raises Malformed or Invalid."""
    try:
        if isinstance(given, bytes):
            return model.model_validate_json(given)
        return model.model_validate(given)
    except ValidationError as error:
        raise problems.invalid(error) from error


def _serve(endpoint: Endpoint, request: Any, captured: Mapping[str, str]) -> Response:
    started = time.perf_counter()
    call = Call(request, endpoint)
    with correlated(request=call.request_id, route=f"{call.method} {endpoint.path}") as log:
        try:
            reply = _answer(endpoint, call, captured)
        except Refused as refused:
            reply = _refusal(endpoint, call, refused)
        except Exception as error:  # nothing may leave as a stack trace
            reply = _refusal(endpoint, call, problems.unexpected(error))
        taken = round((time.perf_counter() - started) * 1000, 1)
        log.info("answered", extra={"status": reply.status, "milliseconds": taken})
    return _response(call, reply)


def _answer(endpoint: Endpoint, call: Call, captured: Mapping[str, str]) -> Reply:
    if ROUTES.get((call.method, endpoint.path), "") is not PUBLIC:
        allowed(call.method, endpoint.path, call.who)
    arguments: dict[str, Any] = {name: _segment(value) for name, value in captured.items()}
    if endpoint.query:
        arguments["query"] = parse(endpoint.query, call.parameters)
    if endpoint.method in ("POST", "PUT", "PATCH") and call.raw:
        _check_type(endpoint, call)
    if endpoint.body:
        if not call.raw:
            raise Malformed("the request needs a body")
        arguments["body"] = parse(endpoint.body, call.raw)
    if endpoint.path.startswith(CASE):
        return _of_case(endpoint, call, arguments)
    return endpoint.view(call, **arguments)


def _of_case(endpoint: Endpoint, call: Call, arguments: dict[str, Any]) -> Reply:
    """A route of one case: whoever may not see it hears that there is none.

    It may go to a restricted team meanwhile: what is read then is not told either.
    """
    call.sight.check(arguments["id"])
    try:
        reply = endpoint.view(call, **arguments)
    except Refused:
        call.sight.check(arguments["id"])
        raise
    if endpoint.method == "GET":
        call.sight.check(arguments["id"])
    return reply


def _segment(value: str) -> str:
    """A path parameter; raises NotFound for what no identifier of ours looks like."""
    plain = unquote(value)
    if not SEGMENT.fullmatch(plain):
        raise NotFound("nothing has such an identifier")
    return plain


def _check_type(endpoint: Endpoint, call: Call) -> None:
    """A body without a type is taken as the route's first."""
    if call.media_type and call.media_type not in endpoint.takes:
        raise UnsupportedMedia(f"send it as {' or '.join(endpoint.takes)}")


def _refusal(endpoint: Endpoint, call: Call, refused: Refused) -> Reply:
    extra = problems.headers(refused)
    if endpoint.on_error:
        page = endpoint.on_error(call, refused)
        return Reply(page.body, page.status, {**page.headers, **extra}, page.media_type)
    body = problems.shape(refused, call.instance, call.request_id)
    return Reply(body, refused.status, extra, problems.MEDIA_TYPE)


def _response(call: Call, reply: Reply) -> Response:
    headers = {**HEADERS, "Content-Security-Policy": NOTHING_RUNS, "Content-Type": reply.media_type}
    headers["X-Request-Id"] = call.request_id
    if reply.version is not None:
        headers["ETag"] = f'"{reply.version}"'
        if call.headers.get("if-none-match") == headers["ETag"] and reply.status == 200:
            return Response("", {**headers, **reply.headers}, 304)
    text = "" if call.method == "HEAD" else _text(reply.body)
    sent: dict[str, Any] = {
        name: value for name, value in {**headers, **reply.headers}.items() if value
    }
    return Response(text, sent, reply.status)


def _text(body: BaseModel | Mapping[str, Any] | str) -> str:
    if isinstance(body, str):
        return body
    if isinstance(body, BaseModel):
        return body.model_dump_json()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def bounded(text: str, field_name: str, most: int = 200_000) -> str:
    """A text that fits into an item of the table (400 KB, most characters are one byte)."""
    if len(text.encode("utf-8", "surrogatepass")) > most:
        raise Invalid.field(field_name, f"has more than {most} bytes")
    return text
