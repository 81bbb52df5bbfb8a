"""Chat: a session in the browser, whose transcript is a case.

1. A session begins without a case; its id is signed, so nobody guesses another one's.
2. Its first message opens the case through intake, as the contact of every channel does; what
   follows joins it by the session.
3. Answers are in the transcript as soon as they are stored; asking for news marks them delivered.
4. Whoever left an address and has not asked for a while gets what they missed by mail, and answers
   to it there. When they come back, the transcript is still the same case.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field

from chalicelib.access.rules import Signer
from chalicelib.base import Model, from_iso, iso
from chalicelib.cases import rules as case_rules
from chalicelib.cases.models import Case, DeliveryStatus, Direction, Message
from chalicelib.channels.models import Address, Channel, InboundMessage
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers import rules as customer_rules
from chalicelib.errors import Conflict, Contended, Forbidden, Unavailable
from chalicelib.flows.casework import one_line
from chalicelib.flows.outlets import SESSION
from chalicelib.flows.sharing import share
from chalicelib.flows.transcript import ChatEntry, is_public, shown
from chalicelib.ports import Clock, Ids, Objects
from chalicelib.store.chats import ChatSession
from chalicelib.store.keys import digest
from chalicelib.store.table import WriteRefused

if TYPE_CHECKING:
    from chalicelib.flows.answering import Answering
    from chalicelib.flows.intake import Intake, Receipt
    from chalicelib.flows.outcomes import Outcomes
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.chats import ChatStore
    from chalicelib.store.cursors import Cursors
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.questions import QuestionStore
    from chalicelib.store.rates import RateStore
    from chalicelib.store.settings import SettingsStore

UNKNOWN = "this chat is not valid"
PAGE = 100  # messages that one answer may carry
OVERLAP = timedelta(seconds=30)
"""A message gets its time before it is stored, by the clock of its function: it may turn up behind
one that was read already. So much is read again, and what was seen is left out."""
LOOK_BACK = 20  # entries of the timeline among which a message that was just said is
TOKEN = re.compile(r"([0-9A-Z]{26})-([a-z2-7]{32})")


class ChatStart(Model):
    """Whoever opens the chat. With a `text` it begins with that message."""

    name: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=254)
    text: str = Field(default="", max_length=10_000)
    language: str = Field(default="", max_length=16)
    page: str = Field(default="", max_length=500)  # where they are on the company's site


class ChatMessage(Model):
    """What the customer says. The same `id` (their own) is the same message again; with `email`
    they leave an address, to which answers go once they are gone."""

    text: str = Field(min_length=1, max_length=10_000, pattern=r"\S")
    id: str = Field(default="", max_length=128)
    email: str = Field(default="", max_length=254)


class ChatAddress(Model):
    """Where answers go once the customer is gone."""

    email: str = Field(min_length=1, max_length=254)


class ChatTalk(Model):
    """The transcript, or what is new in it since a cursor. `reference` is "" before the first
    message; `status` is the case's. `cursor` goes into the next request as `since`."""

    session: str
    reference: str = ""
    status: str = ""
    items: tuple[ChatEntry, ...] = ()
    cursor: str = ""
    more: bool = False

    @property
    def mark(self) -> int:
        """Changes whenever this does: for an ETag."""
        words = [self.session, self.status, self.cursor, *(item.id for item in self.items)]
        return int(digest("\n".join(words))[:12], 16)


