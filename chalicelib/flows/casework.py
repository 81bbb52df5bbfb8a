"""What an agent changes in a case: its state, who looks after it, what it is about.

A change is written with its history entry, and with a new count and a lesson where the machine was
corrected, in one transaction: the statistics can never disagree with the case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.cases import rules
from chalicelib.cases.models import Case, CasePatch
from chalicelib.customers import rules as customer_rules
from chalicelib.errors import Invalid, NotFound, StaleVersion
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids
from chalicelib.settings_documents import TeamsSettings
from chalicelib.store.reactions import Reaction, look_again
from chalicelib.understanding.models import TopicsSettings

if TYPE_CHECKING:
    from chalicelib.flows.promising import Promising
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore

GRACE = timedelta(minutes=2)
LONGEST_TAG = 40


@dataclass(frozen=True)
class Casework:
    cases: CaseStore
    articles: ArticleStore
    problems: ProblemStore
    reactions: ReactionStore
    settings: SettingsStore
    promising: Promising
    clock: Clock
    ids: Ids

    def patch(self, case_id: str, version: int, given: CasePatch, by: str) -> Case:
        """The case after a change; as it was where the patch changes nothing.

        Raises NotFound, StaleVersion with the newest state, Conflict for a forbidden step, Invalid
        for a topic that is not defined, or an article that does not exist.
        """
        case = self.cases.get(case_id)
        if case.version != version:
            newest = case.model_dump(mode="json")
            raise StaleVersion(f"it is at version {case.version} by now", current=newest)
        check_topic(self.settings, given.topic)
        if given.article and given.article != case.article:
            self._check_article(given.article)
        if given.problem_id and given.problem_id != case.problem_id:
            self._check_problem(given.problem_id)
        now = self.clock()
        given = _cleaned(given)
        changed = for_members(self.settings, given, rules.apply(case, given, now, by))
        if not changed.changes:
            return case
        after = self.promising.changed(case, changed.case, now)
        note = event(after, self.ids.new(), now, "changed", changed.changes, by)
        writes = [self.cases.new_message(note)]
        if changed.changes.keys() & {"topic", "spam", "team", "priority", "article"}:
            data = {"event": self.cases.message_sk(note)}  # of which the machine learns
            count = Reaction(owner=f"CASE#{case.id}", kind="count", id=self.ids.new(), data=data)
            writes.append(self.reactions.new(count, now + GRACE))
        else:
            writes += self.promising.outcome(case, after, now)
        if changed.changes.keys() & {"topic", "spam", "problem_id"}:
            was = {"was": case.problem_id or ""}
            relate = Reaction(owner=f"CASE#{case.id}", kind="relate", id=self.ids.new(), data=was)
            writes.append(self.reactions.new(relate, now + GRACE))
        reopened = case.status not in rules.UNSOLVED and after.status in rules.UNSOLVED
        if reopened or changed.changes.keys() & {"topic", "team", "priority"}:
            look = look_again(f"CASE#{case.id}", note.id, "changed")
            writes.append(self.reactions.new(look, now + GRACE))
        self.cases.save(after, *writes)
        return after

    def _check_article(self, slug: str) -> None:
        try:
            self.articles.get(slug)
        except NotFound as error:
            raise Invalid.field("article", "there is no such article") from error

    def _check_problem(self, problem_id: str) -> None:
        try:
            self.problems.get(problem_id)
        except NotFound as error:
            raise Invalid.field("problem_id", "there is no such problem") from error


def _cleaned(given: CasePatch) -> CasePatch:
    """The patch with its addresses and tags as we compare them; raises Invalid."""
    fields: dict[str, object] = {}
    if given.assignee:
        fields["assignee"] = customer_rules.email(given.assignee, "assignee")
    if given.subject:
        fields["subject"] = one_line(given.subject, "subject")
    if given.tags is not None:
        fields["tags"] = clean_tags(given.tags)
    return given.model_copy(update=fields)


def one_line(text: str, field: str) -> str:
    """A text that goes into a mail's header: no line breaks, no control characters.

    Raises Invalid where nothing is left.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if text and not line:
        raise Invalid.field(field, "has nothing that could be read")
    return line


def clean_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Tags trimmed, in lower case, each once; raises Invalid."""
    found = dict.fromkeys(" ".join(tag.casefold().split()) for tag in tags)
    for tag in found:
        if not 1 <= len(tag) <= LONGEST_TAG:
            raise Invalid.field("tags", f"a tag has 1 to {LONGEST_TAG} characters")
    return tuple(found)


def for_members(settings: SettingsStore, given: CasePatch, changed: rules.Change) -> rules.Change:
    """The change, so that a restricted team's case is nobody's but a member's.

    Whoever had it lets it go when it moves there; raises Invalid for one whom it is given to.
    """
    case, touched = changed.case, changed.changes.keys() & {"team", "assignee"}
    team = settings.read("teams", TeamsSettings).team(case.team) if touched else None
    if team is None or not case.assignee or not team.keeps_from(case.assignee):
        return changed
    if given.assignee:
        check_member(settings, case.team, case.assignee)
    why = f"{case.assignee} is not of team {case.team}: back in the queue"
    update = {"assignee": None, "reasons": {**case.reasons, "assignee": why}}
    return rules.Change(
        case=case.model_copy(update=update),
        changes={**changed.changes, "assignee": [case.assignee, ""]},
    )


def check_member(settings: SettingsStore, team: str | None, assignee: str | None) -> None:
    """Raises Invalid where somebody would get a case that they do not see."""
    found = settings.read("teams", TeamsSettings).team(team)
    if found and assignee and found.keeps_from(assignee):
        raise Invalid.field("assignee", f"is not a member of {found.title}, which is restricted")


def check_topic(settings: SettingsStore, label: str | None) -> None:
    """Raises Invalid for a topic that nobody defined, where topics are defined."""
    if not label:
        return
    known = {topic.label for topic in settings.read("topics", TopicsSettings).topics}
    if known and label not in known:
        raise Invalid.field("topic", "is not one of the topics that are defined")
