"""Pure rules about cases: states, threading, references, what a change is called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape

from chalicelib.base import Model, iso
from chalicelib.cases.models import (
    Case,
    CasePatch,
    CaseStatus,
    Delivery,
    DeliveryStatus,
    Message,
    Participant,
    Routed,
    Topic,
)
from chalicelib.channels.models import Channel, Disposition, FieldValue, InboundMessage
from chalicelib.errors import Conflict, Invalid

S = CaseStatus
TRANSITIONS: Mapping[CaseStatus, frozenset[CaseStatus]] = {
    S.NEW: frozenset({S.OPEN, S.PENDING, S.ON_HOLD, S.RESOLVED, S.CLOSED}),
    S.OPEN: frozenset({S.PENDING, S.ON_HOLD, S.RESOLVED, S.CLOSED}),
    S.PENDING: frozenset({S.OPEN, S.ON_HOLD, S.RESOLVED, S.CLOSED}),
    S.ON_HOLD: frozenset({S.OPEN, S.PENDING, S.RESOLVED, S.CLOSED}),
    S.RESOLVED: frozenset({S.OPEN, S.PENDING, S.ON_HOLD, S.CLOSED}),
    S.CLOSED: frozenset({S.OPEN}),
}
UNSOLVED = frozenset({S.NEW, S.OPEN, S.PENDING, S.ON_HOLD})

D = DeliveryStatus
DELIVERY: Mapping[DeliveryStatus, frozenset[DeliveryStatus]] = {
    D.QUEUED: frozenset({D.SENDING, D.FAILED}),
    # An event of the provider may overtake our own mark.
    D.SENDING: frozenset({D.SENT, D.QUEUED, D.AMBIGUOUS, D.FAILED, D.DELIVERED, D.BOUNCED}),
    D.AMBIGUOUS: frozenset({D.SENT, D.QUEUED, D.FAILED, D.DELIVERED, D.BOUNCED}),
    D.SENT: frozenset({D.DELIVERED, D.BOUNCED, D.COMPLAINED, D.FAILED}),
    D.DELIVERED: frozenset({D.BOUNCED, D.COMPLAINED}),
    D.BOUNCED: frozenset(),
    D.COMPLAINED: frozenset(),
    D.FAILED: frozenset({D.SENT, D.DELIVERED, D.BOUNCED}),
}

REFERENCE = re.compile(r"\bC-([0-9A-HJKMNP-TV-Z]{6})\b", re.IGNORECASE)
SES_DOMAIN = "email.amazonses.com"  # SES writes its own Message-ID: <id>@ this (us-east-1)
MAX_REFERENCES = 20  # of a mail's References; the newest ones tell most
MAX_PARTICIPANTS = 50  # SES takes no more recipients a message
PREVIEW = 160
FIELDS = "fields."  # before the name of a field of the company's own
EMPTIED = frozenset({"team", "assignee", "problem_id", "article"})  # an empty text takes it away
KEPT = frozenset(
    {"priority", "subject", "tags", "spam", "fields"}
)  # which a null leaves as they are
LONGEST_SNOOZE = timedelta(days=366)
LINK_WARNING = re.compile(r'<a [^>]*data-warning="([^"]{1,500})"')


def move(case: Case, to: CaseStatus, now: datetime) -> Case:
    """The case in its new state; raises Conflict where the table has no such step."""
    if to == case.status:
        return case
    if to not in TRANSITIONS[case.status]:
        raise Conflict(f"a case that is {case.status} cannot become {to}", status=case.status)
    resolved_at = case.resolved_at
    if to == S.RESOLVED:
        resolved_at = now
    elif to in UNSOLVED:
        resolved_at = None
    snoozed = case.snoozed_until if to in UNSOLVED else None  # what has ended need not come back
    return case.model_copy(
        update={"status": to, "resolved_at": resolved_at, "snoozed_until": snoozed}
    )


def advance_delivery(
    delivery: Delivery, to: DeliveryStatus, now: datetime, **changes: object
) -> Delivery:
    """The delivery in its new state; raises Conflict for a step that the table does not have."""
    if to not in DELIVERY[delivery.status]:
        raise Conflict(f"a message that is {delivery.status} cannot become {to}")
    return delivery.model_copy(update={**changes, "status": to, "updated_at": now})


def provider_message_id(message: Message, provider_id: str, region: str) -> str:
    """The Message-ID (RFC 5322) that SES gives a mail in a region; "" for what is none."""
    if message.channel != Channel.EMAIL or not provider_id:
        return ""
    host = SES_DOMAIN if region == "us-east-1" else f"{region}.amazonses.com"
    return f"{provider_id}@{host}"


def touch(case: Case, now: datetime) -> Case:
    """The next version of a case that was changed."""
    return case.model_copy(update={"version": case.version + 1, "updated_at": now})


def check_alive(case: Case) -> None:
    """Raises Conflict where the customer was erased: nothing is to be said there again."""
    if case.erased_at:
        raise Conflict(f"the customer of {case.reference} was erased")


class Change(Model):
    """A case after a patch, and what is different, field -> [from, to]."""

    case: Case
    changes: dict[str, list[str]]


def apply(case: Case, patch: CasePatch, now: datetime, by: str) -> Change:
    """What a person's patch makes of a case; raises Conflict for a forbidden change of state.

    A correction of topic, team, priority or assignee takes the person's name as its reason, so
    that a later rule leaves it alone.
    """
    wanted = patch.model_dump(exclude_unset=True)
    if case.merged_into:
        raise Conflict(f"{case.reference} is a part of another case", merged_into=case.merged_into)
    check_alive(case)
    changed = case
    if wanted.get("status"):
        changed = move(changed, CaseStatus(wanted["status"]), now)
    fields: dict[str, object] = {}
    reasons = dict(case.reasons)
    for name, value in wanted.items():
        if name == "status" or (value is None and name in KEPT):
            continue
        if name == "topic":
            fields["topic"] = Topic(label=value or None, confidence=1.0, source="person", why=by)
        elif name == "fields":
            fields["fields"] = with_fields(case.fields, value)
        elif name == "snoozed_until":
            fields["snoozed_until"] = _snooze(changed, value, now)
        else:
            fields[name] = value or None if name in EMPTIED else value
        if name in ("topic", "team", "priority", "assignee"):
            reasons[name] = f"set by {by}"
        if name == "team":
            fields["routed"] = Routed(source="person")
    changed = changed.model_copy(update={**fields, "reasons": reasons})
    return Change(case=touch(changed, now), changes=differences(case, changed, wanted))


def differences(before: Case, after: Case, names: Iterable[str]) -> dict[str, list[str]]:
    """What of those fields is different, as the history shows it: field -> [from, to].

    A field of the company's own goes by `fields.<name>`; an end of a snooze always shows.
    """
    wanted: list[str] = []
    for name in dict.fromkeys((*names, "snoozed_until")):
        own = sorted({*before.fields, *after.fields}) if name == "fields" else None
        wanted += [name] if own is None else [f"fields.{one}" for one in own]
    pairs = {name: [shown(before, name), shown(after, name)] for name in wanted}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def shown(case: Case, name: str) -> str:
    """A field of a case as the history shows it."""
    if name.startswith(FIELDS):
        return _shown(case.fields.get(name.removeprefix(FIELDS)))
    return _shown(getattr(case, name))


def with_fields(
    values: Mapping[str, FieldValue], given: Mapping[str, FieldValue | None]
) -> dict[str, FieldValue]:
    """The company's own fields with those that were given; None takes a value away."""
    return {name: value for name, value in {**values, **given}.items() if value is not None}


