"""The document `campaigns`: when notices go out, how many a customer gets, when they stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from chalicelib.base import Model
from chalicelib.channels.models import Channel
from chalicelib.customers.models import QuietHours


def _zone(name: str) -> str:
    try:
        return name and ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not an IANA time zone such as Europe/Berlin") from error


class FatigueCap(Model):
    """At most so many notices in so many days for one customer; 0 notices: no limit."""

    notices: int = Field(default=5, ge=0, le=1000)
    days: int = Field(default=7, ge=1, le=90)

    @property
    def window(self) -> timedelta:
        return timedelta(days=self.days)


class BrakeSettings(Model):
    """When a campaign pauses by itself: a share is above its limit, and there are at least so many.

    The shares of bounces and complaints are those at which SES itself looks into an account
    (Amazon SES, "Sending review process FAQs"). Errors are notices that a provider refused.
    """

    bounces: float = Field(default=0.10, gt=0, le=1)
    least_bounces: int = Field(default=20, ge=1)
    complaints: float = Field(default=0.005, gt=0, le=1)
    least_complaints: int = Field(default=5, ge=1)
    errors: float = Field(default=0.20, gt=0, le=1)
    least_errors: int = Field(default=20, ge=1)


class CampaignSettings(Model):
    """`quiet_hours` are local times of each customer, by channel; safety notices ignore them.

    `time_zone` stands for customers of whom nothing tells where they live. `pace` is how many a
    second are handed to a provider on a channel; what it does not name goes as fast as it is taken.
    """

    time_zone: Annotated[str, Field(max_length=64), AfterValidator(_zone)] = ""
    quiet_hours: dict[Channel, QuietHours] = {
        Channel.SMS: QuietHours(start="21:00", end="08:00"),
    }
    fatigue: FatigueCap = FatigueCap()
    held_out: float = Field(default=0.0, ge=0, le=0.5)  # where a campaign says nothing else
    brake: BrakeSettings = BrakeSettings()
    sms_reply_hours: int = Field(default=72, ge=1, le=720)  # a text message answers the notice
    pace: dict[Channel, Annotated[float, Field(gt=0, le=10_000)]] = {}

    @property
    def sms_reply(self) -> timedelta:
        return timedelta(hours=self.sms_reply_hours)
