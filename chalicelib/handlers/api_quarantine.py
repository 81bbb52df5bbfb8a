"""Messages that could not be taken in: to be read, and to be tried again."""

from __future__ import annotations

from typing import Literal

from chalice import Blueprint

from chalicelib.base import Instant, Model
from chalicelib.flows.replay import Replayed, replayable
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.handlers.queries import PageQuery
from chalicelib.store.quarantine import Quarantined

routes = Blueprint(__name__)


class QuarantineQuery(PageQuery):
    """`disposition` "automatic" lists what machines wrote: recorded, never answered."""

    disposition: Literal["quarantine", "automatic", "replayed"] = "quarantine"


class QuarantineView(Model):
    """A message with the reason why it was put aside. Its files are never linked from here."""

    id: str
    channel: str
    disposition: str
    reason: str
    sender: str
    subject: str
    text: str
    headers: dict[str, str]
    replayable: bool
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


def _view(entry: Quarantined) -> QuarantineView:
    return QuarantineView(
        **entry.model_dump(exclude={"raw", "raw_key"}),
        replayable=replayable(entry),
    )
