"""The lists of cases that somebody has: everybody's, the company's, their teams', their own.

A list's name says whose it is: `mine` is everybody's, `late-parcels` is of the settings,
`me.<id>` is one's own, `team.<team>.<id>` is a team's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import Field

from chalicelib.base import Model
from chalicelib.cases.service import BUILT_IN, CaseFilter
from chalicelib.cases.views import SavedView, Title, ViewFilter, moved
from chalicelib.errors import Contended, Forbidden, Invalid, NotFound
from chalicelib.ports import Clock, Ids
from chalicelib.settings_documents import TeamsSettings, ViewsSettings
from chalicelib.store import keys
from chalicelib.store.table import Key, WriteRefused
from chalicelib.store.views import SavedViews

if TYPE_CHECKING:
    from chalicelib.access.service import Sight
    from chalicelib.cases.service import CaseService
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.views import ViewStore

SHOWN = ("mine", "followed", "unassigned", "queue", "snoozed", "all", "spam")
UNCOUNTED = ("all", "followed", "spam")
COUNTED = 100  # cases of a list that are counted
MOST_COUNTED = 12  # lists beside everybody's; each is one more Query
LOOKS = 3  # Queries that a count may take where no index knows the answer
FRESH = timedelta(seconds=10)  # how long a count is used again
KEPT_COUNTS = 500
MOST = 40  # lists of one owner
ATTEMPTS = 4

Leads = Callable[[str], bool]  # whether somebody keeps the lists of a team as a lead
Owner = Literal["all", "me", "team", "company"]


class NewView(ViewFilter):
    """A list to keep: one's own, or with `for_team` that team's."""

    title: Title
    for_team: str = Field(default="", max_length=64)


class ViewPatch(Model):
    """What is left out stays; `filter` replaces which cases it lists, `position` counts from 0."""

    title: Title | None = None
    filter: ViewFilter | None = None
    position: int | None = Field(default=None, ge=0, le=MOST)


class OwnedView(NamedTuple):
    """A list and whose it is. `wanted` is what it lists, None where no filter can say it."""

    name: str
    title: str
    owner: Owner
    team: str = ""
    filter: ViewFilter | None = None


class Count(NamedTuple):
    """How many cases; `more` says that there are further ones."""

    cases: int
    more: bool


@dataclass(frozen=True)
class Viewing:
    view_store: ViewStore
    settings: SettingsStore
    case_service: CaseService
    clock: Clock
    ids: Ids
    _counts: dict[str, tuple[datetime, Count]] = field(default_factory=dict)

    def lists(self, email: str) -> Iterator[OwnedView]:
        """All that somebody sees, in the order in which it is shown."""
        for name in SHOWN:
            yield OwnedView(name, name, "all", filter=as_view(BUILT_IN[name]))
        teams = self._teams_of(email)
        mine, *others = self.view_store.some(
            [keys.agent_views(email), *(keys.team_views(team) for team in teams)]
        )
        for view in mine.views:
            yield _own(view)
        for team, saved in zip(teams, others, strict=True):
            for view in saved.views:
                yield _teams(view, team)
        for known in self.settings.read("views", ViewsSettings).views:
            yield OwnedView(known.name, known.title, "company", filter=known.filter)

    def counted(self, email: str, sight: Sight) -> Iterator[tuple[OwnedView, Count | None]]:
        """The same with how many cases each has that they see; the first of them, so that it costs
        no more."""
        left = MOST_COUNTED
        for view in self.lists(email):
            count = None
            if view.filter and view.name not in UNCOUNTED and (view.owner == "all" or left > 0):
                left -= view.owner != "all"
                count = self._count(wanted(view.filter, email), sight)
            yield view, count

    def filter(self, name: str | None, email: str) -> CaseFilter:
        """What a list has; raises Invalid for one that there is not."""
        if not name:
            return CaseFilter()
        if name in BUILT_IN:
            return BUILT_IN[name]
        if "." in name:
            owner, view_id = self._owner(name, email)
            for view in self.view_store.some([owner])[0].views:
                if view.id == view_id:
                    return wanted(view)
        for known in self.settings.read("views", ViewsSettings).views:
            if known.name == name:
                return wanted(known)
        raise Invalid.field("view", f"is none of ours; there are {', '.join(BUILT_IN)}")

    def add(self, given: NewView, email: str, leads: Leads) -> OwnedView:
        """Keep a list, one's own or a team's; raises Forbidden, Invalid."""
        owner = keys.agent_views(email)
        if given.for_team:
            self._may(given.for_team, email, leads)
            owner = keys.team_views(given.for_team)
        fields = given.model_dump(exclude={"for_team"})
        made = SavedView(id=self.ids.new(), **fields)

        def added(views: tuple[SavedView, ...]) -> tuple[SavedView, ...]:
            if any(view.title == made.title for view in views):
                raise Invalid.field("title", "there is a list of that name already")
            if len(views) >= MOST:
                raise Invalid.field("title", f"there are {MOST} lists; remove one first")
            return (*views, made)

        self._change(owner, added)
        return _teams(made, given.for_team) if given.for_team else _own(made)

    def change(self, name: str, given: ViewPatch, email: str, leads: Leads) -> OwnedView:
        """Change a list or its place; raises NotFound, Forbidden, Invalid."""
        owner, view_id = self._own_or_teams(name, email, leads)

        def changed(views: tuple[SavedView, ...]) -> tuple[SavedView, ...]:
            one = _one(views, view_id)
            fields: dict[str, Any] = dict(given.filter or {})
            if given.title is not None:
                if any(view.title == given.title for view in views if view is not one):
                    raise Invalid.field("title", "there is a list of that name already")
                fields["title"] = given.title
            after = one.model_copy(update=fields)
            replaced = tuple(after if view is one else view for view in views)
            return replaced if given.position is None else moved(replaced, view_id, given.position)

        view = _one(self._change(owner, changed), view_id)
        team = name.split(".")[1] if name.startswith("team.") else ""
        return _teams(view, team) if team else _own(view)

    def remove(self, name: str, email: str, leads: Leads) -> None:
        """Remove a list; one that is gone already is none the worse. Raises NotFound, Forbidden."""
        owner, view_id = self._own_or_teams(name, email, leads)
        self._change(owner, lambda views: tuple(v for v in views if v.id != view_id))

    def _change(
        self,
        owner: Key,
        change: Callable[[tuple[SavedView, ...]], tuple[SavedView, ...]],
    ) -> tuple[SavedView, ...]:
        for _ in range(ATTEMPTS):
            before = self.view_store.some([owner])[0]
            views = change(before.views)
            if views == before.views:
                return views
            try:
                self.view_store.save(owner, SavedViews(views=views, version=before.version + 1))
                return views
            except WriteRefused:
                continue
        raise Contended("the lists changed too often")

    def _own_or_teams(self, name: str, email: str, leads: Leads) -> tuple[Key, str]:
        owner, view_id = self._owner(name, email)
        if name.startswith("team."):
            self._may(name.split(".")[1], email, leads)
        return owner, view_id

    def _owner(self, name: str, email: str) -> tuple[Key, str]:
        """Under which key a list is, and its id; raises NotFound for one of the settings."""
        parts = name.split(".")
        if parts[0] == "me" and len(parts) == 2:
            return keys.agent_views(email), parts[1]
        if parts[0] == "team" and len(parts) == 3:
            return keys.team_views(parts[1]), parts[2]
        raise NotFound("only one's own lists and those of teams are changed here")

    def _may(self, team: str, email: str, leads: Leads) -> None:
        if self.settings.read("teams", TeamsSettings).team(team) is None:
            raise Invalid.field("for_team", "there is no such team")
        if not leads(team) and team not in self._teams_of(email):
            raise Forbidden("a team's lists are kept by its members and by leads")

    def _teams_of(self, email: str) -> list[str]:
        teams = self.settings.read("teams", TeamsSettings).teams
        return [team.name for team in teams if team.has(email)]

    def _count(self, asked: CaseFilter, sight: Sight) -> Count:
        if asked.team in sight.closed:
            return Count(0, False)
        now = self.clock()
        name = "\n".join((asked.name, *sorted(sight.closed)))
        at, count = self._counts.get(name, (None, None))
        if at and count and abs(now - at) < FRESH:
            return count
        part = self.case_service.find(asked, COUNTED, None, LOOKS, shown=sight.keep)
        count = Count(len(part.cases), part.cursor is not None)
        if len(self._counts) >= KEPT_COUNTS:
            self._counts.clear()
        self._counts[name] = now, count
        return count


def wanted(view: ViewFilter, email: str = "") -> CaseFilter:
    """The filter of a list; with an address, "me" is whoever that is."""
    assignee = view.assignee.lower()
    return CaseFilter(
        statuses=tuple(sorted(set(view.status))),
        priorities=tuple(sorted(set(view.priority))),
        assignee=email if assignee == "me" and email else assignee,
        snoozed="" if view.snoozed == "any" else view.snoozed,
        **view.model_dump(
            include={"team", "topic", "tag", "channel", "language", "problem", "text", "order"}
        ),
    )


def as_view(asked: CaseFilter) -> ViewFilter | None:
    """The inverse; None for lists that no filter can say: asides, and what somebody follows."""
    if asked.aside or asked.follower:
        return None
    return ViewFilter(
        status=asked.statuses,
        priority=asked.priorities,
        snoozed=asked.snoozed or "any",
        **asked.model_dump(
            include={
                *("team", "assignee", "topic", "tag"),
                *("channel", "language", "problem", "text", "order"),
            }
        ),
    )


def _one(views: Sequence[SavedView], view_id: str) -> SavedView:
    for view in views:
        if view.id == view_id:
            return view
    raise NotFound("there is no such list")


def _own(view: SavedView) -> OwnedView:
    return OwnedView(f"me.{view.id}", view.title, "me", filter=_plain(view))


def _teams(view: SavedView, team: str) -> OwnedView:
    return OwnedView(f"team.{team}.{view.id}", view.title, "team", team, _plain(view))


def _plain(view: SavedView) -> ViewFilter:
    return ViewFilter(**view.model_dump(exclude={"id", "title"}))