@dataclass(frozen=True)
class Chatting:
    intake: Intake
    cases: CaseStore
    customers: CustomerStore
    chats: ChatStore
    questions: QuestionStore
    outcomes: Callable[[], Outcomes]
    answering: Callable[[], Answering]
    rates: RateStore
    settings: SettingsStore
    cursors: Cursors
    objects: Callable[[], Objects]
    signer: Callable[[], Signer]
    clock: Clock
    ids: Ids

    def start(self, given: ChatStart, key: str, caller: str, visitor: str) -> ChatTalk:
        """A new session (`caller` and `visitor` as in flows/answering.py); raises Invalid, TooMany.

        The same key gives the same session again.
        """
        email = customer_rules.email(given.email) if given.email else ""
        self._allow("chat", caller, self.settings.read("channels", ChannelSettings))
        self.answering().follow_up(visitor)
        now = self.clock()
        session = ChatSession(
            id=self._name(given, key, caller),
            name=one_line(given.name, "name"),
            email=email,
            language=one_line(given.language, "language"),
            page=one_line(given.page, "page"),
            caller=self.answering().digest(visitor),
            last_seen=now,
            created_at=now,
        )
        try:
            self.chats.new(session)
        except WriteRefused:
            session = self._session(self._token(session))
        if given.text.strip():
            self._say(session, ChatMessage(text=given.text), key or "first")
        return self.read(self._token(session), None)

    def say(self, token: str, given: ChatMessage, key: str, caller: str) -> ChatTalk:
        """Add to the chat; raises Forbidden, TooMany, Unavailable (just being opened)."""
        session = self._session(token)
        self._allow("chat message", caller, self.settings.read("channels", ChannelSettings))
        if given.email and (email := customer_rules.email(given.email)) != session.email:
            session = self.chats.leave_address(session, email)
        receipt = self._say(session, given, key or given.id)
        case = self.cases.get(receipt.case_id)
        said = [m for m in self.cases.newest(case.id, LOOK_BACK) if m.id == receipt.message_id]
        return self._talk(session, case, said, None)

    def leave_address(self, token: str, email: str, caller: str) -> ChatTalk:
        """Keep where answers go, without a message; raises Forbidden, Invalid, TooMany."""
        session = self._session(token)
        self._allow("chat message", caller, self.settings.read("channels", ChannelSettings))
        wanted = customer_rules.email(email)
        if wanted != session.email:
            self.chats.leave_address(session, wanted)
        return ChatTalk(session=token)

    def outcome(self, token: str, solved: bool, comment: str) -> ChatTalk:
        """The customer's word on the last answer; raises Forbidden, Conflict where none was given.

        Solved, the case ends; else a person takes over, in the same chat.
        """
        session = self._session(token)
        asked = self.questions.find(f"chat-{session.case_id}") if session.case_id else None
        if asked is None or not asked.shown:
            raise Conflict("nothing was answered in this chat yet")
        self.outcomes().said(asked, solved, comment)
        return self.read(token, None)

    def read(self, token: str, since: str | None) -> ChatTalk:
        """What was said, oldest first, after the cursor; raises Forbidden, Malformed."""
        session = self._session(token)
        place = self.cursors.read(_scope(session), since) or {}
        now = self.clock()
        self.chats.seen(session, now)
        if not session.case_id:
            return ChatTalk(session=token)
        shared = share(self.cases, self.cases.get(session.case_id))
        case = shared.whole
        found: list[Message] = []
        for part in (case.id, *case.merged_cases):
            place.setdefault(part, {"at": "", "seen": {}})
            found += [m for m in self._fresh(part, place[part]) if shared.may_read(m)]
        found.sort(key=lambda message: (message.created_at, message.id))
        self._delivered(found[:PAGE], now)
        return self._talk(session, case, found, place)

    # --- the session -----------------------------------------------------------------------

    def _session(self, token: str) -> ChatSession:
        match = TOKEN.fullmatch(token)
        if not match or not self.signer().holds("chat", match[1], match[2], 20):
            raise Forbidden(UNKNOWN)
        session = self.chats.get(match[1])
        if session is None:
            raise Forbidden(UNKNOWN)
        return session

    def _token(self, session: ChatSession) -> str:
        return f"{session.id}-{self.signer().word('chat', session.id, 20)}"

    def _name(self, given: ChatStart, key: str, caller: str) -> str:
        """Who repeats a request gets the session again; who only guesses the key does not."""
        if not key:
            return self.ids.new()
        written = "\n".join((key, caller, given.name, given.email, given.text))
        return self.signer().sign("chat key", written).hex()[:26].upper()

    def _allow(self, what: str, caller: str, settings: ChannelSettings) -> None:
        most = settings.form_posts_per_hour if what == "chat" else settings.chat.posts_per_hour
        self.rates.count(what, self.signer().word("caller", caller), most, self.clock())

    # --- what the customer says ------------------------------------------------------------

    def _say(self, session: ChatSession, given: ChatMessage, key: str) -> Receipt:
        inbound = self._inbound(session, given, key)
        if session.case_id:
            token = self.cases.get(session.case_id).reference
            receipt = self.intake.accept(inbound.model_copy(update={"case_token": token}))
        else:
            receipt = self._open(session, inbound)
        if receipt.case_id != session.case_id:
            self.chats.bind(session, receipt.case_id, self.clock())
        else:
            self.chats.seen(session, self.clock())
        return receipt

    def _open(self, session: ChatSession, inbound: InboundMessage) -> Receipt:
        """One first message opens the case; another at the same moment is to come again.

        One whose function died after it had opened the case left the customer with their case.
        """
        if not self.chats.begin(session, self.clock()):
            raise Unavailable("the chat is just being opened; send it again", retry_after=1)
        token = ""
        owner = self.customers.owner(Channel.CHAT, inbound.sender.address)
        if owner and (case_id := self.customers.final(owner).open_case):
            token = self.cases.get(case_id).reference
        try:
            return self.intake.accept(inbound.model_copy(update={"case_token": token}))
        except Contended:
            self.chats.release(session)
            raise

    def _inbound(self, session: ChatSession, given: ChatMessage, key: str) -> InboundMessage:
        external = digest(f"{key}\n{given.text}") if key else self.ids.new()
        about = {"email": session.email, "page": session.page, "language": session.language}
        return InboundMessage(
            channel=Channel.CHAT,
            external_id=f"chat {session.id} {external}",
            sender=Address(name=session.name, address=SESSION + session.id),
            text=given.text,
            received_at=self.clock(),
            source={name: value for name, value in about.items() if value},
        )

    # --- what the customer sees ------------------------------------------------------------

    def _talk(
        self,
        session: ChatSession,
        case: Case,
        found: list[Message],
        place: dict[str, Any] | None,
    ) -> ChatTalk:
        part = found[:PAGE]
        known = self.cursors.write(_scope(session), _moved(place, part)) if place else ""
        return ChatTalk(
            session=self._token(session),
            reference=case.reference,
            status=str(case.status),
            items=tuple(shown(m, self.objects) for m in part if is_public(m)),
            cursor=known or "",
            more=len(found) > PAGE,
        )

    def _fresh(self, case_id: str, place: dict[str, Any]) -> list[Message]:
        """What the customer has not seen of a part; looks back a little (see OVERLAP)."""
        start = iso(from_iso(place["at"]) - OVERLAP) if place["at"] else ""
        seen = place["seen"]
        found = self.cases.messages_after(case_id, start, PAGE + 1 + len(seen))
        return [message for message in found if message.id not in seen]

    def _delivered(self, found: list[Message], now: datetime) -> None:
        """Answers that were fetched for the first time have reached the customer."""
        for message in found:
            delivery = message.delivery
            if message.channel != Channel.CHAT or message.direction != Direction.OUTBOUND:
                continue
            if delivery is None or delivery.status != DeliveryStatus.SENT:
                continue
            moved = case_rules.advance_delivery(delivery, DeliveryStatus.DELIVERED, now)
            changed = {"delivery": moved, "version": message.version + 1, "updated_at": now}
            try:
                self.intake.table.commit(
                    self.cases.change_message(message.model_copy(update=changed))
                )
            except WriteRefused:
                continue  # another tab was faster


def _moved(place: dict[str, Any], part: list[Message]) -> dict[str, Any]:
    """The place in the transcript after a part of it was read."""
    moved = {}
    for case_id, before in place.items():
        read = {m.id: iso(m.created_at) for m in part if m.case_id == case_id}
        newest = max([before["at"], *read.values()])
        oldest = iso(from_iso(newest) - OVERLAP) if newest else ""
        seen = {i: at for i, at in (before["seen"] | read).items() if at >= oldest}
        moved[case_id] = {"at": newest, "seen": seen}
    return moved


def _scope(session: ChatSession) -> str:
    return f"chat {session.id}"
