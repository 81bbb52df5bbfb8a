"""Cases and their messages, for agents."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal, TypeVar

from chalice import Blueprint
from pydantic import Field

from chalicelib.access.rules import Role
from chalicelib.bootstrap import Application
from chalicelib.cases.models import Case, CasePatch, CaseStatus, Message, Priority
from chalicelib.cases.service import CaseFilter, CasePart
from chalicelib.errors import Contended, Invalid, NotFound, StaleVersion
from chalicelib.flows.casework import Changed, UndoChange
from chalicelib.flows.joining import LinkInput, MergeInput, SplitInput
from chalicelib.flows.opening import NewCase
from chalicelib.flows.passing_on import PassOn
from chalicelib.flows.replying import ReplyInput
from chalicelib.handlers.http import Call, Reply, bounded, route
from chalicelib.handlers.queries import PageQuery
from chalicelib.handlers.views import (
    CasePage,
    CaseView,
    MessagePage,
    MessageView,
    case_rows,
    case_view,
    message_views,
    page,
)

routes = Blueprint(__name__)
Kind = TypeVar("Kind", bound=StrEnum)
ANY = "any"  # as a filter: whatever the view says, all
MOST_ASKED = 50  # cases that are asked for by their ids
ATTEMPTS = 4  # of a reply that loses races against the machinery


class CaseQuery(PageQuery):
    """`status` and `priority` take several, separated by commas. `team`, `assignee` and `topic`
    take "none", `assignee` takes "me", `customer` an id, an e-mail address or a number. `q` looks
    for words in reference, subject, last message, people and tags, `field` for a value of a field
    of your own, such as "product=router". Snoozed cases are in no view but their own, and wherever
    no view is named. `order` due lists unsolved cases, the promise that is due first at the head;
    a customer's cases, spam and merged ones always go by time. What is given goes before what the
    view has; "any" (of `q` "*") takes it away.

    `ids` asks which of up to fifty cases are in that list, in no order."""

    view: str | None = Field(default=None, max_length=120)
    ids: str | None = Field(default=None, max_length=2_000)
    status: str | None = Field(default=None, max_length=100)
    priority: str | None = Field(default=None, max_length=60)
    channel: str | None = Field(default=None, max_length=20)
    language: str | None = Field(default=None, max_length=8)
    problem: str | None = Field(default=None, max_length=64)
    team: str | None = Field(default=None, max_length=64)
    assignee: str | None = Field(default=None, max_length=254)
    customer: str | None = Field(default=None, max_length=320)
    topic: str | None = Field(default=None, max_length=64)
    tag: str | None = Field(default=None, max_length=40)
    field: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,39}=", max_length=600)
    q: str | None = Field(default=None, max_length=200)
    order: Literal["created", "due"] | None = None


class TimelineQuery(PageQuery):
    """With `order` newest the newest entries come first, and each page has earlier ones."""

    order: Literal["oldest", "newest"] = "oldest"


@route(routes, "GET", "/v1/cases", query=CaseQuery, answer=CasePage)
def list_cases(call: Call, query: CaseQuery) -> Reply:
    """List cases by a view and by filters: newest first, or by what was promised (order=due)."""
    wanted = _filter(call, query)
    if wanted is None:
        return Reply(page([], None))
    if query.ids:
        asked = call.app.case_service.of(wanted, _ids(query.ids), shown=call.sight.keep)
        return Reply(page(case_rows(call.sight.trimmed(asked), call.app, call.who.email), None))
    part = _found(call, wanted, query.limit, query.cursor)
    rows = case_rows(call.sight.trimmed(part.cases), call.app, call.who.email)
    return Reply({**page(rows, part.cursor), "looked_at": part.looked_at})


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
    return _one(call, case, 201, {"Location": f"cases/{case.id}"})


@route(routes, "GET", "/v1/cases/{id}", answer=CaseView)
def get_case(call: Call, id: str) -> Reply:
    """One case, by its id or its reference; its ETag goes into the If-Match of a change."""
    (case,) = call.sight.trimmed([call.app.cases.get(id)])
    (row,) = case_rows([case], call.app, call.who.email)
    return Reply(row, version=case.version)


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

    A topic, team or priority that a person sets is left alone by the rules. Needs If-Match. The
    header Change-Event names the history entry, by which the change can be undone.
    """
    try:
        return _changed(call, call.app.casework.change(id, call.version(), body, call.who.email))
    except StaleVersion as stale:
        raise _shown(call, stale) from stale


@route(
    routes,
    "POST",
    "/v1/cases/{id}/undo",
    body=UndoChange,
    answer=CaseView,
    example={"event": "01JD8Z3K5W6X7Y8Z9A0B1C2D3E"},
    also=(409,),
)
def undo_change(call: Call, id: str, body: UndoChange) -> Reply:
    """Take back one change of the last ten minutes, whoever made it, by its history entry.

    409 where somebody changed the same since. Entries that can be undone have an `undo_until`.
    """
    return _changed(call, call.app.casework.undo(id, body.event, call.who.email))


