"""SES v2's sending API (rest-json): SendEmail, SendBulkEmail, account. Source: SES API v2."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from infra.local.protocol import AwsError, json_body, rest_answer, rest_error
from infra.local.ses import lists
from infra.local.ses.mail import Header, Mail, composed, from_raw
from infra.local.ses.office import TEMPLATE, Office, with_request
from infra.local.ses.templates import RenderingError, render

MAX_ENTRIES = 50
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(office: Office) -> list[web.RouteDef]:
    """All routes of the service."""

    async def send_email(request: web.Request) -> Mapping[str, Any]:
        return {"MessageId": _send(office, await json_body(request))}

    async def send_bulk(request: web.Request) -> Mapping[str, Any]:
        return {"BulkEmailEntryResults": _send_bulk(office, await json_body(request))}

    async def account(request: web.Request) -> Mapping[str, Any]:
        return {
            "DedicatedIpAutoWarmupEnabled": False,
            "EnforcementStatus": "HEALTHY",
            "ProductionAccessEnabled": True,
            "SendingEnabled": True,
            "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 50.0, "SentLast24Hours": 0.0},
            "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
        }

    return [
        web.post("/v2/email/outbound-emails", answering(send_email)),
        web.post("/v2/email/outbound-bulk-emails", answering(send_bulk)),
        web.get("/v2/email/account", answering(account)),
        *(web.route(verb, path, answering(do)) for verb, path, do in lists.operations(office)),
    ]


def answering(do: Callable[[web.Request], Awaitable[Mapping[str, Any]]]) -> Handler:
    """A handler that shapes the result or the error of `do`."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return rest_answer(await do(request))
        except AwsError as error:
            return rest_error(error)

    return handle


def _send(office: Office, body: Mapping[str, Any]) -> str:
    content = body.get("Content") or {}
    if "Raw" in content:
        return office.accept(with_request(_raw(content["Raw"]), body))
    if "Simple" in content:
        simple = content["Simple"]
        parts = simple.get("Body") or {}
        mail = _compose(
            body,
            _data(simple.get("Subject")),
            _data(parts.get("Text")),
            _data(parts.get("Html")),
            _headers(simple.get("Headers")),
        )
        return office.accept(with_request(mail, body))
    if "Template" in content:
        template = content["Template"]
        data = _parsed(template.get("TemplateData"))
        return _send_rendered(office, body, template, data, _headers(template.get("Headers")))
    raise AwsError("BadRequestException", "Content must have Raw, Simple or Template.")


def _send_bulk(office: Office, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    entries = body.get("BulkEmailEntries") or []
    if not 1 <= len(entries) <= MAX_ENTRIES:
        raise AwsError("BadRequestException", f"1 to {MAX_ENTRIES} entries are allowed.")
    template = (body.get("DefaultContent") or {}).get("Template")
    if not template:
        raise AwsError("BadRequestException", "DefaultContent must have a Template.")
    _template(office, template)
    return [_send_entry(office, body, template, entry) for entry in entries]


def _send_entry(
    office: Office, body: Mapping[str, Any], template: Mapping[str, Any], entry: Mapping[str, Any]
) -> dict[str, Any]:
    tags = [*(body.get("DefaultEmailTags") or []), *(entry.get("ReplacementTags") or [])]
    replacement = (entry.get("ReplacementEmailContent") or {}).get("ReplacementTemplate") or {}
    headers = {
        header["Name"].lower(): header
        for header in [*(template.get("Headers") or []), *(entry.get("ReplacementHeaders") or [])]
    }
    request = {**body, "Destination": entry.get("Destination") or {}, "EmailTags": tags}
    try:
        data = {
            **_parsed(template.get("TemplateData")),
            **_parsed(replacement.get("ReplacementTemplateData")),
        }
        own = _headers([*headers.values()])
        message_id = _send_rendered(office, request, template, data, own)
        return {"Status": "SUCCESS", "MessageId": message_id}
    except AwsError as error:
        return {"Status": _STATUSES.get(error.kind, "FAILED"), "Error": error.message}


_STATUSES = {
    "MessageRejected": "MESSAGE_REJECTED",
    "NotFoundException": "CONFIGURATION_SET_NOT_FOUND",
    "BadRequestException": "INVALID_PARAMETER",
    "TooManyRequestsException": "ACCOUNT_THROTTLED",
}


def _send_rendered(
    office: Office,
    request: Mapping[str, Any],
    template: Mapping[str, Any],
    data: Mapping[str, Any],
    headers: list[Header],
) -> str:
    name, content = _template(office, template)
    try:
        subject, text, html = (
            render(content.get(part) or "", data) for part in ("Subject", "Text", "Html")
        )
    except RenderingError as error:
        blank = with_request(_compose(request, "", "", "", headers), request)
        return office.fail_rendering(blank, name, str(error))
    mail = _compose(request, subject, text, html, headers)
    return office.accept(with_request(mail, request))


def _template(office: Office, given: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    if given.get("TemplateContent"):
        return "", given["TemplateContent"]
    name = given.get("TemplateName") or str(given.get("TemplateArn", "")).rpartition("/")[2]
    found = office.memory.get(TEMPLATE, name)
    if found is None:
        raise AwsError("NotFoundException", f"Template {name} does not exist.", 404)
    return name, found["TemplateContent"]


def _compose(
    body: Mapping[str, Any], subject: str, text: str, html: str, headers: list[Header]
) -> Mail:
    destination = body.get("Destination") or {}
    return composed(
        sender=body.get("FromEmailAddress") or "",
        to=destination.get("ToAddresses") or [],
        cc=destination.get("CcAddresses") or [],
        bcc=destination.get("BccAddresses") or [],
        reply_to=body.get("ReplyToAddresses") or [],
        subject=subject,
        text=text,
        html=html,
        headers=headers,
    )


def _raw(raw: Mapping[str, Any]) -> Mail:
    try:
        return from_raw(base64.b64decode(raw.get("Data") or "", validate=True))
    except (ValueError, binascii.Error) as error:
        raise AwsError("BadRequestException", f"The raw message is not valid: {error}") from error


def _parsed(data: str | None) -> dict[str, Any]:
    try:
        value = json.loads(data or "{}")
    except ValueError as error:
        raise AwsError("BadRequestException", "The template data is not valid JSON.") from error
    if not isinstance(value, dict):
        raise AwsError("BadRequestException", "The template data is not an object.")
    return value


def _data(part: Mapping[str, Any] | None) -> str:
    return (part or {}).get("Data") or ""


def _headers(given: list[Mapping[str, str]] | None) -> list[Header]:
    return [(header["Name"], header["Value"]) for header in given or []]
