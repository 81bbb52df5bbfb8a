"""Scripts, styles and texts of the web apps: static files under a name that changes with them.

All files lie in one folder, and one digest over all of them is part of every address. So a
browser may keep what it has for a year, modules find each other by relative imports, and no page
ever mixes two versions.
"""

from __future__ import annotations

import json
from functools import cache

from chalice import Blueprint

from chalicelib.branding import BrandSettings
from chalicelib.errors import NotFound
from chalicelib.handlers import pages
from chalicelib.handlers.http import Call, Reply, known_errors, route
from chalicelib.handlers.pages import WEB, version

routes = Blueprint(__name__)
routes.register_middleware(known_errors, "http")
FOLDER = WEB / "static"
TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}
KEPT = "public, max-age=31536000, immutable"


@route(routes, "GET", "/static/{wanted}/{name}", head=True, media_type=TYPES["js"])
def asset(call: Call, wanted: str, name: str) -> Reply:
    """A static file. Under the address of an older version it is the newest, and not kept."""
    body = _read(name, pages.speakable(call))
    kept = KEPT if wanted == version() else "no-store"
    headers = {"Cache-Control": kept, "Cross-Origin-Resource-Policy": "cross-origin"}
    return Reply(body, 200, headers, TYPES[name.rpartition(".")[2]])


@route(routes, "GET", "/brand.css", media_type=TYPES["css"])
def brand(call: Call) -> Reply:
    """The company's colours and logo, as custom properties over those of tokens.css.

    Pages name it with `?v=`, a mark that changes with it, so that a browser may keep it.
    """
    settings = call.app.documents.read("brand", BrandSettings)
    newest = call.parameters.get("v") == settings.mark
    headers = {"Cache-Control": KEPT if newest else "public, max-age=60"}
    return Reply(settings.style_sheet(), 200, headers, TYPES["css"])


@cache
def _read(name: str, speakable: tuple[str, ...]) -> str:
    """A file's text; `words-<language>.json` are the texts of that language, English filled in."""
    stem, _, suffix = name.rpartition(".")
    language = stem.removeprefix("words-")
    if suffix == "json" and stem != language and language in speakable:
        return json.dumps(pages.words_of(language).all(), ensure_ascii=False)
    path = FOLDER / name
    if suffix not in TYPES or not path.is_file():
        raise NotFound("there is no such file")
    return path.read_text(encoding="utf-8")
