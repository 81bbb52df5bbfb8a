"""Which cases somebody sees: all, but those of restricted teams that they are not a member of.

A team of the document `teams` that is `restricted` keeps its cases to its members and to admins;
whatever lies below a case (messages, drafts, files, who is in it) goes with it. To everybody else
such a case does not exist: the answer is that of an id that nobody ever had.

A case that was merged is seen by whoever sees it and the one in which it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.access.rules import Principal, Role
from chalicelib.cases.models import Case
from chalicelib.errors import Invalid, NotFound
from chalicelib.settings_documents import TeamsSettings

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.settings import SettingsStore


@dataclass(frozen=True)
class Sight:
    """What one person sees. `closed` are the teams whose cases they do not."""

    closed: frozenset[str]
    cases: CaseStore

    @property
    def whole(self) -> bool:
        """Whether nothing is hidden: then nothing has to be read to know it."""
        return not self.closed

    @property
    def keep(self) -> Callable[[Mapping[str, Any]], bool] | None:
        """What a stored case must satisfy to be listed; None where all do."""
        return None if self.whole else self._shows

    def sees(self, case: Case) -> bool:
        return self.whole or self._open(case.team, case.merged_into)

    def case(self, case_id: str) -> Case:
        """A case by id or reference; raises NotFound where it is not there, or not for them."""
        case = self.cases.get(case_id)
        if not self.sees(case):
            # The words of a case that is not there: a reference leads to an id only when it is.
            shown = case_id.upper() if case_id[:2].upper() == "C-" else case_id
            raise NotFound(f"there is no case {shown}")
        return case

    def check(self, case_id: str) -> None:
        """Raises NotFound as `case` does; reads nothing where nothing is hidden."""
        if not self.whole:
            self.case(case_id)

    def check_named(self, case_id: str, field: str) -> None:
        """The same for a case that a request's field names; raises Invalid."""
        try:
            self.check(case_id)
        except NotFound as error:
            raise Invalid.field(field, "there is no such case") from error

    def among(self, ids: Iterable[str]) -> Collection[str]:
        """Those of the ids whose cases they see."""
        asked = frozenset(ids)
        if self.whole:
            return asked
        return {case_id for case_id, case in self.cases.some(asked).items() if self.sees(case)}

    def trimmed(self, cases: Iterable[Case]) -> list[Case]:
        """The cases without what names others that they do not see."""
        found = list(cases)
        if self.whole:
            return found
        seen = self.among(
            case_id
            for case in found
            for case_id in (*case.related, *(x.case_id for x in case.links))
        )
        return [
            case.model_copy(
                update={
                    "related": tuple(case_id for case_id in case.related if case_id in seen),
                    "links": tuple(link for link in case.links if link.case_id in seen),
                }
            )
            for case in found
        ]

    def _shows(self, stored: Mapping[str, Any]) -> bool:
        return self._open(stored.get("team"), stored.get("merged_into"))

    def _open(self, team: str | None, merged_into: str | None) -> bool:
        if team in self.closed:
            return False
        if not merged_into:
            return True
        end = self.cases.settled([merged_into]).get(merged_into)
        return end is not None and end.team not in self.closed


@dataclass(frozen=True)
class Sights:
    settings: SettingsStore
    cases: CaseStore

    def of(self, who: Principal) -> Sight:
        """What they see, by the settings of the last ten seconds."""
        if who.may(Role.ADMIN):
            return Sight(frozenset(), self.cases)
        teams = self.settings.read("teams", TeamsSettings)
        return Sight(teams.closed_to(who.email), self.cases)
