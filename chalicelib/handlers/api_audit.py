"""The audit list, for admins: who signed in, what left the house, who may do what since when."""

from __future__ import annotations

from chalice import Blueprint
from pydantic import Field

from chalicelib.access.models import AuditEntry
from chalicelib.base import Model
from chalicelib.flows.auditing import AuditFilter, Exported, ExportInput
from chalicelib.handlers.http import Call, Reply, route

routes = Blueprint(__name__)


class AuditQuery(AuditFilter):
    """`who` did it, or whom it was done to; `what` is the name of an act; from `since` until
    `until`, by default as long as entries are kept."""

    limit: int = Field(default=50, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=8_000)


class AuditPage(Model):
    """Entries, newest first. An act outside of our table has two of the same `act_id`."""

    items: tuple[AuditEntry, ...]
    cursor: str | None = None


@route(routes, "GET", "/v1/audit", query=AuditQuery, answer=AuditPage)
def list_audit(call: Call, query: AuditQuery) -> Reply:
    """What was done that others must be able to see later, newest first."""
    wanted = AuditFilter.model_validate(query.model_dump(exclude={"limit", "cursor"}))
    part = call.app.auditing.find(wanted, query.limit, query.cursor)
    return Reply(AuditPage(items=part.entries, cursor=part.cursor))


@route(
    routes,
    "POST",
    "/v1/audit/exports",
    body=ExportInput,
    answer=Exported,
    status=201,
    example={"format": "csv", "since": "2026-11-01T00:00:00Z"},
)
def export_audit(call: Call, body: ExportInput) -> Reply:
    """Write entries into a file, as CSV or JSON lines; the answer links to it for five minutes.

    The export is in the list itself.
    """
    return Reply(call.app.auditing.export(body, call.trace), 201)
