"""The documents that admins edit while the system runs."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint
from pydantic import BaseModel

from chalicelib.base import Model
from chalicelib.errors import Contended, Invalid, Malformed, StaleVersion
from chalicelib.flows.auditing import told
from chalicelib.flows.starting import Greeted, MailSetup, Start
from chalicelib.handlers.http import Call, Reply, parse, route
from chalicelib.settings_documents import model_of

routes = Blueprint(__name__)
ATTEMPTS = 4  # of whoever replaces whatever is there
LARGEST = 350_000  # bytes of a document; an item of the table has 400 KB


class SettingsDocument(Model):
    """A document under its name; version 0 are the defaults, nothing is stored yet."""

    name: str
    version: int
    document: dict[str, Any]


@route(routes, "GET", "/v1/settings/{name}", answer=SettingsDocument)
def get_settings(call: Call, name: str) -> Reply:
    """A settings document: audit, calendars, channels, detection, fields, flags, macros,
    priorities, promises, routing, sentiment, snippets, teams, topics, views or webhooks."""
    return _read(call, name)


@route(routes, "GET", "/v1/settings/routing", answer=SettingsDocument)
def get_routing(call: Call) -> Reply:
    """The document `routing`; the same as any other.

    It has a route of its own because of `routing/try`: API Gateway chooses the named resource
    `routing` before `{name}`, and looks no further where that has no method.
    """
    return _read(call, "routing")


@route(routes, "GET", "/v1/settings/priorities", answer=SettingsDocument)
def get_priorities(call: Call) -> Reply:
    """The document `priorities`, by a route of its own as `routing` has one."""
    return _read(call, "priorities")


@route(
    routes,
    "PUT",
    "/v1/settings/routing",
    answer=SettingsDocument,
    example={"rules": [], "default_team": "support"},
    also=(412,),
)
def put_routing(call: Call) -> Reply:
    """Replace the document `routing`. If-Match may name the version that it replaces."""
    return _replace(call, "routing")


@route(
    routes,
    "PUT",
    "/v1/settings/priorities",
    answer=SettingsDocument,
    example={"rules": [{"name": "Gold", "priority": "high", "tiers": ["gold"]}]},
    also=(412,),
)
def put_priorities(call: Call) -> Reply:
    """Replace the document `priorities`. If-Match may name the version that it replaces."""
    return _replace(call, "priorities")


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
    return _replace(call, name)


def _read(call: Call, name: str) -> Reply:
    model = model_of(name)
    stored, version = call.app.documents.document(name)
    return _one(name, version, model.model_validate(stored or {}).model_dump(mode="json"))


def _replace(call: Call, name: str) -> Reply:
    if not call.raw:
        raise Malformed("the request needs a body: the whole document")
    given: BaseModel = parse(model_of(name), call.raw)
    model = call.app.agreeing.prepared(given)
    document = model.model_dump(mode="json")
    size = len(model.model_dump_json().encode())
    if size > LARGEST:
        raise Invalid.field(name, f"all of it has {size} bytes; {LARGEST} are allowed")
    for attempt in range(ATTEMPTS):
        before, read = call.app.documents.document(name)
        defaults = model_of(name).model_validate(before or {}).model_dump(mode="json")
        what, details = told(name, defaults, document)
        entry = call.app.auditing.entry(call.trace, what, name, details)
        asked = call.if_match()
        wanted = read if asked is None else asked
        try:
            version = call.app.documents.write(name, document, wanted, call.who.email, entry)
        except StaleVersion as stale:
            if asked is None and attempt < ATTEMPTS - 1:
                continue  # whoever names no version replaces whatever is there
            newest, version = call.app.documents.document(name)
            current = {"name": name, "version": version, "document": newest or {}}
            raise StaleVersion(stale.detail, current=current) from stale
        return _one(name, version, document)
    raise Contended(f"the settings {name} changed all the time")


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
