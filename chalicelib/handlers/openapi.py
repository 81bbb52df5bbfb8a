"""The description of the API (OpenAPI 3.1), made from what the routes declare and from the models.

Nothing is written twice: a route that exists is described, with the models that check its input,
and the errors that it can give follow from what it takes and from what it declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib import VERSION, errors
from chalicelib.access.rules import PUBLIC, ROUTES
from chalicelib.errors import Refused
from chalicelib.handlers.http import ENDPOINTS, JSON, Endpoint
from chalicelib.handlers.problems import MEDIA_TYPE, TYPE, Internal, Problem
from chalicelib.settings_documents import DOCUMENTS

Json = dict[str, Any]
SCHEMAS = "#/components/schemas/"
TAGS = {
    "session": "Signing in, and whether the system is up.",
    "cases": "Contacts of customers, one continuous case a matter.",
    "customers": "Who they are, how they are reached, what they own.",
    "help": "What customers do themselves: no sign-in, one secret link a case.",
    "chat": "A conversation in the browser; its session is its only secret.",
    "inbound": "Contacts from other systems, signed as Standard Webhooks says.",
    "articles": "What is known and how it is solved.",
    "trends": "Topics with more contacts than usual.",
    "campaigns": "Telling the customers who are affected.",
    "teams": "Who shares a queue: who is at work, and how much they have.",
    "agents": "The people who answer.",
    "people": "Who may sign in, and with which roles.",
    "audit": "Who did what that others must be able to see later.",
    "settings": "Documents that admins edit while the system runs.",
    "quarantine": "What could not be taken in, and why.",
    "pages": "Pages for people, and this description.",
}
INTRODUCTION = """\
Sign in with `POST /v1/login`, then send `Authorization: Bearer <token>`; a token holds an hour.
Every error is an RFC 9457 problem (`application/problem+json`) with a stable `type` and a
`request_id`. Every list pages: pass the `cursor` of one answer to get the next. What can be changed
has a version: its ETag goes into `If-Match`, and a change of something newer is refused with 412
and the `current` state. Requests that make something take an `Idempotency-Key`: sent again, they
give the same answer and make nothing new."""


def description() -> Json:
    """The whole document; made once a process."""
    return _description()


@cache
def _description() -> Json:
    models, schemas = _schemas()
    paths: dict[str, Json] = {}
    for (method, path), endpoint in sorted(ENDPOINTS.items()):
        paths.setdefault(path, {})[method.lower()] = _operation(method, endpoint, models)
    return {
        "openapi": "3.1.0",
        "info": {"title": "CustOps", "version": VERSION, "description": INTRODUCTION},
        "servers": [{"url": "./"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "link": {"type": "apiKey", "in": "query", "name": "token"},
            },
        },
    }


def bodies(endpoint: Endpoint) -> list[type[BaseModel]]:
    """The models that a route's JSON body may have."""
    if endpoint.body:
        return [endpoint.body]
    if endpoint.path == "/v1/settings/{name}" and endpoint.method == "PUT":
        return [model() for model in DOCUMENTS.values()]
    document = endpoint.path.removeprefix("/v1/settings/")
    if endpoint.method == "PUT" and document in DOCUMENTS:
        return [DOCUMENTS[document]()]
    return [endpoint.optional_body] if endpoint.optional_body else []


# --- schemas --------------------------------------------------------------------------------------


def _schemas() -> tuple[Mapping[Any, Json], Json]:
    """References by (model, mode), and the definitions that they lead to."""
    wanted: dict[tuple[type[BaseModel], Any], None] = {(Problem, "serialization"): None}
    for endpoint in ENDPOINTS.values():
        wanted |= {(model, "validation"): None for model in bodies(endpoint)}
        if endpoint.answer:
            wanted[endpoint.answer, "serialization"] = None
    references, definitions = models_json_schema(list(wanted), ref_template=SCHEMAS + "{model}")
    return references, definitions["$defs"]


# --- one operation --------------------------------------------------------------------------------


def _operation(method: str, endpoint: Endpoint, models: Mapping[Any, Json]) -> Json:
    words = endpoint.documentation
    prefix = "head_" if method == "HEAD" else ""
    operation: Json = {
        "operationId": prefix + endpoint.view.__name__,
        "tags": [_tag(endpoint)],
        "summary": endpoint.summary,
        "description": words,
        "parameters": list(_parameters(endpoint)),
        "responses": _responses(method, endpoint, models),
        "security": _security(endpoint),
    }
    least = ROUTES.get((method, endpoint.path))
    if least is not PUBLIC:
        operation["description"] += f"\n\nNeeds the role {least} or one above it."
        operation["x-role"] = str(least)
    if endpoint.method in ("POST", "PUT", "PATCH"):
        body = _body(endpoint, models)
        if body:
            operation["requestBody"] = body
    return operation


def _tag(endpoint: Endpoint) -> str:
    name = endpoint.path.removeprefix("/v1/").split("/")[0]
    if name in ("login", "session", "me", "health"):
        return "session"
    return name if name in TAGS and endpoint.path.startswith("/v1/") else "pages"


