"""Pure rules about campaigns: states, the ledger's steps, who is told, and when again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.campaigns.cost import PRICED
from chalicelib.campaigns.models import (
    AssetMatch,
    Audience,
    Campaign,
    CampaignStatus,
    Notice,
    Purpose,
    Said,
    Segment,
    SegmentState,
    Step,
    Told,
    ToldStatus,
)
from chalicelib.channels.models import Channel
from chalicelib.customers.models import Customer
from chalicelib.errors import Conflict
from chalicelib.routing.models import Condition, Operator

S = CampaignStatus
TRANSITIONS: Mapping[CampaignStatus, frozenset[CampaignStatus]] = {
    S.DRAFT: frozenset({S.APPROVED, S.CANCELLED}),
    S.APPROVED: frozenset({S.PLANNING, S.PAUSED, S.CANCELLED}),
    S.PLANNING: frozenset({S.RUNNING, S.PAUSED, S.COMPLETED, S.CANCELLED}),
    S.RUNNING: frozenset({S.PAUSED, S.COMPLETED, S.CANCELLED}),
    S.PAUSED: frozenset({S.APPROVED, S.PLANNING, S.RUNNING, S.COMPLETED, S.CANCELLED}),
    S.CANCELLED: frozenset(),
    S.COMPLETED: frozenset(),
}
HISTORY = 100

T = ToldStatus
TOLD: Mapping[ToldStatus, frozenset[ToldStatus]] = {
    # An event of the provider may overtake our own mark, and settles what is in doubt.
    T.QUEUED: frozenset({T.SENDING, T.SKIPPED, T.SENT, T.DELIVERED, T.BOUNCED, T.COMPLAINED}),
    T.SENDING: frozenset(
        {T.QUEUED, T.AMBIGUOUS, T.SENT, T.DELIVERED, T.BOUNCED, T.COMPLAINED, T.FAILED, T.SKIPPED}
    ),  # skipped: in their own case nothing can be said
    T.AMBIGUOUS: frozenset(
        {T.SENDING, T.SKIPPED, T.SENT, T.DELIVERED, T.BOUNCED, T.COMPLAINED, T.FAILED}
    ),
    T.SENT: frozenset({T.DELIVERED, T.BOUNCED, T.COMPLAINED, T.FAILED}),
    T.DELIVERED: frozenset({T.BOUNCED, T.COMPLAINED}),
    T.FAILED: frozenset({T.SENT, T.DELIVERED, T.BOUNCED, T.COMPLAINED}),
    T.SKIPPED: frozenset({T.SENT, T.DELIVERED, T.BOUNCED, T.COMPLAINED}),
    T.BOUNCED: frozenset({T.COMPLAINED}),
    T.COMPLAINED: frozenset(),
}
OPEN = frozenset({T.QUEUED, T.SENDING, T.AMBIGUOUS})
HANDED_OVER = frozenset({T.SENT, T.DELIVERED, T.BOUNCED, T.COMPLAINED})

SEGMENT = 48
"""Customers of a segment. Claiming writes an entry and a mark each, telling an entry and a timeline
entry each, with segment and counts 98 of a transaction's 100 actions; reading them is 98 keys."""
IN_CASE = "case"  # the channel of those who wrote: they are told in their own case
HELD = "held"  # and of those who are not told at all
ATTEMPTS = 3  # sends whose fate stayed unknown; then the entry fails, visibly
SETTLE = timedelta(minutes=15)  # by then the provider's event has come, or there is none
LOOK = timedelta(minutes=3)  # until a segment with doubtful or throttled entries is looked at again


# --- states --------------------------------------------------------------------------------


def move(campaign: Campaign, to: CampaignStatus, now: datetime, by: str, why: str = "") -> Campaign:
    """The campaign in its new state; raises Conflict where the table has no such step."""
    if to not in TRANSITIONS[campaign.status]:
        raise Conflict(
            f"a campaign that is {campaign.status} cannot become {to}", status=campaign.status
        )
    step = Step(status=to, at=now, by=by, reason=why)
    fields: dict[str, object] = {"status": to, "reason": why}
    fields["history"] = (*campaign.history, step)[-HISTORY:]
    if to == S.RUNNING and campaign.started_at is None:
        fields["started_at"] = now
    if to in (S.COMPLETED, S.CANCELLED):
        fields["finished_at"] = now
    return touch(campaign.model_copy(update=fields), now)


def touch(campaign: Campaign, now: datetime) -> Campaign:
    return campaign.model_copy(update={"version": campaign.version + 1, "updated_at": now})


def resumed(campaign: Campaign) -> CampaignStatus:
    """The state in which a paused campaign goes on."""
    if campaign.frozen is not None:
        return S.RUNNING
    before = [step.status for step in campaign.history if step.status != S.PAUSED]
    return before[-1] if before else S.APPROVED


