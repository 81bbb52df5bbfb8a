"""Customers, for agents; importing many of them, for admins."""

from __future__ import annotations

from typing import Any, Literal

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Instant, Model, iso
from chalicelib.cases.models import Case
from chalicelib.customers.importing import from_csv, from_json_lines
from chalicelib.customers.models import Customer, CustomerInput, CustomerPatch
from chalicelib.customers.service import TimelineNotice
from chalicelib.errors import Malformed, StaleVersion
from chalicelib.flows.importing import ImportReport
from chalicelib.handlers.http import JSON, Call, Reply, route
from chalicelib.handlers.queries import PageQuery
from chalicelib.handlers.views import (
    CaseView,
    CustomerPage,
    CustomerView,
    case_view,
    customer_view,
    page,
)

routes = Blueprint(__name__)
CSV = "text/csv"
JSON_LINES = "application/x-ndjson"
REPLACED = "\ufffd"  # what API Gateway makes of bytes that are not UTF-8


class CustomerQuery(PageQuery):
    """`q` is an e-mail address or a phone number, exactly."""

    q: str | None = Field(default=None, max_length=320)


class TimelineEntry(Model):
    """A case that the customer has, or a notice that they got."""

    type: Literal["case", "notice"]
    at: Instant
    case: CaseView | None = None  # type: ignore[valid-type]
    notice: TimelineNotice | None = None


class TimelinePage(Model):
    """What happened to a customer, newest first."""

    items: list[TimelineEntry]
    cursor: str | None = None


ADA = {
    "name": "Ada Byron",
    "email": "ada@example.com",
    "phone": "+44 20 7946 0018",
    "language": "en",
    "tier": "gold",
    "attributes": {"country": "GB"},
    "assets": [{"type": "product", "name": "Analytical Engine", "attributes": {"model": 2}}],
    "consent": {"email": "opted_in"},
}


@route(routes, "GET", "/v1/customers", query=CustomerQuery, answer=CustomerPage)
def list_customers(call: Call, query: CustomerQuery) -> Reply:
    """Find a customer by address or number, or go through all of them."""
    part = call.app.customer_service.find(query.q or "", query.limit, query.cursor)
    return Reply(page(map(customer_view, part.customers), part.cursor))


@route(
    routes,
    "POST",
    "/v1/customers",
    body=CustomerInput,
    answer=CustomerView,
    status=201,
    example=ADA,
    also=(409,),
)
def create_customer(call: Call, body: CustomerInput) -> Reply:
    """Add a customer; an address that somebody has is a conflict, with their customer_id."""
    customer = call.app.customer_service.create(body, call.who.email)
    return _one(customer, 201, {"Location": f"customers/{customer.id}"})


@route(
    routes,
    "POST",
    "/v1/customers/import",
    takes=(CSV, JSON_LINES),
    answer=ImportReport,
    example="name,email,tier,attributes.country,assets\nAda,ada@example.com,gold,GB,Engine;Loom\n",
)
def import_customers(call: Call) -> Reply:
    """Add or update up to 5,000 customers, with a report line by line.

    Who is known by their e-mail address or number is updated; what a line does not mention stays,
    and an import never undoes an opt-out. CSV columns: name, email, phone, external_id, language,
    time_zone, tier, attributes.*, consent.* and assets (names with ; between them, or JSON). JSON
    lines take the fields of POST /v1/customers. Lines that are wrong hold up none of the others.
    """
    text = call.text
    if REPLACED in text:
        raise Malformed("the body is not UTF-8: some of its letters are lost")
    lines = (from_json_lines if call.media_type == JSON_LINES else from_csv)(text)
    return Reply(call.app.importing.run(lines), media_type=JSON)


@route(routes, "GET", "/v1/customers/{id}", answer=CustomerView)
def get_customer(call: Call, id: str) -> Reply:
    """One customer."""
    return _one(call.app.customers.get(id))


@route(
    routes,
    "PATCH",
    "/v1/customers/{id}",
    body=CustomerPatch,
    answer=CustomerView,
    if_match=True,
    example={"tier": "platinum", "consent": {"sms": "opted_out"}},
    also=(409,),
)
def patch_customer(call: Call, id: str, body: CustomerPatch) -> Reply:
    """Change a customer; what is left out stays, attributes and assets are replaced as a whole.

    Needs If-Match.
    """
    try:
        return _one(call.app.customer_service.patch(id, call.version(), body, call.who.email))
    except StaleVersion as stale:
        newest = customer_view(Customer.model_validate(stale.extra["current"]))
        raise StaleVersion(stale.detail, current=newest) from stale


@route(routes, "GET", "/v1/customers/{id}/timeline", query=PageQuery, answer=TimelinePage)
def customer_timeline(call: Call, id: str, query: PageQuery) -> Reply:
    """A customer's cases and the notices that they got, newest first."""
    part = call.app.customer_service.timeline(id, query.limit, query.cursor)
    return Reply(page(map(_entry, part.entries), part.cursor))


def _one(customer: Customer, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(customer_view(customer), status, headers or {}, version=customer.version)


def _entry(entry: Case | TimelineNotice) -> dict[str, Any]:
    if isinstance(entry, Case):
        return {"type": "case", "at": iso(entry.created_at), "case": case_view(entry)}
    return {"type": "notice", "at": iso(entry.at), "notice": entry.model_dump(mode="json")}
