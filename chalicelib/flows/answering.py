"""The help centre answers by itself what an article answers; what none does goes to a person.

What is said is a passage of a published article (flows/finding.py). Where two articles are too
close to call, or one is only near, one question is asked back, once a conversation. Everything
else is handed over as a case that carries the whole conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from chalicelib.access.rules import Signer
from chalicelib.base import Model
from chalicelib.channels.settings import ChannelSettings
from chalicelib.errors import Conflict, NotFound
from chalicelib.flows.finding import Answer, ArticleLink
from chalicelib.flows.helpdesk import HelpForm, Submitted
from chalicelib.knowledge.deciding import Kind
from chalicelib.knowledge.models import Asker, QuestionSession, QuestionState, Turn
from chalicelib.knowledge.phrases import HANDED, HANDOVER, KNOWN, SOLVED, phrase
from chalicelib.ports import Clock, Ids
from chalicelib.understanding.pii import redact

if TYPE_CHECKING:
    from chalicelib.flows.deciding import Deciding
    from chalicelib.flows.finding import Finding
    from chalicelib.flows.helpdesk import Helpdesk
    from chalicelib.flows.issues import Issues
    from chalicelib.flows.outcomes import Outcomes
    from chalicelib.store.questions import QuestionStore
    from chalicelib.store.rates import RateStore
    from chalicelib.store.settings import SettingsStore

MOST_TURNS = 12
PER_FORM = 10  # questions that somebody may ask for each form that they may send


class Contact(Model):
    """How a person can answer."""

    name: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=32)


class Asked(Contact):
    """A question. With `session` it goes on; with an address it is handed over in the same step
    where nothing answers it."""

    question: str = Field(min_length=1, max_length=2_000, pattern=r"\S")
    session: str | None = Field(default=None, min_length=1, max_length=64)
    language: str | None = Field(default=None, pattern=r"^[a-z]{2}$")


class HandoverInput(Contact):
    """Where the answer goes, and what else to say."""

    text: str = Field(default="", max_length=10_000)

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if not (self.email or self.phone):
            raise ValueError("give an e-mail address or a phone number, so that we can answer")
        return self


class OutcomeInput(Model):
    """Did this solve it?"""

    solved: bool
    comment: str = Field(default="", max_length=2_000)


class CitedIssue(Model):
    """A known issue that the question may be about; `link` leads to its page."""

    id: str
    title: str
    workaround: str
    link: str


class Replied(Model):
    """What the help centre says. `text` is for the customer. Of an answer `passage` is the
    article's own words and `confirm` asks whether it solved the matter; `note` says that the
    article is in another language; `citations` are what a model worded the text from."""

    session: str
    kind: Kind
    text: str
    passage: str | None = None
    article: ArticleLink | None = None
    options: tuple[ArticleLink, ...] = ()
    citations: tuple[ArticleLink, ...] = ()
    issues: tuple[CitedIssue, ...] = ()
    note: str = ""
    confirm: str = ""
    case: Submitted | None = None


class Outcome(Model):
    session: str
    state: QuestionState
    solved: bool | None
    reference: str | None


@dataclass(frozen=True)
class Answering:
    finding: Finding
    questions: QuestionStore
    outcomes: Outcomes
    helpdesk: Callable[[], Helpdesk]
    issues: Issues
    deciding: Deciding
    rates: RateStore
    settings: SettingsStore
    signer: Callable[[], Signer]
    clock: Clock
    ids: Ids

    def ask(self, given: Asked, caller: str, visitor: str) -> Replied:
        """Answer, ask back, or hand over. `caller` is who may ask so often, `visitor` tells apart
        who asks (both are kept as digests only). Raises TooMany, NotFound for a foreign session,
        Conflict for one that has been handed over."""
        self.allow("question", caller)
        before = self._session(given.session) if given.session else None
        question = redact(given.question.strip()).text
        session = before or self._new(visitor)
        language = given.language or self.finding.language(question, session.language)
        answer = self.finding.picked(session.offered, question, language) or self.finding.answer(
            readings(session, question), language, session.state != QuestionState.CLARIFYING
        )
        reply = self._with_issues(_reply(session.id, answer, language), question, language)
        after = self._next(session, turn(session, question, language, answer, reply.text))
        self.questions.keep(before, after)
        if reply.kind == Kind.HANDOVER and (given.email or given.phone):
            contact = given.model_dump(include={"name", "email", "phone"})
            return self.hand_over(session.id, HandoverInput(**contact), caller, visitor)
        return reply

    def _with_issues(self, reply: Replied, question: str, language: str) -> Replied:
        """What is known to be broken is said first, whatever else answers the question."""
        if not self.issues.known():
            return reply
        topic = self.deciding.scorer().decide(question, language).label or ""
        known = self.issues.about(question, topic)
        said = [
            phrase(KNOWN, language, title=one.title, workaround=one.workaround).strip()
            for one in known
        ]
        cited = tuple(
            CitedIssue(
                id=one.id, title=one.title, workaround=one.workaround, link=f"issues/{one.id}"
            )
            for one in known
        )
        text = "\n\n".join((*said, reply.text))
        return reply.model_copy(update={"text": text, "issues": cited})

    def hand_over(
        self, session_id: str, given: HandoverInput, caller: str, visitor: str
    ) -> Replied:
        """Open a case with the whole conversation in it; the same again gives the same case."""
        session = self._asked(session_id)
        self.follow_up(visitor, besides=session.id)
        form = HelpForm(
            name=given.name,
            email=given.email,
            phone=given.phone,
            subject=session.turns[0].question[:200],
            text=_transcript(session, given.text),
        )
        case = self.helpdesk().submit(form, f"question {session.id}", caller)
        if session.reference != case.reference:
            fields = {"state": QuestionState.HANDED_OVER, "reference": case.reference}
            self.questions.keep(session, self._next(session, fields))
        said = phrase(HANDED, session.language, reference=case.reference)
        return Replied(session=session.id, kind=Kind.HANDOVER, text=said, case=case)

    def outcome(self, session_id: str, given: OutcomeInput) -> Outcome:
        """Keep the customer's word, for the session and for its article; raises NotFound."""
        session = self._asked(session_id)
        if session.solved != given.solved:
            session = self.outcomes.said(session, given.solved, given.comment)
        return Outcome(
            session=session.id,
            state=session.state,
            solved=session.solved,
            reference=session.reference,
        )

    def follow_up(self, visitor: str, besides: str = "") -> None:
        """Somebody writes to us: what they asked within three days was not deflected.

        It is noted before their message is taken in, so that a crash errs against us.
        """
        for session in self.questions.asked_lately(self.digest(visitor), self.clock()):
            if session.followed or session.id == besides:
                continue
            try:
                self.questions.keep(session, self._next(session, {"followed": True}))
            except Conflict:
                continue  # they are just answering in it: it is counted by what they say

    def allow(self, what: str, caller: str) -> None:
        """Raises TooMany; the caller's address is kept as a keyed digest only."""
        most = PER_FORM * self.settings.read("channels", ChannelSettings).form_posts_per_hour
        self.rates.count(what, self.signer().word("caller", caller), most, self.clock())

    def digest(self, visitor: str) -> str:
        """A keyed digest of who asks, "" where nothing tells them apart."""
        return self.signer().word("visitor", visitor) if visitor else ""

    # --- the session ---------------------------------------------------------------------

    def _new(self, visitor: str) -> QuestionSession:
        now = self.clock()
        return QuestionSession(
            id=self.ids.new(),
            state=QuestionState.UNANSWERED,
            language="",
            turns=(),
            caller=self.digest(visitor),
            created_at=now,
            updated_at=now,
            version=0,
        )

    def _asked(self, session_id: str) -> QuestionSession:
        session = self.questions.get(session_id)
        if session.asker != Asker.HELP:  # chats and mails have links of their own
            raise NotFound("there is no such conversation")
        return session

    def _session(self, session_id: str) -> QuestionSession:
        session = self._asked(session_id)
        if session.state == QuestionState.HANDED_OVER:
            raise Conflict("this conversation is with a person now")
        if len(session.turns) >= MOST_TURNS:
            raise Conflict("this conversation is at its end; begin another, or hand it over")
        return session

    def _next(self, session: QuestionSession, fields: Mapping[str, object]) -> QuestionSession:
        more = {"updated_at": self.clock(), "version": session.version + 1}
        return session.model_copy(update={**fields, **more})


