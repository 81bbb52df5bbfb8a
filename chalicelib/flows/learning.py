"""What a person corrects is kept as an example: the words, without personal data, and who and when.

It is read from the history entry of the correction; the same entry gives the same examples, however
often it is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.cases import rules
from chalicelib.cases.models import AuthorType, Case, Direction, Message, MessageKind
from chalicelib.store.reactions import Reaction
from chalicelib.understanding.lessons import LONGEST_TEXT, Lesson, LessonKind
from chalicelib.understanding.models import UNKNOWN_LANGUAGE
from chalicelib.understanding.pii import redact

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.lessons import LessonStore

EVENT = "event"  # of a reaction's data: the history entry of what a person changed
FIRST = 10  # entries of a timeline among which the customer's first words are


@dataclass(frozen=True)
class Learning:
    cases: CaseStore
    lessons: LessonStore

    def learn(self, reaction: Reaction) -> None:
        """Keep what this change teaches; nothing where no person made it."""
        if EVENT not in reaction.data:
            return
        case = self.cases.get(reaction.case_id)
        entry = self.cases.message(case.id, reaction.data[EVENT])
        text = self.words(case)
        if entry.author.type is not AuthorType.AGENT or not text:
            return
        for kind in LessonKind:
            before, label = entry.changes.get(kind, ("", ""))
            if label:
                self.lessons.add(_lesson(case, entry, kind, before, label, text))

    def words(self, case: Case) -> str:
        """What the customer wrote first, as it is learnt from; "" where they wrote nothing."""
        for message in self.cases.messages_after(case.id, "", FIRST):
            if message.direction is Direction.INBOUND and message.kind is MessageKind.MESSAGE:
                return redact(text_of(message)[: 2 * LONGEST_TEXT]).text[:LONGEST_TEXT]
        return ""


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
        language=case.language or UNKNOWN_LANGUAGE,
        customer_id=case.customer_id,
        case_id=case.id,
        by=entry.author.id,
        at=entry.created_at,
    )
