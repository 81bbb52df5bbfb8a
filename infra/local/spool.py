"""Accepted mail on disk, until the cloud surely has it.

    spool/new/<id>/    mail.eml and envelope.json: accepted, not yet handed over
    spool/done/<id>/   handed over and confirmed, but not yet in a checkpoint of the cloud
    spool/draft/<id>/  being written; whatever lies here at start was never accepted

An entry is a folder that is written, flushed to disk and then renamed into `new`; the rename is
what makes it exist. The id is the SES message id: it is chosen here and used again on every
redelivery, so that taking a mail in twice is harmless.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import string
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class Envelope:
    """What SMTP said around a mail."""

    id: str  # SES message id
    sender: str  # MAIL FROM, empty for the null return path
    recipients: tuple[str, ...]
    received_at: float  # seconds since the epoch
    client: str = ""  # address of the SMTP client


def new_message_id() -> str:
    """An id in the form that SES gives to received mail."""
    return "".join(secrets.choice(ALPHABET) for _ in range(40))


class Spool:
    """The folders of accepted mail."""

    def __init__(self, root: Path, new_id: Callable[[], str] = new_message_id) -> None:
        self._draft, self._new, self._done = root / "draft", root / "new", root / "done"
        self._new_id = new_id
        for folder in (self._draft, self._new, self._done):
            folder.mkdir(parents=True, exist_ok=True)

    def accept(
        self, mime: bytes, sender: str, recipients: tuple[str, ...], at: float, client: str = ""
    ) -> Envelope:
        """Put a mail on disk for good; when this returns, a crash cannot lose it. Blocks."""
        envelope = Envelope(self._new_id(), sender, recipients, at, client)
        draft = self._draft / envelope.id
        draft.mkdir()
        _write(draft / "mail.eml", mime)
        _write(draft / "envelope.json", json.dumps(asdict(envelope)).encode())
        _sync_folder(draft)
        draft.rename(self._new / envelope.id)
        _sync_folder(self._new)
        return envelope

    def mime(self, message_id: str) -> bytes:
        """The mail of an entry in `new`."""
        return (self._new / message_id / "mail.eml").read_bytes()

    def envelope(self, message_id: str) -> Envelope:
        """The envelope of an entry in `new`."""
        value = json.loads((self._new / message_id / "envelope.json").read_bytes())
        return Envelope(**{**value, "recipients": tuple(value["recipients"])})

    def waiting(self) -> list[str]:
        """Ids to hand over, oldest first."""
        return [entry.name for entry in sorted(self._new.iterdir(), key=_age)]

    def confirm(self, message_id: str, at: float) -> None:
        """It was handed over at `at`."""
        done = self._done / message_id
        (self._new / message_id).rename(done)
        os.utime(done, (at, at))

    def reopen(self, confirmed_after: float) -> int:
        """Put entries confirmed after that moment back into `new`, and clear drafts."""
        for draft in self._draft.iterdir():
            shutil.rmtree(draft)
        again = [entry for entry in self._done.iterdir() if _age(entry) > confirmed_after]
        for entry in again:
            entry.rename(self._new / entry.name)
        return len(again)

    def forget(self, confirmed_before: float) -> None:
        """Delete entries confirmed before that moment. Blocks."""
        for entry in self._done.iterdir():
            if _age(entry) < confirmed_before:
                shutil.rmtree(entry)


def _age(entry: Path) -> float:
    return entry.stat().st_mtime


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
