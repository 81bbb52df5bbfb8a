"""What people do with problems: open, change, decide, look.

What follows from a change (link the cases, tell the customers, look whether the fix holds) is
written as a reaction of the kind `relate` in the same transaction; flows/relating.py and
flows/verifying.py do it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.access.models import ApprovalSettings
from chalicelib.base import Model
from chalicelib.errors import Contended, Invalid, NotFound, StaleVersion
from chalicelib.ports import Clock, Ids
from chalicelib.problems import rules
from chalicelib.problems.models import (
    Entry,
    Handover,
    Link,
    LinkState,
    MatchRule,
    Problem,
    ProblemInput,
    ProblemPatch,
    ProblemSettings,
    ProblemState,
    PublicIssue,
    PublicPatch,
    PublicUpdate,
)
from chalicelib.store import items, keys
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused
from chalicelib.trends.models import Trend

if TYPE_CHECKING:
    from chalicelib.store.cursors import Cursors
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table
    from chalicelib.store.trends import TrendStore

S = ProblemState
GATHER, TELL, RELEASE, VERIFY = "gather", "tell", "release", "verify"
"""What a `relate` reaction of a problem asks for (data "do")."""
GRACE = timedelta(minutes=2)
FIRST_LOOK = timedelta(hours=1)  # at a claimed fix
MOST_UPDATES = 50  # that an issue keeps
ATTEMPTS = 5
PLAIN = ("title", "description", "owner_team", "root_cause", "article_slug", "workaround")
CHANGEABLE = (*PLAIN, "rule", "trend_ids", "campaign_ids", "public")


class ProblemPart(Model):
    problems: tuple[Problem, ...]
    cursor: str | None


class LinkPart(Model):
    links: tuple[Link, ...]
    cursor: str | None


class EntryPart(Model):
    entries: tuple[Entry, ...]
    cursor: str | None


class HandoverPart(Model):
    handovers: tuple[Handover, ...]
    cursor: str | None


def errand(problem_id: str, do: str, identifier: str, **data: str) -> Reaction:
    """A reaction of a problem; the same identifier is the same errand."""
    owner = keys.problem(problem_id)[0]
    return Reaction(
        owner=owner, kind="relate", id=f"{do}-{identifier}", data={"do": do, "at": "", **data}
    )


@dataclass(frozen=True)
class Problems:
    table: Table
    problems: ProblemStore
    trends: TrendStore
    reactions: ReactionStore
    settings: SettingsStore
    cursors: Cursors
    clock: Clock
    ids: Ids

    # --- opening -------------------------------------------------------------------------

    def open(self, given: ProblemInput, by: str) -> Problem:
        """A proposed problem; that of the trend where it has one. Raises Invalid."""
        trend = self._trend(given.trend_id) if given.trend_id else None
        if trend and trend.problem_id:
            return self.problems.get(trend.problem_id)
        if not trend and not given.title.strip():
            raise Invalid.field("title", "give a title, or the trend that it is about")
        problem = self._drafted(given, trend, by)
        try:
            self.table.commit(*self._opened(problem, trend, by))
        except WriteRefused as refused:
            if trend is None or "trend" not in refused.names:
                raise
            known = self._trend(trend.id).problem_id  # somebody was faster
            if known is None:
                raise Invalid.field("trend_id", "there is no such trend") from refused
            return self.problems.get(known)
        return problem

    def _drafted(self, given: ProblemInput, trend: Trend | None, by: str) -> Problem:
        now = self.clock()
        rule = given.rule or (rule_of(trend) if trend else MatchRule())
        started = given.started_at or (trend.started_at if trend else rule.since or now)
        rule = rule if rule.since else rule.model_copy(update={"since": started})
        return Problem(
            id=self.ids.new(),
            title=given.title.strip() or (title_of(trend) if trend else ""),
            description=given.description,
            topic=rule.topic,
            rule=rule,
            trend_ids=(trend.id,) if trend else (),
            series=(trend.series,) if trend else (),
            owner_team=given.owner_team,
            workaround=given.workaround,
            text_version=1 if given.workaround.strip() else 0,
            started_at=started,
            detected_at=trend.detected_at if trend else now,
            created_by=by,
            created_at=now,
            updated_at=now,
        )

    def _opened(self, problem: Problem, trend: Trend | None, by: str) -> list[Write]:
        what = "opened from a trend" if trend else "opened by hand"
        writes = [
            self.problems.new(problem),
            self.entry(problem.id, by, what, to_state=problem.state),
            self._job(problem, GATHER),
        ]
        if trend:
            writes.append(self.problems.take_trend(trend.id, problem.id, problem.created_at))
            writes.append(self.problems.take_cell(trend.series, problem.id))
        return writes

    def retold(self, problem: Problem, trend: Trend) -> Problem:
        """A problem that nobody has looked at as yet goes with its trend to another cell.

        Raises WriteRefused where somebody was faster.
        """
        cells = dict.fromkeys((*problem.series, trend.series))
        after = problem.model_copy(
            update={
                "title": title_of(trend),
                "rule": rule_of(trend),
                "topic": trend.topic or "",
                "series": tuple(cells),
            }
        )
        after = rules.touch(after, self.clock())
        self.table.commit(
            self.problems.change(after),
            self.problems.take_cell(trend.series, problem.id),
            self.entry(problem.id, "", f"its trend is told as: {after.title}"),
            *self.follow_ups(problem, after),
        )
        return after

    # --- changing ------------------------------------------------------------------------

    def patch(
        self, problem_id: str, version: int, given: ProblemPatch, by: str, roles: Collection[str]
    ) -> Problem:
        """The problem after a person's change; raises NotFound, StaleVersion with the newest
        state, Conflict for a forbidden step, Forbidden where somebody else has to approve."""
        before = self.problems.get(problem_id)
        if before.version != version:
            newest = before.model_dump(mode="json")
            raise StaleVersion(f"it is at version {before.version} by now", current=newest)
        after, writes = self._changed(before, given)
        if after == before:
            return before
        self._approved(before, after, by, roles)
        after = rules.touch(after, self.clock())
        writes += [self.entry(after.id, by, *_what(before, after, given.reason))]
        self.problems.save(after, *writes, *self.follow_ups(before, after))
        return after

    def step(
        self, problem_id: str, to: ProblemState, by: str, what: str, role: str = "system"
    ) -> Problem:
        """Bring it to a state, as the machine or a department says; raises Conflict, Contended.

        Nothing is done where it is there already.
        """
        for _ in range(ATTEMPTS):
            before = self.problems.get(problem_id)
            if before.state == to:
                return before
            after, writes = self.moved(before, to, by, what, role)
            try:
                self.problems.save(after, *writes)
            except StaleVersion:
                continue
            return after
        raise Contended("a problem changes too often")

    def moved(
        self, before: Problem, to: ProblemState, by: str, what: str, role: str = "system"
    ) -> tuple[Problem, list[Write]]:
        """The problem in another state, and what is written beside it; raises Conflict."""
        now = self.clock()
        moved = _with_update(before, rules.move(before, to, now), now)
        after = rules.touch(moved, now)
        said = self.entry(after.id, by, what, "", before.state, to, role)
        return after, [said, *self.follow_ups(before, after)]

    def _changed(self, before: Problem, given: ProblemPatch) -> tuple[Problem, list[Write]]:
        now = self.clock()
        fields: dict[str, Any] = {
            name: getattr(given, name) for name in PLAIN if getattr(given, name) is not None
        }
        if given.campaign_ids is not None:
            fields["campaign_ids"] = given.campaign_ids
        if given.rule is not None:
            since = given.rule.since or before.rule.since
            fields["rule"] = given.rule.model_copy(update={"since": since})
            fields["topic"] = given.rule.topic
        writes: list[Write] = []
        if given.trend_ids is not None:
            trends = [self._trend(one) for one in given.trend_ids]
            fields["trend_ids"] = given.trend_ids
            fields["series"] = tuple(dict.fromkeys(trend.series for trend in trends))
            new = [trend for trend in trends if trend.id not in before.trend_ids]
            writes = [self.problems.take_trend(one.id, before.id, now) for one in new]
            cells = dict.fromkeys(one.series for one in new)
            writes += [self.problems.take_cell(cell, before.id) for cell in cells]
        after = before.model_copy(update=fields)
        if after.workaround.strip() != before.workaround.strip():
            after = after.model_copy(update={"text_version": before.text_version + 1})
        if given.state and given.state != before.state:
            after = rules.move(after, given.state, now)
            if given.state == S.REJECTED:
                after = after.model_copy(update={"rejected_reason": given.reason})
        if given.public:
            after = after.model_copy(update={"public": _public(after.public, given.public)})
        return _with_update(before, after, now), writes

    def _approved(self, before: Problem, after: Problem, by: str, roles: Collection[str]) -> None:
        """Raises Forbidden where another person has to agree."""
        approvals = self.settings.read("approvals", ApprovalSettings)
        if before.state == S.PROPOSED and after.state == S.ACCEPTED:
            approvals.check_acceptance(by, roles)
        if self._tells(before, after):
            linked = sum(hour.customers for hour in self.problems.hours(before.id))
            approvals.check_sending(by, roles, linked)

    # --- what follows --------------------------------------------------------------------

    def follow_ups(self, before: Problem, after: Problem) -> list[Write]:
        """The reactions that a change asks for."""
        writes: list[Write] = []
        if after.state == S.REJECTED != before.state:
            writes.append(self._job(after, RELEASE))
        elif after.rule != before.rule or (after.state == S.PROPOSED != before.state):
            writes.append(self._job(after, GATHER))
        if self._tells(before, after):
            writes.append(self._job(after, TELL))
        if after.state == S.FIXED != before.state:
            look = errand(after.id, VERIFY, str(after.version))
            writes.append(self.reactions.new(look, after.updated_at + FIRST_LOOK))
        return writes

    def _tells(self, before: Problem, after: Problem) -> bool:
        """Whether customers hear something new by this change."""
        settings = self.settings.read("problems", ProblemSettings)
        if after.state == S.VERIFIED != before.state:
            return settings.tell_resolved
        if not settings.tell_known or after.state not in rules.TELLS or not after.workaround:
            return False
        return after.text_version > before.text_version or before.state not in rules.TELLS

    def _job(self, problem: Problem, do: str) -> Write:
        job = errand(problem.id, do, str(problem.version))
        return self.reactions.new(job, problem.updated_at + GRACE)

    def entry(
        self,
        problem_id: str,
        by: str,
        what: str,
        text: str = "",
        from_state: str = "",
        to_state: str = "",
        role: str = "",
        handover_id: str = "",
    ) -> Write:
        """A line of the history; without a role it is an agent, or the system where `by` is ""."""
        return self.problems.entry(
            problem_id,
            Entry(
                id=self.ids.new(),
                at=self.clock(),
                by=by,
                role=role or ("agent" if by else "system"),
                what=what,
                text=text,
                from_state=from_state,
                to_state=to_state,
                handover_id=handover_id,
            ),
        )

    # --- lists ---------------------------------------------------------------------------

    def find(self, states: list[ProblemState], limit: int, cursor: str | None) -> ProblemPart:
        """A page of problems, newest first; raises Malformed."""
        scope = f"problems {','.join(states)}"
        page = self.problems.listing(states, limit, self.cursors.read(scope, cursor))
        found = tuple(items.model(Problem, stored) for stored in page.items)
        return ProblemPart(problems=found, cursor=self.cursors.write(scope, page.positions))

    def cases(
        self, problem_id: str, states: list[LinkState], limit: int, cursor: str | None
    ) -> LinkPart:
        """A page of its cases, newest first; raises Malformed."""
        scope = f"problem cases {problem_id} {','.join(states)}"
        page = self.problems.links(problem_id, states, limit, self.cursors.read(scope, cursor))
        found = tuple(items.model(Link, stored) for stored in page.items)
        return LinkPart(links=found, cursor=self.cursors.write(scope, page.positions))

    def history(self, problem_id: str, limit: int, cursor: str | None) -> EntryPart:
        """A page of its history, newest first; raises Malformed."""
        scope = f"problem history {problem_id}"
        page = self.problems.history(problem_id, limit, self.cursors.read(scope, cursor))
        found = tuple(items.model(Entry, stored) for stored in page.items)
        return EntryPart(entries=found, cursor=self.cursors.write(scope, page.positions))

    def handovers(self, problem_id: str, limit: int, cursor: str | None) -> HandoverPart:
        """A page of its handovers, newest first; raises Malformed."""
        scope = f"handovers {problem_id}"
        page = self.problems.handover_page(problem_id, limit, self.cursors.read(scope, cursor))
        found = tuple(items.model(Handover, stored) for stored in page.items)
        return HandoverPart(handovers=found, cursor=self.cursors.write(scope, page.positions))

    def _trend(self, trend_id: str) -> Trend:
        try:
            return self.trends.get(trend_id)
        except NotFound as error:
            raise Invalid.field("trend_id", "there is no such trend") from error


def rule_of(trend: Trend) -> MatchRule:
    """Which cases a trend is about."""
    attributes = {name: value for name, value in trend.attributes.items() if name != "topic"}
    return MatchRule(
        topic=trend.topic or "",
        attributes=attributes,
        words=tuple(term for term in trend.terms if 2 <= len(term) <= 60)[:40],
        share=rules.share_of(trend.expected, trend.seen),
        since=trend.started_at,
    )


def title_of(trend: Trend) -> str:
    return (trend.title or f"More contacts than usual: {trend.series}")[:200]


def _public(before: PublicIssue, given: PublicPatch) -> PublicIssue:
    fields = {name: getattr(given, name) for name in given.model_fields_set}
    wanted = {name: value for name, value in fields.items() if value is not None}
    after = before.model_copy(update=wanted)
    if after.visible and not after.title.strip():
        raise Invalid.field("public.title", "what everybody may read needs a title")
    return after


def _with_update(before: Problem, after: Problem, now: datetime) -> Problem:
    """What everybody may read now, with an entry where it changed."""
    public = after.public
    told = ("visible", "title", "text", "state")
    if all(getattr(before.public, name) == getattr(public, name) for name in told):
        return after
    fields: dict[str, Any] = {"updated_at": now}
    if public.visible:
        update = PublicUpdate(at=now, state=public.state, text=public.text)
        fields["updates"] = (*public.updates, update)[-MOST_UPDATES:]
        fields["since"] = public.since or after.started_at
    return after.model_copy(update={"public": public.model_copy(update=fields)})


def _what(before: Problem, after: Problem, reason: str) -> tuple[str, str, str, str]:
    """What changed in words, why, and the states."""
    names = [name for name in CHANGEABLE if getattr(before, name) != getattr(after, name)]
    moved = before.state != after.state
    what = str(after.state).replace("_", " ") if moved else f"changed {', '.join(names)}"
    return what, reason, str(before.state) if moved else "", str(after.state) if moved else ""
