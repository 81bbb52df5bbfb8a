"""Agents who want the news of a case that is not theirs: by their own wish, or since they were
mentioned in it.

The case names its followers, so that whoever writes into it knows of them without a read; beside it
each has a list of the cases that they follow. Both are one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.cases import rules
from chalicelib.cases.models import Case
from chalicelib.errors import Conflict, Contended, Invalid, StaleVersion
from chalicelib.notifications.mentions import mentioned
from chalicelib.ports import Clock
from chalicelib.settings_documents import TeamsSettings
from chalicelib.store.table import Write

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.desk import DeskStore
    from chalicelib.store.settings import SettingsStore

ATTEMPTS = 4
MOST = 50  # followers of a case
Change = Callable[[Case], tuple[Case, list[Write]]]


@dataclass(frozen=True)
class Following:
    cases: CaseStore
    desk: DeskStore
    settings: SettingsStore
    clock: Clock

    def follow(self, case_id: str, email: str) -> Case:
        """The case with one more follower; as it was where they follow it. Raises NotFound,
        Conflict where too many do, or where a restricted team's is for its members, Contended."""
        email = email.lower()

        def follows(case: Case) -> tuple[Case, list[Write]]:
            team = self.settings.read("teams", TeamsSettings).team(case.team)
            if team and team.keeps_from(email):  # an admin, who may look, but hears of nothing
                raise Conflict(f"only members of {team.title} follow its cases")
            after, writes = self.joined(case, (email,), self.clock())
            if case.followers == after.followers and email not in case.followers:
                raise Conflict(f"{MOST} agents follow it, more cannot")
            return after, writes

        return self._changed(case_id, follows)

    def unfollow(self, case_id: str, email: str) -> Case:
        """Raises NotFound, Contended."""
        email = email.lower()

        def leaves(case: Case) -> tuple[Case, list[Write]]:
            rest = tuple(one for one in case.followers if one != email)
            writes = [self.desk.unfollow(email, case.id)] if rest != case.followers else []
            return case.model_copy(update={"followers": rest}), writes

        return self._changed(case_id, leaves)

    def joined(self, case: Case, emails: Iterable[str], now: datetime) -> tuple[Case, list[Write]]:
        """The case with those as followers too, as far as there is room, and their own lists."""
        new = [one for one in dict.fromkeys(emails) if one not in case.followers]
        new = new[: max(0, MOST - len(case.followers))]
        after = case.model_copy(update={"followers": (*case.followers, *new)}) if new else case
        return after, [self.desk.follow(one, case.id, now) for one in new]

    def mentions(
        self, case: Case, text: str, given: tuple[str, ...] | None, by: str
    ) -> tuple[str, ...]:
        """Agents whom a note calls upon: those of its @names, and those that were given with it.

        Raises Invalid where one of `given` is none of ours, or not of the restricted team whose
        case it is; an @name of such a one calls upon nobody.
        """
        if not given and "@" not in text:
            return ()
        settings = self.settings.read("teams", TeamsSettings)
        known = {member.lower() for team in settings.teams for member in team.members}
        own = settings.team(case.team)
        closed = own if own and own.restricted else None
        for one in given or ():
            if one.lower() not in known:
                raise Invalid.field("mentions", f"{one} is not a member of any team")
            if closed and closed.keeps_from(one):
                reason = f"{one} is not a member of {closed.title}, which is restricted"
                raise Invalid.field("mentions", reason)
        if closed:
            known = {one for one in known if closed.has(one)}
        named = (*(one.lower() for one in given or ()), *mentioned(text, known))
        return tuple(dict.fromkeys(one for one in named if one != by.lower()))[:MOST]

    def _changed(self, case_id: str, change: Change) -> Case:
        for _ in range(ATTEMPTS):
            case = self.cases.final(case_id)
            after, writes = change(case)
            if not writes:
                return case
            after = rules.touch(after, self.clock())
            try:
                self.cases.save(after, *writes)
            except StaleVersion:
                continue  # somebody wrote meanwhile: it makes no difference to this
            return after
        raise Contended(f"following a case lost {ATTEMPTS} races")
