"""Where answers go that are neither mail nor text message, and what fits there.

| the customer wrote | the answer |
|---|---|
| in our chat | is there as soon as it is stored; by mail where they left an address and went away |
| on a network, by a signed webhook | goes out as a post (flows/posting.py), where that can be |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.cases import rules
from chalicelib.cases.models import (
    Author,
    AuthorType,
    Case,
    Delivery,
    DeliveryStatus,
    Message,
    Participant,
)
from chalicelib.channels.contacts import MASTODON
from chalicelib.channels.models import Channel
from chalicelib.channels.networks import NETWORK_DOMAIN
from chalicelib.channels.parts import check_sms
from chalicelib.channels.settings import ChannelSettings
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.ports import Clock

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.chats import ChatSession, ChatStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.settings import SettingsStore

SESSION = "chat:"  # how the address of a chat session begins
MOST_POSTS = 10  # that one answer may take


@dataclass(frozen=True)
class Outlets:
    cases: CaseStore
    ledger: Ledger
    chats: ChatStore
    settings: SettingsStore
    clock: Clock

    def address(self, case: Case, channel: Channel) -> str:
        """Whom an answer on such a channel reaches, checked; raises Conflict where it cannot."""
        if channel == Channel.CHAT and is_session(case.reply_to):
            return case.reply_to
        origin = self.origin(case.message_ids, channel)
        if origin is None:
            raise Conflict(f"nothing can be sent by {channel}; choose email or sms")
        if not self._room(str(origin.source.get("source", ""))):
            raise Conflict(
                f"{origin.source.get('source')} takes no answers; choose another channel"
            )
        return origin.sender

    def origin(self, ids: Sequence[str], channel: Channel) -> Message | None:
        """The customer's newest post among the messages with those Message-IDs."""
        for identifier in reversed(ids):
            if not identifier.endswith(NETWORK_DOMAIN):
                continue
            place = self.ledger.message_behind(identifier)
            try:
                message = self.cases.message(*place) if place else None
            except NotFound:
                continue
            if message and message.channel == channel:
                return message
        return None

    def left_address(self, case: Case) -> str:
        """The mail address that was left in the chat, "" without one."""
        session = self._session(case)
        return session.email if session else ""

    def away(self, case: Case, channel: Channel) -> str:
        """The mail address of somebody who left the chat, "" while they are there."""
        session = self._session(case) if channel == Channel.CHAT else None
        return session.email if session and self.has_left(session) else ""

    def has_left(self, session: ChatSession) -> bool:
        return bool(session.email) and self.clock() - session.last_seen > self.patience

    @property
    def patience(self) -> timedelta:
        """After so long without asking for news somebody counts as away."""
        return self.settings.read("channels", ChannelSettings).chat.away

    def check(self, case: Case, channel: Channel, text: str, files: int) -> None:
        """Raises Invalid for what does not fit through the channel."""
        if self.takes_files(case, channel):
            return
        if files:
            raise Invalid.field("attachments", f"no files go by {channel}; choose email")
        parts, most = self.room(case, channel)
        if channel == Channel.SMS:
            check_sms(text, parts)
        elif len(text) > most:
            raise Invalid.field(
                "text", f"has {len(text)} characters, at most {most} go by {channel}"
            )

    def takes_files(self, case: Case, channel: Channel) -> bool:
        """Mail and our own chat, which have no bounds of their own either."""
        session = channel == Channel.CHAT and is_session(case.reply_to)
        return channel == Channel.EMAIL or session

    def room(self, case: Case, channel: Channel) -> tuple[int, int]:
        """How many text messages, or else how many characters, an answer may have."""
        if self.takes_files(case, channel):
            return 0, 0
        if channel == Channel.SMS:
            return self.settings.read("channels", ChannelSettings).sms_parts, 0
        origin = self.origin(case.message_ids, channel)
        room = self._room(str(origin.source.get("source", ""))) if origin else 0
        return 0, room * MOST_POSTS // 2

    def author(self, login: str) -> Author:
        """Whoever signed in, as the author of a message: a person, or one of our machines."""
        settings = self.settings.read("channels", ChannelSettings)
        if login in settings.bots:
            return Author(type=AuthorType.BOT, id=login, name=settings.bots[login])
        name = login.partition("@")[0].replace(".", " ").replace("_", " ").title()
        return Author(type=AuthorType.AGENT, id=login, name=name)

    def due(self, message: Message) -> datetime | None:
        """When to look whether a chat message was fetched; None where nothing could be done."""
        session = self.chats.get(session_id(message.to))
        if session is None or not session.email:
            return None
        return message.created_at + self.patience

    def _session(self, case: Case) -> ChatSession | None:
        if case.reply_channel != Channel.CHAT or not is_session(case.reply_to):
            return None
        return self.chats.get(session_id(case.reply_to))

    def _room(self, source: str) -> int:
        """How long a post of that source may be, 0 where it takes none."""
        settings = self.settings.read("channels", ChannelSettings)
        if source == MASTODON:
            return settings.mastodon.characters if settings.mastodon else 0
        known = settings.inbound.get(source)
        return known.characters if known and known.reply_url else 0


def is_session(address: str) -> bool:
    """Whether an address is that of a session of our own chat."""
    return address.startswith(SESSION)


def session_id(address: str) -> str:
    return address.removeprefix(SESSION)


def in_chat(message: Message) -> bool:
    """Whether an outbound message needs no sending: it is in the chat once it is stored."""
    return message.channel == Channel.CHAT and is_session(message.to)


def first_state(channel: Channel, to: str, now: datetime) -> Delivery:
    """The delivery of a message that is stored now."""
    there = channel == Channel.CHAT and is_session(to)
    return Delivery(status=DeliveryStatus.SENT if there else DeliveryStatus.QUEUED, updated_at=now)


def answers_to(case: Case, channel: Channel) -> tuple[str, ...]:
    """The Message-IDs that an outbound message refers to."""
    if channel == Channel.SMS or (channel == Channel.CHAT and is_session(case.reply_to)):
        return ()
    if channel == Channel.EMAIL:
        return case.message_ids
    return tuple(known for known in case.message_ids if known.endswith(NETWORK_DOMAIN))


def taken_along(case: Case, message: Message) -> Case:
    """The case after an answer that left the chat by mail: the conversation goes on there."""
    if case.reply_channel != Channel.CHAT or message.channel != Channel.EMAIL:
        return case
    person = Participant(channel=Channel.EMAIL, address=message.to)
    return rules.with_participants(case, [person]).model_copy(
        update={"reply_channel": Channel.EMAIL, "reply_to": message.to}
    )
