"""Cases and their messages, for agents."""

from __future__ import annotations

from typing import Any, Literal

from chalice import Blueprint
from pydantic import Field

from chalicelib.access.rules import Role
from chalicelib.bootstrap import Application
from chalicelib.cases.models import Case, CasePatch, CaseStatus, Message
from chalicelib.cases.service import BUILT_IN, CaseFilter, CasePart
from chalicelib.errors import Contended, Invalid, NotFound, StaleVersion
from chalicelib.flows.joining import LinkInput, MergeInput, SplitInput
from chalicelib.flows.opening import NewCase
from chalicelib.flows.replying import ReplyInput
from chalicelib.handlers.http import Call, Reply, bounded, route
from chalicelib.handlers.queries import PageQuery
from chalicelib.handlers.views import (
    CasePage,
    CaseView,
    MessagePage,
    MessageView,
    case_view,
    message_views,
    page,
)
from chalicelib.settings_documents import ViewsSettings

routes = Blueprint(__name__)
ATTEMPTS = 4  # of a reply that loses races against the machinery


class CaseQuery(PageQuery):
    """`status` takes several, separated by commas. `team`, `assignee` and `topic` take "none",
    `assignee` takes "me", `customer` an id, an e-mail address or a number. `q` looks for words in
    reference, subject, last message, people and tags. `order` due lists unsolved cases, the promise
    that is due first at the head; a customer's cases, spam and merged ones always go by time."""

    view: str | None = Field(default=None, max_length=60)
    status: str | None = Field(default=None, max_length=100)
    team: str | None = Field(default=None, max_length=64)
    assignee: str | None = Field(default=None, max_length=254)
    customer: str | None = Field(default=None, max_length=320)
    topic: str | None = Field(default=None, max_length=64)
    tag: str | None = Field(default=None, max_length=40)
    q: str | None = Field(default=None, max_length=200)
    order: Literal["created", "due"] | None = None


@route(routes, "GET", "/v1/cases", query=CaseQuery, answer=CasePage)
def list_cases(call: Call, query: CaseQuery) -> Reply:
    """List cases by a view and by filters: newest first, or by what was promised (order=due)."""
    wanted = _filter(call, query)
    if wanted is None:
        return Reply(page([], None))
    part = found_cases(call, wanted, query.limit, query.cursor)
    return Reply(page(map(case_view, call.sight.trimmed(part.cases)), part.cursor))


@route(
    routes,
    "POST",
    "/v1/cases",
    body=NewCase,
    answer=CaseView,
    status=201,
    once=True,
    example={
        "channel": "voice",
        "subject": "Cannot log in",
        "text": "She calls because the app refuses her password since this morning.",
        "customer": {"name": "Ada Byron", "email": "ada@example.com"},
        "priority": "high",
        "tags": ["app"],
    },
    also=(403, 409),
)
def open_case(call: Call, body: NewCase) -> Reply:
    """Open a case on behalf of a customer.

    Inbound is a contact that was taken by hand (or one from the past, with created_at: admins
    only, not acknowledged). Outbound is the agent writing first: the text goes out.
    """
    bounded(body.text, "text")
    opened = call.app.opening.open(
        body, call.who.email, admin=call.who.may(Role.ADMIN), key=call.key()
    )
    case = opened.case
    return _one(case, 201, {"Location": f"cases/{case.id}"})


@route(routes, "GET", "/v1/cases/{id}", answer=CaseView)
def get_case(call: Call, id: str) -> Reply:
    """One case, by its id or its reference; its ETag goes into the If-Match of a change."""
    (case,) = call.sight.trimmed([call.app.cases.get(id)])
    return _one(case)


@route(
    routes,
    "PATCH",
    "/v1/cases/{id}",
    body=CasePatch,
    answer=CaseView,
    if_match=True,
    example={"status": "pending", "assignee": "agent@example.com", "topic": "login"},
    also=(409,),
)
def patch_case(call: Call, id: str, body: CasePatch) -> Reply:
    """Change a case; what is left out stays.

    A topic, team or priority that a person sets is left alone by the rules. Needs If-Match.
    """
    try:
        return _one(call.app.casework.patch(id, call.version(), body, call.who.email))
    except StaleVersion as stale:
        raise _shown(stale) from stale


@route(routes, "GET", "/v1/cases/{id}/messages", query=PageQuery, answer=MessagePage)
def list_messages(call: Call, id: str, query: PageQuery) -> Reply:
    """A case's timeline, oldest first: messages, notes and events.

    Those of cases that were merged into it are a part of it; `case_id` says whose each was.
    """
    case = call.app.cases.get(id)
    service = call.app.case_service
    part = service.messages(case.id, query.limit, query.cursor, case.merged_cases)
    return Reply(page(message_views(part.messages, call.app), part.cursor))


@route(
    routes,
    "POST",
    "/v1/cases/{id}/messages",
    body=ReplyInput,
    answer=MessageView,
    status=201,
    once=True,
    example={"kind": "message", "text": "Hello Ada,\n\nplease try again now.", "status": "pending"},
    also=(409,),
)
def add_message(call: Call, id: str, body: ReplyInput) -> Reply:
    """Answer the customer, or leave a note that stays inside.

    An answer is stored first and then sent; its delivery shows in the timeline. In a case that was
    merged it goes to the one where that goes on.
    """
    bounded(body.text, "text")
    case = call.app.cases.final(id)
    if body.hold_seconds:
        message = call.app.holding.hold(case.id, body, call.who.email, call.key())
    else:
        message = _reply(call, case.id, body)
    (view,) = message_views([message], call.app)
    return Reply(view, 201)


