"""Chat sessions: who sits before them, which case they belong to, when they last asked for news."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.base import Instant, Model, iso
from chalicelib.store import items, keys
from chalicelib.store.table import Table, WriteRefused, put_new, update

SEEN_EVERY = timedelta(seconds=20)  # presence is written no more often
OPENING = timedelta(seconds=15)  # how long one first message may take to open the case
KEPT = timedelta(days=400)  # after its beginning; the transcript is the case, and stays


class ChatSession(Model):
    """One browser that talks to us. `case_id` is "" until the first message."""

    id: str
    name: str = ""
    email: str = ""
    language: str = ""
    page: str = ""
    case_id: str = ""
    caller: str = ""  # a keyed digest of where they sit
    opening_until: Instant | None = None
    last_seen: Instant
    created_at: Instant


class ChatStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def new(self, session: ChatSession) -> None:
        expires = int((session.created_at + KEPT).timestamp())
        item = items.item(keys.chat(session.id), "chat", session, expires=expires)
        self._table.commit(put_new("chat", item))

    def get(self, session_id: str) -> ChatSession | None:
        stored = self._table.get(keys.chat(session_id))
        return items.model(ChatSession, stored) if stored else None

    def begin(self, session: ChatSession, now: datetime) -> bool:
        """Take the right to open the session's case; False where another message has it."""
        claim = update(
            "chat",
            keys.chat(session.id),
            "SET opening_until = :until",
            "attribute_exists(pk) AND case_id = :none AND "
            "(attribute_not_exists(opening_until) OR opening_until < :now)",
            until=iso(now + OPENING),
            now=iso(now),
            none="",
        )
        try:
            self._table.commit(claim)
        except WriteRefused:
            return False
        return True

    def bind(self, session: ChatSession, case_id: str, now: datetime) -> None:
        """From now on the session belongs to that case."""
        expression = "SET case_id = :case, last_seen = :now REMOVE opening_until"
        self._table.commit(
            update("chat", keys.chat(session.id), expression, case=case_id, now=iso(now))
        )

    def leave_address(self, session: ChatSession, email: str) -> ChatSession:
        """The session with the address at which its customer wants to be answered."""
        self._table.commit(update("chat", keys.chat(session.id), "SET email = :email", email=email))
        return session.model_copy(update={"email": email})

    def release(self, session: ChatSession) -> None:
        """Give the right to open the case back."""
        self._table.commit(update("chat", keys.chat(session.id), "REMOVE opening_until"))

    def seen(self, session: ChatSession, now: datetime) -> None:
        """Note that somebody is there, where the note is getting old."""
        if now - session.last_seen >= SEEN_EVERY:
            self._table.commit(
                update("chat", keys.chat(session.id), "SET last_seen = :now", now=iso(now))
            )
