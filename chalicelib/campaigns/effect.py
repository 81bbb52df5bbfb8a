"""What a notice brought: contacts about the matter, those told against those held out. Pure.

Both groups are drawn by lot from the same audience, so both are counted whole and over the same
time, from the first notice on: also those of the told group whose notice bounced or came late.
What is compared are customers who contacted us at least once, which makes it two proportions.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference"
(1927); R. G. Newcombe, "Interval estimation for the difference between independent proportions"
(1998), method 10.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from chalicelib.base import Instant, Model, iso
from chalicelib.campaigns.models import Campaign, Cost, FollowupInput, Progress

Z = 1.959964  # of a two-sided interval of 95 %
POWER = 0.841621  # of 80 %


class Arm(StrEnum):
    TOLD = "told"
    HELD_OUT = "held_out"


class Contact(Model):
    """A case about the matter by a customer of one of the groups, after the first notice."""

    campaign_id: str
    case_id: str
    customer_id: str
    arm: Arm
    before_notice: bool = False  # they wrote before their own notice went out
    at: Instant


class ArmFigures(Model):
    """One group: `per_1000` customers of it contacted us, with an interval of 95 % (Wilson)."""

    customers: int
    contacted: int = 0
    contacts: int = 0
    per_1000: float | None = None
    low: float | None = None
    high: float | None = None


class Difference(Model):
    """Contacting customers per 1,000, told less held out; below zero the notice spared contacts.

    `spared` is what that comes to among all who were told. Interval of 95 % (Newcombe).
    """

    per_1000: float
    low: float
    high: float
    spared: float


class EffectHour(Model):
    """Contacts in one hour, by group: one point of the plot."""

    hour: Instant
    told: int = 0
    held_out: int = 0


class Targeting(Model):
    """Whether those who were told were the right ones, as far as they answered."""

    answered: int = 0
    not_me: int = 0
    right: float | None = None  # share of those who answered who did not say "not me"
    low: float | None = None
    high: float | None = None


class Times(Model):
    """When what happened, and seconds from the first affected case."""

    affected_at: Instant | None = None
    detected_at: Instant | None = None
    accepted_at: Instant | None = None
    first_notice_at: Instant | None = None
    last_notice_at: Instant | None = None
    seconds_to_detection: float | None = None
    seconds_to_acceptance: float | None = None
    seconds_to_first_notice: float | None = None
    seconds_to_last_notice: float | None = None


class Effect(Model):
    """`conclusion` says in words what the figures bear out, and what they do not."""

    told: ArmFigures
    held_out: ArmFigures
    difference: Difference | None = None
    conclusion: str
    told_first: float | None = None  # share of those reached who were told before they wrote
    targeting: Targeting = Targeting()
    times: Times = Times()
    cost: Cost = Cost()
    plot: tuple[EffectHour, ...] = ()


class LaterStep(Model):
    """A later step of a campaign, as it stands beside the first."""

    id: str
    kind: str
    status: str
    total: int = 0
    sent: int = 0
    created_at: Instant


class CampaignView(Campaign):
    """A campaign with its live counts; a first notice also with its effect and later steps.

    `proposed` is what may be sent now: a closure once the problem is closed.
    """

    progress: Progress = Progress()
    effect: Effect | None = None
    steps: tuple[LaterStep, ...] = ()
    proposed: FollowupInput | None = None


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The interval of 95 % of a proportion; (0, 1) of nobody."""
    if of <= 0:
        return 0.0, 1.0
    share, square = hits / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))


def newcombe(hits: int, of: int, other_hits: int, other_of: int) -> tuple[float, float]:
    """The interval of 95 % of the first proportion less the second."""
    first, second = hits / of, other_hits / other_of
    low, high = wilson(hits, of)
    other_low, other_high = wilson(other_hits, other_of)
    down = math.sqrt((first - low) ** 2 + (other_high - second) ** 2)
    up = math.sqrt((high - first) ** 2 + (second - other_low) ** 2)
    return first - second - down, first - second + up


def arm(customers: int, contacts: Iterable[Contact]) -> ArmFigures:
    """The figures of a group of so many customers."""
    known = list(contacts)
    contacted = min(len({contact.customer_id for contact in known}), customers)
    if not customers:
        return ArmFigures(customers=0, contacts=len(known))
    low, high = wilson(contacted, customers)
    return ArmFigures(
        customers=customers,
        contacted=contacted,
        contacts=len(known),
        per_1000=_thousand(contacted / customers),
        low=_thousand(low),
        high=_thousand(high),
    )


