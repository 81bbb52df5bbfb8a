"""A list of cases under a name, as people save it: which cases, in which order. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from chalicelib.base import Model
from chalicelib.cases.models import CaseStatus, Priority
from chalicelib.channels.models import Channel


def _told(text: str) -> str:
    if not text.strip():
        raise ValueError("give it a name")
    return text.strip()


Title = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_told)]


class ViewFilter(Model):
    """Which cases a list has. Several states or priorities are or-ed, everything else is and-ed.

    `assignee` may be "me"; it, `team` and `topic` may be "none". `text` are words that must occur.
    `snoozed` is "no" without the cases that are snoozed, "only" those, or "any".
    """

    status: tuple[CaseStatus, ...] = Field(default=(), max_length=6)
    team: str = Field(default="", max_length=64)
    assignee: str = Field(default="", max_length=254)
    topic: str = Field(default="", max_length=64)
    tag: str = Field(default="", max_length=40)
    channel: Channel | Literal[""] = ""
    priority: tuple[Priority, ...] = Field(default=(), max_length=4)
    language: str = Field(default="", pattern=r"^(?:[a-z]{2,3})?$")
    problem: str = Field(default="", max_length=64)
    snoozed: Literal["no", "only", "any"] = "no"
    text: str = Field(default="", max_length=200)
    order: Literal["created", "due"] = "created"


class SavedView(ViewFilter):
    """A list that somebody saved for themselves or for their team."""

    id: str
    title: Title


def moved(views: tuple[SavedView, ...], view_id: str, position: int) -> tuple[SavedView, ...]:
    """The same views with one of them at another place; behind the last is the end."""
    one = next(view for view in views if view.id == view_id)
    others = [view for view in views if view is not one]
    others.insert(position, one)
    return tuple(others)
