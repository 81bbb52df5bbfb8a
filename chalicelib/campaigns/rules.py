"""Pure rules about campaigns: states, the ledger's steps, texts and their fields, cost and time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.campaigns.models import (
    AssetMatch,
    Audience,
    Campaign,
    CampaignStatus,
    Notice,
    Progress,
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
        {T.QUEUED, T.AMBIGUOUS, T.SENT, T.DELIVERED, T.BOUNCED, T.COMPLAINED, T.FAILED}
    ),
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

SEGMENT = (
    48  # a ledger and a timeline entry each, and the counts: 98 of a transaction's 100 actions
)
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
        elif entry.status == T.SENDING:
            doubt.append(entry)
        elif entry.status == T.AMBIGUOUS and (entry.until is None or entry.until <= now):
            if entry.attempts < ATTEMPTS:
                claim.append(customer)
            else:
                give_up.append(entry)
    return Steps(tuple(claim), tuple(doubt), tuple(give_up))


def settled(segment: Segment, told: Mapping[str, Told], now: datetime) -> Segment:
    """The segment after its entries changed: done, or due to be looked at again."""
    entries = [told.get(customer) for customer in segment.customers]
    state, due = SegmentState.DONE, None
    if any(entry is None or entry.status in OPEN for entry in entries):
        doubtful = any(entry is not None and entry.status == T.AMBIGUOUS for entry in entries)
        state = SegmentState.SETTLING if doubtful else SegmentState.WAITING
        due = now + LOOK
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
    return {name: by for name, by in steps_.items() if by}


def counter(told: Told) -> str:
    """The name under which an entry is counted."""
    return f"skipped_{told.reason}" if told.status == T.SKIPPED else str(told.status)


def send_id(campaign_id: str, customer_id: str, attempt: int) -> str:
    """The tag of one attempt; it leads straight back to the entry, and fits an SES tag."""
    return f"N-{campaign_id}-{attempt}-{customer_id}"


def told_behind(tag: str) -> tuple[str, str] | None:
    """(campaign id, customer id) of a send id of ours, None where it is not a campaign's."""
    parts = tag.split("-", 3)
    return (parts[1], parts[3]) if len(parts) == 4 and parts[0] == "N" else None


def cut(waiting: Sequence[str], rest: bool) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """Full segments of those who wait, and who is left; with `rest` the last one may be short."""
    end = len(waiting) if rest else len(waiting) // SEGMENT * SEGMENT
    parts = [tuple(waiting[at : min(at + SEGMENT, end)]) for at in range(0, end, SEGMENT)]
    return parts, tuple(waiting[end:])


# --- progress ------------------------------------------------------------------------------


def progress(campaign: Campaign, counts: Mapping[str, int], last_at: datetime | None) -> Progress:
    """The live figures from the sums of the counters."""
    frozen = campaign.frozen
    if frozen is None:
        return Progress()
    skipped = {k.removeprefix("skipped_"): n for k, n in counts.items() if k.startswith("skipped_")}
    handed = sum(counts.get(state, 0) for state in HANDED_OVER)
    failed, doubt = counts.get(T.FAILED, 0), counts.get(T.AMBIGUOUS, 0)
    left_out = sum(skipped.values())
    remaining = frozen.total - handed - failed - left_out
    rate, ends_at = _pace(campaign, handed, remaining, last_at)
    return Progress(
        total=frozen.total,
        sent=handed,
        delivered=counts.get(T.DELIVERED, 0) + counts.get(T.COMPLAINED, 0),
        bounced=counts.get(T.BOUNCED, 0),
        complained=counts.get(T.COMPLAINED, 0),
        failed=failed,
        suppressed=left_out,
        in_doubt=doubt,
        remaining=remaining,
        held_out=frozen.held_out,
        skipped={reason: n for reason, n in skipped.items() if n},
        segments=frozen.segments,
        segments_done=counts.get("done", 0),
        rate=rate,
        started_at=campaign.started_at,
        last_at=last_at,
        ends_at=ends_at,
    )


def _pace(
    campaign: Campaign, handed: int, remaining: int, last_at: datetime | None
) -> tuple[float, datetime | None]:
    if campaign.started_at is None or last_at is None or not handed:
        return 0.0, None
    minutes = max((last_at - campaign.started_at).total_seconds(), 1.0) / 60
    rate = handed / minutes
    going = campaign.status == S.RUNNING and remaining > 0
    return round(rate, 1), last_at + timedelta(minutes=remaining / rate) if going else None


BOUNCES, COMPLAINTS = 0.10, 0.005
"""Shares at which SES itself may pause an account (Amazon SES, "Sending review process FAQs")."""


def brake(figures: Progress) -> str:
    """Why a campaign should pause by itself, "" where it may go on."""
    if figures.bounced >= 20 and figures.bounced > BOUNCES * figures.sent:
        return f"{figures.bounced} of {figures.sent} notices bounced"
    if figures.complained >= 5 and figures.complained > COMPLAINTS * figures.sent:
        return f"{figures.complained} of {figures.sent} customers complained"
    if figures.failed >= 20 and figures.failed > figures.sent:
        return f"{figures.failed} notices were refused, {figures.sent} sent"
    return ""


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
    if not campaign.held_out:
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
