"""The start page, a customer's own case, and the way out of notices, as pages. Public."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.campaigns.models import Offer
from chalicelib.errors import Invalid
from chalicelib.flows.helpdesk import Followed, HelpAnswer
from chalicelib.handlers import attachments, case_link, pages
from chalicelib.handlers.case_link import Entrance
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
    lang: str | None = Field(default=None, max_length=5)


class NewsQuery(Model):
    """`cursor` is where the page that is shown begins."""

    cursor: str | None = Field(default=None, max_length=4_000)


@route(routes, "GET", "/openapi.json", head=True)
def api_description(call: Call) -> Reply:
    """This description."""
    return Reply(description())


@route(routes, "GET", "/c/{token}", query=CasePageQuery, leads=True, also=(403,), **page)
def case_page(call: Call, token: str, query: CasePageQuery) -> Reply:
    """A customer's own case behind its secret link. Reading it changes nothing.

    A browser that keeps the link is led on to an address without the secret.
    """
    by = case_link.enter(call, token)
    if by.held and not by.clean:
        return pages.redirect(_on(by.here, sent=query.sent, cursor=query.cursor, lang=query.lang))
    return _case_page(call, by, query)


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

    `solved` says that nothing is left to do, `mine` that the address is one's own, `leave` that
    this browser is to forget the case. `csrf` is needed where a cookie opened the page.
    """
    desk = call.app.helpdesk
    by = case_link.enter(call, token)
    given = fields(call)
    case_link.prove(call, by, given.get("csrf", ""))
    if given.get("leave"):
        return pages.redirect("../", case_link.cookie(call, by, forget=True))
    call.app.proving.by_link(by.case, by.secret)
    if given.get("mine"):
        return pages.redirect(by.here)
    if given.get("solved"):
        desk.solved(by.case, call.address)
        return pages.redirect(by.here)
    text = given.get("text", "").replace("\r\n", "\n")
    t = pages.spoken(call)
    if not text.strip():
        return _case_page(call, by, CasePageQuery(), given, {"text": t("wrong.text")})
    said: HelpAnswer = parse(HelpAnswer, {"text": text, "attachments": attachments.ids(given)})
    bounded(said.text, "text")
    try:
        answered = desk.answer(by.case, said, given.get("once", "")[:100], call.address)
    except Invalid as invalid:
        if not attachments.at_fault(invalid):
            raise
        wrong = {"file": t("wrong.files")}
        return _case_page(call, by, CasePageQuery(), {**given, "files": ""}, wrong)
    same = by.held and answered.reference == by.case.reference
    return pages.redirect(_on(by.here if same else answered.token, sent="1"))


@route(routes, "GET", "/c/{token}/news", query=NewsQuery, answer=Followed, also=(403,))
def case_news(call: Call, token: str, query: NewsQuery) -> Reply:
    """A page of one's own case, for its page to look for news. Reading it changes nothing and
    shows nobody's address to be theirs, since mail scanners open links with a browser too.

    Ask again with If-None-Match: 304 says that nothing is new.
    """
    by = case_link.enter(call, token)
    followed = call.app.helpdesk.follow(by.case, SHOWN, query.cursor)
    return Reply(followed, version=followed.mark)


def _on(name: str, **query: str | None) -> str:
    given = {key: value for key, value in query.items() if value}
    return f"{name}?{urlencode(given)}" if given else name


def _case_page(
    call: Call,
    by: Entrance,
    query: CasePageQuery,
    given: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> Reply:
    given, wrong = given or {}, wrong or {}
    desk = call.app.helpdesk
    followed = desk.follow(by.case, SHOWN, query.cursor)
    return pages.page(
        call,
        "case.html",
        422 if wrong else 200,
        case=followed.case,
        items=followed.items,
        cursor=followed.cursor,
        sent=query.sent,
        since=query.cursor or "",
        ask_mine=call.app.proving.may_show(by.case, by.secret),
        once=given.get("once") or call.app.ids.new(),
        text=given.get("text", ""),
        errors=wrong,
        wrong=bool(wrong),
        settings=desk.form(),
        files=attachments.shown(call, given, wrong.get("file", "")),
        uploads=call.app.uploads.origin(),
        texts=("files.", "case.quoted", "case.us", "case.you", "state.", "out."),
        link=f"{desk.public_url()}/c/{by.secret}",
        csrf=by.csrf,
        held=by.held,
        clean="" if by.clean or query.lang else by.case.reference,
        cookie="" if by.held else case_link.cookie(call, by),
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
