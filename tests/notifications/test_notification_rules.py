"""When a mail to an agent goes out, by their own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.notifications.models import Preferences
from chalicelib.notifications.rules import mail_due

WINDOW = timedelta(minutes=2)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "now", "due"),
    [
        ({}, "2026-11-23T12:00", "2026-11-23T12:02"),
        ({"mail_grouping": "quarter_hour"}, "2026-11-23T12:00", "2026-11-23T12:15"),
        # Eight o'clock in Berlin is seven in winter, and six in summer.
        ({"mail_grouping": "daily"}, "2026-11-23T12:00", "2026-11-24T07:00"),
        ({"mail_grouping": "daily"}, "2026-11-23T06:59", "2026-11-23T07:00"),
        ({"mail_grouping": "daily"}, "2027-03-27T12:00", "2027-03-28T06:00"),
        # Quiet from 19 to 7, over midnight.
        ({"quiet": ("19:00", "07:00")}, "2026-11-23T17:59", "2026-11-24T06:00"),
        ({"quiet": ("19:00", "07:00")}, "2026-11-23T17:57", "2026-11-23T17:59"),
        ({"quiet": ("19:00", "07:00")}, "2026-11-24T05:57", "2026-11-24T06:00"),
        ({"quiet": ("12:00", "14:00")}, "2026-11-23T11:30", "2026-11-23T13:00"),
        (
            {"quiet": ("12:00", "14:00"), "daily_at": "12:30", "mail_grouping": "daily"},
            "2026-11-23T08:00",
            "2026-11-23T13:00",
        ),
    ],
)
def test_mail_goes_out_by_the_agents_own_clock(
    given: dict[str, object], now: str, due: str
) -> None:
    fields = dict(given)
    if quiet := fields.pop("quiet", None):
        start, until = quiet  # type: ignore[misc]
        fields["quiet_hours"] = {"start": start, "until": until}
    preferences = Preferences.model_validate({"zone": "Europe/Berlin", **fields})
    assert mail_due(preferences, at(now), WINDOW) == at(due)
