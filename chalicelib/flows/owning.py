"""Trends become problems, and come back to the problems that they were.

Run after each look of the detector. It reads what is there and brings it in line, so that it may
run twice at a time, die anywhere, and simply run again:

| a trend without a problem, whose cell | becomes |
|---|---|
| never had one, or one that was rejected | a proposed problem, where the settings say so |
| has one that is open | another trend of that one |
| has one that was fixed, lately | the reason to reopen it; the department is told |

A proposed problem whose trend was dismissed as noise is rejected with it. One whose trend is told
at another cell by now goes with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.errors import Contended, NotFound
from chalicelib.ports import Clock
from chalicelib.problems import rules
from chalicelib.problems.models import Problem, ProblemInput, ProblemSettings, ProblemState
from chalicelib.problems.service import Problems, title_of
from chalicelib.store import items
from chalicelib.store.table import WriteRefused
from chalicelib.trends.models import Trend, TrendState

if TYPE_CHECKING:
    from chalicelib.flows.handing_over import HandingOver
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table
    from chalicelib.store.trends import TrendStore

MOST = 100  # proposed problems that are looked at in a run
S = ProblemState


class Followed(Model):
    """What a run did."""

    proposed: int = 0
    joined: int = 0
    reopened: int = 0
    rejected: int = 0


@dataclass(frozen=True)
class Owning:
    table: Table
    trends: TrendStore
    problems: ProblemStore
    problem_service: Problems
    handing_over: HandingOver
    settings: SettingsStore
    clock: Clock

    def follow(self) -> Followed:
        """Bring problems in line with the trends."""
        done = {"proposed": 0, "joined": 0, "reopened": 0, "rejected": self._dismissed()}
        settings = self.settings.read("problems", ProblemSettings)
        for trend in self.trends.active():
            try:
                if trend.problem_id:
                    self._retell(trend, trend.problem_id)
                    continue
                what = self._followed(trend, self._known(trend), settings)
            except (WriteRefused, Contended):
                continue  # it changed meanwhile: the next run, in minutes, sees how
            if what:
                done[what] += 1
        return Followed(**done)

    def _followed(self, trend: Trend, known: Problem | None, settings: ProblemSettings) -> str:
        if known and known.state in rules.OVER and self._lately(known, settings):
            self._reopen(known, trend)
            return "reopened"
        if known and known.state in rules.TAKES_CASES - rules.OVER:
            self._join(known, trend)
            return "joined"
        if not settings.propose:
            return ""
        self.problem_service.open(ProblemInput(trend_id=trend.id), "")
        return "proposed"

    def _retell(self, trend: Trend, problem_id: str) -> None:
        """What was proposed says what its trend says, as long as nobody has looked at it."""
        problem = self.problems.get(problem_id)
        untouched = problem.state == S.PROPOSED and not problem.created_by
        alone = problem.trend_ids == (trend.id,)
        if untouched and alone and problem.title != title_of(trend):
            self.problem_service.retold(problem, trend)

    def _known(self, trend: Trend) -> Problem | None:
        """The newest problem of its cell."""
        problem_id = self.problems.of_cell(trend.series)
        try:
            return self.problems.get(problem_id) if problem_id else None
        except NotFound:
            return None

    def _lately(self, problem: Problem, settings: ProblemSettings) -> bool:
        over = problem.closed_at or problem.verified_at or problem.fixed_at or problem.updated_at
        return self.clock() - over <= timedelta(days=settings.reopen_days)

    def _reopen(self, known: Problem, trend: Trend) -> None:
        since = f"since {trend.started_at:%Y-%m-%d %H:%M} UTC: {trend.seen} seen, "
        because = f"{since}{trend.expected:.1f} are usual"
        again = _with(known, trend)
        after, writes = self.problem_service.moved(
            again, S.BEING_FIXED, "", f"the trend came back {because}"
        )
        self.table.commit(
            self.problems.change(after),
            self.problems.take_trend(trend.id, known.id, self.clock()),
            *writes,
            *self.handing_over.reopened(known.id, f"the trend came back {because}"),
        )

    def _join(self, known: Problem, trend: Trend) -> None:
        now = self.clock()
        after = rules.touch(_with(known, trend), now)
        self.table.commit(
            self.problems.change(after),
            self.problems.take_trend(trend.id, known.id, now),
            self.problem_service.entry(known.id, "", "another trend of the same cell joined"),
        )

    def _dismissed(self) -> int:
        """Reject what was proposed from trends that people called noise."""
        rejected = 0
        page = self.problems.listing([S.PROPOSED], MOST, None)
        for problem in (items.model(Problem, stored) for stored in page.items):
            if problem.created_by or not problem.trend_ids or not self._all_noise(problem):
                continue
            self.problem_service.step(problem.id, S.REJECTED, "", "its trend was dismissed")
            rejected += 1
        return rejected

    def _all_noise(self, problem: Problem) -> bool:
        for trend_id in problem.trend_ids:
            try:
                if self.trends.get(trend_id).state != TrendState.DISMISSED:
                    return False
            except NotFound:
                return False
        return True


def _with(problem: Problem, trend: Trend) -> Problem:
    ids = dict.fromkeys((*problem.trend_ids, trend.id))
    cells = dict.fromkeys((*problem.series, trend.series))
    return problem.model_copy(update={"trend_ids": tuple(ids), "series": tuple(cells)})
