"""Answers as posts: to whom, in how many parts, signed by whom.

A post answers the customer's newest one, is as public as that was, and ends with the agent's own
first name. A long answer is several posts, each in reply to the one before. Every part has a key
that stays the same however often it is tried: networks make no second post of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.cases.models import Author, AuthorType, Message
from chalicelib.channels.contacts import MASTODON
from chalicelib.channels.networks import network_id
from chalicelib.channels.parts import posts
from chalicelib.channels.settings import ChannelSettings
from chalicelib.errors import SendRefused
from chalicelib.ports import Network, Post
from chalicelib.store.table import Write

if TYPE_CHECKING:
    from chalicelib.flows.outlets import Outlets
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.settings import SettingsStore

Networks = Callable[[str, ChannelSettings], Network]
"""The way to a network or source of that name; raises SendRefused where it cannot be answered."""


@dataclass(frozen=True)
class Posted:
    """What an answer became."""

    source: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Posting:
    cases: CaseStore
    ledger: Ledger
    settings: SettingsStore
    outlets: Outlets
    networks: Networks

    def post(self, message: Message) -> Posted:
        """Send an answer out; raises SendRefused, SendThrottled, SendUnknown."""
        origin = self.outlets.origin(message.references, message.channel)
        if origin is None:
            raise SendRefused("the post that it answers is not there any more")
        settings = self.settings.read("channels", ChannelSettings)
        source = str(origin.source.get("source", ""))
        network = self.networks(source, settings)
        answered, made = str(origin.source.get("id", "")), []
        for number, text in enumerate(self._texts(message, origin, source, settings)):
            post = Post(
                to=origin.sender,
                account_id=str(origin.source.get("account_id", "")),
                text=text,
                in_reply_to=answered,
                visibility=str(origin.source.get("visibility", "")),
                public=bool(origin.source.get("public", True)),
                key=f"{message.id}-{number}",
            )
            answered = network.publish(post)
            made.append(answered)
        return Posted(source, tuple(made))

    def known_as(self, message: Message, posted: Posted) -> list[Write]:
        """What lets an answer to any part of it find the case."""
        sk = self.cases.message_sk(message)
        names = dict.fromkeys(network_id(posted.source, identifier) for identifier in posted.ids)
        return [self.ledger.known_as(name, message.case_id, sk) for name in names]

    def _texts(
        self, message: Message, origin: Message, source: str, settings: ChannelSettings
    ) -> list[str]:
        closing = f"\n– {signature(message.author, settings.company)}"
        if source == MASTODON and settings.mastodon:
            handle = f"{origin.sender} "
            return posts(message.text, settings.mastodon.characters, handle, closing)
        room = settings.inbound[source].characters if source in settings.inbound else 1000
        return posts(message.text, room, "", closing)


def signature(author: Author, company: str) -> str:
    """Under which name a post goes out: a person's own, never their address."""
    if author.type == AuthorType.AGENT and author.name and "@" not in author.name:
        return author.name.split()[0]
    return author.name if author.type == AuthorType.BOT else company
