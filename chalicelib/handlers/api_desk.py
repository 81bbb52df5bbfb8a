"""What the desk asks for all day: what changed, who is where, what one has begun to write."""

from __future__ import annotations

from chalice import Blueprint
from pydantic import Field

from chalicelib.base import Model
from chalicelib.errors import NotFound
from chalicelib.flows.attending import Changes, DraftInput, DraftMode
from chalicelib.flows.bulk import BulkDone, BulkInput, UndoInput
from chalicelib.handlers.api_cases import found_cases, view_filter
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.settings_documents import TeamsSettings, ViewsSettings
from chalicelib.store.desk import Doing, Draft, Presence

routes = Blueprint(__name__)
COUNTED = 100  # cases of a list that are counted
MOST_COUNTED = 10  # of the company's own lists; each is one more Query
UNCOUNTED = ("all", "spam")
SHOWN = ("mine", "unassigned", "queue", "all", "spam")


class ChangesQuery(Model):
    """`since` is the cursor of the last answer; without it only the newest cursor is given."""

    since: str | None = Field(default=None, max_length=20_000)


class PresenceInput(Model):
    doing: Doing


class PresenceView(Model):
    """Who else is in the case."""

    others: tuple[Presence, ...]


class ViewChoice(Model):
    """A list of cases: `GET /v1/cases?view=<name>`. `count` is None where nobody counted."""

    name: str
    title: str
    built_in: bool
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
    found = call.app.attending.changes(query.since, None if call.sight.whole else call.sight.among)
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
    others = call.app.attending.appear(id, body.doing, call.who.email)
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
    also=(412,),
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
    """The lists of cases that there are: those of every installation, then the company's own.

    Up to a hundred cases of a list are counted, one page of it.
    """
    own = call.app.documents.read("views", ViewsSettings).views
    built_in = (_counted(call, ViewChoice(name=n, title=n, built_in=True)) for n in SHOWN)
    saved = (
        _counted(call, ViewChoice(name=view.name, title=view.title, built_in=False))
        for view in own[:MOST_COUNTED]
    )
    rest = (ViewChoice(name=v.name, title=v.title, built_in=False) for v in own[MOST_COUNTED:])
    return Reply(ViewChoices(items=(*built_in, *saved, *rest)))


@route(routes, "GET", "/v1/teams", answer=TeamChoices)
def teams(call: Call) -> Reply:
    """The teams and departments that a case may be given to."""
    known = call.app.documents.read("teams", TeamsSettings).teams
    items = tuple(TeamChoice(name=t.name, title=t.title, kind=str(t.kind)) for t in known)
    return Reply(TeamChoices(items=items))


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


def _counted(call: Call, view: ViewChoice) -> ViewChoice:
    if view.name in UNCOUNTED:
        return view
    wanted = view_filter(call.app, view.name)
    if wanted.assignee == "me":
        wanted = wanted.model_copy(update={"assignee": call.who.email})
    part = found_cases(call, wanted, COUNTED, None)
    return view.model_copy(update={"count": len(part.cases), "more": part.cursor is not None})


def _mode(text: str) -> DraftMode:
    try:
        return DraftMode(text)
    except ValueError as error:
        raise NotFound("a draft is of a reply or of a note") from error


def _name(email: str) -> str:
    return email.partition("@")[0].replace(".", " ").title()
