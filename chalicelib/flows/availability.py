"""Whether agents are there, and how much they have: their own word, and the count of their cases.

The count is kept with each change of a case (store/cases.py). `recount` makes it again from the
cases; it must give the same, and puts right what an operator changed by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.base import Instant, Model
from chalicelib.cases.models import Case
from chalicelib.errors import Contended, Invalid, NotFound
from chalicelib.ports import Clock
from chalicelib.routing.models import AgentState, Candidate
from chalicelib.settings_documents import TeamsSettings
from chalicelib.store import items
from chalicelib.store.table import WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.assigning import Assigning
    from chalicelib.store.agents import AgentStore
    from chalicelib.store.codec import Item
    from chalicelib.store.cursors import Cursors
    from chalicelib.store.settings import SettingsStore

ATTEMPTS = 4


class AgentView(Model):
    """An agent as a colleague sees them. `at_work`: within their hours, and not away."""

    email: str
    at_work: bool
    away: bool
    away_until: Instant | None = None
    note: str = ""
    working_hours: bool
    open_cases: int
    by_channel: dict[str, int] = {}
    load: float  # open cases, each with the weight of its channel
    capacity: int
    languages: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


class AgentPart(Model):
    """A page of a team's members, in the order of the settings."""

    agents: tuple[AgentView, ...]
    cursor: str | None


class Recounted(Model):
    """How many open cases an agent has by the cases themselves, and how far off the count was."""

    email: str
    open_cases: int
    corrected: int = 0


@dataclass(frozen=True)
class Availability:
    settings: SettingsStore
    agents: AgentStore
    assigning: Assigning
    cursors: Cursors
    clock: Clock

    def view(self, email: str) -> AgentView:
        return self._view(self.agents.get(email.lower()))

    def views(self, emails: Iterable[str]) -> dict[str, AgentView]:
        """Several agents by their address, in one BatchGetItem a hundred."""
        states = self.agents.some(email.lower() for email in emails)
        return {email: self._view(state) for email, state in states.items()}

    def set(self, email: str, away: bool, until: datetime | None, note: str) -> AgentView:
        """The agent says whether they are there; what waits for them comes at once.

        Raises Invalid for an end that is past.
        """
        if away and until is not None and until <= self.clock():
            raise Invalid.field("until", "is not in the future")
        self.agents.set_away(email.lower(), away, until if away else None, note)
        if not away:
            for team in self.assigning.teams_of(email):
                if team.strategy != "manual":
                    self.assigning.fill(team)
        return self.view(email)

    def team(self, name: str, limit: int, cursor: str | None) -> AgentPart:
        """The members of a team, as they stand now; raises NotFound, Malformed."""
        team = self.settings.read("teams", TeamsSettings).team(name)
        if team is None:
            raise NotFound(f"there is no team {name}")
        scope = f"agents {name}"
        start = int((self.cursors.read(scope, cursor) or {}).get("after", 0))
        members = tuple(dict.fromkeys(member.lower() for member in team.members))
        part = members[start : start + limit]
        views = self.views(part)
        after = start + limit
        return AgentPart(
            agents=tuple(views[email] for email in part),
            cursor=self.cursors.write(scope, {"after": after} if after < len(members) else None),
        )

    def recount(self, email: str) -> Recounted:
        """Count an agent's open cases anew; raises Contended where they do not stand still."""
        email = email.lower()
        for _ in range(ATTEMPTS):
            state = self.agents.get(email)
            cases = self._open_cases(email)
            counted = dict(Counter(str(case.channel) for case in cases))
            off = sum(
                abs(counted.get(c, 0) - state.cases.get(c, 0)) for c in {*counted, *state.cases}
            )
            try:
                if off:
                    self.agents.correct(state, counted)
            except WriteRefused:
                continue  # a case came or went meanwhile
            return Recounted(email=email, open_cases=len(cases), corrected=off)
        raise Contended(f"the cases of one agent changed {ATTEMPTS} times while they were counted")

    # --- helpers -------------------------------------------------------------------------

    def _open_cases(self, email: str) -> list[Case]:
        """The cases that are a part of their load, as they were stored."""
        found: list[Case] = []
        start: Item | None = None
        while True:
            page = self.agents.cases_of(email, start)
            cases = [items.model(Case, stored) for stored in page.items]
            found += [case for case in cases if case.counted_for == email]
            start = page.last
            if start is None:
                return found

    def _view(self, state: AgentState) -> AgentView:
        teams = self.assigning.teams_of(state.email)
        hours = [self.assigning.candidate(team, state) for team in teams]
        one: Candidate = next(iter(hours), self.assigning.candidate(None, state))
        working = any(candidate.working for candidate in hours) if hours else one.working
        return AgentView(
            email=state.email,
            at_work=working and not one.away,
            away=one.away,
            away_until=state.away_until if one.away else None,
            note=state.note if one.away else "",
            working_hours=working,
            open_cases=state.open_cases,
            by_channel=state.cases,
            load=one.load,
            capacity=one.profile.capacity,
            languages=one.profile.languages,
            skills=one.profile.skills,
            teams=tuple(team.name for team in teams),
        )
