"""What the links in a notice lead to: answer it with one press, and choose what to hear. Public.

Reading changes nothing (mail programs and scanners follow links); only a press does, and the same
press again does nothing more.
"""

from __future__ import annotations

from typing import Any

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.campaigns.models import Said
from chalicelib.flows.noticed import Answered
from chalicelib.flows.preferences import Choice
from chalicelib.handlers import pages
from chalicelib.handlers.forms import fields
from chalicelib.handlers.http import FORM, Call, Reply, known_errors, parse, route

routes = Blueprint(__name__)
routes.register_middleware(known_errors, "http")
page: dict[str, Any] = {"media_type": pages.HTML, "on_error": pages.refused}


class NoticeAnswer(Model):
    """What was pressed, and what was written beside it."""

    say: Said
    text: str = Field(default="", max_length=4_000)


@route(routes, "GET", "/n/{token}", also=(403,), **page)
def notice_page(call: Call, token: str) -> Reply:
    """Asks how a notice fits. Reading it changes nothing."""
    return _notice(call, call.app.noticed.show(token))


@route(
    routes,
    "POST",
    "/n/{token}",
    takes=(FORM,),
    example="say=still_broken&text=Since+the+update.",
    also=(403, 422),
    **page,
)
def answer_notice(call: Call, token: str) -> Reply:
    """Keep the answer; "still broken" opens a case, or adds to the one that there is."""
    given = {name: value for name, value in fields(call).items() if name in ("say", "text")}
    said: NoticeAnswer = parse(NoticeAnswer, given)
    answered = call.app.noticed.say(token, said.say, said.text.strip())
    return _notice(call, answered, thanks=True)


@route(routes, "GET", "/prefs/{token}", also=(403,), **page)
def preferences_page(call: Call, token: str) -> Reply:
    """What a customer hears, by purpose and channel. Reading it changes nothing."""
    return _preferences(call, call.app.preferences.show(token))


@route(
    routes,
    "POST",
    "/prefs/{token}",
    takes=(FORM,),
    example="service.email=on&marketing.email=on",
    also=(403,),
    **page,
)
def save_preferences(call: Call, token: str) -> Reply:
    """Keep exactly the boxes that are ticked; sent twice it is the same."""
    ticked = {name for name, value in fields(call).items() if value}
    return _preferences(call, call.app.preferences.save(token, ticked), saved=True)


def _notice(call: Call, answered: Answered, thanks: bool = False) -> Reply:
    said = answered.said
    return pages.page(
        call,
        "notice.html",
        name=answered.name,
        said=said,
        thanks=thanks and said,
        answers=list(Said),
    )


def _preferences(call: Call, choices: tuple[Choice, ...], saved: bool = False) -> Reply:
    purposes = list(dict.fromkeys(choice.purpose for choice in choices))
    return pages.page(call, "preferences.html", choices=choices, purposes=purposes, saved=saved)
