"""The documents that admins edit while the system runs."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint
from pydantic import BaseModel

from chalicelib.base import Model
from chalicelib.errors import Invalid, Malformed, StaleVersion
from chalicelib.flows.starting import Greeted, MailSetup, Start
from chalicelib.handlers.http import Call, Reply, parse, route
from chalicelib.settings_documents import model_of

routes = Blueprint(__name__)
LARGEST = 350_000  # bytes of a document; an item of the table has 400 KB


class SettingsDocument(Model):
    """A document under its name; version 0 are the defaults, nothing is stored yet."""

    name: str
    version: int
    document: dict[str, Any]


@route(routes, "GET", "/v1/settings/{name}", answer=SettingsDocument)
def get_settings(call: Call, name: str) -> Reply:
    """A settings document: calendars, channels, detection, fields, flags, macros, priorities,
    promises, routing, sentiment, teams, topics, views or webhooks."""
    model = model_of(name)
    stored, version = call.app.documents.document(name)
    return _one(name, version, model.model_validate(stored or {}).model_dump(mode="json"))


@route(
    routes,
    "PUT",
    "/v1/settings/{name}",
    answer=SettingsDocument,
    example={"topics": [{"label": "login", "name": "Log-in", "words": ["password", "log in"]}]},
    also=(404, 412),
)
def put_settings(call: Call, name: str) -> Reply:
    """Replace a settings document. If-Match may name the version that it replaces."""
    if not call.raw:
        raise Malformed("the request needs a body: the whole document")
    given: BaseModel = parse(model_of(name), call.raw)
    model = call.app.agreeing.prepared(given)
    document = model.model_dump(mode="json")
    size = len(model.model_dump_json().encode())
    if size > LARGEST:
        raise Invalid.field(name, f"all of it has {size} bytes; {LARGEST} are allowed")
    try:
        version = call.app.documents.write(name, document, call.if_match(), call.who.email)
    except StaleVersion as stale:
        newest, version = call.app.documents.document(name)
        current = {"name": name, "version": version, "document": newest or {}}
        raise StaleVersion(stale.detail, current=current) from stale
    return _one(name, version, document)


@route(routes, "GET", "/v1/start", answer=Start)
def start(call: Call) -> Reply:
    """How far a new installation is: which of the first steps are done."""
    return Reply(call.app.starting.state(call.who.email))


@route(routes, "GET", "/v1/start/mail", answer=MailSetup)
def start_mail(call: Call) -> Reply:
    """What the mailbox needs from the domain's name service, and what was found there."""
    return Reply(call.app.starting.mail())


@route(routes, "POST", "/v1/start/mail", answer=Greeted, also=(409,))
def greet(call: Call) -> Reply:
    """Send oneself a mail whose answer becomes a case: it tries both ways."""
    return Reply(call.app.starting.greet(call.who.email))


def _one(name: str, version: int, document: dict[str, Any]) -> Reply:
    return Reply(SettingsDocument(name=name, version=version, document=document), version=version)
