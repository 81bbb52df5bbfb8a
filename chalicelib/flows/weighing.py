"""What a problem weighs: whom it hit, what it cost, how fast each step was, what nobody can tell.

All figures come from counts that are kept with the cases (one Query), the problem's own dates, and
the live counts of its campaigns. Nothing here guesses: what cannot be concluded is said in words.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.base import Instant, Model
from chalicelib.campaigns.models import Campaign
from chalicelib.campaigns.progress import progress
from chalicelib.errors import NotFound
from chalicelib.ports import Clock
from chalicelib.problems.models import HourCount, Link, PlotPoint, Problem, ProblemSettings
from chalicelib.store.counts import hour_name
from chalicelib.trends.models import Trend

if TYPE_CHECKING:
    from chalicelib.store.campaigns import CampaignStore
    from chalicelib.store.problems import ProblemStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.trends import TrendStore

FEW = 10  # customers, below which a share says nothing
MOST_POINTS = 24 * 21  # of a plot, hours


class Impact(Model):
    """Linked cases and their customers; contacts a day on average since the first, and of late."""

    customers: int = 0
    cases: int = 0
    contacts_per_day: float = 0.0
    last_24_hours: int = 0
    answered_automatically: int = 0


class Spent(Model):
    """US dollars so far: contacts at the configured cost of one, messages, campaigns."""

    contacts: float = 0.0
    messages: float = 0.0
    campaigns: float = 0.0
    total: float = 0.0
    per_contact: float = 0.0


class Pace(Model):
    """When each step was, and how many seconds after the first affected case."""

    first_case_at: Instant | None = None
    detected_at: Instant | None = None
    accepted_at: Instant | None = None
    first_notice_at: Instant | None = None
    last_notice_at: Instant | None = None
    fixed_at: Instant | None = None
    closed_at: Instant | None = None
    seconds_to_detection: float | None = None
    seconds_to_acceptance: float | None = None
    seconds_to_first_notice: float | None = None
    seconds_to_last_notice: float | None = None
    seconds_to_fix: float | None = None
    seconds_to_closure: float | None = None


class ToldBefore(Model):
    """Customers who were told by a campaign, of them and of those who wrote; None of nobody."""

    told: int = 0
    of: int = 0
    share: float | None = None


class Sent(Model):
    """What one campaign sent: to how many, at what cost, from when until when."""

    sent: int
    cost: float
    first_at: Instant | None
    last_at: Instant | None


class ProblemFigures(Model):
    impact: Impact = Impact()
    spent: Spent = Spent()
    pace: Pace = Pace()
    told_before: ToldBefore = ToldBefore()
    plot: tuple[PlotPoint, ...] = ()
    not_concluded: tuple[str, ...] = ()


class ProblemView(Problem):
    """A problem with its figures."""

    figures: ProblemFigures = ProblemFigures()


@dataclass(frozen=True)
class Weighing:
    problems: ProblemStore
    trends: TrendStore
    campaigns: CampaignStore
    settings: SettingsStore
    clock: Clock

    def view(self, problem: Problem) -> ProblemView:
        """The problem with its figures."""
        return ProblemView.model_validate({**dict(problem), "figures": self.figures(problem)})

    def figures(self, problem: Problem) -> ProblemFigures:
        now = self.clock()
        hours = self.problems.hours(problem.id)
        campaigns = self._campaigns(problem)
        known = [self._sent(one) for one in campaigns]
        impact = _impact(hours, now)
        trend = self.trend(problem)
        told = sum(one.sent for one in known)
        return ProblemFigures(
            impact=impact,
            spent=self._spent(impact, known),
            pace=_pace(problem, self.problems.oldest_link(problem.id), known),
            told_before=_told(told, impact.customers),
            plot=_plot(trend, hours, now),
            not_concluded=tuple(_open_questions(problem, impact, trend, known, told)),
        )

    def trend(self, problem: Problem) -> Trend | None:
        """The first linked trend that still exists."""
        for trend_id in problem.trend_ids:
            try:
                return self.trends.get(trend_id)
            except NotFound:
                continue
        return None

    def _campaigns(self, problem: Problem) -> list[Campaign]:
        """Those that name the problem, and those that it names, as far as they exist."""
        found = {one.id: one for one in self.campaigns.of_problem(problem.id)}
        for campaign_id in problem.campaign_ids:
            with suppress(NotFound):
                found.setdefault(campaign_id, self.campaigns.get(campaign_id))
        return list(found.values())

    def _sent(self, campaign: Campaign) -> Sent:
        counts = self.campaigns.counts(campaign.id)
        live = progress(campaign, counts.sums, counts.moments)
        return Sent(
            sent=live.sent, cost=live.cost.total, first_at=live.first_at, last_at=live.told_at
        )

    def _spent(self, impact: Impact, campaigns: list[Sent]) -> Spent:
        settings = self.settings.read("problems", ProblemSettings)
        contacts = impact.cases * settings.cost_per_contact
        messages = impact.answered_automatically * settings.cost_per_message
        notices = sum(one.cost for one in campaigns)
        return Spent(
            contacts=round(contacts, 2),
            messages=round(messages, 4),
            campaigns=round(notices, 4),
            total=round(contacts + messages + notices, 2),
            per_contact=settings.cost_per_contact,
        )


def _impact(hours: list[HourCount], now: datetime) -> Impact:
    cases = sum(hour.cases for hour in hours)
    busy = [hour.hour for hour in hours if hour.cases]
    day_ago = hour_name(now - timedelta(hours=24))
    days = (now - _moment(busy[0])).total_seconds() / 86_400 if busy else 0.0
    return Impact(
        customers=sum(hour.customers for hour in hours),
        cases=cases,
        contacts_per_day=round(cases / max(days, 1.0), 2),
        last_24_hours=sum(hour.cases for hour in hours if hour.hour > day_ago),
        answered_automatically=sum(hour.told for hour in hours),
    )


def _pace(problem: Problem, oldest: Link | None, campaigns: list[Sent]) -> Pace:
    first = oldest.created_at if oldest else None
    firsts = [one.first_at for one in campaigns if one.first_at]
    lasts = [one.last_at for one in campaigns if one.last_at]
    moments = {
        "detected_at": problem.detected_at,
        "accepted_at": problem.accepted_at,
        "first_notice_at": min(firsts, default=None),
        "last_notice_at": max(lasts, default=None),
        "fixed_at": problem.fixed_at,
        "closed_at": problem.closed_at,
    }

    def after(name: str) -> float | None:
        moment = moments[name]
        return max(0.0, (moment - first).total_seconds()) if moment and first else None

    return Pace(
        first_case_at=first,
        **moments,
        seconds_to_detection=after("detected_at"),
        seconds_to_acceptance=after("accepted_at"),
        seconds_to_first_notice=after("first_notice_at"),
        seconds_to_last_notice=after("last_notice_at"),
        seconds_to_fix=after("fixed_at"),
        seconds_to_closure=after("closed_at"),
    )


def _told(told: int, wrote: int) -> ToldBefore:
    of = told + wrote
    return ToldBefore(told=told, of=of, share=round(told / of, 4) if of else None)


def _plot(trend: Trend | None, hours: list[HourCount], now: datetime) -> tuple[PlotPoint, ...]:
    """Linked cases by the hour, beside what the trend's cell saw and expected."""
    linked = {hour.hour: hour.cases for hour in hours if hour.cases}
    usual = {hour_name(hour.hour): hour for hour in trend.hours} if trend else {}
    names = sorted({*linked, *usual})[-MOST_POINTS:]
    return tuple(
        PlotPoint(
            hour=_moment(name),
            cases=linked.get(name, 0),
            seen=usual[name].cases if name in usual else None,
            expected=usual[name].expected if name in usual else None,
            upper=usual[name].upper if name in usual else None,
        )
        for name in names
    )


def _open_questions(
    problem: Problem, impact: Impact, trend: Trend | None, campaigns: list[Sent], told: int
) -> list[str]:
    """What these figures do not show."""
    said = []
    if not impact.cases:
        said.append("no case is linked yet: times from the first affected case are not known")
    else:
        said.append(
            "the first affected case is known to the hour, and only as far as customers wrote"
        )
    if trend is None:
        said.append("there is no trend: what was usual is not known, so neither is what is extra")
    if len(campaigns) < len(problem.campaign_ids):
        said.append("some of its campaigns are gone; what they sent is not counted")
    if told:
        said.append("customers who were told and wrote all the same count on both sides")
        if impact.customers + told < FEW:
            said.append(f"a share of fewer than {FEW} customers says nothing")
    else:
        said.append("nobody was told by a campaign: there is no share told before they wrote")
    return said


def _moment(hour: str) -> datetime:
    return datetime.fromisoformat(f"{hour}:00:00+00:00")
