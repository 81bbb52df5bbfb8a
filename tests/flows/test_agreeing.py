"""Settings of promises are checked against each other, and versions stay what they were."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.cases.models import CasePatch, CaseStatus, Priority
from chalicelib.errors import Invalid
from chalicelib.promises.models import CalendarsSettings, PromiseSettings
from tests.support import NOON, World, installation

AGENT = "agent@example.com"
HOUR = 3600


@pytest.fixture
def world() -> Iterator[World]:
    with installation() as world:
        yield world


def calendars(start: str = "09:00") -> CalendarsSettings:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    hours = {day: [{"start": start, "end": "17:00"}] for day in days}
    region = {"country": "DE", "subdivision": "BE"}
    office = {"name": "office", "zone": "Europe/Berlin", "hours": hours, "holidays": [region]}
    return CalendarsSettings.model_validate({"calendars": [office]})


def promises(calendar: str = "office", **when: Any) -> PromiseSettings:
    targets = {"first_reply": 4 * HOUR, "next_reply": 8 * HOUR, "resolution": 24 * HOUR}
    policy = {"name": "normal", "when": when, "calendar": calendar, "targets": targets}
    return PromiseSettings.model_validate({"policies": [policy]})


def put(world: World, name: str, given: CalendarsSettings | PromiseSettings) -> None:
    made = world.app.agreeing.prepared(given)
    world.app.documents.write(name, made.model_dump(mode="json"), None, "admin@example.com")


def test_a_policy_needs_its_calendar_and_a_calendar_that_is_needed_stays(world: World) -> None:
    with pytest.raises(Invalid, match=r"policies\.0\.calendar"):
        put(world, "promises", promises())
    put(world, "calendars", calendars())
    put(world, "promises", promises())
    with pytest.raises(Invalid, match="needs the calendar office"):
        put(world, "calendars", CalendarsSettings())


def test_a_case_is_promised_by_the_first_policy_that_applies(world: World) -> None:
    put(world, "calendars", calendars())
    settings = promises(channels=["sms"])
    later = promises().policies[0].model_copy(update={"name": "later"})
    both = settings.model_copy(update={"policies": (*settings.policies, later)})
    put(world, "promises", both)
    world.mail("Where is my parcel?")
    world.settle()
    case = world.case()
    assert (case.promises.policy, case.promises.policy_version) == ("later", 1)
    assert (case.promises.calendar, case.promises.calendar_version) == ("office", 1)
    assert case.promises.first_reply is not None  # Monday 13:00 to 17:00 in Berlin
    assert case.promises.first_reply.due_at == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


def test_a_case_goes_on_by_the_version_that_it_was_promised(world: World) -> None:
    put(world, "calendars", calendars())
    put(world, "promises", promises())
    world.mail("Where is my parcel?")
    world.settle()
    case = world.case()
    held = CasePatch(status=CaseStatus.ON_HOLD)
    case = world.app.casework.patch(case.id, case.version, held, AGENT)
    put(world, "calendars", calendars(start="12:00"))
    world.clock.forward(hours=20)  # Tuesday, 9:00 in Berlin
    on = CasePatch(status=CaseStatus.OPEN)
    case = world.app.casework.patch(case.id, case.version, on, AGENT)
    assert case.promises.calendar_version == 1
    assert case.promises.first_reply is not None
    assert case.promises.first_reply.due_at == datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    urgent = CasePatch(priority=Priority.URGENT)
    case = world.app.casework.patch(case.id, case.version, urgent, AGENT)
    assert case.promises.calendar_version == 2
    assert case.promises.first_reply is not None
    assert case.promises.first_reply.due_at == datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # was told
    assert case.promises.resolution is not None
    assert case.promises.resolution.due_at.hour == 15  # five hours a day from now on


def test_holidays_are_kept_ahead_of_time_once(world: World) -> None:
    put(world, "calendars", calendars())
    assert not world.app.agreeing.keep_ahead()
    world.clock.now = NOON.replace(year=2028)
    assert world.app.agreeing.keep_ahead()
    assert not world.app.agreeing.keep_ahead()
    made = world.app.documents.read("calendars", CalendarsSettings).calendars[0]
    assert made.observed_until is not None
    assert made.observed_until.year == 2031


def test_a_deadline_for_others_is_by_a_named_calendar(world: World) -> None:
    put(world, "calendars", calendars())
    due = world.app.promising.deadline("office", NOON, 8 * HOUR)
    assert due == datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
