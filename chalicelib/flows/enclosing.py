"""Files that agents send along: straight into the bucket, then by their ids into one message.

1. `offer` signs a form for one key under drafts/, for so many bytes and an hour, and an id that
   stands for it and is taken from that agent for six days: a draft keeps the ids of its files.
2. The desk posts the file to the bucket; nothing passes through us.
3. `enclose` copies what a message names under the message's own key. Name and type are made of
   what the bytes show, as with mail. The write that binds each upload to its message goes into
   the transaction that stores (or holds) the message, so a file serves one message; what is taken
   back lets its files go again. What stays unused goes by the bucket's lifecycle.

A whole mail may have 40 MB with SES, of which base64 takes a third: 25 MB of files fit.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import Field

from chalicelib.base import Model
from chalicelib.cases.models import StoredAttachment
from chalicelib.channels.mail import attachments
from chalicelib.errors import Invalid, NotFound
from chalicelib.flows.uploads import (
    Ticket,
    Upload,
    UploadId,
    UploadInput,
    read_ticket,
    ticket_id,
)
from chalicelib.ports import Clock, Ids, Objects
from chalicelib.store import uploads
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.access.rules import Signer

FORM = timedelta(hours=1)  # within which the file is to be sent
KEPT = timedelta(days=6)  # for which its id is taken; the bucket removes it after seven
MOST = 10  # files with one message
MOST_BYTES = 25_000_000  # of all of them together
FIELD = "attachments"


class FileInput(Model):
    """An attachment as it comes through the API: its content in base64. For what is larger than
    a few MB there is POST /v1/uploads."""

    name: str = Field(min_length=1, max_length=200)
    type: str = Field(default="application/octet-stream", max_length=128)
    content: str = Field(max_length=9_000_000)


Enclosure = UploadId | FileInput
"""A file of a message: the id of an upload, or its content."""


@dataclass(frozen=True)
class Enclosed:
    """What became of a message's files; `binding` goes into the transaction that stores it."""

    files: tuple[StoredAttachment, ...] = ()
    binding: tuple[Write, ...] = ()
    uploads: tuple[str, ...] = ()  # keys of what was bound


@dataclass(frozen=True)
class Enclosing:
    objects: Callable[[], Objects]
    signer: Callable[[], Signer]
    clock: Clock
    ids: Ids

    def offer(self, given: UploadInput, by: str) -> Upload:
        """Leave to send a file; raises Invalid for one that no message can carry."""
        if given.bytes > MOST_BYTES:
            raise Invalid.field("bytes", f"all files together may have {MOST_BYTES} bytes")
        now = self.clock()
        key = f"drafts/{self.ids.new()}"
        until = int((now + KEPT).timestamp())
        ticket = Ticket(key=key, name=given.name, type=given.type, expires=until)
        target = self.objects().upload_form(key, given.bytes, int(FORM.total_seconds()))
        identifier = ticket_id(self.signer(), _purpose(by), ticket)
        return Upload(id=identifier, url=target.url, fields=target.fields, expires=now + FORM)

    def origins(self) -> str:
        """Where the desk sends files and shows pictures from, as scheme and host."""
        form = self.objects().upload_form("drafts/none", 1, 60).url
        file = self.objects().signed_url("attachments/none", "none", 60)
        parts = (urlsplit(url) for url in (form, file))
        return " ".join(dict.fromkeys(f"{p.scheme}://{p.netloc}" for p in parts))

    def enclose(self, given: Sequence[Enclosure], message_id: str, by: str) -> Enclosed:
        """The files of a message under its own key.

        Raises Invalid, which names the file: an id that is not this agent's, is too old, or
        whose file is not there; content that is not base64; more than a message can carry.
        """
        once = list(dict.fromkeys(given))
        if not once:
            return Enclosed()
        if len(once) > MOST:
            raise Invalid.field(FIELD, f"a message takes {MOST} files")
        tickets = {
            n: self._ticket(one, n, by) for n, one in enumerate(once) if isinstance(one, str)
        }
        files, size = [], 0
        for number, one in enumerate(once):
            name, kind, content = self._read(one, number, tickets.get(number))
            size += len(content)
            if size > MOST_BYTES:
                raise Invalid.field(
                    f"{FIELD}.{number}", f"all files have more than {MOST_BYTES} bytes"
                )
            file = attachments.make(name, kind, content)
            key = f"attachments/{message_id}/{number}"
            self.objects().put(key, content)
            fields = file.model_dump(exclude={"content"})
            files.append(StoredAttachment(key=key, **fields))
        now = self.clock()
        binding = [
            uploads.bind(f"{FIELD}.{n}", ticket.key, message_id, now)
            for n, ticket in tickets.items()
        ]
        keys = tuple(ticket.key for ticket in tickets.values())
        return Enclosed(tuple(files), tuple(binding), keys)

    def key_of(self, given: str, by: str) -> str:
        """Where the file of an upload lies, also of one that is too old; "" for no id of theirs."""
        try:
            return read_ticket(self.signer(), _purpose(by), given, FIELD).key
        except Invalid:
            return ""

    def _ticket(self, given: str, number: int, by: str) -> Ticket:
        field = f"{FIELD}.{number}"
        ticket = read_ticket(self.signer(), _purpose(by), given, field)
        if ticket.expires < self.clock().timestamp():
            raise Invalid.field(field, "is too old; send the file again")
        return ticket

    def _read(self, given: Enclosure, number: int, ticket: Ticket | None) -> tuple[str, str, bytes]:
        field = f"{FIELD}.{number}"
        if isinstance(given, FileInput):
            try:
                return given.name, given.type, base64.b64decode(given.content, validate=True)
            except (binascii.Error, ValueError) as error:
                raise Invalid.field(f"{field}.content", "is not base64") from error
        assert ticket is not None
        try:
            return ticket.name, ticket.type, self.objects().get(ticket.key)
        except NotFound as error:
            raise Invalid.field(field, "its file has not been sent") from error


def refused(error: WriteRefused) -> None:
    """Raises Invalid where a transaction was refused because another message has a file."""
    for name in error.names:
        if name.startswith(f"{FIELD}."):
            raise Invalid.field(name, "it went into another message") from error


def _purpose(by: str) -> str:
    return f"enclosure {by.lower()}"