def _snooze(case: Case, until: datetime | None, now: datetime) -> datetime | None:
    """When a case shall come back; raises Invalid, Conflict."""
    if until is None:
        return None
    if case.status not in UNSOLVED:
        raise Conflict(f"a case that is {case.status} waits for nothing", status=case.status)
    if not now < until <= now + LONGEST_SNOOZE:
        raise Invalid.field("snoozed_until", "lies in the future, a year ahead at most")
    return until


def awake(case: Case) -> Case:
    """The case, back from its snooze."""
    return case.model_copy(update={"snoozed_until": None}) if case.snoozed_until else case


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Topic():
            return value.label or ""
        case tuple():
            return ", ".join(str(v) for v in value)
        case datetime():
            return iso(value)
    return str(value)


def references_in(text: str) -> list[str]:
    """Case references that a text quotes, at most three, in their canonical form."""
    found = dict.fromkeys(
        f"C-{match.group(1).upper()}" for match in REFERENCE.finditer(text[:2000])
    )
    return list(found)[:3]


def without_reply_mark(text: str) -> str:
    """The text without the references to cases in it, which say nothing of its matter."""
    return REFERENCE.sub(" ", text)


def preview(text: str) -> str:
    """The first words of a message on one line."""
    line = " ".join(text[: PREVIEW * 4].split())
    return line if len(line) <= PREVIEW else line[: PREVIEW - 1].rstrip() + "…"


@dataclass(frozen=True)
class Hints:
    """Cases that an inbound message may belong to, by how it was found."""

    token: Case | None = None  # our signed reply token, a secret link, a chat session
    replied: Case | None = None  # a Message-ID that we sent or received
    quoted: tuple[Case, ...] = ()  # a reference in the subject
    conversation: Case | None = None  # what the customer last talked to us about


@dataclass(frozen=True)
class Thread:
    """Where an inbound message goes: into `case`, or into a new one beside `related`."""

    case: Case | None
    reason: str
    reopen: bool = False
    related: tuple[Case, ...] = ()


@dataclass(frozen=True)
class Windows:
    """How long a conversation stays joinable."""

    reopen: timedelta = timedelta(days=14)
    conversation: timedelta = timedelta(hours=72)


