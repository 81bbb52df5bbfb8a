"""Which cases belong to which problem: by rule where that is sure, by a person where it is not.

1. After triage, and whenever an agent changes what a case is about, the case is held against all
   open problems (reaction `relate` of the case).
2. When a problem is opened or its rule changes, the cases since its start are looked through, page
   by page (`gather`); when it is rejected they are let go (`release`).
3. Case, link, counts and timeline change in one transaction; what the customer is told follows as a
   reaction of its own (flows/informing.py).

A link that a person rejected is never proposed again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from chalicelib.base import iso
from chalicelib.cases import rules as case_rules
from chalicelib.cases.models import Case, Direction
from chalicelib.errors import Conflict, Contended, NotFound
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids
from chalicelib.problems import rules
from chalicelib.problems.models import Link, LinkState, Problem, ProblemSettings
from chalicelib.problems.rules import CaseFacts, Judged
from chalicelib.problems.service import GATHER, RELEASE, TELL, Problems
from chalicelib.store import items, keys
from chalicelib.store.counts import hour_name
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.informing import Informing
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

GRACE = timedelta(minutes=2)
ATTEMPTS = 6
PAGE = 50  # cases that one step of a gathering looks at
LINKS = 25  # that one step tells or lets go
MOST_PAGES = 400  # of a gathering
L = LinkState


class Decision(StrEnum):
    """What a person says of a case and a problem."""

    LINK = "link"
    CONFIRM = "confirm"
    REJECT = "reject"
    UNLINK = "unlink"


@dataclass(frozen=True)
class Relating:
    table: Table
    cases: CaseStore
    customers: CustomerStore
    problems: ProblemStore
    problem_service: Problems
    reactions: ReactionStore
    settings: SettingsStore
    informing: Informing
    clock: Clock
    ids: Ids

    def relate(self, reaction: Reaction) -> None:
        """Do what a reaction asks for, once; raises Contended."""
        if not self.reactions.exists(reaction):
            return
        do = reaction.data.get("do", "")
        if reaction.owner.startswith("CASE#"):
            case_id = reaction.case_id
            if do == TELL:
                self._commit(
                    lambda: self.informing.tell(reaction.data["problem"], case_id), reaction
                )
            else:
                self._commit(lambda: self._place(case_id, reaction.data), reaction)
            return
        problem_id = reaction.owner.removeprefix("PROB#")
        step = {GATHER: self._gather, TELL: self._tell, RELEASE: self._release}[do]
        further = step(problem_id, reaction)
        self._commit(lambda: further, reaction)

    def decide(self, problem_id: str, case_id: str, decision: Decision, by: str) -> Link:
        """A person's word on a case; raises NotFound, Conflict, Contended."""
        problem = self.problems.get(problem_id)
        case_id = self.cases.final(case_id).id

        def build() -> list[Write]:
            link = self.problems.link(problem_id, case_id)
            if decision in (Decision.LINK, Decision.CONFIRM):
                return self._link(problem, self.cases.get(case_id), link, _BY_HAND, by)
            state = L.REJECTED if decision == Decision.REJECT else L.UNLINKED
            if link is None:
                raise NotFound("this case was never linked to it, nor proposed")
            return self._unlink(link, state, by)

        self._commit(build)
        link = self.problems.link(problem_id, case_id)
        assert link is not None
        return link

    # --- one case ------------------------------------------------------------------------

    def _place(self, case_id: str, data: Mapping[str, str]) -> list[Write]:
        """Bring one case in line: `was` is the problem that it had before a person's change,
        `told` says that a notice has just gone into it."""
        case = self.cases.get(case_id)
        was = data.get("was", "")
        writes: list[Write] = []
        if was and was != case.problem_id:
            old = self.problems.link(was, case.id)
            writes += self._unlinked(old, L.UNLINKED, "") if old and old.state == L.LINKED else []
        if case.spam or case.merged_into:
            old = self.problems.link(case.problem_id, case.id) if case.problem_id else None
            return writes + (self._unlink(old, L.UNLINKED, "") if old else [])
        if case.problem_id:
            return writes + self._as_set(case, told="told" in data)
        return writes or self._by_rule(case)

    def _as_set(self, case: Case, told: bool) -> list[Write]:
        """The link that a person or a notice made by naming the problem in the case."""
        assert case.problem_id
        link = self.problems.link(case.problem_id, case.id)
        if link and link.state == L.LINKED:
            return self._still(case, link)
        try:
            problem = self.problems.get(case.problem_id)
        except NotFound:
            return []
        why = _BY_NOTICE if told else _BY_HAND
        drawn = self._drawn(problem, case, link, L.LINKED, why, "")
        if told:  # what is known went into the case already
            drawn = drawn.model_copy(update={"told_version": problem.text_version})
        return self._counted(problem, drawn)

    def _still(self, case: Case, link: Link) -> list[Write]:
        """Lets a case go that the rule took and would not even ask about any more."""
        if link.by or link.sure == _BY_HAND.sure:
            return []
        problem = self.problems.get(link.problem_id)
        judged = rules.judge(problem.rule, self._facts(case), problem.fixed_at)
        unsure = self.settings.read("problems", ProblemSettings).unsure
        return [] if judged.sure >= unsure else self._unlink(link, L.UNLINKED, "")

    def _by_rule(self, case: Case, only: Problem | None = None) -> list[Write]:
        """What the rules say of a case that belongs nowhere yet."""
        candidates = [only] if only else self.problems.open()
        if not candidates:
            return []
        links = self.problems.links_of(case.id, [problem.id for problem in candidates])
        facts = self._facts(case)
        settings = self.settings.read("problems", ProblemSettings)
        best: tuple[Judged, Problem] | None = None
        for problem in candidates:
            link = links.get(problem.id)
            if (link and link.state in (L.REJECTED, L.LINKED)) or (link and link.by):
                continue
            judged = rules.judge(problem.rule, facts, problem.fixed_at)
            if best is None or judged.sure > best[0].sure:
                best = judged, problem
        if best is None:
            return []
        judged, problem = best
        match rules.verdict(judged, settings):
            case L.LINKED:
                return self._link(problem, case, links.get(problem.id), judged, "")
            case L.PROPOSED:
                return self._propose(problem, case, links.get(problem.id), judged)
        return []

    def _facts(self, case: Case) -> CaseFacts:
        customer = self.customers.final(case.customer_id)
        first = self.cases.messages_after(case.id, "", 5)
        said = [m.text for m in first if m.direction == Direction.INBOUND]
        return CaseFacts(
            created_at=case.created_at,
            topic=case.topic.label or "",
            attributes=rules.attributes_of(case, customer),
            text="\n".join((case.subject, *said)),
        )

    # --- links ---------------------------------------------------------------------------

    def _link(
        self, problem: Problem, case: Case, link: Link | None, judged: Judged, by: str
    ) -> list[Write]:
        """Writes that make the case one of the problem's; raises Conflict."""
        if link and link.state == L.LINKED:
            return []
        if case.problem_id and case.problem_id != problem.id:
            raise Conflict("the case belongs to another problem", status=str(case.status))
        now = self.clock()
        changes = {"problem_id": [case.problem_id or "", problem.id]}
        after = case_rules.touch(case.model_copy(update={"problem_id": problem.id}), now)
        text = f"linked to the problem “{problem.title}”: {judged.why}"
        note = event(after, self.ids.new(), now, text, changes, by)
        drawn = self._drawn(problem, case, link, L.LINKED, judged, by)
        return [
            self.cases.change(after),
            self.cases.new_message(note),
            *self._counted(problem, drawn),
        ]

    def _propose(
        self, problem: Problem, case: Case, link: Link | None, judged: Judged
    ) -> list[Write]:
        if link and link.state == L.PROPOSED:
            return []
        drawn = self._drawn(problem, case, link, L.PROPOSED, judged, "")
        note = event(case, self.ids.new(), self.clock(), "may belong to a problem", {})
        offer = f"does it belong to the problem “{problem.title}”? ({judged.why})"
        shown = note.model_copy(update={"offer": offer})
        return [self.problems.write_link(drawn), self.cases.new_message(shown)]

    def _counted(self, problem: Problem, link: Link) -> list[Write]:
        """The link with what is counted, and what the customer hears next."""
        writes = [self.problems.write_link(link), *self.problems.count_in(link)]
        if self.informing.due(problem, link):
            tell = Reaction(
                owner=keys.case(link.case_id)[0],
                kind="relate",
                id=f"tell-{problem.id}-{link.version}",
                data={"do": TELL, "problem": problem.id},
            )
            writes.append(self.reactions.new(tell, self.clock() + GRACE))
        return writes

    def _drawn(
        self,
        problem: Problem,
        case: Case,
        link: Link | None,
        state: LinkState,
        judged: Judged,
        by: str,
    ) -> Link:
        """The link as it is from now on, one version on; raises Conflict."""
        now = self.clock()
        fields: dict[str, Any] = {"sure": judged.sure, "why": judged.why, "by": by}
        if link is None:
            likely = case.likely_match
            return Link(
                problem_id=problem.id,
                case_id=case.id,
                reference=case.reference,
                subject=case.subject[:200],
                customer_id=likely.customer_id if likely else case.customer_id,
                state=state,
                hour=hour_name(case.created_at),
                created_at=case.created_at,
                updated_at=now,
                **fields,
            )
        if state not in rules.LINKS[link.state]:
            raise Conflict(f"a case that is {link.state} cannot become {state}")
        fields |= {"state": state, "updated_at": now, "version": link.version + 1}
        return link.model_copy(update=fields)

    def _unlink(self, link: Link, state: LinkState, by: str) -> list[Write]:
        """Writes that take the case out of the problem; raises Conflict."""
        if link.state == state:
            return []
        writes = self._unlinked(link, state, by)
        case = self.cases.get(link.case_id)
        if case.problem_id != link.problem_id:
            return writes
        now = self.clock()
        after = case_rules.touch(case.model_copy(update={"problem_id": None}), now)
        changes = {"problem_id": [link.problem_id, ""]}
        note = event(after, self.ids.new(), now, "no longer linked to the problem", changes, by)
        return [self.cases.change(after), self.cases.new_message(note), *writes]

    def _unlinked(self, link: Link, state: LinkState, by: str) -> list[Write]:
        if state not in rules.LINKS[link.state]:
            raise Conflict(f"a case that is {link.state} cannot become {state}")
        fields = {"state": state, "by": by, "updated_at": self.clock(), "version": link.version + 1}
        counted = self.problems.count_out(link) if link.state == L.LINKED else []
        return [self.problems.write_link(link.model_copy(update=fields)), *counted]

    # --- many cases, page by page --------------------------------------------------------

    def _gather(self, problem_id: str, reaction: Reaction) -> list[Write]:
        """Look at the next page of cases since the start; what goes on after it."""
        problem = self.problems.get(problem_id)
        if problem.state not in rules.TAKES_CASES:
            return []
        at: dict[str, Any] = json.loads(reaction.data["at"] or "{}")
        partitions = self.cases.partitions("CASES")
        page = self.cases.listing(3, partitions, PAGE, at.get("positions"))
        since = iso(problem.rule.since or problem.started_at)
        young = [stored for stored in page.items if stored["created_at"] >= since]
        for stored in young:
            case = items.model(Case, stored)
            if case.problem_id == problem.id or (
                not case.problem_id and _worth_a_look(problem, case)
            ):
                self._commit(lambda case_id=case.id: self._gathered(problem, case_id))  # type: ignore[misc]
        looked = int(at.get("pages", 0)) + 1
        if page.positions is None or len(young) < len(page.items) or looked >= MOST_PAGES:
            return []
        return self._next(reaction, {"positions": page.positions, "pages": looked})

    def _gathered(self, problem: Problem, case_id: str) -> list[Write]:
        case = self.cases.get(case_id)
        if case.problem_id == problem.id:
            link = self.problems.link(problem.id, case.id)
            return self._still(case, link) if link and link.state == L.LINKED else []
        aside = case.problem_id or case.spam or case.merged_into
        return [] if aside else self._by_rule(case, problem)

    def _tell(self, problem_id: str, reaction: Reaction) -> list[Write]:
        """Tell the next cases what is new."""

        def one(link: Link) -> list[Write]:
            return self.informing.tell(problem_id, link.case_id)

        return self._each_link(problem_id, reaction, one)

    def _release(self, problem_id: str, reaction: Reaction) -> list[Write]:
        """Let the next cases go."""

        def one(link: Link) -> list[Write]:
            now = self.problems.link(problem_id, link.case_id)
            if now is None or now.state not in (L.LINKED, L.PROPOSED):
                return []
            return self._unlink(now, L.UNLINKED, "")

        return self._each_link(problem_id, reaction, one)

    def _each_link(
        self, problem_id: str, reaction: Reaction, work: Callable[[Link], list[Write]]
    ) -> list[Write]:
        found = self.problems.links_after(problem_id, reaction.data["at"], LINKS)
        for link in found:
            self._commit(lambda link=link: work(link))  # type: ignore[misc]
        return self._next(reaction, found[-1].case_id) if len(found) == LINKS else []

    def _next(self, reaction: Reaction, at: Any) -> list[Write]:
        """The same errand, from there on."""
        where = at if isinstance(at, str) else json.dumps(at)
        number = int(reaction.data.get("step", "0")) + 1
        first = reaction.data.get("first", reaction.id)
        data = {**reaction.data, "at": where, "step": str(number), "first": first}
        again = reaction.model_copy(update={"id": f"{first}-{number}", "data": data})
        return [self.reactions.new(again, self.clock() + GRACE)]

    def _commit(self, build: Callable[[], list[Write]], reaction: Reaction | None = None) -> None:
        """Write what `build` says, together with the end of the reaction; looks again after a lost
        race. Raises Contended."""
        for _ in range(ATTEMPTS):
            writes = build()
            if reaction:
                writes = [self.reactions.done(reaction), *writes]
            if not writes:
                return
            try:
                self.table.commit(*writes)
            except WriteRefused as refused:
                if reaction and "done" in refused.names and not self.reactions.exists(reaction):
                    return
            except Contended:
                continue
            else:
                return
        raise Contended("a case and its problem lost their races")


_BY_HAND = Judged(sure=1.0, why="a person says so")
_BY_NOTICE = Judged(sure=1.0, why="a notice about it went into the case")


def _worth_a_look(problem: Problem, case: Case) -> bool:
    """Cheaply: whether the rule could take it. What it says in full is read only then."""
    rule = problem.rule
    if rule.topic and case.topic.label == rule.topic:
        return True
    shown = f"{case.subject} {case.last_message}".casefold()
    return not rule.topic or any(word.casefold() in shown for word in rule.words)
