"""What the desk asks for all day: what changed, who is where, what one has begun to write."""

from __future__ import annotations

from collections.abc import Callable

from chalice import Blueprint
from pydantic import Field

from chalicelib.access.rules import Role
from chalicelib.base import Instant, Model
from chalicelib.cases.views import ViewFilter
from chalicelib.channels.fields import CaseField
from chalicelib.errors import NotFound
from chalicelib.flows.attending import Changes, DraftInput, DraftMode
from chalicelib.flows.bulk import BulkDone, BulkInput, UndoInput
from chalicelib.flows.searching import SearchResult
from chalicelib.flows.viewing import Count, NewView, OwnedView, Owner, ViewPatch
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.settings_documents import TeamsSettings
from chalicelib.store.desk import Doing, Draft, Presence

routes = Blueprint(__name__)


class ChangesQuery(Model):
    """`since` is the cursor of the last answer; without it only the newest cursor is given."""

    since: str | None = Field(default=None, max_length=20_000)


class PresenceInput(Model):
    """`seen` is when the newest message was written that one has seen of it: the case is not
    unread any more, until its customer writes again."""

    doing: Doing
    seen: Instant | None = None


class PresenceView(Model):
    """Who else is in the case."""

    others: tuple[Presence, ...]


class ViewChoice(Model):
    """A list of cases: `GET /v1/cases?view=<name>`. `count` is None where nobody counted, `filter`
    where none can say what it lists."""

    name: str
    title: str
    built_in: bool
    owner: Owner
    team: str = ""
    filter: ViewFilter | None = None
    count: int | None = None
    more: bool = False


class ViewChoices(Model):
    items: tuple[ViewChoice, ...]


class TeamChoice(Model):
    """A team as people choose it."""

    name: str
    title: str
    kind: str


class TeamChoices(Model):
    items: tuple[TeamChoice, ...]


class OwnFieldList(Model):
    """The company's own fields of cases."""

    items: tuple[CaseField, ...]


class AgentChoice(Model):
    """Somebody to whom cases can be given."""

    email: str
    name: str
    teams: tuple[str, ...]


class AgentChoices(Model):
    items: tuple[AgentChoice, ...]


@route(routes, "GET", "/v1/changes", query=ChangesQuery, answer=Changes)
def changes(call: Call, query: ChangesQuery) -> Reply:
    """Which cases changed, and who is in which. Answers 304 where nothing did (If-None-Match)."""
    among = None if call.sight.whole else call.sight.among
    found = call.app.attending.changes(query.since, call.who.email, among)
    headers = {"ETag": found.tag}
    if call.headers.get("if-none-match") == found.tag:
        return Reply("", 304, headers)
    return Reply(found, 200, headers)


@route(
    routes,
    "PUT",
    "/v1/cases/{id}/presence",
    body=PresenceInput,
    answer=PresenceView,
    example={"doing": "replying"},
)
def appear(call: Call, id: str, body: PresenceInput) -> Reply:
    """Say that one is looking, replying, noting, or away again. It lasts twenty seconds."""
    others = call.app.attending.appear(id, body.doing, call.who.email, body.seen)
    return Reply(PresenceView(others=others))


@route(routes, "GET", "/v1/cases/{id}/drafts/{mode}", answer=Draft)
def get_draft(call: Call, id: str, mode: str) -> Reply:
    """One's own draft in a case: of a `reply` or a `note`; an empty one where nothing was begun."""
    case = call.app.cases.get(id)
    return Reply(call.app.attending.draft(case.id, _mode(mode), call.who.email))


@route(
    routes,
    "PUT",
    "/v1/cases/{id}/drafts/{mode}",
    body=DraftInput,
    answer=Draft,
    example={"text": "Hello Ada,"},
    also=(409, 412),
)
def put_draft(call: Call, id: str, mode: str, body: DraftInput) -> Reply:
    """Save one's own draft. With `version` a change made elsewhere is not overwritten."""
    return Reply(call.app.attending.keep(id, _mode(mode), body, call.who.email))


@route(routes, "DELETE", "/v1/cases/{id}/drafts/{mode}", status=204)
def delete_draft(call: Call, id: str, mode: str) -> Reply:
    """Throw one's own draft away; none there is none the worse."""
    case = call.app.cases.get(id)
    call.app.attending.forget(case.id, _mode(mode), call.who.email)
    return Reply("", 204)


@route(
    routes,
    "POST",
    "/v1/cases/bulk",
    body=BulkInput,
    answer=BulkDone,
    example={"ids": ["01JD8Z3K5W6X7Y8Z9A0B1C2D3E"], "patch": {"status": "resolved"}},
)
def change_several(call: Call, body: BulkInput) -> Reply:
    """Change up to fifty cases alike; what became of each is in the answer."""
    return Reply(call.app.bulk.change(body, call.who.email, call.sight.case))


