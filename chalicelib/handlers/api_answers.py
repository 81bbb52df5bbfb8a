"""What became of answers: the figures, the customer's word by a mailed link; and macros."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.cases.macros import FIELDS, Macro
from chalicelib.errors import Invalid
from chalicelib.flows.macros import MacroInput, MacroUsed
from chalicelib.flows.offering import Offered
from chalicelib.handlers import pages
from chalicelib.handlers.http import FORM, Call, Reply, route
from chalicelib.knowledge import phrases
from chalicelib.knowledge.figures import HelpFigures
from chalicelib.knowledge.phrases import phrase

routes = Blueprint(__name__)
DAYS = 30  # that are shown unless asked otherwise
MOST_DAYS = 400

page: dict[str, Any] = {"media_type": pages.HTML, "on_error": pages.refused}


class FiguresQuery(Model):
    """The days, both included, in UTC; the last thirty where they are left out."""

    since: date | None = None
    until: date | None = None


class MacroList(Model):
    """The macros that one sees, and the fields that a text may have with what they stand for."""

    items: tuple[Macro, ...]
    fields: dict[str, str] = Field(default_factory=lambda: dict(FIELDS))


@route(routes, "GET", "/v1/help/figures", query=FiguresQuery, answer=HelpFigures)
def help_figures(call: Call, query: FiguresQuery) -> Reply:
    """What became of customers' questions, and what is not counted as solved.

    Deflected is what its customer called solved and what no message to us followed within three
    days. Each rate has its 95 % confidence interval.
    """
    until = query.until or call.app.clock().date()
    since = query.since or until - timedelta(days=DAYS - 1)
    if since > until or (until - since).days >= MOST_DAYS:
        raise Invalid.field("since", f"is at most {MOST_DAYS} days before `until`, and not after")
    return Reply(call.app.figuring.figures(since, until))


@route(routes, "GET", "/v1/macros", answer=MacroList)
def list_macros(call: Call) -> Reply:
    """The macros that one's teams see."""
    return Reply(MacroList(items=tuple(call.app.macro_work.seen_by(call.who.email))))


@route(
    routes,
    "POST",
    "/v1/cases/{id}/macros/{macro}",
    body=MacroInput,
    answer=MacroUsed,
    example={"preview": True},
    also=(404, 409, 412),
)
def use_macro(call: Call, id: str, macro: str, body: MacroInput) -> Reply:
    """Use a macro: its text with the case's values, and what it changes, in one step.

    The text is not sent: it is for the agent to read and send. With `preview` nothing is changed.
    A field of the text without a value is refused by its name.
    """
    used = call.app.macro_work.use(id, macro, body, call.who.email)
    return Reply(used, version=used.version)


@route(routes, "GET", "/s/{token}", also=(403,), **page)
def solved_page(call: Call, token: str) -> Reply:
    """Asks whether an article solved it. Reading it changes nothing: mail programs follow links."""
    return _page(call, call.app.offering.look(token))


@route(routes, "POST", "/s/{token}", takes=(FORM,), example="solved=1", also=(403, 409), **page)
def solved_by_link(call: Call, token: str) -> Reply:
    """The button of that page: the case ends, and what solved it is kept."""
    return _page(call, call.app.offering.solved(token))


def _page(call: Call, offered: Offered) -> Reply:
    language = offered.language
    return pages.page(
        call,
        "solved.html",
        heading=phrase(phrases.SOLVED, language),
        yes=phrase(phrases.YES, language),
        thanks=phrase(phrases.THANKS, language) if offered.solved else "",
        article=offered.title,
        language=language,
    )
