"""What the doors remember, in one SQLite file: the outbox, notices to publish, small records.

Everything is written before an answer is given, so a crash of the doors forgets nothing that they
answered for. Calls take well under a millisecond and are made from the event loop directly.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, channel TEXT NOT NULL,
    recipient TEXT NOT NULL, sender TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,
    headers TEXT NOT NULL, case_reference TEXT, at TEXT NOT NULL,
    files TEXT NOT NULL DEFAULT '[]');
CREATE INDEX IF NOT EXISTS outbox_recipient ON outbox (recipient, seq);
CREATE TABLE IF NOT EXISTS notices (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, message TEXT NOT NULL,
    due_at REAL NOT NULL, confirmed_at REAL);
CREATE INDEX IF NOT EXISTS notices_open ON notices (due_at) WHERE confirmed_at IS NULL;
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, name));
"""


@dataclass(frozen=True)
class Delivered:
    """What one recipient would have received."""

    id: str
    channel: str  # email or sms
    recipient: str
    sender: str
    subject: str
    text: str
    case_reference: str | None
    at: str  # RFC 3339, UTC
    headers: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Mapping[str, Any], ...] = ()  # of a mail: name, type, bytes


@dataclass(frozen=True)
class Notice:
    """A message for a topic, to be published at `due_at` (seconds since the epoch) or later."""

    topic: str  # ARN, or the name of a stack output that holds it
    message: str
    due_at: float


@dataclass(frozen=True)
class OpenNotice:
    """A notice that no publish has confirmed yet."""

    seq: int
    topic: str
    message: str


class Memory:
    """The doors' database. Use from one thread at a time."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)
        columns = [row["name"] for row in self._db.execute("PRAGMA table_info(outbox)")]
        if "files" not in columns:  # kept by an older version
            self._db.execute("ALTER TABLE outbox ADD COLUMN files TEXT NOT NULL DEFAULT '[]'")

    def close(self) -> None:
        self._db.close()

    def keep(self, delivered: Iterable[Delivered], notices: Iterable[Notice]) -> None:
        """Store both as one step: an outbox item and the events about it, or neither."""
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany(
                "INSERT INTO outbox (id, channel, recipient, sender, subject, text, headers,"
                " case_reference, at, files) VALUES (?,?,?,?,?,?,?,?,?,?)",
                [_row(item) for item in delivered],
            )
            self._db.executemany(
                "INSERT INTO notices (topic, message, due_at) VALUES (?,?,?)",
                [(notice.topic, notice.message, notice.due_at) for notice in notices],
            )

    def outbox(self, *, channel: str, to: str, limit: int) -> list[Delivered]:
        """Newest first; an empty `channel` or `to` takes all. `to` ignores case."""
        rows = self._db.execute(
            "SELECT * FROM outbox WHERE (?1 = '' OR channel = ?1)"
            " AND (?2 = '' OR recipient = ?2 COLLATE NOCASE) ORDER BY seq DESC LIMIT ?3",
            (channel, to, limit),
        )
        return [_delivered(row) for row in rows]

    def due_notices(self, now: float, limit: int) -> list[OpenNotice]:
        """Notices to publish now, oldest first."""
        rows = self._db.execute(
            "SELECT seq, topic, message FROM notices WHERE confirmed_at IS NULL AND due_at <= ?"
            " ORDER BY due_at, seq LIMIT ?",
            (now, limit),
        )
        return [OpenNotice(row["seq"], row["topic"], row["message"]) for row in rows]

    def confirm(self, seqs: Sequence[int], now: float) -> None:
        self._db.executemany(
            "UPDATE notices SET confirmed_at = ? WHERE seq = ?", [(now, seq) for seq in seqs]
        )

    def postpone(self, seqs: Sequence[int], until: float) -> None:
        """Try these again later, and let others pass meanwhile."""
        self._db.executemany(
            "UPDATE notices SET due_at = ? WHERE seq = ?", [(until, seq) for seq in seqs]
        )

    def reopen_notices(self, confirmed_after: float) -> int:
        """Open again what was confirmed after that moment; returns how many."""
        return self._db.execute(
            "UPDATE notices SET confirmed_at = NULL WHERE confirmed_at > ?", (confirmed_after,)
        ).rowcount

    def forget_notices(self, confirmed_before: float) -> None:
        self._db.execute("DELETE FROM notices WHERE confirmed_at < ?", (confirmed_before,))

    def put(self, kind: str, name: str, body: Mapping[str, Any]) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO records (kind, name, body) VALUES (?,?,?)",
            (kind, name, json.dumps(body)),
        )

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        row = self._db.execute(
            "SELECT body FROM records WHERE kind = ? AND name = ?", (kind, name)
        ).fetchone()
        return None if row is None else json.loads(row["body"])

    def remove(self, kind: str, name: str) -> bool:
        """Whether there was one."""
        cursor = self._db.execute("DELETE FROM records WHERE kind = ? AND name = ?", (kind, name))
        return cursor.rowcount > 0

    def names(self, kind: str) -> list[str]:
        rows = self._db.execute("SELECT name FROM records WHERE kind = ? ORDER BY name", (kind,))
        return [row["name"] for row in rows]

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Bodies of all records of a kind, by name."""
        rows = self._db.execute("SELECT body FROM records WHERE kind = ? ORDER BY name", (kind,))
        return [json.loads(row["body"]) for row in rows]


def _row(item: Delivered) -> tuple[Any, ...]:
    return (
        item.id,
        item.channel,
        item.recipient,
        item.sender,
        item.subject,
        item.text,
        json.dumps(dict(item.headers)),
        item.case_reference,
        item.at,
        json.dumps(item.files),
    )


def _delivered(row: sqlite3.Row) -> Delivered:
    return Delivered(
        id=row["id"],
        channel=row["channel"],
        recipient=row["recipient"],
        sender=row["sender"],
        subject=row["subject"],
        text=row["text"],
        case_reference=row["case_reference"],
        at=row["at"],
        headers=json.loads(row["headers"]),
        files=tuple(json.loads(row["files"])),
    )
