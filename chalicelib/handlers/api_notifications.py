"""What one should know: notifications, and how one wants to be told of things."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib.base import Model
from chalicelib.flows.inbox import Inbox, ReadInput
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.handlers.queries import PageQuery
from chalicelib.notifications.models import Bell, Preferences
from chalicelib.notifications.rules import within

routes = Blueprint(__name__)


class Unread(Model):
    """How many cases have news that one has not seen."""

    unread: int


@route(routes, "GET", "/v1/notifications", query=PageQuery, answer=Inbox)
def list_notifications(call: Call, query: PageQuery) -> Reply:
    """One's notifications, newest first: a line a case, with how much happened since one looked.

    A page may be short and still have a cursor.
    """
    return Reply(call.app.inboxes.page(call.who.email, query.limit, query.cursor, call.sight.sees))


@route(
    routes,
    "POST",
    "/v1/notifications/read",
    body=ReadInput,
    answer=Unread,
    example={"ids": ["01JD8Z3K5W6X7Y8Z9A0B1C2D3E"]},
)
def read_notifications(call: Call, body: ReadInput) -> Reply:
    """Note which were seen: some by `ids`, those of a `case`, or `all`."""
    bell: Bell = call.app.inboxes.read(call.who.email, body)
    seen = call.sight.among(one.case_id for one in bell.latest)
    return Reply(Unread(unread=within(bell, seen).unread))


@route(routes, "GET", "/v1/me/preferences", answer=Preferences)
def get_preferences(call: Call) -> Reply:
    """How one wants the desk, and to be told: what was never chosen is as it is for everybody."""
    preferences, version = call.app.inboxes.preferences(call.who.email)
    return _one(preferences, version)


@route(
    routes,
    "PUT",
    "/v1/me/preferences",
    body=Preferences,
    answer=Preferences,
    example={
        "notify": {"mentioned": {"desk": True, "mail": True, "webhook": True}},
        "mail_grouping": "quarter_hour",
        "quiet_hours": {"start": "19:00", "until": "08:00"},
        "zone": "Europe/Berlin",
        "language": "de",
    },
    also=(412,),
)
def put_preferences(call: Call, body: Preferences) -> Reply:
    """Choose how one wants the desk, and to be told; what is left out is as for everybody.

    With If-Match a choice that was made elsewhere meanwhile is not overwritten.
    """
    version = call.app.inboxes.prefer(call.who.email, body, call.if_match())
    return _one(body, version)


def _one(preferences: Preferences, version: int) -> Reply:
    shown: dict[str, Any] = preferences.model_dump(mode="json")
    return Reply(shown, version=version)
