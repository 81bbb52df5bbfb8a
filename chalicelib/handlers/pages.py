"""The pages that the API serves itself: no script, one style sheet inside, strict policy.

The policy names the style by its hash and lets nothing else load or run, so what a customer wrote
can do nothing on a page even if it were not escaped, which it is.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from html import escape
from pathlib import Path

from chalicelib.errors import Refused
from chalicelib.handlers.http import Reply

HTML = "text/html; charset=utf-8"
WEB = Path(__file__).parent.parent / "web"


@cache
def file(name: str) -> str:
    """A file of web/, read once."""
    return (WEB / name).read_text(encoding="utf-8")


@cache
def policy() -> str:
    """The Content-Security-Policy of all pages."""
    style = base64.b64encode(hashlib.sha256(file("page.css").encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def shown(title: str, body: str, status: int = 200, language: str = "en") -> Reply:
    """A page; `body` is HTML, `title` is text."""
    page = (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>{escape(title)}</title>\n<style>{file('page.css')}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )
    return Reply(page, status, {"Content-Security-Policy": policy()}, HTML)


def refused(error: Refused) -> Reply:
    """An error as a page that a customer understands."""
    words = error.detail if error.status < 500 else "Something went wrong. Please try again later."
    body = f"<main>\n<h1>{escape(error.title)}</h1>\n<p>{escape(words)}</p>\n</main>"
    return shown(error.title, body, error.status)


def redirect(location: str) -> Reply:
    """After a form: the browser reads the page anew, so that a reload sends nothing twice."""
    return Reply("", 303, {"Location": location}, HTML)
