"""What the settings say of teams' ways and of agents. Apart from the other models, because whoever
reads the settings document `teams` needs it, and few need more.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib.base import Model
from chalicelib.channels.models import Channel


def _tag(tag: str) -> str:
    cleaned = tag.strip().casefold()
    if not cleaned or len(cleaned) > 40:
        raise ValueError("a tag has 1 to 40 characters")
    return cleaned


Tag = Annotated[str, AfterValidator(_tag)]


class Strategy(StrEnum):
    """How the cases of a team come to its members."""

    MANUAL = "manual"  # they take what they want
    ROUND_ROBIN = "round_robin"  # whoever has waited longest for one
    LEAST_LOADED = "least_loaded"  # whoever has most room


class Need(StrEnum):
    LANGUAGE = "language"
    SKILL = "skill"


Code = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
"""A language: ISO 639-1 where it has one."""


class AgentProfile(Model):
    """What is special about an agent. No languages: whatever comes.

    A skill is a word of a rule, or the label of a topic. `capacity` is how many open cases are
    enough; `weights` says how much a case of a channel counts (1 where it is not named), since
    three chats at once are more than three mails. `calendar` goes before the team's.
    """

    email: Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+$", max_length=254)]
    languages: tuple[Code, ...] = Field(default=(), max_length=30)
    skills: tuple[Tag, ...] = Field(default=(), max_length=50)
    capacity: int = Field(default=30, ge=0, le=1_000)
    weights: dict[Channel, Annotated[float, Field(ge=0, le=100)]] = {}
    calendar: str = Field(default="", max_length=60)
