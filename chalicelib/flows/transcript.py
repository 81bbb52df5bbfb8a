"""A conversation as its customer sees it: nothing from inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from chalicelib.base import Instant, Model
from chalicelib.cases.models import Author, AuthorType, Direction, Message, MessageKind
from chalicelib.channels.models import Channel
from chalicelib.flows.timeline import whole
from chalicelib.ports import Objects

LINK_SECONDS = 300  # how long the link to a file works


class ChatFile(Model):
    """A file of a chat message; `url` works for five minutes and always downloads."""

    name: str
    type: str
    bytes: int
    url: str


class ChatEntry(Model):
    """A message of the chat. `author` says whether a person or a machine wrote it."""

    id: str
    writer: Literal["you", "us"]
    author: AuthorType
    name: str
    channel: Channel
    text: str
    article: str = ""  # slug of the article that a machine answered from
    quick: tuple[str, ...] = ()  # answers that can be tapped: sent as they are, as a message
    attachments: tuple[ChatFile, ...] = ()
    created_at: Instant


def is_public(message: Message) -> bool:
    return message.kind == MessageKind.MESSAGE and message.direction != Direction.INTERNAL


def shown(message: Message, objects: Callable[[], Objects]) -> ChatEntry:
    """The message without what is only for us; dangerous files are left out."""
    inbound = message.direction == Direction.INBOUND
    files = tuple(
        ChatFile(
            name=file.name,
            type=file.type,
            bytes=file.bytes,
            url=objects().signed_url(file.key, file.name, LINK_SECONDS),
        )
        for file in message.attachments
        if not file.dangerous
    )
    return ChatEntry(
        id=message.id,
        writer="you" if inbound else "us",
        author=message.author.type,
        name=_name(message.author),
        channel=message.channel,
        text=whole(objects(), message).text if message.body_key else message.text,
        article="" if inbound else str(message.source.get("article", "")),
        quick=() if inbound else _quick(message),
        attachments=files,
        created_at=message.created_at,
    )


def _quick(message: Message) -> tuple[str, ...]:
    listed = str(message.source.get("quick", ""))
    return tuple(listed.split("\n")) if listed else ()


def _name(author: Author) -> str:
    """Agents are shown by their name, never by their address."""
    return "" if author.type == AuthorType.AGENT and "@" in author.name else author.name
