"""The help centre answers by itself what an article answers; what none does goes to a person.

What is said is a passage of a published article, word for word. Where two articles are too close to
call, or one is only near, one question is asked back, once a conversation. Everything else is
handed over as a case that carries the whole conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from chalicelib.access.rules import Signer
from chalicelib.base import Instant, Model
from chalicelib.channels.settings import ChannelSettings
from chalicelib.errors import Conflict
from chalicelib.flows.helpdesk import HelpForm, Submitted
from chalicelib.flows.library import ARTICLE_WORDS, embed
from chalicelib.knowledge import deciding, rules
from chalicelib.knowledge.deciding import Decision, Kind
from chalicelib.knowledge.models import (
    Article,
    ArticleState,
    ArticleText,
    QuestionSession,
    QuestionState,
    Turn,
    Vote,
)
from chalicelib.knowledge.search import Found
from chalicelib.knowledge.stemming import terms
from chalicelib.ports import Clock, Ids
from chalicelib.store.articles import ARTICLES
from chalicelib.understanding.language import identify_language
from chalicelib.understanding.models import UNKNOWN_LANGUAGE
from chalicelib.understanding.pii import redact

if TYPE_CHECKING:
    from chalicelib.flows.helpdesk import Helpdesk
    from chalicelib.flows.library import Library
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.rates import RateStore
    from chalicelib.store.settings import SettingsStore

MOST_TURNS = 12
PER_FORM = 10  # questions that somebody may ask for each form that they may send
SAME_LANGUAGE = 0.1  # what an article in the asker's language is ahead
LISTED = 500  # unanswered questions that are grouped


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


class ArticleLink(Model):
    slug: str
    title: str
    language: str


class Replied(Model):
    """What the help centre says. `text` is for the customer; of an answer it is `passage`, word
    for word from `article`."""

    session: str
    kind: Kind
    text: str
    passage: str | None = None
    article: ArticleLink | None = None
    options: tuple[ArticleLink, ...] = ()
    case: Submitted | None = None


class Outcome(Model):
    session: str
    state: QuestionState
    solved: bool | None
    reference: str | None


class MissingArticle(Model):
    """Questions that ask the same and that no article answers."""

    question: str
    count: int
    language: str
    examples: tuple[str, ...]
    newest_at: Instant


@dataclass(frozen=True)
class Answering:
    library: Library
    articles: ArticleStore
    helpdesk: Callable[[], Helpdesk]
    rates: RateStore
    settings: SettingsStore
    signer: Callable[[], Signer]
    clock: Clock
    ids: Ids

    def ask(self, given: Asked, caller: str) -> Replied:
        """Answer, ask back, or hand over; raises TooMany, NotFound for a foreign session,
        Conflict for one that has been handed over."""
        self.allow("question", caller)
        before = self._session(given)
        question = redact(given.question.strip()).text
        text = f"{before.asked}\n{question}" if before.turns else question
        language = self._language(given, before, text)
        may_ask = before.state != QuestionState.CLARIFYING
        found = self._found(text, language)
        decision = deciding.decide(found, may_ask)
        if decision.kind == Kind.HANDOVER and before.turns:  # perhaps it is another question
            decision = deciding.decide(self._found(question, language), may_ask=False)
        reply = self._reply(before.id, decision, text, language)
        session = self._kept(before, question, language, reply)
        if reply.kind == Kind.HANDOVER and (given.email or given.phone):
            contact = given.model_dump(include={"name", "email", "phone"})
            return self.hand_over(session.id, HandoverInput(**contact), caller)
        return reply

    def hand_over(self, session_id: str, given: HandoverInput, caller: str) -> Replied:
        """Open a case with the whole conversation in it; the same again gives the same case."""
        session = self.articles.question(session_id)
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
            self.articles.keep_question(self._next(session, fields))
        said = deciding.phrase(deciding.HANDED, session.language, reference=case.reference)
        return Replied(session=session.id, kind=Kind.HANDOVER, text=said, case=case)

    def outcome(self, session_id: str, given: OutcomeInput) -> Outcome:
        """Keep the customer's word, for the session and for its article; raises NotFound."""
        session = self.articles.question(session_id)
        if session.solved != given.solved:
            if session.article:
                vote = Vote(helpful=given.solved, comment=given.comment.strip(), at=self.clock())
                self.articles.vote(session.article, vote, session.id)
            session = self._next(session, {"solved": given.solved})
            self.articles.keep_question(session)
        return Outcome(
            session=session.id,
            state=session.state,
            solved=session.solved,
            reference=session.reference,
        )

    def missing(self, limit: int) -> list[MissingArticle]:
        """What customers ask and no article answers, most asked first."""
        sessions = self.articles.unanswered(LISTED)
        asked = [session.turns[0].question for session in sessions]
        read = [
            (frozenset(terms(text, s.language)), embed(text, s.language))
            for text, s in zip(asked, sessions, strict=True)
        ]
        return [
            MissingArticle(
                question=asked[group[0]],
                count=len(group),
                language=sessions[group[0]].language,
                examples=tuple(dict.fromkeys(asked[n] for n in group))[:5],
                newest_at=max(sessions[n].created_at for n in group),
            )
            for group in rules.groups(read)[:limit]
        ]

    def allow(self, what: str, caller: str) -> None:
        """Raises TooMany; the caller's address is kept as a keyed digest only."""
        most = PER_FORM * self.settings.read("channels", ChannelSettings).form_posts_per_hour
        self.rates.count(what, self.signer().word("caller", caller), most, self.clock())

    # --- finding -------------------------------------------------------------------------

    def _found(self, text: str, language: str) -> list[Found]:
        """The best of each article, those in the asker's language a little ahead."""
        hits = self.library.find(ARTICLES, text, language, 12, words_weight=ARTICLE_WORDS)
        ahead = [
            hit._replace(score=hit.score + SAME_LANGUAGE * hit.key.endswith(f"#{language}"))
            for hit in hits
        ]
        ahead.sort(key=lambda hit: -hit.score)
        best: dict[str, Found] = {}
        for hit in ahead:
            best.setdefault(hit.key.partition("#")[0], hit)
        return list(best.values())

    def _reply(self, session: str, decision: Decision, text: str, language: str) -> Replied:
        known = self.articles.some(key.partition("#")[0] for key in decision.keys)
        shown = [
            _link(known[slug], key.partition("#")[2], language)
            for key in decision.keys
            if (slug := key.partition("#")[0]) in known
            and known[slug].state == ArticleState.PUBLISHED
        ]
        if decision.kind == Kind.ANSWER and shown:
            link, article_text = shown[0]
            said = rules.passage(article_text, text, link.language)
            return Replied(session=session, kind=Kind.ANSWER, text=said, passage=said, article=link)
        if decision.kind == Kind.CLARIFY and shown:
            options = tuple(link for link, _ in shown)
            titles = " · ".join(f"“{option.title}”" for option in options)
            asked = deciding.phrase(deciding.CLARIFY, language, titles=titles)
            return Replied(session=session, kind=Kind.CLARIFY, text=asked, options=options)
        said = deciding.phrase(deciding.HANDOVER, language)
        return Replied(session=session, kind=Kind.HANDOVER, text=said)

    def _language(self, given: Asked, before: QuestionSession, text: str) -> str:
        if given.language:
            return given.language
        code = identify_language(text).code
        return before.language or "en" if code == UNKNOWN_LANGUAGE else code

    # --- the session ---------------------------------------------------------------------

    def _session(self, given: Asked) -> QuestionSession:
        if given.session is None:
            now = self.clock()
            return QuestionSession(
                id=self.ids.new(),
                state=QuestionState.UNANSWERED,
                language="",
                turns=(),
                created_at=now,
                updated_at=now,
                version=0,
            )
        session = self.articles.question(given.session)
        if session.state == QuestionState.HANDED_OVER:
            raise Conflict("this conversation is with a person now")
        if len(session.turns) >= MOST_TURNS:
            raise Conflict("this conversation is at its end; begin another, or hand it over")
        return session

    def _kept(
        self, before: QuestionSession, question: str, language: str, reply: Replied
    ) -> QuestionSession:
        state = {
            Kind.ANSWER: QuestionState.ANSWERED,
            Kind.CLARIFY: QuestionState.CLARIFYING,
            Kind.HANDOVER: QuestionState.UNANSWERED,
        }[reply.kind]
        fields: dict[str, object] = {
            "state": state,
            "language": language,
            "turns": (*before.turns, Turn(question=question, reply=reply.text)),
            "article": reply.article.slug if reply.article else before.article,
        }
        session = self._next(before, fields)
        self.articles.keep_question(session)
        return session

    def _next(self, session: QuestionSession, fields: Mapping[str, object]) -> QuestionSession:
        more = {"updated_at": self.clock(), "version": session.version + 1}
        return session.model_copy(update={**fields, **more})


def _link(article: Article, found_in: str, language: str) -> tuple[ArticleLink, ArticleText]:
    """The article in the reader's language, else in the one in which it was found."""
    shown = language if language in article.texts else found_in
    shown = shown if shown in article.texts else rules.best_language(article, language)
    text = article.texts[shown]
    return ArticleLink(slug=article.slug, title=text.title, language=shown), text


def _transcript(session: QuestionSession, more: str) -> str:
    """The conversation as the case begins with it."""
    return "\n\n".join(_lines(session, more))


def _lines(session: QuestionSession, more: str) -> Iterable[str]:
    if more.strip():
        yield more.strip()
    for turn in session.turns:
        yield f"> {turn.question}"
        yield f"[help centre] {turn.reply}"
