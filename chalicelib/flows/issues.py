"""What everybody may know of problems: state, since when, what helps for now.

Only what a person made visible is shown, in the words that were written for it. One Query lists
all; a warm function uses what it read for half a minute.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.base import Instant, Model
from chalicelib.errors import NotFound
from chalicelib.ports import Clock
from chalicelib.problems import rules
from chalicelib.problems.models import Problem, ProblemState, PublicState, PublicUpdate

if TYPE_CHECKING:
    from chalicelib.store.problems import ProblemStore

FRESH = timedelta(seconds=30)
SHOWN = timedelta(days=7)  # how long one that is resolved stays in the list
MOST = 100  # issues that are listed
CITED = 3  # that a question is answered with


class KnownIssue(Model):
    """A problem as everybody sees it; updates are newest first."""

    id: str
    title: str
    text: str
    state: PublicState
    since: Instant
    workaround: str = ""
    article_slug: str = ""
    updates: tuple[PublicUpdate, ...] = ()
    updated_at: Instant


@dataclass(frozen=True)
class Issues:
    problems: ProblemStore
    clock: Clock
    _read: dict[str, tuple[datetime, list[Problem]]] = field(default_factory=dict)

    def known(self) -> tuple[KnownIssue, ...]:
        """What the help centre lists, newest first."""
        return tuple(map(_shown, self._visible()))

    def one(self, problem_id: str) -> KnownIssue:
        """Raises NotFound, also for what is not public."""
        problem = self.problems.get(problem_id)
        if not problem.public.visible or problem.state == ProblemState.REJECTED:
            raise NotFound("there is no such issue")
        return _shown(problem)

    def about(self, question: str, topic: str = "") -> tuple[KnownIssue, ...]:
        """Known issues that a question may be about, to be cited in its answer: those of its
        topic, or with their telling words in it; none that is resolved."""
        found = [p for p in self._visible() if p.public.state != PublicState.RESOLVED]
        fits = rules.about(question, topic, [problem.rule for problem in found])
        return tuple(_shown(found[number]) for number in fits[:CITED])

    def _visible(self) -> list[Problem]:
        now = self.clock()
        read = self._read.get("")
        if read is None or now - read[0] > FRESH:
            read = now, self.problems.issues(MOST)
            self._read[""] = read
        return [problem for problem in read[1] if _listed(problem, now)]


def _listed(problem: Problem, now: datetime) -> bool:
    if problem.state == ProblemState.REJECTED:
        return False
    over = problem.public.state == PublicState.RESOLVED
    changed = problem.public.updated_at or problem.updated_at
    return not over or now - changed <= SHOWN


def _shown(problem: Problem) -> KnownIssue:
    public = problem.public
    return KnownIssue(
        id=problem.id,
        title=public.title,
        text=public.text,
        state=public.state,
        since=public.since or problem.started_at,
        workaround=problem.workaround,
        article_slug=problem.article_slug,
        updates=tuple(reversed(public.updates)),
        updated_at=public.updated_at or problem.updated_at,
    )
