"""Those who react to facts, each on a queue of its own: restartable alone, in nobody's way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from chalice import Blueprint
from pydantic import ValidationError

from chalicelib import bootstrap
from chalicelib.errors import Unprocessable
from chalicelib.flows.given import CREDIT
from chalicelib.flows.holding import HELD
from chalicelib.handlers.events import Failures, each_record
from chalicelib.observability import correlated, logger
from chalicelib.store.reactions import AGAIN, ERASE, Reaction, parse

events = Blueprint(__name__)
LAST_TRIES = 3  # receipts after which a case goes on without a service that does not answer


@events.on_sqs_message(queue_arn="arn:aws:sqs:::TriageQueue", batch_size=10)
def triage(event: Any) -> Failures:
    """Understand new cases, and look again at those that changed."""
    app = bootstrap.get()
    flow = app.triage
    ready = flow.gather([new for new in _several(event) if AGAIN not in new.data])

    def one(reaction: Reaction, receipts: int) -> None:
        if AGAIN in reaction.data:
            app.rerouting.reroute(reaction)
            return
        flow.triage(reaction, receipts >= LAST_TRIES, ready.get(reaction.id))

    return each_reaction(event, one)


@events.on_sqs_message(queue_arn="arn:aws:sqs:::AcknowledgeQueue", batch_size=10)
def acknowledge(event: Any) -> Failures:
    """Tell customers that their cases have been opened."""
    flow = bootstrap.get().acknowledging
    return each_reaction(event, lambda reaction, _: flow.acknowledge(reaction))


@events.on_sqs_message(queue_arn="arn:aws:sqs:::CountQueue", batch_size=10)
def count(event: Any) -> Failures:
    """Keep the counts in line with the cases, and the cases with customers who were merged or are
    erased; keep what a correction teaches."""
    app = bootstrap.get()

    def one(reaction: Reaction, _: int) -> None:
        if ERASE in reaction.data:
            app.erasing.go_on(reaction)
            return
        if reaction.owner.startswith("CUST#"):
            app.people.repoint(reaction)
            return
        if reaction.data:
            app.learning.learn(reaction)
            app.team_learning.learn(reaction)
            app.crediting.taught(reaction)
        app.effecting.note(reaction.case_id)
        app.attaining.note(reaction.case_id)
        app.counting.count(reaction)

    return each_reaction(event, one)


@events.on_sqs_message(queue_arn="arn:aws:sqs:::SendQueue", batch_size=10)
def send(event: Any) -> Failures:
    """Send outbound messages; store those first that were held so that they could be taken back."""
    app = bootstrap.get()

    def one(reaction: Reaction, _: int) -> None:
        if HELD in reaction.data:
            app.holding.release(reaction)
        else:
            app.sending.send(reaction)

    return each_reaction(event, one)


@events.on_sqs_message(queue_arn="arn:aws:sqs:::AnswerQueue", batch_size=10)
def answer(event: Any) -> Failures:
    """Answer in chats what an article answers, and see whether articles that were sent helped."""
    app = bootstrap.get()

    def one(reaction: Reaction, _: int) -> None:
        if CREDIT in reaction.data:
            app.crediting.look(reaction)
        else:
            app.botting.answer(reaction)

    return each_reaction(event, one)


@events.on_sqs_message(queue_arn="arn:aws:sqs:::TrainQueue", batch_size=1)
def train(event: Any) -> Failures:
    """Train and measure the model that was asked for, here or at Comprehend, and follow the jobs
    of Comprehend's classifier."""
    app = bootstrap.get()

    def one(reaction: Reaction, _: int) -> None:
        if "labelling" in reaction.data:
            app.relabelling.work(reaction, _progress)
        elif reaction.data.get("kind") == "comprehend":
            app.classifying.train(reaction, _progress)
        else:
            app.modelling.train(reaction, _progress)

    return each_reaction(event, one)


def _several(event: Any) -> list[Reaction]:
    """The reactions of a batch of more than one; what is none is left to who reads it again."""
    bodies = [record["body"] for record in event.to_dict()["Records"]]
    found = []
    for body in bodies if len(bodies) > 1 else []:
        with suppress(ValueError):
            found.append(parse(body))
    return found


def _progress(line: str) -> None:
    logger().info("training", extra={"progress": line})


def each_reaction(event: Any, work: Callable[[Reaction, int], None]) -> Failures:
    """Do the work for each reaction of a batch: (reaction, how often it was received)."""

    def one(body: str, receipts: int) -> None:
        try:
            reaction = parse(body)
        except (ValueError, ValidationError) as error:
            raise Unprocessable("the body is no reaction") from error
        with correlated(case=reaction.case_id, correlation_id=reaction.id) as log:
            work(reaction, receipts)
            log.info("reacted", extra={"kind": reaction.kind})

    return each_record(event, one)