def advance(told: Told, to: ToldStatus, now: datetime, **changes: object) -> Told:
    """The entry in its new state; raises Conflict for a step that the table does not have."""
    if to not in TOLD[told.status]:
        raise Conflict(f"a notice that is {told.status} cannot become {to}")
    fixed = {"status": to, "until": None, "updated_at": now, "version": told.version + 1}
    return told.model_copy(update={**fixed, **changes})


# --- a segment's next steps ----------------------------------------------------------------


@dataclass(frozen=True)
class Steps:
    """What is to be done about a segment now, by customer."""

    claim: tuple[str, ...] = ()  # to be told now
    doubt: tuple[Told, ...] = ()  # their sender died: they may have gone out
    give_up: tuple[Told, ...] = ()  # in doubt for the last time


def steps(segment: Segment, told: Mapping[str, Told], now: datetime) -> Steps:
    """Who of a segment is to be claimed. Call it only once nobody else holds the segment."""
    claim: list[str] = []
    doubt: list[Told] = []
    give_up: list[Told] = []
    for customer in segment.customers:
        entry = told.get(customer)
        if entry is None or entry.status == T.QUEUED:
            claim.append(customer)
        elif entry.status == T.SENDING and segment.channel == IN_CASE:
            claim.append(customer)  # the entry and the message change together: it did not go out
        elif entry.status == T.SENDING:
            doubt.append(entry)
        elif entry.status == T.AMBIGUOUS and (entry.until is None or entry.until <= now):
            if entry.attempts < ATTEMPTS:
                claim.append(customer)
            else:
                give_up.append(entry)
    return Steps(tuple(claim), tuple(doubt), tuple(give_up))


def settled(
    segment: Segment, told: Mapping[str, Told], now: datetime, quiet: datetime | None = None
) -> Segment:
    """The segment after its entries changed: done, or due to be looked at again.

    `quiet` is when the first of those who are left in peace for now may be told.
    """
    entries = [told.get(customer) for customer in segment.customers]
    state, due = SegmentState.DONE, None
    if any(entry is None or entry.status in OPEN for entry in entries):
        doubtful = any(entry is not None and entry.status == T.AMBIGUOUS for entry in entries)
        state = SegmentState.SETTLING if doubtful else SegmentState.WAITING
        due = now + LOOK
        if quiet is not None and all(
            entry is None or entry.status not in OPEN for entry in entries
        ):
            due = max(now, quiet)
    fields = {"state": state, "due_at": due, "version": segment.version + 1}
    return segment.model_copy(update=fields)


def held_by_somebody(segment: Segment, now: datetime) -> bool:
    """Whether a segment is finished, claimed, or not due yet."""
    if segment.state in (SegmentState.DONE, SegmentState.HELD_OUT):
        return True
    return segment.due_at is not None and now < segment.due_at


def changes_of(before: Iterable[Told | None], after: Iterable[Told]) -> dict[str, int]:
    """How the counts of the states change when entries turn from one into the other."""
    steps_: dict[str, int] = {}
    for old, new in zip(before, after, strict=True):
        if old is not None:
            steps_[counter(old)] = steps_.get(counter(old), 0) - 1
        steps_[counter(new)] = steps_.get(counter(new), 0) + 1
        if new.status in HANDED_OVER and (old is None or old.status not in HANDED_OVER):
            for name, by in _paid(new):
                steps_[name] = steps_.get(name, 0) + by
    return {name: by for name, by in steps_.items() if by}


def out_of_reach(told: Told) -> str | None:
    """Why one of the ledger does not hear what follows, "" where they do.

    None: they were never told, so what follows does not concern them.
    """
    if told.status not in HANDED_OVER:
        return None
    if told.status in (T.BOUNCED, T.COMPLAINED):
        return str(told.status)
    return str(told.said) if told.said is Said.NOT_ME else ""


def counter(told: Told) -> str:
    """The name under which an entry is counted; those told in their own case stand apart."""
    if told.channel == IN_CASE:
        return f"case_{told.status}"
    return f"skipped_{told.reason}" if told.status == T.SKIPPED else str(told.status)


def _paid(told: Told) -> tuple[tuple[str, int], ...]:
    """What a notice that went out costs, as counts."""
    if told.channel == Channel.EMAIL:
        return (("paid_mails", 1),)
    if told.channel == Channel.SMS:
        unpriced = not told.to.startswith(PRICED)
        return (("paid_parts", max(1, told.parts)), ("paid_unpriced", int(unpriced)))
    return ()


def step_id(campaign: Campaign, number: int) -> str:
    """The id of a later step: it has its own ledger, and may stand in a tag and in an address."""
    return f"{campaign.id}_{number}"


def matter_of(campaign_id: str) -> str:
    """The first notice that a step belongs to."""
    return campaign_id.partition("_")[0]


