"""What the clock starts."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib import bootstrap
from chalicelib.observability import count, flush, logger

events = Blueprint(__name__)


@events.schedule("rate(5 minutes)")
def detect_trends(event: Any) -> None:
    """Look for topics that are too full."""
    found = bootstrap.get().detecting.detect()
    followed = bootstrap.get().owning.follow()
    logger().info("trends followed", extra=followed.model_dump())
    count("TrendsActive", found.active)
    logger().info("trends looked for", extra=found.model_dump())
    flush()


@events.schedule("rate(1 minute)")
def index_knowledge(event: Any) -> None:
    """Bring the search indexes up to date."""
    indexed = bootstrap.get().indexing.index()
    logger().info("indexes kept", extra=indexed.model_dump())
    flush()


@events.schedule("rate(1 minute)")
def poll_social(event: Any) -> None:
    """Ask the social networks for what was said to us."""
    polled = bootstrap.get().contacts.poll()
    if polled.mentions:
        count("MentionsTaken", polled.taken)
    logger().info("networks asked", extra=polled.model_dump())
    flush()


@events.schedule("rate(1 day)")
def train_models(event: Any) -> None:
    """Have a model trained where people taught something since the last one."""
    model = bootstrap.get().modelling.request_when_taught()
    logger().info("model asked for" if model else "nothing new to learn")
    flush()


@events.schedule("rate(1 hour)")
def label_cases(event: Any) -> None:
    """Have Comprehend's classifier label cases, where the settings say so."""
    job = bootstrap.get().relabelling.begin()
    logger().info("labelling begun" if job else "nothing to label")
    flush()


@events.schedule("rate(1 minute)")
def keep_promises(event: Any) -> None:
    """Warn of promises at risk, note those that were broken, tell who waits; bring back what was
    snoozed until now."""
    app = bootstrap.get()
    reminded = app.reminding.remind()
    count("PromisesAtRisk", reminded.warnings)
    count("PromisesBroken", reminded.breaches)
    logger().info("promises looked at", extra=reminded.model_dump())
    logger().info("snoozed cases looked at", extra=app.snoozing.wake().model_dump())
    if app.agreeing.keep_ahead():
        logger().info("holidays of the next years reckoned")
    flush()


@events.schedule("rate(1 minute)")
def sweep(event: Any) -> None:
    """Look for what should have happened by now and did not."""
    app = bootstrap.get()
    swept = app.sweeping.sweep()
    filled = app.assigning.fill_all()
    count("ReactionsOverdue", swept.reactions)
    count("MailsRetaken", swept.mails)
    logger().info("swept", extra={**swept.model_dump(), **filled.model_dump()})
    flush()
