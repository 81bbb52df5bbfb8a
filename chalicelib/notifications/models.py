"""A notification: that something happened which an agent should know, and by which ways they want
to hear of it. The words are not kept here: they are read from the case when they are shown."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from chalicelib.base import Instant, Model
from chalicelib.cases.models import Delivery

EMAIL = "email"
LATEST = 5  # that a poll carries
MOST_ENTRIES = 50  # of a mail; what is more is only counted


class Kind(StrEnum):
    """Why somebody is told, the most urgent first."""

    MENTIONED = "mentioned"
    ASSIGNED = "assigned"  # to them, or by a person to their team
    BREACHED = "breached"  # a promise of their case, or of one of their team that nobody has
    AT_RISK = "at_risk"
    REPLY = "reply"  # the customer wrote in their case
    FOLLOWED = "followed"  # news in a case that is theirs, or that they follow


URGENCY: tuple[Kind, ...] = tuple(Kind)


class Notification(Model):
    """What an agent has not seen of a case, as one line; or the last that they have seen.

    `kind`, `by` and `message` (a sort key) are of the most urgent and of these the newest fact;
    `at` is of the newest one.
    """

    case_id: str
    kind: Kind
    by: str = ""  # the agent who did it; "" is the customer, or the system
    message: str
    count: int = 1  # facts since they last looked
    at: Instant
    read_at: Instant | None = None
    version: int = 1


class Flash(Model):
    """A notification in short, as a poll carries it."""

    case_id: str
    reference: str
    kind: Kind
    by: str = ""
    at: Instant


class Bell(Model):
    """How many cases have news that an agent has not seen, and the newest of them."""

    unread: int = 0
    latest: tuple[Flash, ...] = ()
    version: int = 0


class Entry(Model):
    """A fact that goes into a mail or webhook."""

    case_id: str
    message: str
    kind: Kind
    by: str = ""
    at: Instant


class Bundle(Model):
    """Facts that go to an agent as one mail or webhook: gathered until it is due, then sent."""

    id: str
    email: str  # of the agent
    way: str  # email, or the name of a webhook
    group: str  # what is gathered in it: a case, all of an agent, …
    kind: Kind | None = None  # of a webhook, whose event has one
    entries: tuple[Entry, ...] = ()
    more: int = 0  # further ones that were only counted
    due_at: Instant
    delivery: Delivery = Delivery()
    created_at: Instant
    version: int = 1


class NotificationSettings(Model):
    """The document `notifications`. What happens in a case within so many seconds becomes one mail,
    or one webhook; what was seen at the desk meanwhile is not mailed."""

    mail_after_seconds: int = Field(default=120, ge=0, le=900)
    webhook_after_seconds: int = Field(default=10, ge=0, le=900)


# --- what an agent prefers ------------------------------------------------------------------------


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not an IANA time zone such as Europe/Berlin") from error
    return name


Clock = Annotated[str, Field(pattern=r"^(?:[01]\d|2[0-3]):[0-5]\d$")]
"""A time of day: 07:30."""


class Ways(Model):
    """How somebody hears of a kind: at the desk, by mail, by the company's webhooks."""

    desk: bool = True
    mail: bool = False
    webhook: bool = True


class WaysByKind(Model):
    mentioned: Ways = Ways(mail=True)
    assigned: Ways = Ways(mail=True)
    breached: Ways = Ways()
    at_risk: Ways = Ways()
    reply: Ways = Ways()
    followed: Ways = Ways()

    def of(self, kind: Kind) -> Ways:
        ways = getattr(self, kind.value)
        assert isinstance(ways, Ways)
        return ways


class Grouping(StrEnum):
    """When mail about notifications goes out."""

    AT_ONCE = "at_once"  # a mail a case, after the settings' window
    QUARTER_HOUR = "quarter_hour"  # one mail for all of fifteen minutes
    DAILY = "daily"


class MailWhen(StrEnum):
    """Which notifications are mailed at once."""

    AWAY = "away"  # those that come while nobody is at their desk
    UNSEEN = "unseen"  # those that they have not looked at after the settings' window


class QuietHours(Model):
    """From when until when nothing is mailed; over midnight where `until` is the earlier one."""

    start: Clock
    until: Clock


class Preferences(Model):
    """How an agent wants the desk, and to be told; follows them to any browser.

    `language` "" is the browser's. `keys` switches single-key shortcuts.
    """

    notify: WaysByKind = WaysByKind()
    mail_when: MailWhen = MailWhen.AWAY
    mail_grouping: Grouping = Grouping.AT_ONCE
    daily_at: Clock = "08:00"
    quiet_hours: QuietHours | None = None
    zone: Annotated[str, Field(max_length=64), AfterValidator(_zone)] = "UTC"
    language: Annotated[str, Field(pattern=r"^(?:[a-z]{2,3})?$")] = ""
    keys: bool = True
    theme: Literal["system", "light", "dark"] = "system"
