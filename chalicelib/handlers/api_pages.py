"""The start page, a customer's own case, and the way out of notices, as pages. Public."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import parse_qs

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.cases.models import Case
from chalicelib.errors import Malformed
from chalicelib.flows.helpdesk import HelpAnswer, PublicMessage, Writer
from chalicelib.handlers import pages
from chalicelib.handlers.http import FORM, Call, Reply, bounded, known_errors, parse, route
from chalicelib.handlers.openapi import description

routes = Blueprint(__name__)
routes.register_middleware(known_errors, "http")
MULTIPART = "multipart/form-data"
SHOWN = 100  # messages on one page
OUTBOX = """<li class="card">
      <strong><a href="local/outbox.html">Outbox</a></strong>
      <p class="quiet">What customers of this local installation would have received.</p>
    </li>"""

page: dict[str, Any] = {"media_type": pages.HTML, "on_error": pages.refused}


class CasePageQuery(Model):
    """`sent` says that a message has just been sent; `cursor` goes on to later messages."""

    sent: str | None = Field(default=None, max_length=1)
    cursor: str | None = Field(default=None, max_length=4_000)


@route(routes, "GET", "/", head=True, **page)
def start(call: Call) -> Reply:
    """What this is, and where to go on."""
    settings = call.app.settings
    body = pages.file("start.html")
    for name, text in (("mail", settings.support_address), ("number", settings.sms_number)):
        body = body.replace(f"{{{{{name}}}}}", escape(text))
    outbox = OUTBOX if settings.stage == "local" else ""
    return pages.shown("CustOps", body.replace("{{local}}", outbox))


@route(routes, "GET", "/openapi.json", head=True)
def api_description(call: Call) -> Reply:
    """This description."""
    return Reply(description())


@route(routes, "GET", "/c/{token}", query=CasePageQuery, also=(403,), **page)
def case_page(call: Call, token: str, query: CasePageQuery) -> Reply:
    """A customer's own case behind its secret link. Reading it changes nothing."""
    desk = call.app.helpdesk
    case = desk.enter(token)
    followed = desk.follow(case, SHOWN, query.cursor)
    more = (
        f'<p><a href="?cursor={followed.cursor}">Later messages</a></p>' if followed.cursor else ""
    )
    thanks = '<p class="note" role="status">Your message has arrived.</p>' if query.sent else ""
    body = (
        f'<main>\n<p class="quiet case">{escape(case.reference)}</p>\n'
        f"<h1>{escape(case.subject)}</h1>\n{thanks}{_was_it_you(call, case, token)}"
        f'<ol class="list">\n{"".join(map(_message, followed.items))}</ol>\n{more}'
        f"{_form(call.app.ids.new())}\n</main>"
    )
    return pages.shown(f"{case.reference} {case.subject}", body)


@route(
    routes,
    "POST",
    "/c/{token}",
    takes=(FORM,),
    status=303,
    example="text=It+works+again%2C+thank+you.",
    also=(403, 429),
    **page,
)
def answer_page(call: Call, token: str) -> Reply:
    """Add to one's own case from its page; leads back to it, or to the case that follows it."""
    case = call.app.helpdesk.enter(token)
    call.app.proving.by_link(case, token)
    given = _fields(call)
    if given.pop("mine", ""):
        return pages.redirect(token)
    once = given.pop("once", "")[:100]
    said: HelpAnswer = parse(HelpAnswer, given)
    bounded(said.text, "text")
    answered = call.app.helpdesk.answer(case, said, once, call.address)
    return pages.redirect(f"{answered.token}?sent=1")


@route(routes, "GET", "/v1/unsubscribe/{token}", also=(403,), **page)
def unsubscribe_page(call: Call, token: str) -> Reply:
    """Asks whether to stop notices. Reading it changes nothing (mail programs follow links)."""
    offer = call.app.outreach.offer(token)
    body = (
        "<main>\n<h1>No more notices?</h1>\n"
        f"<p>You will get no more notices from us by {_named(offer.channel)}. Answers to what you "
        "write yourself still come.</p>\n"
        '<form method="post"><button>Stop notices</button></form>\n</main>'
    )
    return pages.shown("No more notices?", body)


@route(
    routes,
    "POST",
    "/v1/unsubscribe/{token}",
    takes=(FORM, MULTIPART),
    example="List-Unsubscribe=One-Click",
    also=(403,),
    **page,
)
def unsubscribe(call: Call, token: str) -> Reply:
    """Stop notices: the button of the page, and the one click of RFC 8058."""
    offer = call.app.outreach.unsubscribe(token)
    body = (
        "<main>\n<h1>Done</h1>\n"
        f"<p>You will get no more notices from us by {_named(offer.channel)}.</p>\n</main>"
    )
    return pages.shown("No more notices", body)


def _was_it_you(call: Call, case: Case, token: str) -> str:
    """Asks whoever came by a mailed link; opening the page alone shows nothing (scanners do it)."""
    if not call.app.proving.may_show(case, token):
        return ""
    return (
        '<form method="post"><p>Did you write this to us?</p>'
        '<button name="mine" value="yes">Yes, this is mine</button></form>\n'
    )


def _named(channel: str) -> str:
    return {"email": "e-mail", "sms": "text message"}.get(channel, escape(channel))


def _fields(call: Call) -> dict[str, str]:
    """The fields of a form, each once; raises Malformed."""
    try:
        found = parse_qs(call.text, keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise Malformed("the form has too many fields") from error
    return {name: values[-1] for name, values in found.items()}


def _message(message: PublicMessage) -> str:
    us = message.writer == Writer.US
    who = message.name or ("Customer service" if us else "You")
    moment = message.created_at.strftime("%Y-%m-%d %H:%M UTC")
    files = "".join(
        f'<li><a href="{escape(file.url)}">{escape(file.name)}</a></li>'
        for file in message.attachments
    )
    return (
        f'<li class="card{" us" if us else ""}"><div class="meta"><strong>{escape(who)}</strong>'
        f'<time datetime="{message.created_at.isoformat()}">{moment}</time></div>'
        f"<p>{escape(message.text)}</p>{f'<ul>{files}</ul>' if files else ''}</li>\n"
    )


def _form(once: str) -> str:
    """`once` makes a second press of the button the same message."""
    return (
        '<h2>Add to your case</h2>\n<form method="post">\n'
        f'<input type="hidden" name="once" value="{escape(once)}">\n'
        '<label for="text">Your message</label>\n'
        '<textarea id="text" name="text" required maxlength="50000"></textarea>\n'
        "<button>Send</button>\n</form>"
    )
