"""What became of an answer: a customer's or an agent's word is kept, and learnt from.

The word, the vote on the article, the counts, and what the case becomes by it are one transaction.
A solved case ends; one in a chat that was not solved goes to a person at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.cases import rules
from chalicelib.cases.models import Author, AuthorType, Case, CaseStatus, Message
from chalicelib.cases.rules import UNSOLVED
from chalicelib.channels.models import Channel
from chalicelib.channels.settings import ChannelSettings
from chalicelib.errors import Contended
from chalicelib.flows.facts import facts
from chalicelib.flows.outlets import is_session
from chalicelib.flows.timeline import event
from chalicelib.knowledge import learned
from chalicelib.knowledge.models import (
    Asker,
    HelpSettings,
    Learnt,
    QuestionSession,
    QuestionState,
    Vote,
    Wording,
)
from chalicelib.knowledge.phrases import GLAD, LEAVE_ADDRESS, PERSON_COMES, phrase
from chalicelib.ports import Clock, Ids
from chalicelib.store.keys import digest
from chalicelib.store.table import Write, WriteRefused
from chalicelib.understanding.lessons import Lesson, LessonKind
from chalicelib.understanding.models import UNKNOWN_LANGUAGE

if TYPE_CHECKING:
    from chalicelib.flows.promising import Promising
    from chalicelib.flows.replying import Replying
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.lessons import LessonStore
    from chalicelib.store.questions import QuestionStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

ATTEMPTS = 5
BEHIND = timedelta(milliseconds=1)  # an answer stands behind its question
CUSTOMER = "customer"  # whose word a lesson is, where it was no agent's
NOT_HELPED = "the customer says that the article did not help"


@dataclass(frozen=True)
class Outcomes:
    table: Table
    questions: QuestionStore
    articles: ArticleStore
    cases: CaseStore
    lessons: LessonStore
    reactions: ReactionStore
    settings: SettingsStore
    replying: Replying
    promising: Promising
    clock: Clock
    ids: Ids

    def said(
        self, session: QuestionSession, solved: bool, comment: str = "", *more: Write
    ) -> QuestionSession:
        """The session with the customer's word; `more` belongs to the same moment.

        The same word again changes nothing. Raises Conflict, Contended after lost races, and
        WriteRefused where `more` is refused.
        """
        for _ in range(ATTEMPTS):
            if session.solved == solved and not more:
                return session
            try:
                return self._said(session, solved, comment, *more)
            except WriteRefused as refused:
                if not {"case", "question", "learnt"} & set(refused.names):
                    raise
            except Contended:
                pass
            session = self.questions.get(session.id)
        raise Contended(f"an outcome lost {ATTEMPTS} races")

    def _said(
        self, session: QuestionSession, solved: bool, comment: str, *more: Write
    ) -> QuestionSession:
        now = self.clock()
        after = session.model_copy(
            update={"solved": solved, "updated_at": now, "version": session.version + 1}
        )
        writes = list(more)
        if session.article and session.solved != solved:
            vote = Vote(helpful=solved, comment=comment.strip(), at=now)
            writes += self.articles.vote_writes(session.article, vote, session.id)
        if solved:
            writes += self._wording(session, now)
            writes += self._lesson(session, now)
        if session.case_id:
            case = self.cases.final(session.case_id)
            if solved:
                writes += self.resolve(case, session, now)
            elif session.asker == Asker.CHAT and may_answer(case):
                after = handed(after, NOT_HELPED, case.reference)
                writes += self.to_person(case, after, now)
        self.table.commit(*self.questions.writes(session, after), *writes)
        return after

    # --- what the case becomes -----------------------------------------------------------

    def resolve(self, case: Case, session: QuestionSession, now: datetime) -> list[Write]:
        """The customer says that it is solved: the case ends, with what solved it."""
        if case.status not in UNSOLVED:
            return []
        moved = self.promising.moved(case, rules.move(case, CaseStatus.RESOLVED, now), now)
        reasons = {**case.reasons, "solved": f"by the article {session.article}, says the customer"}
        fields: dict[str, object] = {"reasons": reasons}
        fields["article"] = session.article or case.article
        changes = {
            "status": [str(case.status), str(CaseStatus.RESOLVED)],
            "article": [case.article or "", session.article or ""],
        }
        note = event(case, self.ids.new(), now, reasons["solved"], changes)
        writes = [self.cases.new_message(note)]
        if session.asker == Asker.CHAT and is_session(case.reply_to):
            text = phrase(GLAD, session.language)
            message = self.bot_message(case, text, f"glad {session.version}", now, {})
            moved = heard(moved, message)
            writes += [self.cases.new_message(message), *self.replying.to_send(message)]
        after = rules.touch(moved.model_copy(update=fields), now)
        writes += facts(self.cases, self.reactions, after, note, now)
        return [self.cases.change(after), *writes, *self.promising.outcome(case, after, now)]

    def to_person(
        self, case: Case, session: QuestionSession, now: datetime, about: str = ""
    ) -> list[Write]:
        """The bot hands over: told to the customer in the chat, and to the team with the reason."""
        text = phrase(PERSON_COMES, session.language)
        if not self.replying.outlets.left_address(case):
            text = f"{text} {phrase(LEAVE_ADDRESS, session.language)}"
        message = self.bot_message(case, text, about or f"person {session.version}", now, {})
        status = CaseStatus.NEW if case.status == CaseStatus.NEW else CaseStatus.OPEN
        reasons = {**case.reasons, "handover": session.why}
        moved = heard(rules.move(case, status, now), message)
        moved = self.promising.moved(case, moved.model_copy(update={"reasons": reasons}), now)
        changed = rules.touch(moved, now)
        changes = {"handover": ["bot", "person"]}
        if status != case.status:
            changes["status"] = [str(case.status), str(status)]
        note = event(case, self.ids.new(), now, f"the bot hands over: {session.why}", changes)
        return [
            self.cases.change(changed),
            self.cases.new_message(message),
            self.cases.new_message(note),
            *self.replying.to_send(message),
        ]

    def bot_message(
        self, case: Case, text: str, about: str, now: datetime, more: Mapping[str, str]
    ) -> Message:
        """What the bot says in a chat: the same for the same `about`, however often it is tried."""
        now = max(now, case.last_message_at + BEHIND)  # clocks of functions differ
        company = self.settings.read("channels", ChannelSettings).company
        author = Author(type=AuthorType.BOT, name=company)
        message = self.replying.message(case, Channel.CHAT, case.reply_to, text, author, now)
        name = digest(f"bot {case.id} {about}")[:26]
        return message.model_copy(update={"id": name, "automatic": True, "source": dict(more)})

    # --- what is learnt ------------------------------------------------------------------

    def _wording(self, session: QuestionSession, now: datetime) -> list[Write]:
        """The question becomes a wording of its article, as far as that cannot be abused."""
        if not (session.article and session.turns):
            return []
        if not self.settings.read("help", HelpSettings).learn_wordings:
            return []
        text = session.turns[-1].question[: learned.LONGEST]
        by = session.caller or session.id
        return self.wording(session.article, text, session.language, by, now)

    def _lesson(self, session: QuestionSession, now: datetime) -> list[Write]:
        """The customer's word as a labelled example, beside those of agents."""
        if not (session.article and session.turns):
            return []
        who = session.caller or session.id
        lesson = Lesson(
            id=f"{session.id}-{LessonKind.ARTICLE}",
            kind=LessonKind.ARTICLE,
            text=session.turns[-1].question,
            label=session.article,
            language=session.language or UNKNOWN_LANGUAGE,
            customer_id=self.cases.get(session.case_id).customer_id if session.case_id else who,
            case_id=session.case_id or "",
            by=CUSTOMER,
            at=now,
        )
        return [self.lessons.kept(lesson)]

    def wording(self, slug: str, text: str, language: str, by: str, now: datetime) -> list[Write]:
        """Writes that keep how somebody asked for an article; none where it may not be learnt."""
        known = self.questions.learnt([slug]).get(slug, Learnt(slug=slug))
        fresh = Wording(text=text, language=language, by=by, at=now)
        if not text.strip() or not learned.may_learn(known.wordings, fresh):
            return []
        return self.questions.learn(known, fresh)


def heard(case: Case, message: Message) -> Case:
    """The case after the bot said something. No clock stops: no person has answered."""
    return case.model_copy(
        update={
            "last_message": rules.preview(message.text),
            "last_direction": "outbound",
            "last_message_at": message.created_at,
            "message_count": case.message_count + 1,
        }
    )


def handed(session: QuestionSession, why: str, reference: str) -> QuestionSession:
    """The session once a person is to answer."""
    return session.model_copy(
        update={"state": QuestionState.HANDED_OVER, "why": why, "reference": reference}
    )


def may_answer(case: Case) -> bool:
    """Whether the bot may still speak in a case: in its own chat, and before any person has."""
    return (
        case.first_reply_at is None
        and not case.spam
        and not case.merged_into
        and case.reply_channel == Channel.CHAT
        and is_session(case.reply_to)
    )