@route(
    routes,
    "POST",
    "/v1/cases/{id}/handover",
    body=PassOn,
    answer=CaseView,
    once=True,
    example={"team": "billing", "note": "She was charged twice; the receipts are attached."},
    also=(409,),
)
def pass_case_on(call: Call, id: str, body: PassOn) -> Reply:
    """Hand a case over to a team or a colleague, with a note that says what they need to know."""
    return _one(call, call.app.passing_on.pass_on(id, body, call.who.email, call.key()))


@route(routes, "GET", "/v1/cases/{id}/messages", query=TimelineQuery, answer=MessagePage)
def list_messages(call: Call, id: str, query: TimelineQuery) -> Reply:
    """A case's timeline, oldest first unless asked for: messages, notes and events.

    Those of cases that were merged into it are a part of it; `case_id` says whose each was.
    """
    case = call.app.cases.get(id)
    part = call.app.case_service.messages(
        case.id, query.limit, query.cursor, case.merged_cases, query.order == "newest"
    )
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


@route(routes, "PUT", "/v1/cases/{id}/followers/me", answer=CaseView, also=(409,))
def follow_case(call: Call, id: str) -> Reply:
    """Hear of what is new in a case that is not one's own; to follow it twice changes nothing."""
    return _one(call, call.app.following.follow(id, call.who.email))


@route(routes, "DELETE", "/v1/cases/{id}/followers/me", answer=CaseView)
def unfollow_case(call: Call, id: str) -> Reply:
    """Follow a case no longer."""
    return _one(call, call.app.following.unfollow(id, call.who.email))


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
        return _one(call, joining.unmerge(id, who))
    call.sight.check_named(body.into, "into")
    return _one(call, joining.merge(id, body.into, who))


@route(routes, "POST", "/v1/cases/{id}/unmerge", answer=CaseView, also=(409,))
def unmerge_case(call: Call, id: str) -> Reply:
    """Take a case out of the one that it was merged into, within ten minutes."""
    return _one(call, call.app.joining.unmerge(id, call.who.email))


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
    return _one(call, case, 201, {"Location": f"cases/{case.id}"})


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
    return _one(call, call.app.joining.link(id, body, call.who.email))


def _reply(call: Call, case_id: str, body: ReplyInput) -> Message:
    """A reply does not depend on the version: it is tried again on the newest state."""
    for _ in range(ATTEMPTS):
        try:
            return call.app.replying.reply(case_id, body, call.who.email, key=call.key())
        except StaleVersion:
            continue
    raise Contended("a reply lost too many races")


def _shown(call: Call, stale: StaleVersion) -> StaleVersion:
    (newest,) = call.sight.trimmed([Case.model_validate(stale.extra["current"])])
    return StaleVersion(stale.detail, current=case_view(newest))


def _one(call: Call, case: Case, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    (shown,) = call.sight.trimmed([case])
    return Reply(case_view(shown), status, headers or {}, version=case.version)


def _changed(call: Call, changed: Changed) -> Reply:
    event = changed.entry.id if changed.entry else ""
    return _one(call, changed.case, 200, {"Change-Event": event})


def _found(call: Call, wanted: CaseFilter, limit: int, cursor: str | None) -> CasePart:
    """A page of a list, of the cases that whoever asks may see."""
    if wanted.team in call.sight.closed:
        return CasePart(cases=(), cursor=None)
    return call.app.case_service.find(wanted, limit, cursor, shown=call.sight.keep)


def _filter(call: Call, query: CaseQuery) -> CaseFilter | None:
    """What the query asks for; None where it names a customer whom nobody knows."""
    base = call.app.viewing.filter(query.view, call.who.email)
    fields: dict[str, Any] = {}
    if query.status:
        fields["statuses"] = _several("status", query.status, CaseStatus)
    if query.priority:
        fields["priorities"] = _several("priority", query.priority, Priority)
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
        "field": query.field,
        "channel": query.channel,
        "language": query.language,
        "problem": query.problem,
        "assignee": (query.assignee or base.assignee).lower(),
    }
    fields |= {name: "" if value == ANY else value for name, value in given.items() if value}
    if fields.get("assignee") == "me":
        fields["assignee"] = call.who.email
    if base.follower == "me":
        fields["follower"] = call.who.email
    if query.q:
        fields["text"] = "" if query.q == "*" else query.q
    return base.model_copy(update=fields)


def _several(field: str, listed: str, kind: type[Kind]) -> tuple[Kind, ...]:
    if listed == ANY:
        return ()
    try:
        return tuple(sorted({kind(name.strip()) for name in listed.split(",")}))
    except ValueError as error:
        known = ", ".join(kind)
        raise Invalid.field(field, f"is one or more of {known}, with commas between") from error


def _ids(listed: str) -> list[str]:
    asked = [one.strip() for one in listed.split(",") if one.strip()]
    if len(asked) > MOST_ASKED:
        raise Invalid.field("ids", f"are up to {MOST_ASKED}, with commas between")
    return asked


def _customer(app: Application, query: str) -> tuple[str, ...]:
    """The records of a customer by id, address or number; none where nobody knows them."""
    if "@" in query or query.startswith("+"):
        found = app.customer_service.by_address(query, "customer")
        return (found.id, *found.merged_customers) if found else ()
    try:
        return app.customer_service.parts(query)
    except NotFound:
        return (query,)
