"""An article that surely answers a mail goes along with its acknowledgement, where that is set.

It is marked as found by a machine, and a person still answers. The link beside it opens a page
that does nothing; its button says that the matter is solved, and then nobody has to look into it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.access.rules import Signer
from chalicelib.base import Model
from chalicelib.cases.models import Case, Message
from chalicelib.errors import Forbidden, NotFound
from chalicelib.flows.learning import text_of
from chalicelib.knowledge.models import (
    Asker,
    HelpSettings,
    QuestionSession,
    QuestionState,
    Turn,
)
from chalicelib.knowledge.phrases import IN_MAIL, phrase
from chalicelib.ports import Clock
from chalicelib.store.table import Write
from chalicelib.understanding.language import identify_language
from chalicelib.understanding.pii import redact

if TYPE_CHECKING:
    from chalicelib.flows.finding import Finding
    from chalicelib.flows.outcomes import Outcomes
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.questions import QuestionStore
    from chalicelib.store.settings import SettingsStore

READ = 2_000  # characters of a message that are taken as the question
PURPOSE = "solved"
WRONG = "this link is not valid"


class Offer(Model):
    """What is added to the acknowledgement, and the conversation that begins with it."""

    text: str
    session: QuestionSession


class Offered(Model):
    """What the page behind the link shows."""

    title: str
    language: str
    solved: bool


@dataclass(frozen=True)
class Offering:
    finding: Finding
    questions: QuestionStore
    articles: ArticleStore
    outcomes: Outcomes
    settings: SettingsStore
    signer: Callable[[], Signer]
    public_url: Callable[[], str]
    clock: Clock

    def offer(self, case: Case, first: Message) -> Offer | None:
        """The article for a case that has just been opened; None where none surely answers it."""
        wanted = self.settings.read("help", HelpSettings)
        if not wanted.answer_mail:
            return None
        text = redact(text_of(first)[:READ]).text
        language = case.language or identify_language(text).code
        found = self.finding.plainly(text, language, wanted.mail_confidence)
        if found is None:
            return None
        article, passage = found
        link = f"{self.public_url()}/s/{self._token(case.id)}"
        said = phrase(IN_MAIL, language, title=article.title, passage=passage, link=link)
        now = self.clock()
        session = QuestionSession(
            id=_name(case.id),
            state=QuestionState.ANSWERED,
            language=language,
            turns=(Turn(question=text, reply=passage),),
            asker=Asker.MAIL,
            article=article.slug,
            shown=(article.slug,),
            reference=case.reference,
            case_id=case.id,
            created_at=now,
            updated_at=now,
        )
        return Offer(text=said, session=session)

    def writes(self, offer: Offer) -> list[Write]:
        """What is stored with the acknowledgement that carries the offer."""
        return self.questions.writes(None, offer.session)

    def look(self, token: str) -> Offered:
        """What the link is about; changes nothing. Raises Forbidden."""
        session = self._session(token)
        article = self.articles.get(session.article or "")
        text = article.texts.get(session.language) or next(iter(article.texts.values()))
        return Offered(title=text.title, language=session.language, solved=bool(session.solved))

    def solved(self, token: str) -> Offered:
        """The customer says that the article solved it: the case ends. Raises Forbidden."""
        session = self._session(token)
        if not session.solved:
            self.outcomes.said(session, True)
        return self.look(token)

    def _session(self, token: str) -> QuestionSession:
        case_id, _, word = token.partition("-")
        if not self.signer().holds(PURPOSE, case_id, word, 20):
            raise Forbidden(WRONG)
        try:
            return self.questions.get(_name(case_id))
        except NotFound as error:
            raise Forbidden(WRONG) from error

    def _token(self, case_id: str) -> str:
        return f"{case_id}-{self.signer().word(PURPOSE, case_id, 20)}"


def _name(case_id: str) -> str:
    return f"mail-{case_id}"
