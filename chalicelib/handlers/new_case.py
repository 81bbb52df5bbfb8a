"""Writing to customer service from the help centre: one question a page, then a look at it all.

1. `about`: what it is about, in the customer's own words, and the company's own fields.
2. `who`: where the answer goes. Articles that may answer it are shown beside.
3. `check`: everything once more; only its button sends.

Nothing is kept between the pages: what was given travels along in hidden fields, so that it works
without a script or cookie, and "back" is the browser's own. `once` makes a second press the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.channels import forms
from chalicelib.channels.forms import FormField
from chalicelib.customers import rules as customer_rules
from chalicelib.errors import Invalid, NotFound
from chalicelib.flows.authoring import FoundArticle
from chalicelib.flows.helpdesk import HelpForm
from chalicelib.handlers import attachments, pages
from chalicelib.handlers.forms import fields
from chalicelib.handlers.http import FORM, Call, Reply, bounded, parse, route
from chalicelib.handlers.visitors import visitor
from chalicelib.words import Words

routes = Blueprint(__name__)
SHARED: dict[str, Any] = {"media_type": pages.HTML, "on_error": pages.refused}
STEPS = ("about", "who", "check")
LONGEST = 50_000  # characters of a message
NEAR = 3  # articles shown before somebody writes
CLOSE = 0.6  # of the best one's score
LEAST = 0.35  # a score below which an article only shares a word with the text
CARRIED = ("text", "files", "name", "email", "phone", "once", "website")
OWN = "field_"
REASONS = {
    "is required": "wrong.required",
    "is not a number": "wrong.number",
    "is not a date such as 2026-11-23": "wrong.date",
    "is none of the choices": "wrong.choice",
    "is true or false": "wrong.choice",
}

Wrong = dict[str, str]
"""What is wrong, by the form's field, in the reader's language."""


class NewCaseQuery(Model):
    """`q` is what was searched for in vain; `about` the article that did not help; `issue` a known
    issue that somebody has too."""

    q: str = Field(default="", max_length=500)
    about: str = Field(default="", max_length=80)
    issue: str = Field(default="", max_length=80)
    lang: str | None = Field(default=None, max_length=5)


@route(routes, "GET", "/new", query=NewCaseQuery, **SHARED)
def new_case(call: Call, query: NewCaseQuery) -> Reply:
    """The first page of writing to us, with what was searched for already in it."""
    text = _too(call, query.issue) if query.issue else query.q
    given = {"text": text, "once": call.app.ids.new()}
    return _page(call, "about", given, {})


@route(
    routes,
    "POST",
    "/new",
    takes=(FORM,),
    leads=True,
    example="step=about&text=My+phone+is+broken",
    also=(429,),
    **SHARED,
)
def next_page(call: Call) -> Reply:
    """The next page, the same again with what is wrong, or the case."""
    given = fields(call)
    step = given.get("step", "")
    step = step if step in STEPS else "about"
    if given.get("go") in STEPS:
        return _page(call, given["go"], given, {})
    for earlier in STEPS[: STEPS.index(step) + 1]:
        if wrong := _wrong(call, earlier, given):
            return _page(call, earlier, given, wrong)
    if step != "check":
        return _page(call, STEPS[STEPS.index(step) + 1], given, {})
    call.app.answering.follow_up(visitor(call))
    once = given.get("once", "")[:100]
    try:
        sent = call.app.helpdesk.submit(_form(call, given), once, call.address)
    except Invalid as invalid:
        if not attachments.at_fault(invalid):
            raise
        wrong = {"file": pages.spoken(call)("wrong.files")}
        return _page(call, "about", {**given, "files": ""}, wrong)
    return pages.redirect(f"c/{sent.token}?sent=new")


def _page(call: Call, step: str, given: Mapping[str, str], wrong: Wrong) -> Reply:
    asked = call.app.own_fields.form()
    t = pages.spoken(call)
    near: tuple[FoundArticle, ...] = ()
    if step == "who":
        near = _near(call, given.get("text", "")[:2_000])
    here = step == "about"
    return pages.page(
        call,
        f"new_{step}.html",
        422 if wrong else 200,
        settings=asked,
        files=attachments.shown(call, given, wrong.get("file", "")),
        uploads=call.app.uploads.origin() if here else "",
        texts=("files.",) if here else (),
        given={n: v for n, v in given.items() if n in CARRIED or n.startswith(OWN)},
        errors=wrong,
        wrong=bool(wrong),
        own=[_shown(field, t) for field in asked.fields],
        prefix=OWN,
        near=near,
        resend=step,
    )


def _too(call: Call, issue: str) -> str:
    """What somebody writes who has a known issue too; one that is gone is no hindrance."""
    try:
        return pages.spoken(call)("new.too", title=call.app.issues.one(issue).title)
    except NotFound:
        return ""


def _near(call: Call, text: str) -> tuple[FoundArticle, ...]:
    """The articles that may answer it: none that is far behind the first, or shares only a word."""
    found = call.app.authoring.search(text, None, None, NEAR).items
    least = max(found[0].score * CLOSE, LEAST) if found else LEAST
    return tuple(item for item in found if item.score >= least)


def _shown(field: FormField, t: Words) -> dict[str, Any]:
    """A field of the company as the template needs it, in the reader's language."""
    label = field.label.get(t.language) or next(iter(field.label.values()))
    choices = [
        (c.value, (c.label or {}).get(t.language) or next(iter((c.label or {}).values()), c.value))
        for c in field.choices
    ]
    return {
        "name": f"{OWN}{field.name}",
        "label": label,
        "type": str(field.type),
        "required": field.required,
        "choices": choices,
        "longest": field.max_length,
    }


