"""What a department does by its secret link: a page that needs no seat, and the same as JSON.

Nothing but the link is asked for. The page lets no script run and nothing load but its styles.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from html import escape
from typing import Any

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.errors import Conflict, Invalid, Refused
from chalicelib.flows.departments import PartnerAnswer, PartnerView
from chalicelib.handlers import pages
from chalicelib.handlers.forms import fields
from chalicelib.handlers.http import FORM, Call, Reply, known_errors, parse, route
from chalicelib.handlers.plots import plot

routes = Blueprint(__name__)
routes.register_middleware(known_errors, "http")
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
TEXTS = ("answer", "text", "address", "once")
PREFIX = "Value error, "
SHARED: dict[str, Any] = {"media_type": pages.HTML, "on_error": pages.refused}


class PartnerPageQuery(Model):
    """`done` says that an answer has just been noted."""

    done: str | None = Field(default=None, max_length=1)
    lang: str | None = Field(default=None, max_length=5)


@route(routes, "GET", "/p/{token}", query=PartnerPageQuery, also=(403,), **SHARED)
def partner_page(call: Call, token: str, query: PartnerPageQuery) -> Reply:
    """A department's task behind its secret link. Reading it changes nothing."""
    return _page(call, call.app.departments.view(token), done=bool(query.done))


@route(
    routes,
    "POST",
    "/p/{token}",
    takes=(FORM,),
    status=303,
    example="answer=accept",
    also=(403, 409),
    **SHARED,
)
def answer_partner_page(call: Call, token: str) -> Reply:
    """Accept, ask back, pass on, give a date, or say that it is fixed; leads back to the page."""
    given = fields(call)
    flow = call.app.departments
    flow.view(token)
    try:
        said: PartnerAnswer = parse(PartnerAnswer, _said(given))
        flow.answer(token, said)
    except (Invalid, Conflict) as wrong:
        view = flow.view(token)
        return _page(call, view, wrong=_words(wrong), opened=given.get("answer", ""))
    return pages.redirect(f"{token}?done=1")


@route(routes, "GET", "/v1/partner/{token}", answer=PartnerView, also=(403,))
def partner_task(call: Call, token: str) -> Reply:
    """A department's task with its evidence, by the secret link alone."""
    view = call.app.departments.view(token)
    return Reply(view, version=view.version)


@route(
    routes,
    "POST",
    "/v1/partner/{token}",
    body=PartnerAnswer,
    answer=PartnerView,
    example={"answer": "ask", "text": "Since which release?", "once": "7f3a"},
    also=(403, 409),
)
def answer_partner_task(call: Call, token: str, body: PartnerAnswer) -> Reply:
    """Answer a task; the same `once` is the same answer."""
    view = call.app.departments.answer(token, body)
    return Reply(view, version=view.version)


def _page(
    call: Call, view: PartnerView, wrong: str = "", opened: str = "", done: bool = False
) -> Reply:
    from markupsafe import Markup

    once = escape(call.app.ids.new())

    def hidden(answer: str) -> Markup:
        """The fields of a form that nobody sees: which answer, and what makes it one."""
        form = '<input type="hidden" name="answer" value="{}"><input type="hidden" name="once" '
        return Markup(form + 'value="{}">').format(answer, f"{answer} {once}")

    shown = pages.page(
        call,
        "partner.html",
        422 if wrong else 200,
        view=view,
        plot=plot(view.evidence.plot),
        hidden=hidden,
        opened=opened,
        wrong=wrong,
        done=done,
    )
    headers = {**shown.headers, "Content-Security-Policy": POLICY, "X-Robots-Tag": "noindex"}
    return Reply(shown.body, shown.status, headers, shown.media_type)


def _said(given: dict[str, str]) -> dict[str, Any]:
    """What a form means: line breaks of one kind, a date until the end of its day (UTC)."""
    said: dict[str, Any] = {name: given[name].strip() for name in TEXTS if given.get(name)}
    if "text" in said:
        said["text"] = said["text"].replace("\r\n", "\n")
    if day := given.get("date", "").strip():
        try:
            said["date"] = datetime.combine(
                datetime.fromisoformat(day).date(), time(23, 59), tzinfo=UTC
            )
        except ValueError as error:
            raise Invalid.field("date", "is not a date such as 2026-11-30") from error
    return said


def _words(refused: Refused) -> str:
    """What is wrong, in words for a reader: without the names of fields."""
    reasons = [str(entry["reason"]) for entry in refused.extra.get("fields", [])]
    words_of = "; ".join(reasons) or refused.detail or refused.title
    return words_of.removeprefix(PREFIX)
