"""Customers, for agents; importing many of them, for admins."""

from __future__ import annotations

from typing import Any, Literal

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Instant, Model, iso
from chalicelib.cases.models import Case
from chalicelib.customers.importing import from_csv, from_json_lines
from chalicelib.customers.models import Customer, CustomerInput, CustomerPatch, HistoryEntry
from chalicelib.customers.service import TimelineNotice
from chalicelib.errors import Malformed, StaleVersion
from chalicelib.flows.exporting import CustomerExport
from chalicelib.flows.importing import ImportReport
from chalicelib.flows.proving import CodeInput, CodeSent, IdentityInput
from chalicelib.flows.touching import Touches
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
    """A case that the customer has, a notice that they got, or what was done to their record."""

    type: Literal["case", "notice", "event"]
    at: Instant
    case: CaseView | None = None  # type: ignore[valid-type]
    notice: TimelineNotice | None = None
    event: HistoryEntry | None = None


class IntoInput(Model):
    """The customer to go into, by id."""

    into: str = Field(min_length=1, max_length=64)


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
    """One customer. Who was merged shows in `merged_into` where they went."""
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


@route(
    routes,
    "DELETE",
    "/v1/customers/{id}",
    answer=CustomerView,
    status=202,
    if_match=True,
    also=(409,),
)
def erase_customer(call: Call, id: str) -> Reply:
    """Erase a person: nothing of them stays but what figures need.

    Addresses are free at once; messages, files and all else go in the next minutes. `erased` of the
    answer, and of the customer from then on, says how far it is. Cases stay as shells with their
    times and topics. It cannot be undone. Needs If-Match.
    """
    try:
        erased = call.app.erasing.erase(id, call.version(), call.trace)
    except StaleVersion as stale:
        newest = customer_view(Customer.model_validate(stale.extra["current"]))
        raise StaleVersion(stale.detail, current=newest) from stale
    return _one(erased, 202)


@route(routes, "GET", "/v1/customers/{id}/export", answer=CustomerExport)
def export_customer(call: Call, id: str) -> Reply:
    """All that is held of a person, as a JSON file behind a link of five minutes.

    Records, consent, history, notices, cases with every message and note, files as links of an
    hour. Cases of restricted teams are left out for whoever does not see them (`whole`).
    """
    return Reply(call.app.exporting.export(id, call.sight, call.trace))


@route(routes, "GET", "/v1/customers/{id}/timeline", query=PageQuery, answer=TimelinePage)
def customer_timeline(call: Call, id: str, query: PageQuery) -> Reply:
    """A customer's cases on all channels, their notices and the history of their record.

    Newest first; of a customer who was merged, those of whom they are a part of.
    """
    part = call.app.customer_service.timeline(id, query.limit, query.cursor)
    seen = [one for one in part.entries if not isinstance(one, Case) or call.sight.sees(one)]
    return Reply(page(map(_entry, seen), part.cursor))


@route(routes, "GET", "/v1/customers/{id}/touching", answer=Touches)
def touching(call: Call, id: str) -> Reply:
    """Open problems that touch a customer, each with why, and the last notices that they got."""
    return Reply(call.app.touching.of(id, call.sight))


@route(
    routes,
    "POST",
    "/v1/customers/{id}/merge",
    body=IntoInput,
    answer=CustomerView,
    example={"into": "01JD8Z3K5W6X7Y8Z9A0B1C2D3E"},
    also=(409,),
)
def merge_customer(call: Call, id: str, body: IntoInput) -> Reply:
    """Merge a customer into another, who is the answer.

    Addresses and cases move; /unmerge brings back both as they were.
    """
    return _one(call.app.people.merge(id, body.into, call.who.email))


@route(routes, "POST", "/v1/customers/{id}/unmerge", answer=CustomerView, also=(409,))
def unmerge_customer(call: Call, id: str) -> Reply:
    """Take a customer out of the one that they were merged into; loses nothing."""
    return _one(call.app.people.unmerge(id, call.who.email))


@route(routes, "POST", "/v1/customers/{id}/confirm", answer=CustomerView, also=(409,))
def confirm_customer(call: Call, id: str) -> Reply:
    """They are whom `likely_match` names: merges them into that customer, who is the answer."""
    return _one(call.app.people.confirm(id, call.who.email))


@route(routes, "POST", "/v1/customers/{id}/reject", answer=CustomerView, also=(409,))
def reject_customer(call: Call, id: str) -> Reply:
    """They are somebody else than `likely_match` names: a customer of their own."""
    return _one(call.app.people.reject(id, call.who.email))


@route(
    routes,
    "POST",
    "/v1/customers/{id}/identities",
    body=IdentityInput,
    answer=CodeSent,
    status=202,
    example={"channel": "sms", "value": "+44 20 7946 0018"},
    also=(409, 429),
)
def send_code(call: Call, id: str, body: IdentityInput) -> Reply:
    """Send a one-time code to a number that a customer says is theirs; holds for ten minutes."""
    return Reply(call.app.proving.send_code(id, body), 202)


@route(
    routes,
    "POST",
    "/v1/customers/{id}/identities/verify",
    body=CodeInput,
    answer=CustomerView,
    example={"code": "123456", "value": "+44 20 7946 0018"},
)
def verify_code(call: Call, id: str, body: CodeInput) -> Reply:
    """The code that the customer read out: the number is theirs. Five tries a code."""
    return _one(call.app.proving.verify(id, body, call.who.email))


def _one(customer: Customer, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(customer_view(customer), status, headers or {}, version=customer.version)


def _entry(entry: Case | TimelineNotice | HistoryEntry) -> dict[str, Any]:
    if isinstance(entry, Case):
        return {"type": "case", "at": iso(entry.created_at), "case": case_view(entry)}
    if isinstance(entry, HistoryEntry):
        return {"type": "event", "at": iso(entry.at), "event": entry.model_dump(mode="json")}
    return {"type": "notice", "at": iso(entry.at), "notice": entry.model_dump(mode="json")}