def send_id(campaign_id: str, customer_id: str, attempt: int) -> str:
    """The tag of one attempt; it leads straight back to the entry, and fits an SES tag."""
    return f"N-{campaign_id}-{attempt}-{customer_id}"


def told_behind(tag: str) -> tuple[str, str] | None:
    """(campaign id, customer id) of a send id of ours, None where it is not a campaign's."""
    parts = tag.split("-", 3)
    return (parts[1], parts[3]) if len(parts) == 4 and parts[0] == "N" else None


def cut(
    waiting: Sequence[str], rest: bool, size: int = SEGMENT
) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """Full segments of those who wait, and who is left; with `rest` the last one may be short."""
    end = len(waiting) if rest else len(waiting) // size * size
    parts = [tuple(waiting[at : min(at + size, end)]) for at in range(0, end, size)]
    return parts, tuple(waiting[end:])


# --- who -----------------------------------------------------------------------------------


def facts(customer: Customer) -> dict[str, Any]:
    """What conditions can speak of; also under `customer`, as in routing rules."""
    known: dict[str, Any] = {
        "id": customer.id,
        "name": customer.name,
        "external_id": customer.external_id,
        "language": customer.language,
        "time_zone": customer.time_zone,
        "tier": customer.tier,
        "attributes": customer.attributes,
        "assets": [asset.name for asset in customer.assets],
        "asset_types": [asset.type for asset in customer.assets],
    }
    return {**known, "customer": known}


def belongs(
    audience: Audience, customer: Customer, met: Callable[[Condition, Mapping[str, Any]], bool]
) -> bool:
    """Whether the customer is in the audience; `met` decides one condition."""
    if audience.assets and not any(owns(customer, match) for match in audience.assets):
        return False
    if not audience.all and not audience.any:
        return True
    known = facts(customer)
    if not all(met(condition, known) for condition in audience.all):
        return False
    return not audience.any or any(met(condition, known) for condition in audience.any)


def owns(customer: Customer, match: AssetMatch) -> bool:
    """Whether one of their assets is what is asked for."""
    return any(
        _same(match.type or asset.type, asset.type)
        and _same(match.name or asset.name, asset.name)
        and all(
            name in asset.attributes and _same(wanted, asset.attributes[name])
            for name, wanted in match.attributes.items()
        )
        for asset in customer.assets
    )


def _same(one: object, other: object) -> bool:
    return str(one).strip().casefold() == str(other).strip().casefold()


def why(audience: Audience) -> str:
    """In words, why somebody is in the audience."""
    parts = [_in_words(condition) for condition in audience.all]
    if audience.any:
        parts.append(" or ".join(_in_words(condition) for condition in audience.any))
    if audience.assets:
        parts.append("owns " + " or ".join(_asset_words(match) for match in audience.assets))
    return " and ".join(parts) or "everybody who can be reached"


_WORDS = {
    Operator.EQ: "is",
    Operator.NE: "is not",
    Operator.IN: "is one of",
    Operator.CONTAINS: "contains",
    Operator.GT: "is above",
    Operator.LT: "is below",
    Operator.MATCHES_WORD: "mentions",
}


def _in_words(condition: Condition) -> str:
    if condition.op is Operator.EXISTS:
        return f"{condition.field} {'is known' if condition.value else 'is not known'}"
    value = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    return f"{condition.field} {_WORDS[condition.op]} {', '.join(map(str, value))}"


def _asset_words(match: AssetMatch) -> str:
    parts = [match.name or match.type or "something"]
    parts += [f"{name} {value}" for name, value in match.attributes.items()]
    return " with ".join([parts[0], ", ".join(parts[1:])]) if match.attributes else parts[0]


def held_out(campaign: Campaign, customer_id: str) -> bool:
    """Whether the draw leaves this customer out; the same answer each time it is asked."""
    if not campaign.held_out or campaign.purpose is Purpose.SAFETY or campaign.root:
        return False
    return draw(campaign.id, customer_id) < campaign.held_out


def draw(campaign_id: str, customer_id: str) -> float:
    """A number in [0, 1) that belongs to this customer in this campaign."""
    digest = hashlib.sha256(f"{campaign_id}\n{customer_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def channels(campaign: Campaign) -> tuple[Channel, ...]:
    """The channels in order of preference."""
    texts = {Channel.EMAIL: campaign.message.email, Channel.SMS: campaign.message.sms}
    wanted = campaign.audience.channels or tuple(texts)
    return tuple(channel for channel in wanted if texts[channel])


def language_of(notice: Notice, channel: Channel, customer: Customer) -> str:
    """The language in which a customer is told."""
    texts = notice.email if channel == Channel.EMAIL else notice.sms
    own = customer.language.lower().replace("_", "-").partition("-")[0]
    return own if own in texts else notice.default
