"""Cases come to people: who of a team takes one, and what waits until somebody can.

A case is given to an agent in the transaction that changes it, on the condition that the agent
stands as it was read (open cases, away or not). So two that are given away at once never both count
on the same room: the later one looks again. What nobody can take waits in the team's queue, an
index of the cases themselves, and is given out by `fill`: when somebody says that they are there,
and by the sweep.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.cases import rules
from chalicelib.cases.models import Case
from chalicelib.errors import Contended, StaleVersion
from chalicelib.flows.facts import facts
from chalicelib.flows.placing import by_person
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids
from chalicelib.routing.agents import AgentProfile, Strategy
from chalicelib.routing.assigning import choose
from chalicelib.routing.load import waits_for
from chalicelib.routing.models import AgentState, Candidate, Needs
from chalicelib.settings_documents import Team, TeamsSettings
from chalicelib.store.table import Tally, WriteRefused
from chalicelib.understanding.models import UNKNOWN_LANGUAGE

if TYPE_CHECKING:
    from chalicelib.flows.hours import Hours
    from chalicelib.store.agents import AgentStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore

AT_ONCE = 25  # cases that a team's queue gives out in one go
PAGE, MOST = 50, 500  # that are looked at, so that one who waits for a language blocks nobody
ASSIGNEE = "assignee"


@dataclass(frozen=True)
class Assigned:
    """A case with its agent, or with why it waits; `condition` goes with its write."""

    case: Case
    condition: tuple[Tally, ...] = ()


class Filled(Model):
    """What a look at the queues did."""

    teams: int = 0
    assigned: int = 0


@dataclass(frozen=True)
class Assigning:
    settings: SettingsStore
    cases: CaseStore
    agents: AgentStore
    reactions: ReactionStore
    hours: Hours
    clock: Clock
    ids: Ids

    def assign(self, case: Case, returned: bool = False) -> Assigned:
        """The case with whoever takes it now; without anybody where it waits, or is taken by hand.

        Whoever a person chose stays, and whoever is of its team. A case that came back
        (`returned`) stays with its agent only if they are at work.
        """
        team = self._settings().team(case.team)
        if case.assignee and team and team.keeps_from(case.assignee):
            case = _without_agent(case, returned=False)  # they would not see it
        if case.assignee and self._stays(case, case.assignee, team, returned):
            return Assigned(case)
        if not case.assignee and by_person(case, ASSIGNEE):
            return Assigned(case)  # put back by somebody, to be taken by hand
        free = _without_agent(case, returned)
        if team is None or team.strategy is Strategy.MANUAL or waits_for(free) is None:
            return Assigned(free)
        return self._given(free, team, self.roster(team))

    def roster(self, team: Team) -> list[Candidate]:
        """The members of a team as they stand now, in the order of the settings."""
        emails = tuple(dict.fromkeys(member.lower() for member in team.members))
        states = self.agents.some(emails)
        profiles = self._settings().profiles
        return [self._candidate(team, states[email], profiles) for email in emails]

    def candidate(self, team: Team | None, state: AgentState) -> Candidate:
        """An agent as a member of that team."""
        return self._candidate(team, state, self._settings().profiles)

    def _candidate(
        self, team: Team | None, state: AgentState, profiles: Mapping[str, AgentProfile]
    ) -> Candidate:
        now = self.clock()
        known = profiles.get(state.email.lower(), AgentProfile(email=state.email))
        profile = known.model_copy(update={"email": state.email})
        return Candidate(
            profile=profile,
            state=state,
            away=state.is_away(now),
            working=self.hours.working(profile.calendar or (team.calendar if team else ""), now),
        )

    def fill(self, team: Team) -> int:
        """Give the team's waiting cases to whoever can take them; how many found somebody.

        May run at any time and twice at once: what somebody else was faster with is left alone.
        Nothing but the queue is read where nothing waits.
        """
        roster: list[Candidate] | None = None
        done = 0
        for case in self.agents.waiting(team.name, PAGE, MOST):
            if by_person(case, ASSIGNEE):
                continue
            roster = roster or self.roster(team)
            if done >= AT_ONCE or not any(_could_take(one) for one in roster):
                break
            given = self._given(case, team, roster)
            if given.case.assignee is None:
                continue  # others behind it may be easier to place
            done += self._saved(given)
            roster = self.roster(team)
        return done

    def fill_all(self) -> Filled:
        """All queues that are given out by the machine."""
        teams = [t for t in self._settings().teams if t.strategy is not Strategy.MANUAL]
        return Filled(teams=len(teams), assigned=sum(self.fill(team) for team in teams))

    def teams_of(self, email: str) -> list[Team]:
        return [team for team in self._settings().teams if team.has(email)]

    # --- helpers -------------------------------------------------------------------------

    def _stays(self, case: Case, email: str, team: Team | None, returned: bool) -> bool:
        if returned:
            one = self.candidate(team, self.agents.get(email.lower()))
            return one.working and not one.away
        by_machine = ASSIGNEE in case.reasons and not by_person(case, ASSIGNEE)
        return not by_machine or (team is not None and team.has(email))

    def _given(self, case: Case, team: Team, roster: list[Candidate]) -> Assigned:
        choice = choose(team.title, team.strategy, team.relax, _needs(case, roster), roster)
        agent = choice.agent
        fields: dict[str, object] = {"reasons": {**case.reasons, ASSIGNEE: choice.reason}}
        if agent is None:
            return Assigned(case.model_copy(update=fields))
        fields[ASSIGNEE] = agent.profile.email
        turn = max(one.state.turn for one in roster) + 1
        return Assigned(case.model_copy(update=fields), (self.agents.takes(agent, turn),))

    def _saved(self, given: Assigned) -> bool:
        """Whether the case was still as it was read, and so was its agent."""
        now = self.clock()
        case = rules.touch(given.case, now)
        changes = {ASSIGNEE: ["", case.assignee or ""]}
        text = f"assigned: {case.reasons[ASSIGNEE]}"
        note = event(case, self.ids.new(), now, text, changes)
        told = facts(self.cases, self.reactions, case, note, now)
        try:
            self.cases.save(case, self.cases.new_message(note), *told, *given.condition)
        except (StaleVersion, Contended, WriteRefused):
            return False  # somebody was faster
        return True

    def _settings(self) -> TeamsSettings:
        return self.settings.read("teams", TeamsSettings)


def _needs(case: Case, roster: list[Candidate]) -> Needs:
    """What the rules say, its language, and its topic where that is somebody's skill."""
    topic = case.topic.label or ""
    known = {skill for one in roster for skill in one.profile.skills}
    skills = dict.fromkeys((*case.skills, *([topic] if topic in known else [])))
    language = case.language or ""
    return Needs(
        channel=case.channel,
        language="" if language == UNKNOWN_LANGUAGE else language,
        skills=tuple(skills),
    )


def _without_agent(case: Case, returned: bool) -> Case:
    if case.assignee is None:
        return case
    why = "is not at work" if returned else f"is not of team {case.team}"
    reasons = {**case.reasons, ASSIGNEE: f"{case.assignee} {why}: back in the queue"}
    return case.model_copy(update={ASSIGNEE: None, "reasons": reasons})


def _could_take(one: Candidate) -> bool:
    """Whether they could take anything at all."""
    return one.working and not one.away and one.load < one.profile.capacity
