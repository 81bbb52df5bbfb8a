"""The settings of promises, before they are stored: checked against each other, holidays reckoned.

A policy names a calendar that is there; a calendar that policies name is not taken away. The dates
of holidays are put into the calendar when it is saved, and kept ahead by a schedule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel

from chalicelib.errors import Invalid, StaleVersion
from chalicelib.ports import Clock
from chalicelib.promises.models import CalendarsSettings, PromiseSettings
from chalicelib.promises.observing import observed, runs_out

if TYPE_CHECKING:
    from chalicelib.store.settings import SettingsStore

BY_ITSELF = "system"


@dataclass(frozen=True)
class Agreeing:
    settings: SettingsStore
    clock: Clock

    def prepared(self, given: BaseModel) -> BaseModel:
        """A settings document as it is stored, others than ours unchanged. Raises Invalid."""
        match given:
            case PromiseSettings():
                self._check(given)
            case CalendarsSettings():
                return self._reckoned(given)
        return given

    def keep_ahead(self) -> bool:
        """Reckon the holidays of the next years where they run out; whether that was needed."""
        document, version = self.settings.document("calendars")
        known = CalendarsSettings.model_validate(document or {})
        today = self.clock().date()
        if not any(runs_out(calendar, today) for calendar in known.calendars):
            return False
        fresh = tuple(observed(calendar, today) for calendar in known.calendars)
        made = known.model_copy(update={"calendars": fresh}).model_dump(mode="json")
        try:
            self.settings.write("calendars", made, version, BY_ITSELF)
        except StaleVersion:
            return False  # somebody has just saved them, with their holidays
        return True

    def _check(self, given: PromiseSettings) -> None:
        calendars = self.settings.read("calendars", CalendarsSettings)
        for number, policy in enumerate(given.policies):
            if policy.calendar and calendars.named(policy.calendar) is None:
                field = f"policies.{number}.calendar"
                raise Invalid.field(field, f"there is no calendar called {policy.calendar}")

    def _reckoned(self, given: CalendarsSettings) -> CalendarsSettings:
        promises = self.settings.read("promises", PromiseSettings)
        for policy in promises.policies:
            if policy.calendar and given.named(policy.calendar) is None:
                reason = f"the policy {policy.name} needs the calendar {policy.calendar}"
                raise Invalid.field("calendars", reason)
        today = self.clock().date()
        calendars = (
            observed(calendar, today, f"calendars.{number}.")
            for number, calendar in enumerate(given.calendars)
        )
        return given.model_copy(update={"calendars": tuple(calendars)})
