"""What the composer asks for: leave to send files, whom an answer reaches, snippets, drafts."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.cases.snippets import OwnSnippets
from chalicelib.flows.attending import DraftLines
from chalicelib.flows.recipients import Ways
from chalicelib.flows.snippets import Snippets
from chalicelib.flows.uploads import Upload, UploadInput
from chalicelib.handlers.http import Call, Reply, route

routes = Blueprint(__name__)


@route(
    routes,
    "POST",
    "/v1/uploads",
    body=UploadInput,
    answer=Upload,
    status=201,
    example={"name": "photo.jpg", "type": "image/jpeg", "bytes": 81920},
)
def offer_upload(call: Call, body: UploadInput) -> Reply:
    """Get leave to send a file, before the reply or note that it belongs to.

    Send it as a multipart POST to `url`, with all of `fields` before the part `file`, within the
    hour; then name the `id` in the message's `attachments`. One message may have it, within six
    days; a message carries ten files of 25 MB in all.
    """
    return Reply(call.app.enclosing.offer(body, call.who.email), 201)


@route(routes, "GET", "/v1/cases/{id}/recipients", answer=Ways)
def list_recipients(call: Call, id: str) -> Reply:
    """By which channels the customer can be answered, at which address, and who gets a copy."""
    return Reply(call.app.recipients.ways(id))


@route(routes, "GET", "/v1/me/drafts", answer=DraftLines)
def list_drafts(call: Call) -> Reply:
    """What one has begun to write and not sent, newest first."""
    return Reply(call.app.attending.begun(call.who.email, call.sight.sees))


@route(routes, "GET", "/v1/me/snippets", answer=Snippets)
def list_snippets(call: Call) -> Reply:
    """The short texts that one can write with a word: one's own, and those of all."""
    return Reply(call.app.snippet_work.of(call.who.email))


@route(
    routes,
    "PUT",
    "/v1/me/snippets",
    body=OwnSnippets,
    answer=Snippets,
    example={"items": [{"word": "regards", "text": "Kind regards"}], "version": 0},
    also=(412,),
)
def keep_snippets(call: Call, body: OwnSnippets) -> Reply:
    """Replace one's own short texts. `version` is the one that was read."""
    return Reply(call.app.snippet_work.keep(body, call.who.email))
