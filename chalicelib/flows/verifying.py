"""Whether a fix that was claimed holds, as the data says it.

A look is a reaction that lies in the index of outstanding ones until its time, so the sweep brings
it up, half an hour after the last. What was counted since decides (problems/rules.py): the problem
is verified; or it goes back, with the evidence, to the department that said it was fixed; or a
person has to decide, and is told what could not be checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.errors import NotFound
from chalicelib.ports import Clock
from chalicelib.problems import rules
from chalicelib.problems.models import Check, Problem, ProblemSettings, ProblemState
from chalicelib.problems.rules import Since
from chalicelib.problems.service import Problems
from chalicelib.store.counts import hour_name
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.handing_over import HandingOver
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table
    from chalicelib.store.trends import TrendStore

AGAIN = timedelta(minutes=30)  # between two looks
ATTEMPTS = 5
S = ProblemState


@dataclass(frozen=True)
class Verifying:
    table: Table
    problems: ProblemStore
    problem_service: Problems
    trends: TrendStore
    reactions: ReactionStore
    handing_over: HandingOver
    settings: SettingsStore
    clock: Clock

    def look(self, reaction: Reaction) -> None:
        """Look at a claimed fix once; safe to call at any time, and again."""
        for _ in range(ATTEMPTS):
            if not self.reactions.exists(reaction):
                return
            try:
                self.table.commit(*self._looked(reaction))
            except WriteRefused:
                continue  # the problem changed meanwhile: look at it as it is now
            return

    def check(self, problem: Problem) -> Check:
        """What the data says of a claimed fix at this moment."""
        settings = self.settings.read("problems", ProblemSettings)
        return rules.verify(problem, self._since(problem), settings, self.clock())

    def _looked(self, reaction: Reaction) -> list[Write]:
        problem = self.problems.get(reaction.owner.removeprefix("PROB#"))
        done = self.reactions.done(reaction)
        now = self.clock()
        settings = self.settings.read("problems", ProblemSettings)
        if problem.state == S.VERIFIED and settings.close_when_verified:
            return [done, *self._moved(problem, S.CLOSED, "closed, as the settings say")]
        if problem.state != S.FIXED:
            return [done]
        check = self.check(problem)
        checked = problem.model_copy(update={"check": check})
        match check.outcome:
            case "verified":
                what = f"verified by the data: {check.because}"
                end = (
                    self.reactions.postpone(reaction, now) if settings.close_when_verified else done
                )
                return [end, *self._moved(checked, S.VERIFIED, what)]
            case "failed":
                back = self.handing_over.reopened(problem.id, check.because)
                what = f"the fix did not hold: {check.because}"
                return [done, *self._moved(checked, S.BEING_FIXED, what), *back]
            case "unknown":
                return [done, *self._left_to_people(checked, check)]
        return [self.reactions.postpone(reaction, now + AGAIN)]

    def _moved(self, problem: Problem, to: ProblemState, what: str) -> list[Write]:
        after, writes = self.problem_service.moved(problem, to, "", what)
        if to == S.VERIFIED:
            after = after.model_copy(update={"check": problem.check})
        return [self.problems.change(after), *writes]

    def _left_to_people(self, checked: Problem, check: Check) -> list[Write]:
        after = rules.touch(checked, self.clock())
        text = "; ".join((check.because, *check.not_checked))
        what = "the data cannot say whether the fix holds: a person decides"
        return [self.problems.change(after), self.problem_service.entry(after.id, "", what, text)]

    def _since(self, problem: Problem) -> Since:
        """What is known of the time before and since the claim."""
        assert problem.fixed_at is not None
        calm: list[datetime | None] = []
        missing = 0
        for trend_id in problem.trend_ids:
            try:
                calm.append(self.trends.get(trend_id).calm_since)
            except NotFound:
                missing += 1
        fixed = hour_name(problem.fixed_at)
        hours = self.problems.hours(problem.id)
        before = sum(hour.cases for hour in hours if hour.hour <= fixed)
        days = (problem.fixed_at - problem.started_at).total_seconds() / 86_400
        newest = self.problems.newest_link(problem.id)
        late = newest.created_at if newest and newest.created_at > problem.fixed_at else None
        return Since(
            calm_since=tuple(calm),
            newest_case=late,
            per_day_before=before / max(days, 1 / 24),
            cases_since=sum(hour.cases for hour in hours if hour.hour > fixed),
            trends_missing=missing,
        )
