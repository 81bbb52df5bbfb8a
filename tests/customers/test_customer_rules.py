"""What customers agreed to, by channel and purpose, and when they want quiet."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.channels.models import Channel
from chalicelib.customers import rules
from chalicelib.customers.models import (
    ConsentPurpose,
    ConsentStatus,
    Customer,
    CustomerInput,
    CustomerPatch,
    QuietHours,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
IN, OUT = ConsentStatus.OPTED_IN, ConsentStatus.OPTED_OUT
MARKETING = ConsentPurpose.MARKETING
SMS = Channel.SMS


def customer(**given: object) -> Customer:
    said = CustomerInput.model_validate({"name": "Ana", "phone": "+4915112345678", **given})
    return rules.create("1", said, NOW, "test")


@pytest.mark.parametrize(
    ("consent", "marketing", "service_no", "marketing_no", "marketing_yes"),
    [
        ({}, {}, False, False, False),
        ({SMS: IN}, {}, False, False, True),  # a yes from before purposes were told apart
        ({SMS: IN}, {SMS: OUT}, False, True, False),
        ({SMS: OUT}, {SMS: IN}, True, True, False),  # STOP means everything
        ({}, {SMS: IN}, False, False, True),
    ],
)
def test_consent_is_by_channel_and_purpose(
    consent: object, marketing: object, service_no: bool, marketing_no: bool, marketing_yes: bool
) -> None:
    known = customer(consent=consent, marketing=marketing)
    assert rules.opted_out(known, SMS) is service_no
    assert rules.opted_out(known, SMS, MARKETING) is marketing_no
    assert rules.agreed(known, SMS, MARKETING) is marketing_yes


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-11-23T20:59:00", None),  # 21:59 in Berlin
        ("2026-11-23T21:00:00", "2026-11-24T06:00:00"),
        ("2026-11-24T05:59:00", "2026-11-24T06:00:00"),
        ("2026-11-24T06:00:00", None),
        ("2026-03-28T22:00:00", "2026-03-29T05:00:00"),  # the clocks go forward that night
    ],
)
def test_quiet_hours_are_those_of_the_customers_own_zone(at: str, until: str | None) -> None:
    hours = QuietHours(start="22:00", end="07:00")
    known = customer(quiet_hours=hours, time_zone="Europe/Berlin")
    found = rules.quiet_until(known, datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert (found and found.strftime("%Y-%m-%dT%H:%M:%S")) == until


def test_quiet_hours_within_a_day_and_in_an_unknown_zone() -> None:
    hours = QuietHours(start="12:00", end="14:00")
    known = customer(quiet_hours=hours, time_zone="Europe/Atlantis")
    assert rules.quiet_until(known, NOW) == NOW.replace(hour=14)
    assert rules.quiet_until(known, NOW.replace(hour=14)) is None
    assert rules.quiet_until(customer(), NOW) is None


def test_a_null_in_a_patch_ends_quiet_hours_and_the_chosen_channel() -> None:
    hours = QuietHours(start="22:00", end="07:00")
    known = customer(quiet_hours=hours, preferred_channel=SMS)
    same = rules.apply(known, CustomerPatch(tier="gold"), NOW, "test")
    assert (same.quiet_hours, same.preferred_channel) == (hours, SMS)
    patch = CustomerPatch(quiet_hours=None, preferred_channel=None)
    ended = rules.apply(known, patch, NOW, "test")
    assert (ended.quiet_hours, ended.preferred_channel) == (None, None)
