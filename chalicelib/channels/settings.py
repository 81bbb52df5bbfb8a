"""The document `channels`: how contacts are taken in and answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from chalicelib.base import Model
from chalicelib.channels.forms import FormSettings
from chalicelib.channels.networks import ChatSettings, InboundSource, MastodonAccount

SourceName = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=40)]
Login = Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)]
BotName = Annotated[str, Field(min_length=1, max_length=60)]
"""Under which name the program that signs in as this login answers."""


class ChannelSettings(Model):
    """`addresses` are mail addresses of ours beside the support address.

    Within `acknowledgement_window_minutes` the same text of a sender is acknowledged once, and
    never more of what a sender writes than so many an hour and a day.
    """

    company: str = Field(default="Customer service", max_length=100)
    addresses: tuple[str, ...] = Field(default=(), max_length=100)
    reopen_days: int = Field(default=14, ge=0, le=365)
    conversation_hours: int = Field(default=72, ge=1, le=8760)
    acknowledge: bool = True
    acknowledgement_window_minutes: int = Field(default=1440, ge=0, le=43_200)
    acknowledgements_per_hour: int = Field(default=20, ge=1, le=1000)
    acknowledgements_per_day: int = Field(default=40, ge=1, le=10_000)
    form_posts_per_hour: int = Field(default=100, ge=1, le=100_000)
    form: FormSettings = FormSettings()

    sms_parts: int = Field(default=6, ge=1, le=10)  # of one answer; more is refused
    chat: ChatSettings = ChatSettings()
    inbound: dict[SourceName, InboundSource] = Field(default={}, max_length=50)
    mastodon: MastodonAccount | None = None
    bots: dict[Login, BotName] = Field(default={}, max_length=20)

    @property
    def reopen(self) -> timedelta:
        return timedelta(days=self.reopen_days)

    @property
    def conversation(self) -> timedelta:
        return timedelta(hours=self.conversation_hours)
