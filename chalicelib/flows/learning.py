"""What a person corrects is kept as an example: the words, without personal data, and who and when.

It is read from the history entry of the correction; the same entry gives the same examples, however
often it is read. Our own rules take personal data out of it in any case; Comprehend looks for names
and addresses besides, where the settings say so. Where it does not answer, the rules alone have to
do, and the lesson says that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.cases import rules
from chalicelib.cases.models import AuthorType, Case, Direction, Message, MessageKind
from chalicelib.ports import Clock, Comprehend
from chalicelib.store.reactions import Reaction
from chalicelib.understanding.costs import Paid, PaidKind, paid
from chalicelib.understanding.engines import COMPREHEND, EnginesSettings
from chalicelib.understanding.lessons import LONGEST_TEXT, Lesson, LessonKind
from chalicelib.understanding.models import UNKNOWN_LANGUAGE
from chalicelib.understanding.pii import PII_LANGUAGES, blanked, redact

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.costs import CostStore
    from chalicelib.store.lessons import LessonStore
    from chalicelib.store.settings import SettingsStore

EVENT = "event"  # of a reaction's data: the history entry of what a person changed
FIRST = 10  # entries of a timeline among which the customer's first words are


class _Redacted(NamedTuple):
    text: str
    by: str
    paid: tuple[Paid, ...] = ()


@dataclass(frozen=True)
class Learning:
    cases: CaseStore
    lessons: LessonStore
    settings: SettingsStore
    costs: CostStore
    comprehend: Callable[[], Comprehend]
    clock: Clock

    def learn(self, reaction: Reaction) -> None:
        """Keep what this change teaches; nothing where no person made it."""
        if EVENT not in reaction.data:
            return
        case = self.cases.get(reaction.case_id)
        entry = self.cases.message(case.id, reaction.data[EVENT])
        text = self.words(case)
        if entry.author.type is not AuthorType.AGENT or not text:
            return
        found = [
            _lesson(case, entry, kind, before, label, text)
            for kind in LessonKind
            for before, label in [entry.changes.get(kind, ("", ""))]
            if label
        ]
        if not found or self.lessons.has(found[0]):
            return  # learnt before: pay for nothing again
        redacted = self._redacted(text, case.language or UNKNOWN_LANGUAGE)
        update = {"text": redacted.text, "redacted_by": redacted.by}
        lessons = [lesson.model_copy(update=update) for lesson in found]
        spent = self.costs.add(redacted.paid, self.clock(), entry.id)
        self.lessons.add(*lessons, writes=spent)

    def words(self, case: Case) -> str:
        """What the customer wrote first, as it is learnt from; "" where they wrote nothing."""
        for message in self.cases.messages_after(case.id, "", FIRST):
            if message.direction is Direction.INBOUND and message.kind is MessageKind.MESSAGE:
                return redact(text_of(message)[: 2 * LONGEST_TEXT]).text[:LONGEST_TEXT]
        return ""

    def _redacted(self, text: str, language: str) -> _Redacted:
        wanted = self.settings.read("engines", EnginesSettings).pii
        if not wanted or language not in PII_LANGUAGES:
            return _Redacted(text, "rules")
        try:
            spans = self.comprehend().personal_data(text, language)
        except Exception:  # the rules have been over it; a correction is not lost for this
            return _Redacted(text, "rules")
        return _Redacted(blanked(text, spans), COMPREHEND, (paid(PaidKind.PII, text),))


def text_of(message: Message) -> str:
    """The words that a topic is decided by."""
    text = f"{message.subject}\n{message.text}" if message.subject else message.text
    return rules.without_reply_mark(text)


def _lesson(
    case: Case, entry: Message, kind: LessonKind, before: str, label: str, text: str
) -> Lesson:
    return Lesson(
        id=f"{entry.id}-{kind}",
        kind=kind,
        text=text,
        label=label,
        before=before,
        topic=case.topic.label or "",
        language=case.language or UNKNOWN_LANGUAGE,
        customer_id=case.customer_id,
        case_id=case.id,
        by=entry.author.id,
        at=entry.created_at,
    )
