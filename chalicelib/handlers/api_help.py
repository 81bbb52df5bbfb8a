"""The form for customers, and their own case behind its secret link. Public."""

from __future__ import annotations

from chalice import Blueprint
from pydantic import Field

from chalicelib.cases.models import Case
from chalicelib.errors import Unauthenticated
from chalicelib.flows.helpdesk import Followed, FormView, HelpAnswer, HelpForm, Submitted
from chalicelib.flows.uploads import Upload, UploadInput
from chalicelib.handlers.http import Call, Reply, bounded, route
from chalicelib.handlers.queries import PageQuery
from chalicelib.handlers.visitors import visitor

routes = Blueprint(__name__)
TOKEN = "The secret of the link; also taken as `Authorization: Bearer` or `X-Case-Token`."


class FollowQuery(PageQuery):
    """A page of the case, and the secret that opens it."""

    token: str | None = Field(default=None, max_length=200, description=TOKEN)


class AnswerQuery(FollowQuery):
    """The secret that opens the case."""


@route(routes, "GET", "/v1/help/form", answer=FormView)
def form(call: Call) -> Reply:
    """What the form asks for: its fields with their labels by language, and what files it takes."""
    return Reply(call.app.helpdesk.form())


@route(
    routes,
    "POST",
    "/v1/help/uploads",
    body=UploadInput,
    answer=Upload,
    status=201,
    example={"name": "photo.jpg", "type": "image/jpeg", "bytes": 81920},
    also=(429,),
)
def upload(call: Call, body: UploadInput) -> Reply:
    """Get leave to send a file, before the message that it belongs to.

    Send it as a multipart POST to `url`, with all of `fields` before the part `file`; then name
    the `id` in the message's `attachments`. It may be used once, within the hour.
    """
    return Reply(call.app.helpdesk.upload(body, call.address), 201)


@route(
    routes,
    "POST",
    "/v1/help/cases",
    body=HelpForm,
    answer=Submitted,
    status=201,
    once=True,
    example={
        "name": "Ada Byron",
        "email": "ada@example.com",
        "subject": "Cannot log in",
        "text": "The app refuses my password since this morning.",
        "website": "",
    },
    also=(429,),
)
def submit(call: Call, body: HelpForm) -> Reply:
    """Write to customer service.

    The answer holds the case's reference and the secret link to follow it.
    """
    bounded(body.text, "text")
    call.app.answering.follow_up(visitor(call))
    return Reply(call.app.helpdesk.submit(body, call.key(), call.address), 201)


@route(
    routes,
    "GET",
    "/v1/help/cases/{reference}/messages",
    query=FollowQuery,
    answer=Followed,
    also=(401, 403),
)
def follow(call: Call, reference: str, query: FollowQuery) -> Reply:
    """Read one's own case: what was written to and fro, nothing from inside."""
    case = _case(call, reference, query.token)
    return Reply(call.app.helpdesk.follow(case, query.limit, query.cursor))


@route(
    routes,
    "POST",
    "/v1/help/cases/{reference}/messages",
    query=AnswerQuery,
    body=HelpAnswer,
    answer=Submitted,
    status=201,
    once=True,
    example={"text": "It works again, thank you."},
    also=(401, 403, 429),
)
def answer(call: Call, reference: str, query: AnswerQuery, body: HelpAnswer) -> Reply:
    """Add to one's own case.

    Where the case ended long ago a new one is opened: the reference and link are then its own.
    """
    bounded(body.text, "text")
    case = _case(call, reference, query.token)
    return Reply(call.app.helpdesk.answer(case, body, call.key(), call.address), 201)


def _case(call: Call, reference: str, token: str | None) -> Case:
    secret = token or str(call.headers.get("x-case-token", "")) or _bearer(call)
    if not secret:
        raise Unauthenticated("the secret of the case's link is missing")
    case = call.app.helpdesk.enter(secret, reference)
    call.app.proving.by_link(case, secret)
    return case


def _bearer(call: Call) -> str:
    scheme, _, token = str(call.headers.get("authorization", "")).partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
