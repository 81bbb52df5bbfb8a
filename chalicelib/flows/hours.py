"""When people work, by the calendars in the settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from chalicelib.promises.calendars import open_at
from chalicelib.promises.models import Calendar, CalendarsSettings, Weekday

if TYPE_CHECKING:
    from chalicelib.store.settings import SettingsStore

DAYS = tuple(Weekday)


@dataclass(frozen=True)
class Hours:
    settings: SettingsStore

    def working(self, calendar: str, at: datetime) -> bool:
        """Whether that calendar is open; always, where there is none of that name."""
        return open_at(self._calendar(calendar), at)

    def local(self, calendar: str, at: datetime) -> datetime:
        """The moment in the calendar's zone; UTC where there is none of that name."""
        known = self._calendar(calendar)
        return at.astimezone(ZoneInfo(known.zone)) if known else at

    def _calendar(self, name: str) -> Calendar | None:
        if not name:
            return None
        calendars = self.settings.read("calendars", CalendarsSettings).calendars
        return next((one for one in calendars if one.name == name), None)
