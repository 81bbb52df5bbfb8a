"""The settings documents that people edit while the system runs, and the model of each.

Those of a domain are beside it; those that are only kept for the desk for now are defined here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, model_validator

from chalicelib.base import Model
from chalicelib.cases.macros import MacrosSettings
from chalicelib.cases.snippets import SnippetsSettings
from chalicelib.cases.views import ViewFilter
from chalicelib.errors import NotFound
from chalicelib.routing.agents import AgentProfile, Need, Strategy

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=60)]
Title = Annotated[str, Field(min_length=1, max_length=120)]
EmailAddress = Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+$", max_length=254)]


def _different(values: tuple[str, ...], what: str) -> None:
    if len(set(values)) < len(values):
        raise ValueError(f"two {what} have the same name; names must differ")


# --- teams ----------------------------------------------------------------------------------------


class TeamKind(StrEnum):
    SERVICE = "service"  # answers customers
    DEPARTMENT = "department"  # outside of customer service: owns what cases are about


class Team(Model):
    """People who share a queue. `calendar` names when they work; without one they always do.

    `strategy` says how cases come to people. A case whose language or skill nobody at work has
    waits for somebody who has it, unless `relax` names what may be left out, in that order.
    `leads` hear of promises that slip in cases that nobody has.

    The cases of a `restricted` team are there for its members and for admins only.
    """

    name: Slug
    title: Title
    kind: TeamKind = TeamKind.SERVICE
    members: tuple[EmailAddress, ...] = Field(default=(), max_length=500)
    leads: tuple[EmailAddress, ...] = Field(default=(), max_length=50)
    calendar: str = Field(default="", max_length=60)
    email: EmailAddress | Literal[""] = ""  # where a department is told
    strategy: Strategy = Strategy.MANUAL
    relax: tuple[Need, ...] = Field(default=(), max_length=2)
    restricted: bool = False

    def has(self, email: str) -> bool:
        """Whether somebody is a member."""
        return email.lower() in {member.lower() for member in self.members}

    def keeps_from(self, email: str) -> bool:
        """Whether its cases are not for somebody who is no admin."""
        return self.restricted and not self.has(email)


class TeamsSettings(Model):
    """The document `teams`. `agents` says what is special about a member, in whatever team."""

    teams: tuple[Team, ...] = Field(default=(), max_length=200)
    agents: tuple[AgentProfile, ...] = Field(default=(), max_length=1_000)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        _different(tuple(team.name for team in self.teams), "teams")
        _different(tuple(agent.email.lower() for agent in self.agents), "agents")
        return self

    def team(self, name: str | None) -> Team | None:
        return next((team for team in self.teams if team.name == name), None)

    def closed_to(self, email: str) -> frozenset[str]:
        """The restricted teams that somebody is not a member of."""
        return frozenset(team.name for team in self.teams if team.keeps_from(email))

    @property
    def profiles(self) -> dict[str, AgentProfile]:
        """What is said of agents, by their address in lower case."""
        return {agent.email.lower(): agent for agent in self.agents}


# --- the desk -------------------------------------------------------------------------------------


class View(ViewFilter):
    """A list of cases under a name: `GET /v1/cases?view=<name>`. `assignee` may be "me"."""

    name: Slug
    title: Title

    @property
    def filter(self) -> ViewFilter:
        """The same without its name."""
        return ViewFilter(**self.model_dump(exclude={"name", "title"}))


class ViewsSettings(Model):
    """The document `views`."""

    views: tuple[View, ...] = Field(default=(), max_length=200)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        _different(tuple(view.name for view in self.views), "views")
        return self


# --- the outside ----------------------------------------------------------------------------------


def _public_https(url: str) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or not host or parts.username:
        raise ValueError("must be an https address without user or password")
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        raise ValueError("must be an address in the public internet")
    if re.fullmatch(r"[\d.]+|[0-9a-f:.]+", host) and not _global_address(host):
        raise ValueError("must be an address in the public internet")
    return url


def _global_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return not re.fullmatch(r"[\d.]+", host)


class Webhook(Model):
    """Where facts are sent, signed with the secret. `events` are kinds such as
    problem.handed_over or agent.mentioned; none means all."""

    name: Slug
    url: Annotated[str, Field(max_length=2_000), AfterValidator(_public_https)]
    events: tuple[Annotated[str, Field(pattern=r"^[a-z]+(?:[._][a-z]+)*$", max_length=60)], ...] = (
        Field(default=(), max_length=50)
    )
    secret: str = Field(default="", pattern=r"^(?:whsec_[A-Za-z0-9+/]{32,120}={0,2})?$")
    enabled: bool = True


class WebhooksSettings(Model):
    """The document `webhooks`."""

    webhooks: tuple[Webhook, ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        _different(tuple(webhook.name for webhook in self.webhooks), "webhooks")
        return self


class FlagsSettings(Model):
    """The document `flags`: what is switched on or off by name."""

    flags: dict[Slug, bool] = Field(default={}, max_length=200)


# --- by name --------------------------------------------------------------------------------------


def _topics() -> type[BaseModel]:
    from chalicelib.understanding.models import TopicsSettings

    return TopicsSettings


def _priorities() -> type[BaseModel]:
    from chalicelib.understanding.defaults import PrioritySettings

    return PrioritySettings


def _sentiment() -> type[BaseModel]:
    from chalicelib.understanding.models import SentimentSettings

    return SentimentSettings


def _engines() -> type[BaseModel]:
    from chalicelib.understanding.engines import EnginesSettings

    return EnginesSettings


def _routing() -> type[BaseModel]:
    from chalicelib.routing.models import RoutingSettings

    return RoutingSettings


def _calendars() -> type[BaseModel]:
    from chalicelib.promises.models import CalendarsSettings

    return CalendarsSettings


def _promises() -> type[BaseModel]:
    from chalicelib.promises.models import PromiseSettings

    return PromiseSettings


def _channels() -> type[BaseModel]:
    from chalicelib.channels.settings import ChannelSettings

    return ChannelSettings


def _fields() -> type[BaseModel]:
    from chalicelib.channels.fields import FieldsSettings

    return FieldsSettings


def _problems() -> type[BaseModel]:
    from chalicelib.problems.models import ProblemSettings

    return ProblemSettings


def _detection() -> type[BaseModel]:
    from chalicelib.trends.models import DetectorConfig

    return DetectorConfig


def _help() -> type[BaseModel]:
    from chalicelib.knowledge.models import HelpSettings

    return HelpSettings


def _synonyms() -> type[BaseModel]:
    from chalicelib.knowledge.models import SynonymsSettings

    return SynonymsSettings


def _campaigns() -> type[BaseModel]:
    from chalicelib.campaigns.settings import CampaignSettings

    return CampaignSettings


def _notifications() -> type[BaseModel]:
    from chalicelib.notifications.models import NotificationSettings

    return NotificationSettings


def _approvals() -> type[BaseModel]:
    from chalicelib.access.models import ApprovalSettings

    return ApprovalSettings


def _audit() -> type[BaseModel]:
    from chalicelib.access.models import AuditSettings

    return AuditSettings


def _brand() -> type[BaseModel]:
    from chalicelib.branding import BrandSettings

    return BrandSettings


DOCUMENTS: Mapping[str, Callable[[], type[BaseModel]]] = {
    "approvals": _approvals,
    "audit": _audit,
    "brand": _brand,
    "calendars": _calendars,
    "campaigns": _campaigns,
    "channels": _channels,
    "detection": _detection,
    "engines": _engines,
    "fields": _fields,
    "flags": lambda: FlagsSettings,
    "help": _help,
    "macros": lambda: MacrosSettings,
    "notifications": _notifications,
    "priorities": _priorities,
    "problems": _problems,
    "promises": _promises,
    "routing": _routing,
    "sentiment": _sentiment,
    "snippets": lambda: SnippetsSettings,
    "synonyms": _synonyms,
    "teams": lambda: TeamsSettings,
    "topics": _topics,
    "views": lambda: ViewsSettings,
    "webhooks": lambda: WebhooksSettings,
}
"""The model of each document, imported when it is asked for."""


def model_of(name: str) -> type[BaseModel]:
    """Raises NotFound for a document that does not exist."""
    if name not in DOCUMENTS:
        raise NotFound(f"there are no settings called {name}")
    return DOCUMENTS[name]()