def readings(session: QuestionSession, question: str) -> tuple[str, ...]:
    """How a question may be meant: an answer to ours goes with what was said before; anything else
    stands alone first."""
    if not session.turns:
        return (question,)
    together = "\n".join([*(turn.question for turn in session.turns[-2:]), question])
    if session.state == QuestionState.CLARIFYING:
        return together, question
    return question, together


def turn(
    session: QuestionSession, question: str, language: str, answer: Answer, said: str
) -> dict[str, object]:
    """What one more question and answer change in a session."""
    state = {
        Kind.ANSWER: QuestionState.ANSWERED,
        Kind.CLARIFY: QuestionState.CLARIFYING,
        Kind.HANDOVER: QuestionState.UNANSWERED,
    }[answer.kind]
    article = answer.article.slug if answer.article else None
    return {
        "state": state,
        "language": language,
        "turns": (*session.turns, Turn(question=question, reply=said)),
        "article": article or session.article,
        "shown": tuple(dict.fromkeys((*session.shown, *([article] if article else ())))),
        "offered": tuple(option.slug for option in answer.options),
        "solved": None if article else session.solved,
        "tokens_in": session.tokens_in + answer.tokens_in,
        "tokens_out": session.tokens_out + answer.tokens_out,
    }


def _reply(session: str, answer: Answer, language: str) -> Replied:
    answered = answer.kind == Kind.ANSWER
    fields = answer.model_dump(exclude={"tokens_in", "tokens_out", "text"})
    return Replied(
        session=session,
        text=answer.text or phrase(HANDOVER, language),
        confirm=phrase(SOLVED, language) if answered else "",
        **fields,
    )


def _transcript(session: QuestionSession, more: str) -> str:
    """The conversation as the case begins with it."""
    return "\n\n".join(_lines(session, more))


def _lines(session: QuestionSession, more: str) -> Iterable[str]:
    if more.strip():
        yield more.strip()
    for each in session.turns:
        yield f"> {each.question}"
        yield f"[help centre] {each.reply}"
