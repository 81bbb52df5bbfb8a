"""What follows from cases and problems: links, what customers are told, whether a fix holds."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib import bootstrap
from chalicelib.handlers.events import Failures
from chalicelib.handlers.reactions import each_reaction
from chalicelib.problems.service import VERIFY
from chalicelib.store.reactions import BUNDLE, FACT, Reaction

events = Blueprint(__name__)


@events.on_sqs_message(queue_arn="arn:aws:sqs:::RelateQueue", batch_size=10)
def relate(event: Any) -> Failures:
    """Link cases with problems, tell their customers, look whether a fix holds."""
    app = bootstrap.get()

    def one(reaction: Reaction, _: int) -> None:
        if reaction.data.get("do") == VERIFY:
            app.verifying.look(reaction)
        else:
            app.relating.relate(reaction)

    return each_reaction(event, one)


@events.on_sqs_message(queue_arn="arn:aws:sqs:::HandoverQueue", batch_size=10)
def hand_over(event: Any) -> Failures:
    """What goes to our own side: mails and webhooks about handovers, and the watch over those that
    are overdue; what agents are told of, at the desk, by mail and by webhooks."""
    app = bootstrap.get()

    def one(reaction: Reaction, _: int) -> None:
        if FACT in reaction.data:
            app.alerting.work(reaction)
        elif BUNDLE in reaction.data:
            app.bundling.work(reaction)
        else:
            app.dispatching.work(reaction)

    return each_reaction(event, one)
