"""What the links in a notice lead to: answer it with one press, and choose what to hear. Public.

Reading changes nothing (mail programs and scanners follow links); only a press does, and the same
press again does nothing more.
"""

from __future__ import annotations

from html import escape
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
BUTTONS = {
    Said.SOLVED: "It is solved",
    Said.STILL_BROKEN: "It is still broken",
    Said.NOT_ME: "This does not concern me",
}
THANKS = {
    Said.SOLVED: "Good to hear. Thank you.",
    Said.STILL_BROKEN: "Thank you. It is in a case of yours now; you will hear from us.",
    Said.NOT_ME: "Thank you. You will hear no more about this.",
}
CHANNELS = {"email": "by e-mail", "sms": "by text message"}
PURPOSES = {
    "service": "Trouble and changes that concern what you have with us",
    "marketing": "News and offers",
}


class NoticeAnswer(Model):
    """What was pressed, and what was written beside it."""

    say: Said
    text: str = Field(default="", max_length=4_000)


@route(routes, "GET", "/n/{token}", also=(403,), **page)
def notice_page(call: Call, token: str) -> Reply:
    """Asks how a notice fits. Reading it changes nothing."""
    return _notice(call.app.noticed.show(token))


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
    return _notice(answered, thanks=True)


@route(routes, "GET", "/prefs/{token}", also=(403,), **page)
def preferences_page(call: Call, token: str) -> Reply:
    """What a customer hears, by purpose and channel. Reading it changes nothing."""
    return _preferences(call.app.preferences.show(token))


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
    return _preferences(call.app.preferences.save(token, ticked), saved=True)


def _notice(answered: Answered, thanks: bool = False) -> Reply:
    said = answered.said
    note = ""
    if said:
        words = THANKS[said] if thanks else f"You said: {BUTTONS[said]}"
        note = f'<p class="note" role="status">{escape(words)}</p>\n'
    buttons = "\n".join(
        f'<p><button name="say" value="{name}">{escape(text)}</button></p>'
        for name, text in BUTTONS.items()
    )
    body = (
        f"<main>\n<h1>{escape(answered.name)}</h1>\n{note}"
        '<form method="post">\n<label for="text">Anything to add? (optional)</label>\n'
        '<textarea id="text" name="text" maxlength="4000"></textarea>\n'
        f"{buttons}\n</form>\n</main>"
    )
    return pages.shown(answered.name, body)


def _preferences(choices: tuple[Choice, ...], saved: bool = False) -> Reply:
    note = '<p class="note" role="status">Saved.</p>\n' if saved else ""
    groups = []
    for purpose, title in PURPOSES.items():
        boxes = "\n".join(_box(choice) for choice in choices if choice.purpose == purpose)
        if boxes:
            legend = f"<legend>{escape(title)}</legend>"
            groups.append(f"<fieldset>{legend}\n{boxes}\n</fieldset>")
    body = (
        f"<main>\n<h1>What may we write to you about?</h1>\n{note}"
        '<form method="post">\n' + "\n".join(groups) + "\n<button>Save</button>\n</form>\n"
        '<p class="quiet">Answers to what you write to us still come.</p>\n</main>'
    )
    return pages.shown("Preferences", body)


def _box(choice: Choice) -> str:
    ticked = " checked" if choice.wanted else ""
    words = CHANNELS[str(choice.channel)]
    box = f'<input type="checkbox" name="{choice.name}"{ticked}>'
    return f"<p><label>{box} {escape(words)}</label></p>"