def difference(told: ArmFigures, held: ArmFigures) -> Difference | None:
    """Told less held out; None where one of the groups is empty."""
    if not told.customers or not held.customers:
        return None
    low, high = newcombe(told.contacted, told.customers, held.contacted, held.customers)
    gap = told.contacted / told.customers - held.contacted / held.customers
    return Difference(
        per_1000=_thousand(gap),
        low=_thousand(low),
        high=_thousand(high),
        spared=round(-gap * told.customers, 1),
    )


def conclusion(told: ArmFigures, held: ArmFigures, gap: Difference | None) -> str:
    """What may be said, and what may not, in words."""
    if not told.customers:
        return "Nobody has been told yet."
    if gap is None:
        return (
            "Nobody was held out, so there is nothing to compare with: what the notice changed "
            "cannot be told from what would have happened anyway."
        )
    n = f"{told.customers} told, {held.customers} held out"
    if gap.high < 0:
        return f"Fewer of those told contacted us ({n}): the interval lies below zero."
    if gap.low > 0:
        return f"More of those told contacted us ({n}): the notice made people write."
    least = detectable(told, held)
    return (
        f"No effect can be concluded ({n}): the interval holds zero. With so few people only a "
        f"difference of about {least:.0f} per 1,000 or more would be seen four times in five."
    )


def detectable(told: ArmFigures, held: ArmFigures) -> float:
    """The difference per 1,000 that such groups would show with a power of 80 %."""
    hits, of = told.contacted + held.contacted, told.customers + held.customers
    share = (hits + 1) / (of + 2)  # nobody of few is not nobody
    spread = math.sqrt(share * (1 - share) * (1 / told.customers + 1 / held.customers))
    return min(1000.0, 1000 * (Z + POWER) * spread)


def targeting(answers: dict[str, int]) -> Targeting:
    """From the answers by link: whoever says solved or still broken was affected."""
    known = {name: max(0, answers.get(name, 0)) for name in ("solved", "still_broken", "not_me")}
    answered = sum(known.values())
    if not answered:
        return Targeting()
    right = answered - known["not_me"]
    low, high = wilson(right, answered)
    return Targeting(
        answered=answered,
        not_me=known["not_me"],
        right=round(right / answered, 4),
        low=round(low, 4),
        high=round(high, 4),
    )


def plot(contacts: Sequence[Contact]) -> tuple[EffectHour, ...]:
    """Contacts by hour and group, hours without any left out."""
    hours: dict[datetime, dict[str, int]] = {}
    for contact in contacts:
        hour = contact.at.replace(minute=0, second=0, microsecond=0)
        counts = hours.setdefault(hour, {"told": 0, "held_out": 0})
        counts[str(contact.arm)] += 1
    return tuple(EffectHour(hour=hour, **hours[hour]) for hour in sorted(hours, key=iso))


def times(
    affected: datetime | None,
    detected: datetime | None,
    accepted: datetime | None,
    first: datetime | None,
    last: datetime | None,
) -> Times:
    """The moments, and how long after the first affected case each of them was."""

    def since(moment: datetime | None) -> float | None:
        if affected is None or moment is None:
            return None
        return round((moment - affected).total_seconds(), 1)

    return Times(
        affected_at=affected,
        detected_at=detected,
        accepted_at=accepted,
        first_notice_at=first,
        last_notice_at=last,
        seconds_to_detection=since(detected),
        seconds_to_acceptance=since(accepted),
        seconds_to_first_notice=since(first),
        seconds_to_last_notice=since(last),
    )


def figures(
    groups: tuple[int, int],
    contacts: Sequence[Contact],
    progress: Progress,
    wrote_first: int,
    moments: Times,
) -> Effect:
    """The whole effect. `groups`: how many were to be told, and how many held out."""
    told = arm(groups[0], (c for c in contacts if c.arm == Arm.TOLD))
    held = arm(groups[1], (c for c in contacts if c.arm == Arm.HELD_OUT))
    gap = difference(told, held)
    early = {c.customer_id for c in contacts if c.arm == Arm.TOLD and c.before_notice}
    reached = progress.sent + wrote_first
    first = max(0, progress.sent - len(early)) / reached if reached else None
    return Effect(
        told=told,
        held_out=held,
        difference=gap,
        conclusion=conclusion(told, held, gap),
        told_first=None if first is None else round(first, 4),
        targeting=targeting(progress.answers),
        times=moments,
        cost=progress.cost,
        plot=plot(contacts),
    )


def _thousand(share: float) -> float:
    return round(share * 1000, 2)
