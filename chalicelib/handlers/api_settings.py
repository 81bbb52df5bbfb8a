"""The documents that admins edit while the system runs."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint
from pydantic import BaseModel

from chalicelib.base import Model
from chalicelib.errors import Contended, Invalid, Malformed, StaleVersion
from chalicelib.flows.auditing import told
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
    """A settings document: audit, calendars, channels, detection, flags, macros, priorities,
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


def _one(name: str, version: int, document: dict[str, Any]) -> Reply:
    return Reply(SettingsDocument(name=name, version=version, document=document), version=version)
