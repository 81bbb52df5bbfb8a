"""Errors as RFC 9457 problems: `application/problem+json` with a stable `type`.

What went wrong inside is never told: an unexpected error is logged with its place in the code, but
without its words, which may hold what a customer wrote.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from chalicelib.access.models import Setup
from chalicelib.base import Instant, Model
from chalicelib.errors import Contended, Invalid, Malformed, Refused, Unavailable
from chalicelib.observability import logger

TYPE = "urn:custops:problem:"
MEDIA_TYPE = "application/problem+json"
BUSY = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
    }
)
UNREACHABLE = frozenset(
    {"ConnectionClosedError", "ConnectTimeoutError", "EndpointConnectionError", "ReadTimeoutError"}
)
MOST_FIELDS = 50
PREFIX = "Value error, "
NAMED = re.compile(r"([a-z][a-z_]*): ")


class FieldProblem(Model):
    """One field that is wrong, by its path in the body or query, and why."""

    field: str
    reason: str


class NewMessage(Model):
    """What was said meanwhile, and by whom."""

    id: str
    direction: str
    author: str
    text: str
    created_at: Instant


class Problem(Model):
    """RFC 9457. `type` is stable; `current` comes with a stale version and is the newest state,
    `new` with a stale answer and is what its writer has not seen, oldest first.

    `session`, and `setup` where a second factor is missing, come with a sign-in that asks for more.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    fields: list[FieldProblem] | None = None
    current: dict[str, Any] | None = None
    new: list[NewMessage] | None = None
    retry_after: int | None = None
    customer_id: str | None = None
    session: str | None = None
    setup: Setup | None = None


SHOWN = frozenset(Problem.model_fields) - {"type", "title", "status", "detail", "instance"}


def shape(refused: Refused, instance: str, request_id: str) -> dict[str, Any]:
    """The body of the answer to a refused request."""
    told = {k: v for k, v in refused.extra.items() if k in SHOWN and v not in (None, [])}
    return {
        **told,
        "type": TYPE + refused.type,
        "title": refused.title,
        "status": refused.status,
        "detail": refused.detail or refused.title,
        "instance": instance,
        "request_id": request_id,
    }


def headers(refused: Refused) -> dict[str, str]:
    """Headers that belong to an error: when to come back, how to sign in."""
    if refused.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="custops"'}
    wait = refused.extra.get("retry_after")
    return {"Retry-After": str(wait)} if wait else {}


def invalid(error: ValidationError) -> Refused:
    """What a model says of its input, as Malformed (not JSON at all) or Invalid with the fields.

    The input itself is not repeated: it may be a password or somebody's address.
    """
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if any(entry["type"] == "json_invalid" for entry in found):
        return Malformed("the body is not valid JSON")
    fields = [_field(entry) for entry in found[:MOST_FIELDS]]
    first = fields[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return Invalid(f"{first['field']}: {first['reason']}{more}", fields)


def unexpected(error: Exception) -> Refused:
    """An error that nobody foresaw, logged; throttling and lost races may be tried again."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code", "") if isinstance(response, Mapping) else ""
    known = {"error": type(error).__name__, "code": code}
    if isinstance(error, Contended) or code in BUSY:
        logger().warning("the request lost a race or was throttled", extra=known)
        return Unavailable("too many are at it; try again in a moment", retry_after=1)
    if known["error"] in UNREACHABLE:
        logger().error("a service of AWS did not answer", extra=known)
        return Unavailable("something that we need does not answer", retry_after=5)
    where = traceback.format_tb(error.__traceback__)[-8:]
    logger().error("the request met a bug", extra={**known, "where": where})
    return Internal()


class Internal(Refused):
    """Our own fault."""

    status, type, title = 500, "internal", "Something went wrong on our side"

    def __init__(self) -> None:
        super().__init__("it was logged under this request id")


def _field(entry: Mapping[str, Any]) -> dict[str, str]:
    """The field by its path. A model that refuses several fields together says which one it means
    at the beginning of its reason: "value: 'in' needs a list"."""
    path = [str(part) for part in entry["loc"]]
    if entry["type"] == "extra_forbidden":
        return {"field": ".".join(path) or "body", "reason": "is not known here"}
    reason = str(entry["msg"]).removeprefix(PREFIX)
    named = NAMED.match(reason) if entry["type"] == "value_error" else None
    if named:
        path += [named[1]] if path[-1:] != [named[1]] else []
        reason = reason[named.end() :]
    return {"field": ".".join(path) or "body", "reason": reason}