def thread(inbound: InboundMessage, hints: Hints, windows: Windows, customer_id: str) -> Thread:
    """Decide by the strongest evidence first.

    A signed token needs no more proof. A Message-ID or a reference can be guessed or forwarded:
    they count only for a participant of that case whose address was not shown to be forged.
    Somebody else who quotes one gets a case of their own, with the other shown to the agent.
    """
    if hints.token:
        return _into(hints.token, "reply token", inbound, windows)
    strangers: list[Case] = []
    for case, reason in _claimed(hints):
        if takes_part(case, inbound, customer_id):
            return _into(case, reason, inbound, windows, strangers)
        strangers.append(case)
    talk = hints.conversation
    if inbound.channel in (Channel.SMS, Channel.SOCIAL) and talk and not strangers:
        recent = inbound.received_at - talk.last_message_at <= windows.conversation
        if recent and talk.status in UNSOLVED:
            return Thread(talk, "open conversation")
    related = tuple({case.id: case for case in strangers}.values())
    return Thread(None, "new matter", related=related)


def _claimed(hints: Hints) -> Iterable[tuple[Case, str]]:
    if hints.replied:
        yield hints.replied, "answers a message of this case"
    for case in hints.quoted:
        yield case, "quotes its reference"


def _into(
    case: Case,
    reason: str,
    inbound: InboundMessage,
    windows: Windows,
    strangers: Iterable[Case] = (),
) -> Thread:
    related = tuple(strangers)
    if case.status in UNSOLVED:
        return Thread(case, reason, related=related)
    ended = case.resolved_at or case.updated_at
    if case.status == S.RESOLVED and inbound.received_at - ended <= windows.reopen:
        reopen = inbound.disposition == Disposition.MESSAGE
        return Thread(case, reason, reopen=reopen, related=related)
    if inbound.disposition != Disposition.MESSAGE:
        return Thread(case, reason, related=related)
    return Thread(None, f"follows up on {case.reference}", related=(case, *related))


def takes_part(case: Case, inbound: InboundMessage, customer_id: str) -> bool:
    """Whether the sender may add to this case: a participant, and not a forged address."""
    if inbound.verdicts.dmarc == "FAIL":
        return False
    if customer_id and customer_id == case.customer_id:
        return True
    address = inbound.sender.address
    return any(p.channel == inbound.channel and p.address == address for p in case.participants)


def asks(case: Case, inbound: InboundMessage, customer_id: str) -> bool:
    """Whether the sender is whose case it is, not somebody who was copied in or joined later.

    Their word decides where answers go; a forged address decides nothing.
    """
    if inbound.verdicts.dmarc == "FAIL":
        return False
    if customer_id and customer_id == case.customer_id:
        return True
    address = inbound.sender.address
    return any(p.address == address and not p.cc for p in case.participants)


def copied(case: Case, barred: Iterable[str], to: str) -> tuple[str, ...]:
    """Who else gets an answer by mail: everybody who was copied in, as many as SES takes."""
    left_out = {*barred, to}
    people = (p for p in case.participants if p.cc and p.channel == Channel.EMAIL)
    kept = dict.fromkeys(p.address for p in people if p.address not in left_out)
    return tuple(kept)[: MAX_PARTICIPANTS - 1]


def warnings(message: Message) -> list[str]:
    """What an agent should know before trusting a message, in words."""
    verdicts = message.verdicts
    found = [
        f"{name} failed: the sender's address may be forged"
        for name, verdict in (("DMARC", verdicts.dmarc), ("SPF", verdicts.spf))
        if verdict == "FAIL"
    ]
    if verdicts.dkim == "FAIL":
        found.append("DKIM failed: the mail may have been changed on its way")
    if verdicts.spam == "FAIL":
        found.append("the spam filter takes it for spam")
    if verdicts.virus and verdicts.virus != "PASS":
        found.append("it was not checked for viruses")
    found += [
        f"dangerous attachment: {file.name}" for file in message.attachments if file.dangerous
    ]
    links = dict.fromkeys(unescape(hint) for hint in LINK_WARNING.findall(message.html))
    found += [f"misleading link: {hint}" for hint in links][:10]
    found += [f"the mail is malformed: {defect}" for defect in message.defects]
    return found


def with_id(known: tuple[str, ...], message_id: str) -> tuple[str, ...]:
    """The newest Message-IDs of a conversation, ten at most, oldest first."""
    return (*known, message_id)[-10:] if message_id else known


def with_participants(case: Case, people: Iterable[Participant]) -> Case:
    """The case with those people in it, each once, no more than SES can answer."""
    known = {(p.channel, p.address) for p in case.participants}
    fresh = [p for p in people if (p.channel, p.address) not in known]
    fresh = list({(p.channel, p.address): p for p in fresh}.values())
    return case.model_copy(update={"participants": (*case.participants, *fresh)[:MAX_PARTICIPANTS]})