@route(
    routes,
    "POST",
    "/v1/cases/undo",
    body=UndoInput,
    answer=BulkDone,
    example={"undo": "01JD8Z3K5W6X7Y8Z9A0B1C2D3E"},
    also=(404,),
)
def undo_several(call: Call, body: UndoInput) -> Reply:
    """Take one's own change of several cases back, within ten minutes, where nobody changed them
    since."""
    return Reply(call.app.bulk.undo(body.undo, call.who.email, call.sight.case))


@route(routes, "GET", "/v1/views", answer=ViewChoices)
def views(call: Call) -> Reply:
    """The lists of cases that one has: everybody's, one's own, those of one's teams, the company's.

    Up to a hundred cases of a list are counted, and not of every list; a count may be ten seconds
    old.
    """
    counted = call.app.viewing.counted(call.who.email, call.sight)
    return Reply(ViewChoices(items=tuple(_choice(view, count) for view, count in counted)))


@route(
    routes,
    "POST",
    "/v1/views",
    body=NewView,
    answer=ViewChoice,
    status=201,
    example={"title": "Waiting, billing", "status": ["pending"], "topic": "billing"},
)
def save_view(call: Call, body: NewView) -> Reply:
    """Keep a list of cases for oneself, or with `for_team` for a team that one is in or leads.

    The company's lists are the settings document `views`.
    """
    view = call.app.viewing.add(body, call.who.email, _leads(call))
    return Reply(_choice(view), 201, {"Location": f"views/{view.name}"})


@route(
    routes,
    "PATCH",
    "/v1/views/{name}",
    body=ViewPatch,
    answer=ViewChoice,
    example={"title": "Waiting for customers", "position": 0},
)
def change_view(call: Call, name: str, body: ViewPatch) -> Reply:
    """Change a list of one's own or of a team: its title, what it lists, its place."""
    view = call.app.viewing.change(name, body, call.who.email, _leads(call))
    return Reply(_choice(view))


@route(routes, "DELETE", "/v1/views/{name}", status=204)
def remove_view(call: Call, name: str) -> Reply:
    """Remove a list of one's own or of a team; none of that name is none the worse."""
    call.app.viewing.remove(name, call.who.email, _leads(call))
    return Reply("", 204)


class SearchQuery(Model):
    """`q` are words, a reference, a name, a mail address or a number."""

    q: str = Field(min_length=1, max_length=200)
    cursor: str | None = Field(default=None, max_length=8_000)


@route(routes, "GET", "/v1/search", query=SearchQuery, answer=SearchResult)
def search(call: Call, query: SearchQuery) -> Reply:
    """Search everything: cases, customers, articles, problems, trends, notices (leads), macros.

    Solved cases are found by their words and meaning; of open ones the newest are looked through:
    `looked_at` says how many, and the cursor goes on.
    """
    lead, given = call.who.may(Role.LEAD), (query.q, call.who.email, query.cursor)
    return Reply(call.app.searching.search(*given, lead=lead, sight=call.sight))


@route(routes, "GET", "/v1/teams", answer=TeamChoices)
def teams(call: Call) -> Reply:
    """The teams and departments that a case may be given to."""
    known = call.app.documents.read("teams", TeamsSettings).teams
    items = tuple(TeamChoice(name=t.name, title=t.title, kind=str(t.kind)) for t in known)
    return Reply(TeamChoices(items=items))


@route(routes, "GET", "/v1/fields", answer=OwnFieldList)
def own_fields(call: Call) -> Reply:
    """The company's own fields that a case may have: of the document `fields`, and of the form."""
    return Reply(OwnFieldList(items=call.app.own_fields.known()))


@route(routes, "GET", "/v1/agents", answer=AgentChoices)
def agents(call: Call) -> Reply:
    """The members of all teams."""
    found: dict[str, list[str]] = {}
    for team in call.app.documents.read("teams", TeamsSettings).teams:
        for member in team.members:
            found.setdefault(member.lower(), []).append(team.name)
    items = tuple(
        AgentChoice(email=email, name=_name(email), teams=tuple(names))
        for email, names in sorted(found.items())
    )
    return Reply(AgentChoices(items=items))


def _leads(call: Call) -> Callable[[str], bool]:
    """Of which teams they keep the lists as a lead: of all whose cases they see."""
    lead, closed = call.who.may(Role.LEAD), call.sight.closed
    return lambda team: lead and team not in closed


def _choice(view: OwnedView, count: Count | None = None) -> ViewChoice:
    return ViewChoice(
        name=view.name,
        title=view.title,
        built_in=view.owner == "all",
        owner=view.owner,
        team=view.team,
        filter=view.filter,
        count=count.cases if count else None,
        more=count.more if count else False,
    )


def _mode(text: str) -> DraftMode:
    try:
        return DraftMode(text)
    except ValueError as error:
        raise NotFound("a draft is of a reply or of a note") from error


def _name(email: str) -> str:
    return email.partition("@")[0].replace(".", " ").title()
