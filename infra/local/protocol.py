"""The two AWS protocols that the doors speak, as far as their errors and dispatch go.

rest-json (SES v2): the path names the operation; an error's type is in `x-amzn-ErrorType`.
json 1.0 / 1.1 (Comprehend, End User Messaging): `X-Amz-Target` names the operation; an error's
type is in `__type`. Source: Smithy, "AWS restJson1 protocol" and "AWS JSON 1.x protocol".
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

Operation = Callable[[dict[str, Any]], Awaitable[dict[str, Any]] | dict[str, Any]]


class AwsError(Exception):
    """An error of a service's API: its type, its words, its HTTP status, further members."""

    def __init__(self, kind: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.members: Mapping[str, Any] = members


def rest_error(error: AwsError) -> web.Response:
    """An error as rest-json clients expect it."""
    return web.json_response(
        {"message": error.message, **error.members},
        status=error.status,
        headers={"x-amzn-ErrorType": error.kind, "x-amzn-RequestId": str(uuid.uuid4())},
    )


def rest_answer(body: Mapping[str, Any]) -> web.Response:
    """A result as rest-json clients expect it."""
    return web.json_response(dict(body), headers={"x-amzn-RequestId": str(uuid.uuid4())})


async def json_body(request: web.Request) -> dict[str, Any]:
    """The request's object; {} for an empty body. Raises AwsError."""
    raw = await request.read()
    try:
        value = json.loads(raw or b"{}")
    except ValueError as error:
        raise AwsError("SerializationException", "The body is not JSON") from error
    if not isinstance(value, dict):
        raise AwsError("SerializationException", "The body is not an object")
    return value


class TargetService:
    """A service of the json protocol: its target prefix and its operations by name."""

    def __init__(self, prefix: str, version: str, operations: Mapping[str, Operation]) -> None:
        self.prefix = prefix
        self._type = f"application/x-amz-json-{version}"
        self._operations = operations

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call."""
        name = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        operation = self._operations.get(name)
        try:
            if operation is None:
                raise AwsError("UnknownOperationException", f"{name} is not offered here")
            answer = operation(await json_body(request))
            if not isinstance(answer, dict):
                answer = await answer
        except AwsError as error:
            body = {"__type": error.kind, "message": error.message, "Message": error.message}
            return self._answer({**body, **error.members}, error.status)
        return self._answer(answer, 200)

    def _answer(self, body: Mapping[str, Any], status: int) -> web.Response:
        return web.Response(
            text=json.dumps(body),
            status=status,
            content_type=self._type,
            headers={"x-amzn-RequestId": str(uuid.uuid4())},
        )
