"""Where a campaign stands, from the sums of its counters, and when it stops by itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.campaigns.cost import Tally
from chalicelib.campaigns.models import Campaign, CampaignStatus, Progress, Said, ToldStatus
from chalicelib.campaigns.rules import HANDED_OVER
from chalicelib.campaigns.settings import BrakeSettings

T = ToldStatus
REPLIES = "replies"  # in words, into a case of theirs
BRAKED = (*sorted(HANDED_OVER), T.FAILED)


@dataclass(frozen=True)
class Moments:
    """When the counters last changed, and when the first and the last notice went out."""

    last: datetime | None = None
    first_told: datetime | None = None
    last_told: datetime | None = None


def progress(campaign: Campaign, counts: Mapping[str, int], at: Moments) -> Progress:
    """The live figures from the sums of the counters."""
    frozen = campaign.frozen
    if frozen is None:
        return Progress()
    skipped = {k.removeprefix("skipped_"): n for k, n in counts.items() if k.startswith("skipped_")}
    handed = sum(counts.get(state, 0) for state in HANDED_OVER)
    failed, doubt = counts.get(T.FAILED, 0), counts.get(T.AMBIGUOUS, 0)
    left_out = sum(skipped.values())
    remaining = frozen.total - handed - failed - left_out
    rate, ends_at = _pace(campaign, handed, remaining, at)
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
        in_case=counts.get("case_sent", 0),
        skipped={reason: n for reason, n in skipped.items() if n},
        answers={name: n for name in (*Said, REPLIES) if (n := counts.get(f"said_{name}", 0))},
        segments=frozen.segments,
        segments_done=counts.get("done", 0),
        cost=Tally(
            mails=counts.get("paid_mails", 0),
            parts=counts.get("paid_parts", 0),
            unpriced=counts.get("paid_unpriced", 0),
        ).cost(),
        rate=rate,
        started_at=campaign.started_at,
        first_at=at.first_told,
        told_at=at.last_told,
        last_at=at.last,
        ends_at=ends_at,
    )


def _pace(
    campaign: Campaign, handed: int, remaining: int, at: Moments
) -> tuple[float, datetime | None]:
    last = at.last_told or at.last
    if campaign.started_at is None or last is None or not handed:
        return 0.0, None
    minutes = max((last - campaign.started_at).total_seconds(), 1.0) / 60
    rate = handed / minutes
    going = campaign.status == CampaignStatus.RUNNING and remaining > 0
    return round(rate, 1), last + timedelta(minutes=remaining / rate) if going else None


def brake_figures(counts: Mapping[str, int]) -> dict[str, int]:
    """What is kept when a person lets a campaign go on: the brake counts from there."""
    return {str(name): counts[name] for name in BRAKED if counts.get(name)}


def brake(counts: Mapping[str, int], since: Mapping[str, int], limits: BrakeSettings) -> str:
    """Why a campaign should pause by itself, "" where it may go on.

    `since` are the figures at which a person let it go on. A share says nothing before there are
    enough of them: one of three is no third.
    """
    fresh = {str(name): counts.get(name, 0) - since.get(name, 0) for name in BRAKED}
    bounced, complained, failed = (fresh[n] for n in (T.BOUNCED, T.COMPLAINED, T.FAILED))
    sent = sum(fresh[name] for name in HANDED_OVER)
    if bounced >= limits.least_bounces and bounced > limits.bounces * sent:
        return f"{bounced} of {sent} notices bounced ({_limit(limits.bounces)})"
    if complained >= limits.least_complaints and complained > limits.complaints * sent:
        return f"{complained} of {sent} customers complained ({_limit(limits.complaints)})"
    if failed >= limits.least_errors and failed > limits.errors * (failed + sent):
        of = failed + sent
        return f"{failed} of {of} notices were refused ({_limit(limits.errors)})"
    return ""


def _limit(share: float) -> str:
    return f"the limit is {share * 100:g} %"
