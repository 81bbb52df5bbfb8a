"""The start page, a customer's own case, and the way out of notices, as pages. Public."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.campaigns.models import Offer
from chalicelib.cases.models import Case
from chalicelib.flows.helpdesk import HelpAnswer
from chalicelib.handlers import pages
from chalicelib.handlers.forms import fields
from chalicelib.handlers.http import FORM, Call, Reply, bounded, known_errors, parse, route
from chalicelib.handlers.openapi import description

routes = Blueprint(__name__)
routes.register_middleware(known_errors, "http")
MULTIPART = "multipart/form-data"
SHOWN = 100  # messages on one page
page: dict[str, Any] = {"media_type": pages.HTML, "on_error": pages.refused}


class CasePageQuery(Model):
    """`sent` says that a message was sent, or ("new") a case opened; `cursor` goes on later."""

    sent: str | None = Field(default=None, max_length=3)
    cursor: str | None = Field(default=None, max_length=4_000)
    lang: str | None = Field(default=None, max_length=3)


@route(routes, "GET", "/openapi.json", head=True)
def api_description(call: Call) -> Reply:
    """This description."""
    return Reply(description())


@route(routes, "GET", "/c/{token}", query=CasePageQuery, also=(403,), **page)
def case_page(call: Call, token: str, query: CasePageQuery) -> Reply:
    """A customer's own case behind its secret link. Reading it changes nothing."""
    case = call.app.helpdesk.enter(token)
    return _case_page(call, case, token, query)


@route(
    routes,
    "POST",
    "/c/{token}",
    takes=(FORM,),
    status=303,
    example="text=It+works+again%2C+thank+you.",
    also=(403, 409, 429),
    **page,
)
def answer_page(call: Call, token: str) -> Reply:
    """Add to one's own case from its page; leads back to it, or to the case that follows it.

    `solved` says that nothing is left to do, `mine` that the address is one's own.
    """
    desk = call.app.helpdesk
    case = desk.enter(token)
    call.app.proving.by_link(case, token)
    given = fields(call)
    if given.get("mine"):
        return pages.redirect(token)
    if given.get("solved"):
        desk.solved(case, call.address)
        return pages.redirect(token)
    text = given.get("text", "").replace("\r\n", "\n")
    if not text.strip():
        return _case_page(call, case, token, CasePageQuery(), wrong=True)
    said: HelpAnswer = parse(HelpAnswer, {"text": text})
    bounded(said.text, "text")
    answered = desk.answer(case, said, given.get("once", "")[:100], call.address)
    return pages.redirect(f"{answered.token}?sent=1")


def _case_page(
    call: Call, case: Case, token: str, query: CasePageQuery, *, wrong: bool = False
) -> Reply:
    followed = call.app.helpdesk.follow(case, SHOWN, query.cursor)
    return pages.page(
        call,
        "case.html",
        422 if wrong else 200,
        case=followed.case,
        items=followed.items,
        cursor=followed.cursor,
        sent=query.sent,
        ask_mine=call.app.proving.may_show(case, token),
        once=call.app.ids.new(),
        wrong=wrong,
    )


@route(routes, "GET", "/v1/unsubscribe/{token}", also=(403,), **page)
def unsubscribe_page(call: Call, token: str) -> Reply:
    """Asks whether to stop notices. Reading it changes nothing (mail programs follow links)."""
    return _unsubscribe(call, call.app.outreach.offer(token), done=False)


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
    return _unsubscribe(call, call.app.outreach.unsubscribe(token), done=True)


def _unsubscribe(call: Call, offer: Offer, *, done: bool) -> Reply:
    return pages.page(call, "unsubscribe.html", channel=offer.channel, done=done)
