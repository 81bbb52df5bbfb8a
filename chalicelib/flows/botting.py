"""The bot answers in the chat first: a passage with its article, one question back, or a person.

1. A message of a customer is stored together with a reaction, and the bot reacts to that.
2. It is silent where a person has answered, was asked for, or where there is no article at all.
3. What it says, what became of the question, and the end of the reaction are one transaction; a
   second delivery finds the reaction gone, so it never says a thing twice.
4. Where it does not know, the same case goes to a person, who sees all that was said and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.cases import rules
from chalicelib.cases.models import Case, CaseStatus, Message
from chalicelib.channels.settings import ChannelSettings
from chalicelib.errors import Contended, NotFound
from chalicelib.flows.answering import MOST_TURNS, readings, turn
from chalicelib.flows.finding import Answer
from chalicelib.flows.outcomes import handed, heard, may_answer
from chalicelib.flows.outlets import session_id
from chalicelib.knowledge import intents
from chalicelib.knowledge.deciding import Kind
from chalicelib.knowledge.models import Asker, QuestionSession, QuestionState
from chalicelib.knowledge.phrases import GREETING, NO, SOLVED, YES, phrase
from chalicelib.ports import Clock
from chalicelib.store.reactions import Reaction
from chalicelib.store.table import Write, WriteRefused
from chalicelib.understanding.pii import redact

if TYPE_CHECKING:
    from chalicelib.flows.finding import Finding
    from chalicelib.flows.outcomes import Outcomes
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.chats import ChatStore
    from chalicelib.store.questions import QuestionStore
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

ATTEMPTS = 5
READ = 2_000  # characters of a message that are taken as the question
ASKED_FOR = "the customer asked for a person"
NOTHING = "no article answers it"
AT_END = "the conversation became long"


@dataclass(frozen=True)
class Botting:
    table: Table
    cases: CaseStore
    chats: ChatStore
    questions: QuestionStore
    reactions: ReactionStore
    settings: SettingsStore
    finding: Finding
    outcomes: Outcomes
    clock: Clock

    def answer(self, reaction: Reaction) -> None:
        """Answer one chat message, or leave it to a person; raises Contended after lost races."""
        for _ in range(ATTEMPTS):
            if not self.reactions.exists(reaction):
                return
            try:
                self._answer(reaction)
            except WriteRefused as refused:
                if "done" in refused.names:
                    return  # somebody was faster
            except Contended:
                continue  # triage, or the next message of the customer
            else:
                return
        raise Contended(f"an answer in a chat lost {ATTEMPTS} races")

    def _answer(self, reaction: Reaction) -> None:
        done = self.reactions.done(reaction)
        message = self.cases.message(reaction.case_id, reaction.data["message"])
        case = self.cases.get(reaction.case_id)
        settings = self.settings.read("channels", ChannelSettings)
        if not settings.chat.bot or not may_answer(case) or not self.finding.is_there_any():
            self.table.commit(done)
            return
        before = self.questions.find(name_of(case))
        if before and before.state == QuestionState.HANDED_OVER:
            self.table.commit(done)
            return
        session = before or self._new(case)
        text = redact(message.text.strip()[:READ]).text
        language = self.finding.language(text, session.language or case.language or "")
        session = session.model_copy(update={"language": language})
        self._react(case, before, session, text, message, done)

    def _react(
        self,
        case: Case,
        before: QuestionSession | None,
        session: QuestionSession,
        text: str,
        message: Message,
        done: Write,
    ) -> None:
        now = self.clock()
        word = intents.said_whether(text)
        refused = text.casefold() in {no.casefold() for no in NO.values()}
        if before and session.state == QuestionState.ANSWERED and (word is not None or refused):
            self.outcomes.said(before, bool(word) and not refused, "", done)
            return
        if intents.wants_person(text):
            self._to_person(case, before, session, ASKED_FOR, message, done)
            return
        if before is None and intents.only_greets(text, session.language):
            said = phrase(GREETING, session.language)
            self._say(case, said, message, now, {}, CaseStatus.PENDING, done)
            return
        if len(session.turns) >= MOST_TURNS:
            self._to_person(case, before, session, AT_END, message, done)
            return
        answer = self._found(session, text)
        said = answer.text
        after = self._next(session, turn(session, text, session.language, answer, said), before)
        if answer.kind == Kind.HANDOVER:
            self._to_person(case, before, after, NOTHING, message, done)
            return
        if answer.kind == Kind.ANSWER:
            said = f"{said}\n\n{phrase(SOLVED, session.language)}"
        more = _source(answer, session.language)
        writes = self.questions.writes(before, after)
        self._say(case, said, message, now, more, CaseStatus.PENDING, done, *writes)

    def _found(self, session: QuestionSession, text: str) -> Answer:
        language = session.language
        picked = self.finding.picked(session.offered, text, language)
        may_ask = session.state != QuestionState.CLARIFYING
        return picked or self.finding.answer(readings(session, text), language, may_ask)

    def _say(
        self,
        case: Case,
        text: str,
        asked: Message,
        now: datetime,
        more: dict[str, str],
        status: CaseStatus,
        *writes: Write,
    ) -> None:
        """The bot's turn. The case then waits for its customer, and for no agent."""
        message = self.outcomes.bot_message(case, text, asked.id, now, more)
        moved = heard(rules.move(case, status, now), message)
        moved = self.outcomes.promising.moved(case, moved, now)
        self.table.commit(
            self.cases.change(rules.touch(moved, now)),
            self.cases.new_message(message),
            *self.outcomes.replying.to_send(message),
            *writes,
        )

    def _to_person(
        self,
        case: Case,
        before: QuestionSession | None,
        session: QuestionSession,
        why: str,
        asked: Message,
        done: Write,
    ) -> None:
        now = self.clock()
        after = self._next(session, {}, before)
        after = handed(after, why, case.reference)
        self.table.commit(
            done,
            *self.questions.writes(before, after),
            *self.outcomes.to_person(case, after, now, asked.id),
        )

    # --- the session ---------------------------------------------------------------------

    def _new(self, case: Case) -> QuestionSession:
        now = self.clock()
        chat = self.chats.get(session_id(case.reply_to))
        if chat is None:
            raise NotFound("there is no such chat")
        return QuestionSession(
            id=name_of(case),
            state=QuestionState.UNANSWERED,
            language=chat.language[:2].lower(),
            turns=(),
            asker=Asker.CHAT,
            case_id=case.id,
            reference=case.reference,
            caller=chat.caller,
            created_at=now,
            updated_at=now,
            version=0,
        )

    def _next(
        self,
        session: QuestionSession,
        fields: dict[str, object],
        before: QuestionSession | None,
    ) -> QuestionSession:
        version = (before.version if before else 0) + 1
        return session.model_copy(update={**fields, "updated_at": self.clock(), "version": version})


def name_of(case: Case) -> str:
    """The id of the conversation that the bot has in a case."""
    return f"chat-{case.id}"


def _source(answer: Answer, language: str) -> dict[str, str]:
    """What the chat shows with a message: its article, and what can be tapped."""
    if answer.kind == Kind.CLARIFY:
        return {"quick": "\n".join(option.title for option in answer.options)}
    assert answer.article is not None
    return {
        "article": answer.article.slug,
        "article_title": answer.article.title,
        "quick": "\n".join((phrase(YES, language), phrase(NO, language))),
    }
