"""What SES v2 keeps: templates, suppressed addresses, identities, configuration sets."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from infra.local.amazon import ACCOUNT, REGION
from infra.local.protocol import AwsError, json_body
from infra.local.ses.events import EVENTS
from infra.local.ses.office import DESTINATION, IDENTITY, SET, SUPPRESSED, TEMPLATE, Office
from infra.local.ses.templates import RenderingError, render

Do = Callable[[web.Request], Awaitable[Mapping[str, Any]]]
Operation = tuple[str, str, Do]
BASE = "/v2/email"


def operations(office: Office) -> list[Operation]:
    """(method, path, operation) of everything here."""
    return [
        *_templates(office),
        *_suppression(office),
        *_identities(office),
        *_configuration_sets(office),
    ]


def _templates(office: Office) -> list[Operation]:
    memory = office.memory

    async def create(request: web.Request) -> Mapping[str, Any]:
        body = await json_body(request)
        name = str(body.get("TemplateName") or "")
        if not name or not body.get("TemplateContent"):
            raise AwsError("BadRequestException", "TemplateName and TemplateContent are required.")
        if memory.get(TEMPLATE, name):
            raise AwsError("AlreadyExistsException", f"Template {name} already exists.")
        memory.put(TEMPLATE, name, {**body, "CreatedTimestamp": office.clock()})
        return {}

    async def update(request: web.Request) -> Mapping[str, Any]:
        found = _named(office, TEMPLATE, request.match_info["name"], "Template")
        body = await json_body(request)
        content = {"TemplateContent": body.get("TemplateContent") or {}}
        memory.put(TEMPLATE, request.match_info["name"], {**found, **content})
        return {}

    async def get(request: web.Request) -> Mapping[str, Any]:
        found = _named(office, TEMPLATE, request.match_info["name"], "Template")
        return {key: found[key] for key in ("TemplateName", "TemplateContent")}

    async def delete(request: web.Request) -> Mapping[str, Any]:
        memory.remove(TEMPLATE, request.match_info["name"])
        return {}

    async def index(request: web.Request) -> Mapping[str, Any]:
        keys = ("TemplateName", "CreatedTimestamp")
        return {"TemplatesMetadata": [{k: t[k] for k in keys} for t in memory.all(TEMPLATE)]}

    async def test_render(request: web.Request) -> Mapping[str, Any]:
        found = _named(office, TEMPLATE, request.match_info["name"], "Template")
        data = (await json_body(request)).get("TemplateData") or "{}"
        return {"RenderedTemplate": _rendered(found["TemplateContent"], data)}

    path = f"{BASE}/templates"
    return [
        ("POST", path, create),
        ("GET", path, index),
        ("GET", f"{path}/{{name}}", get),
        ("PUT", f"{path}/{{name}}", update),
        ("DELETE", f"{path}/{{name}}", delete),
        ("POST", f"{path}/{{name}}/render", test_render),
    ]


def _rendered(content: Mapping[str, str], data: str) -> str:
    try:
        values = json.loads(data)
        parts = [render(content.get(part) or "", values) for part in ("Subject", "Text", "Html")]
    except (ValueError, RenderingError) as error:
        raise AwsError("BadRequestException", str(error)) from error
    return "Subject: {}\r\n\r\n{}\r\n{}".format(*parts)


def _suppression(office: Office) -> list[Operation]:
    memory = office.memory

    async def put(request: web.Request) -> Mapping[str, Any]:
        body = await json_body(request)
        if body.get("Reason") not in {"BOUNCE", "COMPLAINT"} or not body.get("EmailAddress"):
            raise AwsError("BadRequestException", "EmailAddress and Reason are required.")
        office.suppress(str(body["EmailAddress"]), str(body["Reason"]))
        return {}

    async def get(request: web.Request) -> Mapping[str, Any]:
        return {"SuppressedDestination": _listed(office, request)}

    async def delete(request: web.Request) -> Mapping[str, Any]:
        _listed(office, request)
        memory.remove(SUPPRESSED, request.match_info["address"].lower())
        return {}

    async def index(request: web.Request) -> Mapping[str, Any]:
        reasons = request.query.getall("Reason", ["BOUNCE", "COMPLAINT"])
        found = [item for item in memory.all(SUPPRESSED) if item["Reason"] in reasons]
        return {"SuppressedDestinationSummaries": found}

    path = f"{BASE}/suppression/addresses"
    return [
        ("PUT", path, put),
        ("GET", path, index),
        ("GET", f"{path}/{{address}}", get),
        ("DELETE", f"{path}/{{address}}", delete),
    ]


def _listed(office: Office, request: web.Request) -> dict[str, Any]:
    address = request.match_info["address"]
    found = office.memory.get(SUPPRESSED, address.lower())
    if found is None:
        words = f"Email address {address} does not exist on your suppression list."
        raise AwsError("NotFoundException", words, 404)
    return found


def _identities(office: Office) -> list[Operation]:
    memory = office.memory

    async def create(request: web.Request) -> Mapping[str, Any]:
        name = str((await json_body(request)).get("EmailIdentity") or "").lower()
        if not name:
            raise AwsError("BadRequestException", "EmailIdentity is required.")
        if memory.get(IDENTITY, name):
            raise AwsError("AlreadyExistsException", f"Email identity {name} already exists.")
        memory.put(IDENTITY, name, {"EmailIdentity": name})
        return _identity(name)

    async def get(request: web.Request) -> Mapping[str, Any]:
        name = request.match_info["name"].lower()
        _named(office, IDENTITY, name, "Email identity")
        return _identity(name)

    async def delete(request: web.Request) -> Mapping[str, Any]:
        memory.remove(IDENTITY, request.match_info["name"].lower())
        return {}

    async def index(request: web.Request) -> Mapping[str, Any]:
        found = [_identity(name) for name in memory.names(IDENTITY)]
        return {"EmailIdentities": found}

    path = f"{BASE}/identities"
    return [
        ("POST", path, create),
        ("GET", path, index),
        ("GET", f"{path}/{{name}}", get),
        ("DELETE", f"{path}/{{name}}", delete),
    ]


def _identity(name: str) -> dict[str, Any]:
    kind = "EMAIL_ADDRESS" if "@" in name else "DOMAIN"
    return {
        "IdentityName": name,
        "IdentityType": kind,
        "SendingEnabled": True,
        "VerificationStatus": "SUCCESS",
        "VerifiedForSendingStatus": True,
        "DkimAttributes": {"SigningEnabled": True, "Status": "SUCCESS"},
    }


def _configuration_sets(office: Office) -> list[Operation]:
    memory = office.memory

    async def create(request: web.Request) -> Mapping[str, Any]:
        body = await json_body(request)
        name = str(body.get("ConfigurationSetName") or "")
        if not name:
            raise AwsError("BadRequestException", "ConfigurationSetName is required.")
        if memory.get(SET, name):
            raise AwsError("AlreadyExistsException", f"Configuration set {name} already exists.")
        memory.put(SET, name, body)
        return {}

    async def get(request: web.Request) -> Mapping[str, Any]:
        return _named(office, SET, request.match_info["set"], "Configuration set")

    async def delete(request: web.Request) -> Mapping[str, Any]:
        memory.remove(SET, request.match_info["set"])
        return {}

    async def index(request: web.Request) -> Mapping[str, Any]:
        return {"ConfigurationSets": memory.names(SET)}

    path = f"{BASE}/configuration-sets"
    return [
        ("POST", path, create),
        ("GET", path, index),
        ("GET", f"{path}/{{set}}", get),
        ("DELETE", f"{path}/{{set}}", delete),
        *_event_destinations(office, f"{path}/{{set}}/event-destinations"),
    ]


def _event_destinations(office: Office, path: str) -> list[Operation]:
    memory = office.memory

    def key(request: web.Request, name: str) -> str:
        _named(office, SET, request.match_info["set"], "Configuration set")
        return f"{request.match_info['set']}/{name}"

    async def create(request: web.Request) -> Mapping[str, Any]:
        body = await json_body(request)
        name = str(body.get("EventDestinationName") or "")
        if memory.get(DESTINATION, key(request, name)):
            raise AwsError("AlreadyExistsException", f"Event destination {name} already exists.")
        memory.put(DESTINATION, key(request, name), _destination(request, name, body))
        return {}

    async def update(request: web.Request) -> Mapping[str, Any]:
        name = request.match_info["name"]
        _named(office, DESTINATION, key(request, name), "Event destination")
        body = _destination(request, name, await json_body(request))
        memory.put(DESTINATION, key(request, name), body)
        return {}

    async def delete(request: web.Request) -> Mapping[str, Any]:
        memory.remove(DESTINATION, key(request, request.match_info["name"]))
        return {}

    async def index(request: web.Request) -> Mapping[str, Any]:
        _named(office, SET, request.match_info["set"], "Configuration set")
        mine = request.match_info["set"]
        found = [d for d in memory.all(DESTINATION) if d["ConfigurationSetName"] == mine]
        return {"EventDestinations": found}

    return [
        ("POST", path, create),
        ("GET", path, index),
        ("PUT", f"{path}/{{name}}", update),
        ("DELETE", f"{path}/{{name}}", delete),
    ]


def _destination(request: web.Request, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    given = body.get("EventDestination") or {}
    kinds = given.get("MatchingEventTypes") or []
    known = {*EVENTS, "OPEN", "CLICK", "DELIVERY_DELAY", "SUBSCRIPTION"}
    if not kinds or not set(kinds) <= known:
        raise AwsError("BadRequestException", "MatchingEventTypes is missing or not valid.")
    topic = (given.get("SnsDestination") or {}).get("TopicArn", "")
    if topic and not topic.startswith(f"arn:aws:sns:{REGION}:"):
        raise AwsError("BadRequestException", f"{topic} is no topic of {ACCOUNT} in {REGION}.")
    return {
        "Name": name,
        "ConfigurationSetName": request.match_info["set"],
        "Enabled": bool(given.get("Enabled", False)),
        "MatchingEventTypes": kinds,
        "SnsDestination": {"TopicArn": topic},
    }


def _named(office: Office, kind: str, name: str, words: str) -> dict[str, Any]:
    found = office.memory.get(kind, name)
    if found is None:
        raise AwsError("NotFoundException", f"{words} {name} does not exist.", 404)
    return found