def _security(endpoint: Endpoint) -> list[Json]:
    if ROUTES.get((endpoint.method, endpoint.path)) is not PUBLIC:
        return [{"bearer": []}]
    if endpoint.query and "token" in endpoint.query.model_fields:
        return [{"link": []}, {"bearer": []}]
    return []


def _parameters(endpoint: Endpoint) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", endpoint.path):
        schema: Json = {"type": "string"}
        if endpoint.path == "/v1/settings/{name}":
            schema["enum"] = sorted(DOCUMENTS)
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if endpoint.query:
        given = endpoint.query.model_json_schema()
        for name, schema in given["properties"].items():
            plain = _inlined(_without_null(schema), given)
            yield {
                "name": name,
                "in": "query",
                "required": name in given.get("required", ()),
                "schema": plain,
                "description": plain.pop("description", None) or given.get("description", ""),
            }
    if endpoint.if_match:
        yield _header("If-Match", True, 'The ETag that you read, such as "7".')
    if endpoint.once:
        yield _header("Idempotency-Key", False, "The same key gives the same answer again.")


def _header(name: str, required: bool, text: str) -> Json:
    schema = {"type": "string", "maxLength": 255}
    return {
        "name": name,
        "in": "header",
        "required": required,
        "schema": schema,
        "description": text,
    }


def _without_null(schema: Json) -> Json:
    """A query parameter is there or not; it is never null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    if len(kinds) != 1:
        return dict(schema)
    rest = {k: v for k, v in schema.items() if k not in ("anyOf", "default")}
    return {**rest, **kinds[0]}


def _inlined(schema: Json, whole: Json) -> Json:
    """A parameter's schema without references: it stands alone, outside of its model."""
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    if not name:
        return schema
    rest = {key: value for key, value in schema.items() if key != "$ref"}
    return {**whole["$defs"][name], **rest}


def _body(endpoint: Endpoint, models: Mapping[Any, Json]) -> Json | None:
    known = [models[model, "validation"] for model in bodies(endpoint)]
    if not known and endpoint.takes == (JSON,):
        return None
    schema = known[0] if len(known) == 1 else {"anyOf": known} if known else {"type": "string"}
    content: Json = {kind: {"schema": schema} for kind in endpoint.takes}
    if endpoint.example is not None:
        content[endpoint.takes[0]]["example"] = endpoint.example
    return {"required": not endpoint.optional_body, "content": content}


def _responses(method: str, endpoint: Endpoint, models: Mapping[Any, Json]) -> Json:
    done: Json = {"description": endpoint.summary}
    headers: Json = {"X-Request-Id": {"schema": {"type": "string"}}}
    if endpoint.if_match or (endpoint.method == "GET" and "{id}" in endpoint.path):
        headers["ETag"] = {"schema": {"type": "string"}}
    done["headers"] = headers
    if method != "HEAD" and endpoint.status != 303:
        schema = models[endpoint.answer, "serialization"] if endpoint.answer else {}
        if endpoint.media_type != JSON:
            schema = {"type": "string"}
        done["content"] = {endpoint.media_type.partition(";")[0]: {"schema": schema or {}}}
    responses = {str(endpoint.status): done}
    if endpoint.leads:
        responses["303"] = {"description": "Leads on to another page", "headers": headers}
    for status in sorted({*_follows(endpoint), *endpoint.also}):
        responses[str(status)] = _problem(status, endpoint, models)
    return responses


def _follows(endpoint: Endpoint) -> Iterator[int]:
    """The errors that a route can give because of what it takes."""
    yield from (500, 503)
    if ROUTES.get((endpoint.method, endpoint.path)) is not PUBLIC:
        yield from (401, 403)
    if "{" in endpoint.path:
        yield 404
    if endpoint.query:
        yield from (400, 422)
    if endpoint.method in ("POST", "PUT", "PATCH"):
        yield from (400, 413, 415, 422)
    if endpoint.if_match:
        yield from (412, 428)


def _problem(status: int, endpoint: Endpoint, models: Mapping[Any, Json]) -> Json:
    kind = _kinds()[status]
    if endpoint.on_error:
        content: Json = {"text/html": {"schema": {"type": "string"}}}
    else:
        example = {
            "type": TYPE + kind.type,
            "title": kind.title,
            "status": status,
            "detail": kind.title,
            "instance": endpoint.path,
            "request_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        }
        schema = models[Problem, "serialization"]
        content = {MEDIA_TYPE: {"schema": schema, "example": example}}
    return {"description": kind.title, "content": content}


@cache
def _kinds() -> dict[int, type[Refused]]:
    named = [*vars(errors).values(), Internal]
    refusals: list[type[Refused]] = [
        kind for kind in named if isinstance(kind, type) and issubclass(kind, Refused)
    ]
    return {kind.status: kind for kind in refusals if kind is not Refused}
