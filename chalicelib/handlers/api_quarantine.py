"""Messages that could not be taken in: to be read, and to be tried again."""

from __future__ import annotations

from typing import Literal

from chalice import Blueprint

from chalicelib.access.models import Act
from chalicelib.base import Instant, Model
from chalicelib.channels.models import Verdicts
from chalicelib.flows.replay import Original, Replayed, allowed, refuse, refuse_release
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.handlers.queries import PageQuery
from chalicelib.store.quarantine import Quarantined

routes = Blueprint(__name__)


class QuarantineQuery(PageQuery):
    """`disposition` "automatic" lists what machines wrote: recorded, never answered."""

    disposition: Literal["quarantine", "automatic", "replayed", "released"] = "quarantine"


class QuarantineView(Model):
    """A message with the reason why it was put aside, and what the receiving service said of it.
    Its files are never linked from here."""

    id: str
    channel: str
    disposition: str
    reason: str
    sender: str
    subject: str
    text: str
    headers: dict[str, str]
    verdicts: Verdicts
    recipients: tuple[str, ...]
    replayable: bool
    releasable: bool
    created_at: Instant


class QuarantinePage(Model):
    """Messages in quarantine, newest first."""

    items: list[QuarantineView]
    cursor: str | None = None


@route(routes, "GET", "/v1/quarantine", query=QuarantineQuery, answer=QuarantinePage)
def list_quarantine(call: Call, query: QuarantineQuery) -> Reply:
    """List what could not be taken in, with the reasons."""
    part = call.app.replaying.find(query.disposition, query.limit, query.cursor)
    return Reply(QuarantinePage(items=[_view(e) for e in part.entries], cursor=part.cursor))


@route(routes, "GET", "/v1/quarantine/{id}", answer=QuarantineView)
def get_quarantined(call: Call, id: str) -> Reply:
    """One message in quarantine."""
    return Reply(_view(call.app.quarantine.get(id)))


@route(routes, "POST", "/v1/quarantine/{id}/replay", answer=Replayed, status=202, also=(409,))
def replay(call: Call, id: str) -> Reply:
    """Put a message on its queue again, after a fix. Doing so twice changes nothing."""
    return Reply(call.app.replaying.replay(id), 202)


@route(routes, "POST", "/v1/quarantine/{id}/release", answer=Replayed, status=202, also=(409,))
def release(call: Call, id: str) -> Reply:
    """Let a mail in that a person did write, whatever it looks like. Doing so twice changes
    nothing. It is not acknowledged."""
    with call.audited(Act.QUARANTINE_RELEASED, id):
        released = call.app.replaying.release(id)
    return Reply(released, 202)


@route(routes, "GET", "/v1/quarantine/{id}/original", answer=Original, also=(409,))
def original(call: Call, id: str) -> Reply:
    """A link to the raw mail, which downloads it as plain text; works for five minutes."""
    found = call.app.replaying.original(id)
    call.app.auditing.record(call.trace, Act.ORIGINAL_READ, id)
    return Reply(found)


def _view(entry: Quarantined) -> QuarantineView:
    return QuarantineView(
        **entry.model_dump(exclude={"raw", "raw_key", "return_path"}),
        replayable=allowed(entry, refuse),
        releasable=allowed(entry, refuse_release),
    )
