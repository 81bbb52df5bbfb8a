"""Chat: a page of the help centre, the same in a frame on other sites, and the script that puts
it there. Public.

`/widget.js` is the one script tag of a site. It puts a button and, once that is pressed, a frame
into a shadow root, so that neither page can see or style the other. Only what `/widget` shows may
stand in a frame, and only on the sites that the settings name.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.branding import BrandSettings, ink
from chalicelib.channels.settings import ChannelSettings
from chalicelib.handlers import pages
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.words import languages, words

routes = Blueprint(__name__)
SHARED: dict[str, Any] = {"media_type": pages.HTML, "on_error": pages.refused}
SCRIPT = "text/javascript; charset=utf-8"
KEPT = 300  # seconds
SAID = ("chat.", "case.us", "case.you")
"""Prefixes of the texts that the chat's script says."""


class ChatQuery(Model):
    lang: str | None = Field(default=None, max_length=5)


class WidgetQuery(Model):
    """`language` is the site's; it is no choice of the reader, so nothing remembers it."""

    language: str | None = Field(default=None, max_length=16)
    lang: str | None = Field(default=None, max_length=5)


@route(routes, "GET", "/chat", query=ChatQuery, **SHARED)
def chat(call: Call, query: ChatQuery) -> Reply:
    """The chat as a page."""
    return pages.page(call, "chat.html", settings=call.app.settings, framed=False, texts=SAID)


@route(routes, "GET", "/widget", query=WidgetQuery, **SHARED)
def widget(call: Call, query: WidgetQuery) -> Reply:
    """The chat within a frame, on our own pages and the sites of the settings `channels`."""
    sites = call.app.documents.read("channels", ChannelSettings).chat.sites
    wanted = (query.language or "")[:2].lower()
    return pages.page(
        call,
        "chat.html",
        t=words(wanted) if wanted in languages() else pages.spoken(call),
        settings=call.app.settings,
        framed=True,
        framed_by=" ".join(("'self'", *sites)),
        texts=SAID,
    )


@route(routes, "GET", "/widget.js", media_type=SCRIPT)
def loader(call: Call) -> Reply:
    """The script of the one tag: `<script src="…/widget.js" defer></script>`.

    Attributes: `data-language`, `data-label` (the button's text), `data-email` (of the customer,
    where the site knows them). `window.custops.open()` opens the chat, `close()` closes it.
    """
    brand = call.app.documents.read("brand", BrandSettings)
    ours = {
        "accent": brand.accent,
        "ink": ink(brand.accent),
        "open": {name: words(name)("widget.open") for name in languages()},
        "language": brand.language,
    }
    headers = {
        "Cache-Control": f"public, max-age={KEPT}",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return Reply(f"(ours => {{\n{_loader()}}})({json.dumps(ours)});\n", 200, headers, SCRIPT)


@cache
def _loader() -> str:
    return (pages.WEB / "widget.js").read_text(encoding="utf-8")
