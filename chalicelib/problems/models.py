"""A problem: what makes many customers write, who ends it, and how far that has come.

Its state is `rules.TRANSITIONS`. Cases are linked to it one by one (`Link`), each with why; counts
lie by the hour beside it (`HourCount`), so that no case waits for another. A `Handover` gives it
to a department, which answers by a secret link.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from chalicelib.base import Instant, Model
from chalicelib.cases.models import Delivery

Slug = Annotated[str, Field(pattern=r"^(?:[a-z0-9]+(?:[-_][a-z0-9]+)*)?$", max_length=60)]
Address = Annotated[str, Field(pattern=r"^(?:[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+)?$", max_length=254)]


class ProblemState(StrEnum):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    BEING_FIXED = "being_fixed"
    FIXED = "fixed"  # somebody says so
    VERIFIED = "verified"  # and what was counted since agrees
    CLOSED = "closed"
    REJECTED = "rejected"


class PublicState(StrEnum):
    """What the help centre says of it."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class MatchRule(Model):
    """Which cases belong to it. `share` is how likely a case is that just has the topic and came
    in the time: for a trend, the part of its cases that is more than usual."""

    topic: str = Field(default="", max_length=64)
    attributes: dict[str, str] = Field(default={}, max_length=20)  # product, version, region, …
    words: tuple[Annotated[str, Field(min_length=2, max_length=60)], ...] = Field(
        default=(), max_length=40
    )
    share: float = Field(default=0.5, gt=0, lt=1)
    since: Instant | None = None
    until: Instant | None = None


class PublicUpdate(Model):
    """What was said to everybody at that time."""

    at: Instant
    state: PublicState
    text: str


class PublicIssue(Model):
    """What the help centre shows, once `visible`."""

    visible: bool = False
    title: str = Field(default="", max_length=200)
    text: str = Field(default="", max_length=5_000)
    state: PublicState = PublicState.INVESTIGATING
    updates: tuple[PublicUpdate, ...] = ()
    since: Instant | None = None
    updated_at: Instant | None = None


class Check(Model):
    """What the last look at a claimed fix saw, and what it could not see."""

    at: Instant
    outcome: str  # verified, waiting, failed, unknown
    because: str
    not_checked: tuple[str, ...] = ()


class Problem(Model):
    """`text_version` counts what customers are told; `round` how often it was fixed again."""

    id: str
    title: str
    description: str = ""
    state: ProblemState = ProblemState.PROPOSED
    topic: str = ""
    rule: MatchRule = MatchRule()
    trend_ids: tuple[str, ...] = ()
    series: tuple[str, ...] = ()  # the cells of those trends
    campaign_ids: tuple[str, ...] = ()
    owner_team: str = ""
    workaround: str = ""
    root_cause: str = ""
    public: PublicIssue = PublicIssue()
    article_slug: str = ""
    text_version: int = 0
    round: int = 1
    rejected_reason: str = ""
    check: Check | None = None
    started_at: Instant  # of the trouble, as far as known
    detected_at: Instant
    accepted_at: Instant | None = None
    fixed_at: Instant | None = None
    verified_at: Instant | None = None
    closed_at: Instant | None = None
    created_by: str  # "" is the system
    created_at: Instant
    updated_at: Instant
    version: int = 1


class ProblemInput(Model):
    """A new problem, from a trend or by hand; what is left out comes from the trend."""

    trend_id: str = Field(default="", max_length=64)
    title: str = Field(default="", max_length=200)
    description: str = Field(default="", max_length=10_000)
    rule: MatchRule | None = None
    owner_team: str = Field(default="", max_length=64)
    workaround: str = Field(default="", max_length=5_000)
    started_at: Instant | None = None


class PublicPatch(Model):
    """Fields left out stay. A change while it is visible becomes an update with its time."""

    visible: bool | None = None
    title: str | None = Field(default=None, max_length=200)
    text: str | None = Field(default=None, max_length=5_000)
    state: PublicState | None = None


class ProblemPatch(Model):
    """Fields left out stay. `reason` says why it is rejected or verified by hand."""

    state: ProblemState | None = None
    reason: str = Field(default="", max_length=1_000)
    title: str | None = Field(default=None, min_length=1, max_length=200)
    description: str | None = Field(default=None, max_length=10_000)
    rule: MatchRule | None = None
    trend_ids: tuple[str, ...] | None = Field(default=None, max_length=20)
    campaign_ids: tuple[str, ...] | None = Field(default=None, max_length=20)
    owner_team: str | None = Field(default=None, max_length=64)
    workaround: str | None = Field(default=None, max_length=5_000)
    root_cause: str | None = Field(default=None, max_length=5_000)
    article_slug: Slug | None = None
    public: PublicPatch | None = None


class LinkState(StrEnum):
    LINKED = "linked"
    PROPOSED = "proposed"  # a person decides
    REJECTED = "rejected"  # it has nothing to do with it; no rule proposes it again
    UNLINKED = "unlinked"