@route(routes, "DELETE", "/v1/cases/{id}/messages/{message}", status=204, also=(409,))
def take_back(call: Call, id: str, message: str) -> Reply:
    """Take back a reply that is still held; 409 where it has gone out."""
    call.app.holding.take_back(id, message)
    return Reply("", 204)


@route(
    routes,
    "POST",
    "/v1/cases/{id}/merge",
    body=MergeInput,
    answer=CaseView,
    example={"into": "C-7K2M9Q"},
    also=(409,),
)
def merge_case(call: Call, id: str, body: MergeInput) -> Reply:
    """Merge a case into another, which is the answer.

    Both timelines show there, and whatever names the one reaches the other. For ten minutes it can
    be undone, with `undo` or by /unmerge; the answer is then the case itself.
    """
    joining, who = call.app.joining, call.who.email
    if body.undo:
        return _one(joining.unmerge(id, who))
    call.sight.check_named(body.into, "into")
    return _one(joining.merge(id, body.into, who))


@route(routes, "POST", "/v1/cases/{id}/unmerge", answer=CaseView, also=(409,))
def unmerge_case(call: Call, id: str) -> Reply:
    """Take a case out of the one that it was merged into, within ten minutes."""
    return _one(call.app.joining.unmerge(id, call.who.email))


@route(
    routes,
    "POST",
    "/v1/cases/{id}/split",
    body=SplitInput,
    answer=CaseView,
    status=201,
    example={"message_ids": ["01JD8Z3K5W6X7Y8Z9A0B1C2D3E"], "subject": "The second matter"},
    also=(409,),
)
def split_case(call: Call, id: str, body: SplitInput) -> Reply:
    """Move up to 18 messages of a case into a new one. The same request again gives the same."""
    case = call.app.joining.split(id, body, call.who.email)
    return _one(case, 201, {"Location": f"cases/{case.id}"})


@route(
    routes,
    "POST",
    "/v1/cases/{id}/link",
    body=LinkInput,
    answer=CaseView,
    example={"to": "C-7K2M9Q", "kind": "duplicate_of"},
    also=(409,),
)
def link_case(call: Call, id: str, body: LinkInput) -> Reply:
    """Say what another case is to this one; the other one gets the opposite."""
    call.sight.check_named(body.to, "to")
    return _one(call.app.joining.link(id, body, call.who.email))


def _reply(call: Call, case_id: str, body: ReplyInput) -> Message:
    """A reply does not depend on the version: it is tried again on the newest state."""
    for _ in range(ATTEMPTS):
        try:
            return call.app.replying.reply(case_id, body, call.who.email, key=call.key())
        except StaleVersion:
            continue
    raise Contended("a reply lost too many races")


def _shown(stale: StaleVersion) -> StaleVersion:
    newest = case_view(Case.model_validate(stale.extra["current"]))
    return StaleVersion(stale.detail, current=newest)


def _one(case: Case, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(case_view(case), status, headers or {}, version=case.version)


def found_cases(call: Call, wanted: CaseFilter, limit: int, cursor: str | None) -> CasePart:
    """A page of a list, of the cases that whoever asks may see."""
    if wanted.team in call.sight.closed:
        return CasePart(cases=(), cursor=None)
    return call.app.case_service.find(wanted, limit, cursor, shown=call.sight.keep)


def _filter(call: Call, query: CaseQuery) -> CaseFilter | None:
    """What the query asks for; None where it names a customer whom nobody knows."""
    base = view_filter(call.app, query.view)
    fields: dict[str, Any] = {}
    if query.status:
        fields["statuses"] = _statuses(query.status)
    if query.customer:
        found = _customer(call.app, query.customer)
        if not found:
            return None
        fields["customer_id"], *rest = found
        fields["customer_parts"] = tuple(rest)
    given = {
        "order": query.order,
        "team": query.team,
        "topic": query.topic,
        "tag": query.tag,
        "text": query.q,
    }
    fields |= {name: value for name, value in given.items() if value}
    assignee = (query.assignee or base.assignee).lower()
    fields["assignee"] = call.who.email if assignee == "me" else assignee
    return base.model_copy(update=fields)


def _statuses(listed: str) -> tuple[CaseStatus, ...]:
    try:
        return tuple(sorted({CaseStatus(name.strip()) for name in listed.split(",")}))
    except ValueError as error:
        known = ", ".join(CaseStatus)
        raise Invalid.field("status", f"is one or more of {known}, with commas between") from error


def _customer(app: Application, query: str) -> tuple[str, ...]:
    """The records of a customer by id, address or number; none where nobody knows them."""
    if "@" in query or query.startswith("+"):
        found = app.customer_service.by_address(query, "customer")
        return (found.id, *found.merged_customers) if found else ()
    try:
        return app.customer_service.parts(query)
    except NotFound:
        return (query,)


def view_filter(app: Application, name: str | None) -> CaseFilter:
    """What a view lists; raises Invalid for one that there is not."""
    if not name:
        return CaseFilter()
    if name in BUILT_IN:
        return BUILT_IN[name]
    for view in app.documents.read("views", ViewsSettings).views:
        if view.name == name:
            return CaseFilter(
                statuses=view.status,
                **view.model_dump(include={"team", "assignee", "topic", "tag", "order"}),
            )
    raise Invalid.field("view", f"is none of ours; there are {', '.join(BUILT_IN)}")
