"""What an agent changes in a case: its state, who looks after it, what it is about.

A change is written with its history entry, and with a new count and a lesson where the machine was
corrected, in one transaction: the statistics can never disagree with the case. The entry keeps what
was before, so that the change can be taken back (cases/undoing.py).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from chalicelib.base import Model, iso
from chalicelib.cases import rules, undoing
from chalicelib.cases.models import Case, CasePatch, CaseStatus, Message
from chalicelib.cases.rules import Change
from chalicelib.customers import rules as customer_rules
from chalicelib.errors import Contended, Invalid, NotFound, StaleVersion
from chalicelib.flows.facts import facts
from chalicelib.flows.timeline import event
from chalicelib.ports import Clock, Ids
from chalicelib.settings_documents import TeamsSettings
from chalicelib.store.reactions import Reaction, look_again
from chalicelib.understanding.models import TopicsSettings

if TYPE_CHECKING:
    from chalicelib.flows.own_fields import OwnFields
    from chalicelib.flows.promising import Promising
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Write

GRACE = timedelta(minutes=2)
LONGEST_TAG = 40
ATTEMPTS = 4
RECENT = 200  # history entries of the last minutes among which one to undo is looked for


class UndoChange(Model):
    """The change to take back: the id of its entry in the timeline."""

    event: str = Field(min_length=1, max_length=64)


@dataclass(frozen=True)
class Changed:
    """A case after a change, and the entry of its history; None where nothing changed."""

    case: Case
    entry: Message | None = None


@dataclass(frozen=True)
class Casework:
    cases: CaseStore
    articles: ArticleStore
    problems: ProblemStore
    reactions: ReactionStore
    settings: SettingsStore
    promising: Promising
    own_fields: OwnFields
    clock: Clock
    ids: Ids

    def patch(self, case_id: str, version: int, given: CasePatch, by: str) -> Case:
        """The case after a change, as by `change`."""
        return self.change(case_id, version, given, by).case

    def change(self, case_id: str, version: int, given: CasePatch, by: str) -> Changed:
        """The case after a change; as it was where the patch changes nothing.

        Raises NotFound, StaleVersion with the newest state, Conflict for a forbidden step, Invalid
        for a topic that is not defined, an article that does not exist, a value that does not fit
        its field, or a case that lacks what it must have before it is resolved.
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
        if given.fields:
            given = given.model_copy(update={"fields": self.own_fields.checked(case, given.fields)})
        given = _cleaned(given)
        changed = for_members(self.settings, given, rules.apply(case, given, self.clock(), by))
        if not changed.changes:
            return Changed(case)
        if changed.case.status == CaseStatus.RESOLVED != case.status:
            self.own_fields.complete(changed.case)
        return self.store(case, changed, "changed", by)

    def undo(self, case_id: str, entry_id: str, by: str) -> Changed:
        """The case without that change of the last ten minutes, whoever made it; its entry stays.

        Raises NotFound, Invalid, Conflict (somebody changed the same since, or too long ago),
        Contended after lost races.
        """
        for _ in range(ATTEMPTS):
            case = self.cases.get(case_id)
            now = self.clock()
            since = iso(now - undoing.UNDO - timedelta(minutes=1))
            recent = self.cases.messages_after(case.id, since, RECENT)
            entry = next((one for one in recent if one.id == entry_id), None)
            if entry is None:
                raise NotFound("there is no such change, or it is more than ten minutes ago")
            back = undoing.undo(case, entry, now)
            changed = for_members(self.settings, CasePatch(), back)
            with suppress(StaleVersion):
                return self.store(case, changed, "undone", by)
        raise Contended(f"an undo lost {ATTEMPTS} races")

    def store(
        self,
        case: Case,
        changed: Change,
        text: str,
        by: str,
        *more: Write,
        at: datetime | None = None,
        words: Message | None = None,
    ) -> Changed:
        """Write a changed case with its history entry, what follows from it, and `more`.

        `at` is the time of the entry where that is not the change's own, `words` a note that says
        why. Raises StaleVersion.
        """
        now = changed.case.updated_at
        after = self.promising.changed(case, changed.case, now)
        before = undoing.before(case, changed.changes)
        entry = event(after, self.ids.new(), at or now, text, changed.changes, by, before)
        writes = [self.cases.new_message(entry), *more]
        writes += facts(self.cases, self.reactions, after, entry, now, words)
        if changed.changes.keys() & {"topic", "spam", "team", "priority", "article"}:
            data = {"event": self.cases.message_sk(entry)}  # of which the machine learns
            count = Reaction(owner=f"CASE#{case.id}", kind="count", id=self.ids.new(), data=data)
            writes.append(self.reactions.new(count, now + GRACE))
        else:
            writes += self.promising.outcome(case, after, now)
        if changed.changes.keys() & {"topic", "spam", "problem_id"}:
            was = {"was": case.problem_id or ""}
            relate = Reaction(owner=f"CASE#{case.id}", kind="relate", id=self.ids.new(), data=was)
            writes.append(self.reactions.new(relate, now + GRACE))
        reopened = case.status not in rules.UNSOLVED and after.status in rules.UNSOLVED
        asked = {name.partition(".")[0] for name in changed.changes}  # for, by rules of routing
        if reopened or asked & {"topic", "team", "priority", "fields"}:
            look = look_again(f"CASE#{case.id}", entry.id, "changed")
            writes.append(self.reactions.new(look, now + GRACE))
        self.cases.save(after, *writes)
        return Changed(after, entry)

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
