"""What API Gateway answers by itself, as RFC 9457 problems with the types of chalicelib.errors.

The template carries them within the API's definition (`RESPONSES`), which AWS reads. The local
cloud does not, so the deployer looks whether they are in force and, if not, puts them (`enforce`).

API Gateway fills in `$context.requestId`; `$context.error.messageString` comes quoted. Its answer
to an unknown path is called MISSING_AUTHENTICATION_TOKEN and is really a 404.
"""

from __future__ import annotations

from typing import Any, Final

from infra.console import Say

_KINDS: Final = (
    ("UNAUTHORIZED", 401, "unauthenticated", "Sign in first"),
    ("EXPIRED_TOKEN", 401, "unauthenticated", "Sign in first"),
    ("ACCESS_DENIED", 403, "forbidden", "This role may not do that"),
    ("INVALID_API_KEY", 403, "forbidden", "This role may not do that"),
    ("INVALID_SIGNATURE", 403, "forbidden", "This role may not do that"),
    ("MISSING_AUTHENTICATION_TOKEN", 404, "not-found", "There is no such thing"),
    ("RESOURCE_NOT_FOUND", 404, "not-found", "There is no such thing"),
    ("REQUEST_TOO_LARGE", 413, "too-large", "It is too large"),
    ("UNSUPPORTED_MEDIA_TYPE", 415, "unsupported-media-type", "This content type is not taken"),
    ("THROTTLED", 429, "too-many", "Too many requests"),
    ("QUOTA_EXCEEDED", 429, "too-many", "Too many requests"),
    ("BAD_REQUEST_BODY", 400, "malformed", "The request cannot be read"),
    ("BAD_REQUEST_PARAMETERS", 400, "malformed", "The request cannot be read"),
    ("DEFAULT_4XX", 400, "refused", "The request cannot be served"),
    ("INTEGRATION_TIMEOUT", 504, "timeout", "It took too long"),
    ("INTEGRATION_FAILURE", 504, "timeout", "It took too long"),
    ("DEFAULT_5XX", 500, "internal", "Something went wrong on our side"),
)


def _response(status: int, slug: str, title: str) -> dict[str, Any]:
    body = (
        f'{{"type":"urn:custops:problem:{slug}","title":"{title}","status":{status},'
        '"detail":$context.error.messageString,"request_id":"$context.requestId"}'
    )
    return {
        "StatusCode": status,
        "ResponseParameters": {"Headers": {"Content-Type": "'application/problem+json'"}},
        "ResponseTemplates": {"application/json": body},
    }


RESPONSES: Final = {kind: _response(status, slug, title) for kind, status, slug, title in _KINDS}
"""The property GatewayResponses of AWS::Serverless::Api."""


def enforce(apigateway: Any, api: str, stage: str, say: Say) -> None:
    """Puts those responses that are not in force and, if there were any, deploys the API anew."""
    present = {
        response["responseType"]: response
        for response in apigateway.get_gateway_responses(restApiId=api, limit=500)["items"]
    }
    missing = [kind for kind in RESPONSES if not _same(present.get(kind, {}), _wanted(kind))]
    for kind in missing:
        apigateway.put_gateway_response(restApiId=api, responseType=kind, **_wanted(kind))
    if missing:
        apigateway.create_deployment(restApiId=api, stageName=stage)
        say(f"put {len(missing)} answers of the gateway")


def _wanted(kind: str) -> dict[str, Any]:
    response = RESPONSES[kind]
    headers = response["ResponseParameters"]["Headers"]
    return {
        "statusCode": str(response["StatusCode"]),
        "responseParameters": {f"gatewayresponse.header.{k}": v for k, v in headers.items()},
        "responseTemplates": response["ResponseTemplates"],
    }


def _same(present: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(present.get(key) == value for key, value in wanted.items())