def _wrong(call: Call, step: str, given: Mapping[str, str]) -> Wrong:
    """What a page lacks; each is told beside its field and in the summary above."""
    t = pages.spoken(call)
    if step == "about":
        return _wrong_words(call, given, t)
    if step == "who":
        return _wrong_address(given, t)
    return {}


def _wrong_words(call: Call, given: Mapping[str, str], t: Words) -> Wrong:
    wrong: Wrong = {}
    text = given.get("text", "")
    if not text.strip():
        wrong["text"] = t("wrong.text")
    elif len(text) > LONGEST:
        wrong["text"] = t("wrong.long", most=LONGEST)
    asked = call.app.own_fields.form()
    try:
        forms.checked(asked, _own(given), customer_rules.email, customer_rules.phone)
    except Invalid as invalid:
        for entry in invalid.extra["fields"]:
            name = OWN + entry["field"].removeprefix("fields.")
            key = REASONS.get(entry["reason"])
            wrong[name] = t(key) if key else entry["reason"]
    return wrong


def _wrong_address(given: Mapping[str, str], t: Words) -> Wrong:
    email, phone = given.get("email", "").strip(), given.get("phone", "").strip()
    if not email and not phone:
        return {"email": t("wrong.address")}
    wrong: Wrong = {}
    for name, text, check in (
        ("email", email, customer_rules.email),
        ("phone", phone, customer_rules.phone),
    ):
        try:
            if text:
                check(text, name)
        except Invalid:
            wrong[name] = t(f"wrong.{name}")
    return wrong


def _own(given: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(OWN): v for name, v in given.items() if name.startswith(OWN)}


def _form(call: Call, given: Mapping[str, str]) -> HelpForm:
    known = {f.name for f in call.app.own_fields.form().fields}
    own = {name: value for name, value in _own(given).items() if name in known}
    plain = {n: given.get(n, "").strip() for n in ("name", "email", "phone", "website")}
    text = given.get("text", "").replace("\r\n", "\n")
    form: HelpForm = parse(
        HelpForm, {**plain, "text": text, "fields": own, "attachments": attachments.ids(given)}
    )
    bounded(form.text, "text")
    return form