class Link(Model):
    """A case and the problem: how sure, why, by whom ("" is the rule), and what it was told."""

    problem_id: str
    case_id: str
    reference: str = ""
    subject: str = ""
    customer_id: str
    state: LinkState
    sure: float = 0.0  # 0..1
    why: str = ""
    by: str = ""
    hour: str = ""  # of the case, in which it is counted
    told_version: int = 0  # the newest text on what is known that went into the case
    told_at: Instant | None = None
    closed_round: int = 0  # the last round whose end it was told of
    created_at: Instant  # of the case
    updated_at: Instant
    version: int = 1


class HourCount(Model):
    """Cases and customers that came in that hour (2026-11-22T20), and messages they got."""

    hour: str
    cases: int = 0
    customers: int = 0
    told: int = 0


class Entry(Model):
    """One line of the history: who did what, and in which role."""

    id: str
    at: Instant
    by: str = ""
    role: str = "system"  # system, agent, partner
    what: str
    text: str = ""
    from_state: str = ""
    to_state: str = ""
    handover_id: str = ""


# --- handing over ---------------------------------------------------------------------------------


class HandoverState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    ASKED_BACK = "asked_back"  # the department waits for our answer
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class Example(Model):
    """What a customer wrote, without personal data."""

    reference: str
    at: Instant
    text: str


class PlotPoint(Model):
    """One hour: linked cases, and what the trend's cell saw and expected, where there is one."""

    hour: Instant
    cases: int
    seen: int | None = None
    expected: float | None = None
    upper: float | None = None

    @property
    def contacts(self) -> int:
        """What a plot shows: all contacts of the cell, else those that are linked."""
        return self.cases if self.seen is None else max(self.seen, self.cases)


class Evidence(Model):
    """What was known when it was handed over. Costs in US dollars."""

    title: str
    description: str = ""
    topic: str = ""
    since: Instant
    cases: int
    customers: int
    contacts_per_day: float
    expected: float | None = None
    seen: int | None = None
    lift: float | None = None
    cost_so_far: float
    cost_per_contact: float
    lifts: tuple[str, ...] = ()  # in words: "31 of 34 have product X, 9 % of all"
    plot: tuple[PlotPoint, ...] = ()
    examples: tuple[Example, ...] = ()
    not_known: tuple[str, ...] = ()
    at: Instant


class Holder(Model):
    """To whom the task went, by which number of the link."""

    number: int
    address: str
    at: Instant


class Handover(Model):
    """A task for a department, with the evidence, due by a promise."""

    id: str
    problem_id: str
    team: str = ""
    address: str = ""  # of whom it lies with now
    note: str = ""
    state: HandoverState = HandoverState.OPEN
    evidence: Evidence
    due_at: Instant
    promised_date: Instant | None = None  # the department's own word
    holders: tuple[Holder, ...] = ()
    link_number: int = 1
    revoked_below: int = 0  # links with a smaller number open nothing
    reminded_at: Instant | None = None
    escalated_at: Instant | None = None
    accepted_at: Instant | None = None
    resolved_at: Instant | None = None
    created_by: str
    created_at: Instant
    updated_at: Instant
    version: int = 1


class Dispatch(Model):
    """One mail or webhook about a handover, and how its delivery stands."""

    id: str
    problem_id: str
    handover_id: str
    way: str  # email, or the name of a webhook
    kind: str  # handed_over, passed_on, answered, reminder, escalation, not_fixed
    to: str
    link_number: int = 1
    text: str = ""
    delivery: Delivery
    created_at: Instant
    version: int = 1


class Answer(StrEnum):
    """What a department can do."""

    ACCEPT = "accept"
    ASK = "ask"
    PASS_ON = "pass_on"
    DATE = "date"
    RESOLVE = "resolve"


# --- settings -------------------------------------------------------------------------------------


class ProblemSettings(Model):
    """The document `problems`."""

    propose: bool = True  # a problem for every trend that is found
    sure: float = Field(default=0.8, gt=0, le=1)  # from there on a rule links by itself
    unsure: float = Field(default=0.4, gt=0, le=1)  # from there on a person is asked
    tell_known: bool = True  # linked customers get the workaround, in their case, once
    tell_resolved: bool = True  # and hear when it is over
    cost_per_contact: float = Field(default=5.0, ge=0, le=10_000)  # US dollars
    cost_per_message: float = Field(default=0.001, ge=0, le=100)
    handover_hours: int = Field(default=24, ge=1, le=2_000)
    calendar: str = Field(default="", max_length=60)  # in which those hours are counted
    escalate_after_hours: int = Field(default=24, ge=1, le=2_000)  # after it was due
    escalate_to: Address = ""  # the lead's address
    calm_hours: int = Field(default=24, ge=1, le=336)  # within the band until a fix counts as real
    give_up_hours: int = Field(default=72, ge=2, le=2_000)  # after which it was none
    close_when_verified: bool = False
    reopen_days: int = Field(default=30, ge=0, le=365)  # a trend that comes back within reopens it
