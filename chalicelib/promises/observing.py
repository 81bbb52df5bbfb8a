"""The dates of public holidays, from the library `holidays`.

Only who saves calendars, or keeps their dates ahead, imports it: the dates lie in the calendar.
Names are English, whatever the region, so that leaving one out means the same everywhere.
"""

from __future__ import annotations

from datetime import date

from chalicelib.errors import Invalid
from chalicelib.promises.models import Calendar, Region

LANGUAGE = "en_US"
BACK = 1  # years; a case may be older than its calendar
AHEAD = 3  # years after the running one


def observed(calendar: Calendar, today: date, field: str = "") -> Calendar:
    """The calendar with its holidays from last year to three years ahead.

    Raises Invalid for a region or kind that the library does not know; `field` is where the
    calendar stands in the request, such as "calendars.0.".
    """
    found: dict[date, str] = {}
    years = range(today.year - BACK, today.year + AHEAD + 1)
    for number, region in enumerate(calendar.holidays):
        found |= _of(region, years, f"{field}holidays.{number}.")
    last = date(today.year + AHEAD, 12, 31) if calendar.holidays else None
    return calendar.model_copy(
        update={"observed": dict(sorted(found.items())), "observed_until": last}
    )


def runs_out(calendar: Calendar, today: date) -> bool:
    """Whether its holidays end so soon that deadlines may pass them."""
    last = calendar.observed_until
    return bool(calendar.holidays) and (last is None or last.year < today.year + AHEAD - 1)


def _of(region: Region, years: range, field: str) -> dict[date, str]:
    import holidays

    try:
        plain = holidays.country_holidays(region.country)
    except NotImplementedError as error:
        wrong = "is no country whose holidays are known"
        raise Invalid.field(f"{field}country", wrong) from error
    parts = (*plain.subdivisions, *plain.subdivisions_aliases)
    if region.subdivision and region.subdivision not in parts:
        known = ", ".join(plain.subdivisions) or "none"
        raise Invalid.field(f"{field}subdivision", f"is not one of {known}")
    for number, kind in enumerate(region.kinds):
        if kind not in plain.supported_categories:
            known = ", ".join(sorted(plain.supported_categories))
            raise Invalid.field(f"{field}kinds.{number}", f"is not one of {known}")
    dates = holidays.country_holidays(
        region.country,
        subdiv=region.subdivision or None,
        years=years,
        language=LANGUAGE,
        categories=tuple(region.kinds),
    )
    names = {name for listed in dates.values() for name in _names(listed)}
    wanted = {name.casefold() for name in region.leave_out}
    for number, name in enumerate(region.leave_out):
        if name.casefold() not in {known.casefold() for known in names}:
            listed = ", ".join(sorted(names))
            raise Invalid.field(f"{field}leave_out.{number}", f"is not one of {listed}")
    return {
        day: listed
        for day, listed in dates.items()
        if any(name.casefold() not in wanted for name in _names(listed))
    }


def _names(listed: str) -> list[str]:
    """Two holidays on one day have one entry in the library."""
    return [name.strip() for name in listed.split(";")]
