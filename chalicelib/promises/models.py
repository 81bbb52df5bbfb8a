"""Service levels as they are set up: when people work, what is promised to whom.

A calendar says when a clock runs. The dates of public holidays lie in the calendar itself
(`observed`), filled in when it is saved, so that whoever reckons a deadline needs no library.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from chalicelib.base import Model
from chalicelib.cases.models import Priority
from chalicelib.channels.models import Channel

Day = date
"""A date; by another name where a field is called date."""
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=60)]
TimeOfDay = Annotated[str, Field(pattern=r"^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$")]
"""Local time to the minute; 24:00 is the end of the day."""


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


def minutes(time_of_day: str) -> int:
    """Minutes since midnight by the wall clock: 09:30 is 570, 24:00 is 1440."""
    return int(time_of_day[:2]) * 60 + int(time_of_day[3:])


class Interval(Model):
    """Working time from `start` to `end`, local time of the calendar's zone."""

    start: TimeOfDay
    end: TimeOfDay

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.start >= self.end:
            raise ValueError("end: it must be later than start")
        return self


class Region(Model):
    """Whose public holidays are days off, but for those left out by their names.

    `subdivision` is the state or province (ISO 3166-2 without the country), `kinds` are the
    library's categories: public, and by country bank, school, half_day, optional, …
    """

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    subdivision: str = Field(default="", max_length=10)
    kinds: tuple[Annotated[str, Field(pattern=r"^[a-z_]{1,30}$")], ...] = ("public",)
    leave_out: tuple[Annotated[str, Field(min_length=1, max_length=120)], ...] = Field(
        default=(), max_length=60
    )


class Closure(Model):
    """Closed on a date, or until another one inclusive; between two times where they are given."""

    title: str = Field(default="", max_length=120)
    date: Day
    until: Day | None = None
    start: TimeOfDay = "00:00"
    end: TimeOfDay = "24:00"

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.start >= self.end:
            raise ValueError("end: it must be later than start")
        if self.until is not None and self.until < self.date:
            raise ValueError("until: it must not be before date")
        return self


class ExtraOpening(Model):
    """Open at other times than usual; goes before holidays and closures."""

    title: str = Field(default="", max_length=120)
    date: Day
    start: TimeOfDay
    end: TimeOfDay

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.start >= self.end:
            raise ValueError("end: it must be later than start")
        return self


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not an IANA time zone such as Europe/Berlin") from error
    return name


class Calendar(Model):
    """When people work: hours by weekday in a zone, without holidays and closures.

    `observed` (date → name) is what the regions' rules give until `observed_until`; it is
    reckoned when the calendar is saved, whatever a request says.
    """

    name: Slug
    zone: Annotated[str, Field(max_length=64), AfterValidator(_zone)] = "UTC"
    hours: dict[Weekday, tuple[Interval, ...]] = {}
    holidays: tuple[Region, ...] = Field(default=(), max_length=20)
    closures: tuple[Closure, ...] = Field(default=(), max_length=500)
    openings: tuple[ExtraOpening, ...] = Field(default=(), max_length=500)
    observed: dict[date, str] = Field(default={}, max_length=2_000)
    observed_until: date | None = None

    @model_validator(mode="before")
    @classmethod
    def _dates_are_closures(cls, given: Any) -> Any:
        """A plain date among the holidays is a closure of that day."""
        listed = given.get("holidays") if isinstance(given, Mapping) else None
        if not isinstance(listed, list | tuple) or not any(isinstance(x, str) for x in listed):
            return given
        days = [{"date": entry} for entry in listed if isinstance(entry, str)]
        regions = [entry for entry in listed if not isinstance(entry, str)]
        return {**given, "holidays": regions, "closures": [*given.get("closures", ()), *days]}

    @model_validator(mode="after")
    def _opens_at_all(self) -> Self:
        if not any(self.hours.values()):
            raise ValueError("hours: a calendar that never opens keeps no promise")
        return self


class CalendarsSettings(Model):
    """The document `calendars`."""

    calendars: tuple[Calendar, ...] = Field(default=(), max_length=100)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        _different([calendar.name for calendar in self.calendars], "calendars")
        return self

    def named(self, name: str) -> Calendar | None:
        """None for "", which is round the clock, and for a calendar that is not there."""
        return next((one for one in self.calendars if one.name == name), None)


def _different(names: list[str], what: str) -> None:
    if len(set(names)) < len(names):
        raise ValueError(f"two {what} have the same name; names must differ")


# --- policies ---------------------------------------------------------------------------------


class ClockName(StrEnum):
    FIRST_REPLY = "first_reply"
    NEXT_REPLY = "next_reply"
    RESOLUTION = "resolution"


Word = Annotated[str, Field(min_length=1, max_length=200)]


class Conditions(Model):
    """To which cases a policy applies: every list that is not empty must have the case's value.

    `services` are compared with the form's fields `service` and `product` and with what the
    customer owns, without regard to upper and lower case.
    """

    services: tuple[Word, ...] = Field(default=(), max_length=100)
    tiers: tuple[Word, ...] = Field(default=(), max_length=50)
    channels: tuple[Channel, ...] = ()
    priorities: tuple[Priority, ...] = ()
    teams: tuple[Word, ...] = Field(default=(), max_length=200)
    topics: tuple[Word, ...] = Field(default=(), max_length=500)


Seconds = Annotated[int, Field(ge=60, le=366 * 86_400)]


class Targets(Model):
    """Seconds of open time until each; None where nothing is promised."""

    first_reply: Seconds | None = None
    next_reply: Seconds | None = None
    resolution: Seconds | None = None


class Policy(Model):
    """What is promised to some cases. `calendar` "" is round the clock."""

    name: Slug
    title: str = Field(default="", max_length=120)
    when: Conditions = Conditions()
    calendar: Slug | Literal[""] = ""
    targets: Targets


def _default(priority: Priority, first: int, then: int, solved: int) -> Policy:
    return Policy(
        name=str(priority),
        title=f"{priority.capitalize()} priority",
        when=Conditions(priorities=(priority,)),
        targets=Targets(first_reply=first * 3600, next_reply=then * 3600, resolution=solved * 3600),
    )


DEFAULT_POLICIES = (
    _default(Priority.URGENT, 1, 2, 8),
    _default(Priority.HIGH, 4, 8, 24),
    _default(Priority.NORMAL, 8, 16, 72),
    _default(Priority.LOW, 24, 48, 120),
)


class PromiseSettings(Model):
    """The document `promises`: the first policy that applies is what a case was promised.

    A warning comes when `warn_at_percent` of a promise's time is used. `say_in_acknowledgement`
    tells customers what was promised; for clocks in `tell_when_late` they are told once when it
    is not kept, with a new expectation: as much open time again, or `again_seconds`.
    `zone` is that of the times in messages to customers of whom no zone is known, where the
    policy has no calendar.
    """

    policies: tuple[Policy, ...] = Field(default=DEFAULT_POLICIES, max_length=200)
    warn_at_percent: int = Field(default=75, ge=10, le=99)
    say_in_acknowledgement: bool = True
    tell_when_late: tuple[Literal[ClockName.FIRST_REPLY, ClockName.NEXT_REPLY], ...] = (
        ClockName.FIRST_REPLY,
        ClockName.NEXT_REPLY,
    )
    again_seconds: Seconds | None = None
    zone: Annotated[str, Field(max_length=64), AfterValidator(_zone)] = "UTC"

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        _different([policy.name for policy in self.policies], "policies")
        return self
