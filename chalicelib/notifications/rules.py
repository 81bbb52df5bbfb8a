"""Who is told of an entry of a case's timeline, what that makes of their line, and when it is
mailed. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.cases.models import AuthorType, Case, Direction, Message, MessageKind
from chalicelib.notifications.models import (
    LATEST,
    MOST_ENTRIES,
    URGENCY,
    Bell,
    Bundle,
    Entry,
    Flash,
    Grouping,
    Kind,
    Notification,
    Preferences,
)

MARK = "A"  # how the send ids of these mails begin
QUARTER = timedelta(minutes=15)
PROMISES = "promises."
SOMEBODY = ("somebody",)


def audience(
    case: Case, message: Message, members: Sequence[str] = (), leads: Sequence[str] = ()
) -> dict[str, Kind]:
    """Agents who are told of an entry, each for the most urgent reason; never its author.

    `members` and `leads` are those of the case's team: they are told of what nobody has.
    """
    if case.spam or case.merged_into:
        return {}
    by = message.author.id.lower() if message.author.type == AuthorType.AGENT else ""
    told: dict[str, Kind] = {}
    for kind, people in _reasons(case, message, bool(by), members, leads):
        for email in people:
            if email and email.lower() != by:
                told.setdefault(email.lower(), kind)
    return told


def concerns(case: Case, message: Message) -> bool:
    """Whether anybody may have to be told, by what is known where the entry is written."""
    team = SOMEBODY if case.team else ()
    return bool(audience(case, message, team, team))


def _reasons(
    case: Case, message: Message, by_agent: bool, members: Sequence[str], leads: Sequence[str]
) -> list[tuple[Kind, Sequence[str]]]:
    """(kind, who is told), the most urgent first."""
    own = (case.assignee or "",)
    near = (*own, *case.followers)
    match message.kind:
        case MessageKind.NOTE:
            return [(Kind.MENTIONED, message.mentions), (Kind.FOLLOWED, near)]
        case MessageKind.MESSAGE if message.automatic:
            return []
        case MessageKind.MESSAGE if message.direction == Direction.INBOUND:
            return [(Kind.REPLY, own), (Kind.FOLLOWED, case.followers)]
        case MessageKind.MESSAGE:
            return [(Kind.FOLLOWED, near)] if by_agent else []
    changes = {name: new for name, (_, new) in message.changes.items()}
    found: list[tuple[Kind, Sequence[str]]] = []
    if changes.get("assignee"):
        found.append((Kind.ASSIGNED, (changes["assignee"],)))
    elif changes.get("team") and by_agent and not case.assignee:
        found.append((Kind.ASSIGNED, members))
    states = {new for name, new in changes.items() if name.startswith(PROMISES)}
    for kind in (Kind.BREACHED, Kind.AT_RISK):
        if kind.value in states:
            found.append((kind, own if case.assignee else leads))
    if "status" in changes:
        found.append((Kind.FOLLOWED, near))
    return found


# --- the line at the desk -------------------------------------------------------------------------


def heard(line: Notification | None, fact: Entry) -> Notification:
    """An agent's line of a case after one more fact."""
    fresh = Notification(
        case_id=fact.case_id, kind=fact.kind, by=fact.by, message=fact.message, at=fact.at
    )
    if line is None:
        return fresh
    version = line.version + 1
    if line.read_at is not None:
        return fresh.model_copy(update={"version": version})
    at, count = max(line.at, fact.at), line.count + 1
    base = line if URGENCY.index(line.kind) < URGENCY.index(fact.kind) else fresh
    return base.model_copy(update={"at": at, "count": count, "version": version})


def rung(bell: Bell, flash: Flash, more: int) -> Bell:
    """The bell after one more fact; `more` is 1 where its case had nothing unread before."""
    rest = tuple(one for one in bell.latest if one.case_id != flash.case_id)
    return Bell(
        unread=bell.unread + more,
        latest=(flash, *rest)[:LATEST],
        version=bell.version + 1,
    )


def hushed(bell: Bell, seen: Sequence[str]) -> Bell:
    """The bell after those cases were looked at, each of which had something unread."""
    return Bell(
        unread=max(0, bell.unread - len(seen)),
        latest=tuple(one for one in bell.latest if one.case_id not in seen),
        version=bell.version + 1,
    )


def within(bell: Bell, seen: Collection[str]) -> Bell:
    """The bell as it rings for one who sees only those of its newest cases."""
    return hushed(bell, [one.case_id for one in bell.latest if one.case_id not in seen])


# --- mails and webhooks ---------------------------------------------------------------------------


def with_entry(bundle: Bundle, entry: Entry) -> Bundle:
    """A bundle with one more fact; of too many the oldest are only counted."""
    entries = (*bundle.entries, entry)
    over = max(0, len(entries) - MOST_ENTRIES)
    fields = {
        "entries": entries[over:],
        "more": bundle.more + over,
        "version": bundle.version + 1,
    }
    return bundle.model_copy(update=fields)


def mail_due(preferences: Preferences, now: datetime, window: timedelta) -> datetime:
    """When a mail that begins now goes out: after the window, or with the others; never in hours
    that are to be quiet."""
    there = now.astimezone(ZoneInfo(preferences.zone))
    due = there + window
    if preferences.mail_grouping is Grouping.QUARTER_HOUR:
        due = there + QUARTER
    if preferences.mail_grouping is Grouping.DAILY:
        due = _next(there, preferences.daily_at)
    quiet = preferences.quiet_hours
    if quiet and _within(due.time(), _time(quiet.start), _time(quiet.until)):
        due = _next(due, quiet.until)
    return due.astimezone(now.tzinfo)


def _next(after: datetime, clock: str) -> datetime:
    """When a clock there shows that time next."""
    at = datetime.combine(after.date(), _time(clock), after.tzinfo)
    return at if at > after else datetime.combine(at + timedelta(days=1), _time(clock), at.tzinfo)


def _time(clock: str) -> time:
    return time.fromisoformat(clock)


def _within(moment: time, start: time, until: time) -> bool:
    if start <= until:
        return start <= moment < until
    return moment >= start or moment < until


def send_id(bundle: Bundle, fresh: str) -> str:
    """The tag under which a try of a mail goes out: it leads straight back to it."""
    return f"{MARK}-{fresh}-{bundle.id}"


def bundle_behind(tag: str) -> str | None:
    """The bundle of a send id, None where it is none of these mails."""
    parts = tag.split("-", 2)
    return parts[2] if len(parts) == 3 and parts[0] == MARK else None
