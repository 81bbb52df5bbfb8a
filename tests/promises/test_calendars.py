"""Laws of open time, in zones with all kinds of clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.promises.calendars import NeverOpen, add, elapsed, next_open, open_at
from chalicelib.promises.models import Calendar, Weekday

OFFICE = {"start": "09:00", "end": "17:00"}
WEEK = {day: [OFFICE] for day in list(Weekday)[:5]}
NIGHT = [{"start": "00:00", "end": "06:00"}, {"start": "22:00", "end": "24:00"}]
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time
    "America/Havana",  # changes at midnight
    "Asia/Kathmandu",
)


def calendar(zone: str = "Europe/Berlin", **more: object) -> Calendar:
    return Calendar.model_validate({"name": "office", "zone": zone, "hours": WEEK, **more})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    ranges = st.lists(st.integers(0, 48), min_size=2, max_size=6, unique=True).map(sorted)
    hours = {}
    for day in draw(st.sets(st.sampled_from(list(Weekday)), min_size=1)):
        cuts = [f"{half // 2:02}:{half % 2 * 30:02}" for half in draw(ranges)]
        pairs = zip(cuts[::2], cuts[1::2], strict=False)
        hours[day] = [{"start": start, "end": end} for start, end in pairs]
    days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
    closures = draw(st.lists(days, max_size=5))
    return Calendar.model_validate(
        {
            "name": "drawn",
            "zone": draw(st.sampled_from(ZONES)),
            "hours": hours,
            "closures": [{"date": day, "start": "10:00", "end": "13:00"} for day in closures],
            "openings": [{"date": day, **OFFICE} for day in draw(st.lists(days, max_size=3))],
            "observed": dict.fromkeys(draw(st.lists(days, max_size=8)), "a holiday"),
        }
    )


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1), timezones=st.just(UTC)).map(
    lambda at: at.replace(second=0, microsecond=0)
)


@settings(max_examples=150, deadline=None)
@given(calendars(), moments, moments, moments)
def test_elapsed_time_adds_up_and_never_shrinks(
    one: Calendar, a: datetime, b: datetime, c: datetime
) -> None:
    a, b, c = sorted((a, b, c))
    assert elapsed(one, a, b) + elapsed(one, b, c) == elapsed(one, a, c)
    assert 0 <= elapsed(one, a, b) <= elapsed(one, a, c) <= (c - a).total_seconds()


@settings(max_examples=150, deadline=None)
@given(calendars(), moments, st.integers(1, 200_000))
def test_a_deadline_is_where_so_much_time_has_passed_and_not_before(
    one: Calendar, start: datetime, seconds: int
) -> None:
    due = add(one, start, seconds)
    assert elapsed(one, start, due) == seconds
    assert elapsed(one, start, due - timedelta(seconds=1)) == seconds - 1


@settings(max_examples=100, deadline=None)
@given(calendars(), moments, st.integers(0, 100_000), st.integers(0, 100_000))
def test_more_time_and_a_later_start_never_give_an_earlier_deadline(
    one: Calendar, start: datetime, less: int, more: int
) -> None:
    less, more = sorted((less, more))
    assert add(one, start, less) <= add(one, start, more)
    assert add(one, start, less) <= add(one, start + timedelta(minutes=37), less)


@settings(max_examples=40, deadline=None)
@given(calendars(), moments)
def test_elapsed_is_what_a_look_at_the_clock_every_minute_counts(
    one: Calendar, start: datetime
) -> None:
    looked = sum(open_at(one, start + timedelta(minutes=n)) for n in range(60 * 50))
    assert elapsed(one, start, start + timedelta(hours=50)) == looked * 60


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_working_days_around_a_change_of_the_clocks_are_eight_hours_long(zone: str) -> None:
    one, local = calendar(zone), ZoneInfo(zone)
    for day in (date(2026, 3, 6), date(2026, 3, 27), date(2026, 4, 3), date(2026, 10, 23)):
        friday = datetime(day.year, day.month, day.day, 16, tzinfo=local)
        monday = datetime.combine(day + timedelta(days=3), friday.timetz().replace(hour=10))
        assert add(one, friday, 2 * 3600) == monday.astimezone(UTC)


def test_an_hour_that_is_left_out_is_not_counted_and_one_that_comes_twice_is_twice() -> None:
    day = [{"start": "00:00", "end": "24:00"}]
    always = calendar(hours=dict.fromkeys(Weekday, day))
    assert elapsed(always, utc("2026-03-28T23:00"), utc("2026-03-29T22:00")) == 23 * 3600
    assert elapsed(always, utc("2026-10-24T22:00"), utc("2026-10-25T23:00")) == 25 * 3600
    small = calendar(hours={"sunday": [{"start": "02:30", "end": "03:30"}]})
    assert elapsed(small, utc("2026-03-29T00:00"), utc("2026-03-29T12:00")) == 1800
    assert elapsed(small, utc("2026-10-25T00:00"), utc("2026-10-25T12:00")) == 5400


def test_a_shift_over_midnight_is_open_without_a_gap() -> None:
    night = calendar("UTC", hours=dict.fromkeys(Weekday, NIGHT))
    assert open_at(night, utc("2026-11-23T23:59"))
    assert open_at(night, utc("2026-11-24T00:00"))
    assert elapsed(night, utc("2026-11-23T21:00"), utc("2026-11-24T07:00")) == 8 * 3600


def test_holidays_and_closures_are_days_off_and_an_extra_opening_goes_before_both() -> None:
    one = calendar(
        "UTC",
        observed={"2026-12-25": "Christmas Day"},
        closures=[{"date": "2026-12-28", "until": "2026-12-30"}],
        openings=[{"date": "2026-12-25", "start": "10:00", "end": "12:00"}],
    )
    assert add(one, utc("2026-12-24T17:00"), 3 * 3600) == utc("2026-12-31T10:00")
    assert next_open(one, utc("2026-12-25T12:00")) == utc("2026-12-31T09:00")


def test_without_a_calendar_the_clock_runs_round_the_clock() -> None:
    assert add(None, utc("2026-11-22T23:00"), 7200) == utc("2026-11-23T01:00")
    assert elapsed(None, utc("2026-11-22T23:00"), utc("2026-11-22T22:00")) == 0


def test_a_calendar_that_never_opens_is_refused() -> None:
    with pytest.raises(ValidationError, match="never opens"):
        calendar(hours={"monday": []})
    never = calendar(observed={date(2026, 1, 1) + timedelta(days=n): "off" for n in range(1900)})
    with pytest.raises(NeverOpen):
        add(never, utc("2026-01-01T00:00"), 60)
