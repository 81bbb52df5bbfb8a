"""The agent desk's one page, and what its menus are filled with."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib.base import Model
from chalicelib.handlers import pages
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.understanding.models import TopicsSettings

routes = Blueprint(__name__)
SHARED: dict[str, Any] = {"media_type": pages.HTML, "on_error": pages.refused}
MODULES = (
    "desk-api.js",
    "desk-ui.js",
    "desk-state.js",
    "desk-queue.js",
    "desk-filter.js",
    "desk-search.js",
    "desk-bell.js",
    "desk-own.js",
    "desk-keys.js",
    "words.js",
    "preact.js",
    "hooks.js",
    "signals.js",
    "signals-core.js",
    "htm.js",
)
"""What the first screen loads, named in advance so that the browser fetches all at once."""


class TopicChoice(Model):
    """A topic as people choose it."""

    label: str
    name: str


class TopicChoices(Model):
    items: tuple[TopicChoice, ...]


@route(routes, "GET", "/desk", head=True, **SHARED)
def desk(call: Call) -> Reply:
    """The agent desk. The page itself holds nothing; all it shows comes from the API."""
    return pages.page(call, "desk.html", modules=MODULES, bucket=call.app.enclosing.origins())


@route(routes, "GET", "/v1/topics", answer=TopicChoices)
def topics(call: Call) -> Reply:
    """The topics that a case may have."""
    defined = call.app.documents.read("topics", TopicsSettings).topics
    items = tuple(TopicChoice(label=topic.label, name=topic.name) for topic in defined)
    return Reply(TopicChoices(items=items))
