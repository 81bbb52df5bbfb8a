"""Entries of a case's timeline: inbound messages with their files, and events."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.cases.models import (
    Author,
    AuthorType,
    Case,
    Direction,
    Message,
    MessageKind,
    StoredAttachment,
)
from chalicelib.channels.models import Disposition, InboundMessage
from chalicelib.ports import Objects
from chalicelib.store.keys import digest

INLINE_BODY = 32_768  # bytes of a body that stay in the item; what is longer lies in the bucket
FIRST_LINES = 4_000  # characters of such a body that the item keeps


@dataclass(frozen=True)
class StoredFiles:
    """Where an inbound message's long body and attachments were put."""

    body_key: str
    attachments: tuple[StoredAttachment, ...]


def identifier(inbound: InboundMessage) -> str:
    """The id of an inbound message: the same however often it arrives."""
    return digest(f"{inbound.channel}\n{inbound.external_id}")[:26]


def store_files(objects: Callable[[], Objects], inbound: InboundMessage) -> StoredFiles:
    """Put what is too large for an item into the bucket, under keys that a repeat overwrites."""
    name = identifier(inbound)
    body_key = ""
    body = json.dumps({"text": inbound.text, "quoted": inbound.quoted, "html": inbound.html})
    if len(body) > INLINE_BODY:
        body_key = f"bodies/{name}.json"
        objects().put(body_key, body.encode(), "application/json")
    stored = []
    for number, attachment in enumerate(inbound.attachments):
        key = f"attachments/{name}/{number}"
        objects().put(key, attachment.content)
        fields = attachment.model_dump(exclude={"content"})
        stored.append(StoredAttachment(key=key, **fields))
    return StoredFiles(body_key, tuple(stored))


def inbound_entry(
    inbound: InboundMessage, case: Case, author: Author, stored: StoredFiles, now: datetime
) -> Message:
    """The timeline's entry for an inbound message."""
    long = bool(stored.body_key)
    return Message(
        id=identifier(inbound),
        case_id=case.id,
        direction=Direction.INBOUND,
        channel=inbound.channel,
        author=author,
        subject=inbound.subject[:998],
        text=inbound.text[:FIRST_LINES] if long else inbound.text,
        quoted="" if long else inbound.quoted,
        html="" if long else inbound.html,
        body_key=stored.body_key,
        attachments=stored.attachments,
        sender=inbound.sender.address,
        to=inbound.recipients[0].address if inbound.recipients else "",
        cc=tuple(address.address for address in inbound.cc)[:50],
        message_id=inbound.message_id,
        references=inbound.references[-20:],
        automatic=inbound.disposition != Disposition.MESSAGE,
        verdicts=inbound.verdicts,
        defects=inbound.defects[:20],
        raw_key=inbound.raw_key,
        source=inbound.source,
        created_at=inbound.received_at,
        updated_at=now,
    )


def event(
    case: Case,
    identifier: str,
    now: datetime,
    text: str,
    changes: dict[str, list[str]],
    by: str = "",
    before: dict[str, Any] | None = None,
) -> Message:
    """An entry that says what changed, from what to what, and by whom ("" is the system).

    With `before` it can be undone for a while (cases/undoing.py).
    """
    kind = AuthorType.AGENT if by else AuthorType.SYSTEM
    return Message(
        id=identifier,
        case_id=case.id,
        direction=Direction.INTERNAL,
        kind=MessageKind.EVENT,
        channel=case.channel,
        author=Author(type=kind, id=by, name=by),
        text=text,
        changes=changes,
        before=before or {},
        created_at=now,
        updated_at=now,
    )


def whole(objects: Objects, message: Message) -> Message:
    """The message with its long body, where that lies in the bucket."""
    if not message.body_key:
        return message
    body = json.loads(objects.get(message.body_key))
    return message.model_copy(update=body)
