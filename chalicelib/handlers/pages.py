"""The pages that the API serves itself: templates of web/templates, made on the server.

`page` is the way to make one. They work without a script; what scripts and styles they name lie
under `static/`, and the policy lets nothing else load or run, so that what a customer wrote can do
nothing on a page even if it were not escaped, which it is.

All addresses inside are relative (`root` leads to the first page), so that pages work behind a
plain domain and behind API Gateway's stage alike.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from chalicelib import pseudo
from chalicelib.branding import BrandSettings
from chalicelib.errors import Forbidden, Refused
from chalicelib.words import Words, languages, preferred, words

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from chalicelib.handlers.http import Call, Reply

HTML = "text/html; charset=utf-8"
WEB = Path(__file__).parent.parent / "web"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{shown}; "
    "connect-src 'self'{sent}; font-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors {framed_by}; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
EXPLAINED = ("forbidden", "not-found", "too-many")
"""Types of errors that the pages have words of their own for."""
YEAR = 31_536_000  # seconds
PLACES = {"home": "help", "article": "help", "issue": "help", "chat": "chat", "new": "contact"}
"""Under which entry of the navigation a template stands, by the beginning of its name."""


def page(call: Call, template: str, status: int = 200, **context: Any) -> Reply:
    """A page from its template, in the reader's language.

    A template has beside `context`: `t` (the words), `root` and `static` (the way to the first
    page and to the static files), `brand`, `languages`, `at` (its place in the navigation), `here`
    (what the address says beside the language). `wrong` marks a page with errors. `texts` are
    prefixes of the texts that its scripts say, `framed_by` names who may show the page in a frame,
    `uploads` where its scripts may send files, `bucket` where they may send them and show pictures
    from, `resend` the step of a form that is sent again when another language is chosen, so that
    nothing typed is lost.
    """
    from chalicelib.handlers.http import Reply

    known = {
        "t": spoken(call),
        "root": call.root,
        "static": f"{call.root}static/{version()}",
        "brand": call.app.documents.read("brand", BrandSettings),
        "languages": languages(),
        "request_id": call.request_id,
        "texts": (),
        "at": PLACES.get(re.split(r"[_.]", template)[0], ""),
        "here": _here(call),
    }
    text = _templates().get_template(template).render({**known, **context})
    headers = {"Content-Security-Policy": _policy(**context)}
    headers["Vary"] = "Accept-Language, Cookie"
    if not context.get("listed"):
        headers["X-Robots-Tag"] = "noindex"
    if "framed_by" in context:
        headers["X-Frame-Options"] = ""  # it knows no list; the policy says it better
    if chosen := call.parameters.get("lang"):
        headers["Set-Cookie"] = language_cookie(chosen, speakable(call))
    elif cookie := context.get("cookie"):
        headers["Set-Cookie"] = cookie
    return Reply(text, status, headers, HTML)


def _here(call: Call) -> str:
    kept = {name: value for name, value in call.parameters.items() if name != "lang"}
    return f"{urlencode(kept)}&" if kept else ""


def _policy(uploads: str = "", bucket: str = "", framed_by: str = "'none'", **_: Any) -> str:
    sent = f" {uploads or bucket}" if uploads or bucket else ""
    shown = f" {bucket}" if bucket else ""
    return POLICY.format(sent=sent, shown=shown, framed_by=framed_by)


def spoken(call: Call) -> Words:
    """The reader's language: `?lang=`, else the cookie, else what the browser likes best."""
    for wish in (call.parameters.get("lang", ""), cookies(call).get("lang", "")):
        if wish in speakable(call):
            return words_of(wish)
    liked = preferred(str(call.headers.get("accept-language", "")), languages())
    return words(liked or call.app.documents.read("brand", BrandSettings).language)


def words_of(language: str) -> Words:
    """The texts of a language out of `speakable`."""
    return pseudo.words(language) if language in pseudo.LANGUAGES else words(language)


def speakable(call: Call) -> tuple[str, ...]:
    """The languages that a page can be had in; on this machine also those that try it out."""
    local = call.app.settings.stage == "local"
    return (*languages(), *(pseudo.LANGUAGES if local else ()))


def cookies(call: Call) -> dict[str, str]:
    """What the browser kept for us."""
    parts = str(call.headers.get("cookie", "")).split(";")
    return dict(part.strip().partition("=")[::2] for part in parts)


def language_cookie(language: str, known: Iterable[str]) -> str:
    """Keeps a choice of language; anything that is none of ours forgets it."""
    if language in known:
        return f"lang={language}; Max-Age={YEAR}; Path=/; SameSite=Lax"
    return "lang=; Max-Age=0; Path=/; SameSite=Lax"


class Explained(Forbidden):
    """A refusal whose detail is in the reader's language already."""


def refused(call: Call, error: Refused) -> Reply:
    """An error as a page that a customer understands, in their language.

    What the error itself says is English and for the operator; it is shown where we have no words
    of our own for it.
    """
    from chalicelib.flows.helpdesk import WITHDRAWN

    t = spoken(call)
    ours = error.type in EXPLAINED
    name = f"refused.{error.type}" if ours else "refused.other"
    if isinstance(error, Explained):
        text = error.detail
    elif error.detail == WITHDRAWN:
        text = t("refused.withdrawn")
    else:
        text = t(f"{name}.text" if error.status < 500 else "page.failed")
    said = "" if ours or error.status >= 500 else error.detail
    return page(
        call, "refused.html", error.status, heading=t(name), text=text, detail=said, wrong=True
    )


def redirect(location: str, cookie: str = "") -> Reply:
    """After a form: the browser reads the page anew, so that a reload sends nothing twice."""
    from chalicelib.handlers.http import Reply

    return Reply("", 303, {"Location": location, "Set-Cookie": cookie}, HTML)


@cache
def version() -> str:
    """A digest of all static files and texts: the part of their address that changes."""
    digest = hashlib.sha256()
    for path in sorted([*(WEB / "static").iterdir(), *(WEB / "locales").iterdir()]):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["texts_of"] = _texts_of
    made.globals["language_name"] = lambda name: words(name)("language.name")
    made.globals.update(wrong=False, listed=False, framed=False, resend="")
    made.filters["moment"] = lambda at: _time(at, "%Y-%m-%d %H:%M UTC")
    made.filters["day"] = lambda at: _time(at, "%Y-%m-%d")
    return made


def _texts_of(t: Words, prefixes: tuple[str, ...]) -> str:
    """What a page's scripts say, as JSON: it travels with the page and is not asked for again."""
    return json.dumps({k: v for one in prefixes for k, v in t.all(one).items()}, ensure_ascii=False)


def _time(at: datetime, form: str) -> Markup:
    """A moment in UTC; a script shows it in the reader's own zone."""
    from markupsafe import Markup

    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(utc.isoformat(), utc.strftime(form))
