"""Public holidays by region, as they are put into calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from chalicelib.errors import Invalid
from chalicelib.promises.calendars import open_at
from chalicelib.promises.models import Calendar, Weekday
from chalicelib.promises.observing import observed, runs_out

TODAY = date(2026, 11, 23)


def calendar(*regions: dict[str, Any]) -> Calendar:
    hours = {day: [{"start": "09:00", "end": "17:00"}] for day in Weekday}
    return Calendar.model_validate(
        {"name": "office", "zone": "Europe/Berlin", "hours": hours, "holidays": regions}
    )


def test_holidays_are_those_of_the_subdivision() -> None:
    bavaria = observed(calendar({"country": "DE", "subdivision": "BY"}), TODAY)
    berlin = observed(calendar({"country": "DE", "subdivision": "BE"}), TODAY)
    epiphany = datetime(2027, 1, 6, 12, tzinfo=UTC)
    assert not open_at(bavaria, epiphany)
    assert open_at(berlin, epiphany)
    assert berlin.observed[date(2029, 3, 8)] == "Women's Day"


def test_a_holiday_is_left_out_by_its_name_and_another_kind_is_added() -> None:
    working = observed(
        calendar({"country": "DE", "subdivision": "BE", "leave_out": ["women's day"]}), TODAY
    )
    assert date(2027, 3, 8) not in working.observed
    assert date(2027, 5, 1) in working.observed
    villages = {"country": "DE", "subdivision": "BY", "kinds": ["public", "catholic"]}
    assert date(2027, 8, 15) in observed(calendar(villages), TODAY).observed


@pytest.mark.parametrize(
    ("region", "field"),
    [
        ({"country": "XX"}, "calendars.1.holidays.0.country"),
        ({"country": "DE", "subdivision": "ZZ"}, "calendars.1.holidays.0.subdivision"),
        ({"country": "DE", "kinds": ["lunar"]}, "calendars.1.holidays.0.kinds.0"),
        ({"country": "DE", "leave_out": ["Pi Day"]}, "calendars.1.holidays.0.leave_out.0"),
    ],
)
def test_what_is_wrong_with_a_region_is_said_by_its_field(
    region: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        observed(calendar(region), TODAY, "calendars.1.")
    assert refused.value.extra["fields"][0]["field"] == field


def test_dates_are_reckoned_anew_before_they_run_out() -> None:
    made = observed(calendar({"country": "FR"}), TODAY)
    assert made.observed_until == date(2029, 12, 31)
    assert not runs_out(made, date(2027, 6, 1))
    assert runs_out(made, date(2028, 1, 1))
    assert not runs_out(calendar(), date(2040, 1, 1))
