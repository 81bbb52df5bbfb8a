"""Files of the web form, which go straight into the bucket and then into one message.

1. `offer`: the client says what it will send and gets a form that is signed for one key under
   uploads/, for so many bytes and for an hour, with an id that stands for it.
2. The client posts the file to the bucket; nothing passes through us.
3. `collect`: the message names the ids. The files are read; name and type are made of what the
   bytes show, and each is bound to that message. What stays unused goes by the bucket's lifecycle.

The id carries name, type and expiry under our signature, so an offer writes nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import Field

from chalicelib.access.rules import Signer
from chalicelib.base import Instant, Model
from chalicelib.channels.mail import attachments
from chalicelib.channels.models import Attachment, InboundMessage
from chalicelib.channels.settings import ChannelSettings
from chalicelib.errors import Invalid, NotFound
from chalicelib.ports import Clock, Ids, Objects
from chalicelib.store.keys import digest
from chalicelib.store.table import WriteRefused

if TYPE_CHECKING:
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.uploads import UploadStore

VALID = timedelta(hours=1)
SIGNATURE = 16  # bytes
PURPOSE = "upload"
UploadId = Annotated[str, Field(min_length=1, max_length=3_000)]


class UploadInput(Model):
    """The file that is to be sent: its name, its media type and its size."""

    name: str = Field(min_length=1, max_length=255)
    type: str = Field(default="application/octet-stream", max_length=128)
    bytes: int = Field(ge=1)


class Upload(Model):
    """How to send the file: a multipart POST to `url` with all `fields`, then the file as `file`.

    `id` goes into the message's `attachments` afterwards, once, before `expires`.
    """

    id: str
    url: str
    fields: dict[str, str]
    expires: Instant


class Ticket(Model):
    """What an id says."""

    key: str
    name: str
    type: str
    expires: int  # seconds since 1970


@dataclass(frozen=True)
class Uploads:
    store: UploadStore
    ledger: Ledger
    settings: SettingsStore
    objects: Callable[[], Objects]
    signer: Callable[[], Signer]
    clock: Clock
    ids: Ids

    def offer(self, given: UploadInput) -> Upload:
        """Raises Invalid for a file that is too large, or where the form takes none."""
        form = self.settings.read("channels", ChannelSettings).form
        if not form.uploads:
            raise Invalid.field("name", "this form takes no files")
        if given.bytes > form.upload_bytes:
            raise Invalid.field("bytes", f"a file may have {form.upload_bytes} bytes")
        expires = self.clock() + VALID
        ticket = Ticket(
            key=f"uploads/{self.ids.new()}",
            name=given.name,
            type=given.type,
            expires=int(expires.timestamp()),
        )
        seconds = int(VALID.total_seconds())
        target = self.objects().upload_form(ticket.key, given.bytes, seconds)
        return Upload(id=self._id(ticket), url=target.url, fields=target.fields, expires=expires)

    def origin(self) -> str:
        """Where files are sent, as scheme and host; "" where the form takes none."""
        if not self.settings.read("channels", ChannelSettings).form.uploads:
            return ""
        parts = urlsplit(self.objects().upload_form("uploads/none", 1, 60).url)
        return f"{parts.scheme}://{parts.netloc}"

    def names(self, ids: Sequence[str]) -> tuple[str, ...]:
        """How the files that stand behind these ids are called; raises Invalid."""
        return tuple(self._ticket(one, number).name for number, one in enumerate(ids))

    def collect(self, ids: Sequence[str], inbound: InboundMessage) -> tuple[Attachment, ...]:
        """The files that a message names, bound to it; none where it was taken in before.

        Raises Invalid for an id that is not ours, too old, used, or whose file is not there.
        """
        most = self.settings.read("channels", ChannelSettings).form.uploads
        once = list(dict.fromkeys(ids))
        if len(once) > most:
            raise Invalid.field("attachments", f"a message takes {most} files")
        tickets = {f"attachments.{n}": self._ticket(one, n) for n, one in enumerate(once)}
        if not tickets or self._seen(inbound):
            return ()
        files = []
        for name, ticket in tickets.items():
            if ticket.expires < self.clock().timestamp():
                raise Invalid.field(name, "is too old; send the file again")
            try:
                content = self.objects().get(ticket.key)
            except NotFound as error:
                if self._seen(inbound):  # a twin of this request has just finished
                    return ()
                raise Invalid.field(name, "its file has not been sent") from error
            files.append(attachments.make(ticket.name, ticket.type, content))
        self._claim(tickets, inbound, self.clock())
        return tuple(files)

    def forget(self, ids: Sequence[str]) -> None:
        """Remove what has been copied into a message; had we died, the lifecycle would do it."""
        for number, one in enumerate(ids):
            self.objects().delete(self._ticket(one, number).key)

    def _claim(self, tickets: dict[str, Ticket], inbound: InboundMessage, now: datetime) -> None:
        wanted = {name: ticket.key for name, ticket in tickets.items()}
        try:
            self.store.claim(wanted, digest(inbound.external_id), now)
        except WriteRefused as refused:
            reason = "it went into another message"
            raise Invalid.field(refused.names[0], reason) from refused

    def _seen(self, inbound: InboundMessage) -> bool:
        return self.ledger.look_up(inbound, [], []).claim is not None

    def _id(self, ticket: Ticket) -> str:
        return ticket_id(self.signer(), PURPOSE, ticket)

    def _ticket(self, given: str, number: int) -> Ticket:
        return read_ticket(self.signer(), PURPOSE, given, f"attachments.{number}")


def ticket_id(signer: Signer, purpose: str, ticket: Ticket) -> str:
    """The id that stands for an upload: what is known of it, signed."""
    body = json.dumps([ticket.key, ticket.name, ticket.type, ticket.expires])
    text = base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")
    return f"{text}.{signer.word(purpose, text, SIGNATURE)}"


def read_ticket(signer: Signer, purpose: str, given: str, field: str) -> Ticket:
    """What an id says; raises Invalid, which names the field, for one that is not ours."""
    text, _, word = given.rpartition(".")
    if not text or not signer.holds(purpose, text, word, SIGNATURE):
        raise Invalid.field(field, "is not the id of an upload")
    try:
        body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        key, name, kind, expires = json.loads(body)
    except (binascii.Error, ValueError) as error:
        raise Invalid.field(field, "is not the id of an upload") from error
    return Ticket(key=key, name=name, type=kind, expires=expires)
