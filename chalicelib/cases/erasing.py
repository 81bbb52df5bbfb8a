"""What stays of a case and its messages when their customer is erased. Pure.

Figures stay true: how many, when, about which topic, whose work, how fast. What anybody said, the
agents too, and every name, address and file goes.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.cases import rules
from chalicelib.cases.models import (
    Author,
    AuthorType,
    Case,
    CaseStatus,
    Delivery,
    DeliveryStatus,
    Message,
    Topic,
)

KEPT_OF_CASE = frozenset(
    {"id", "reference", "status", "priority", "channel", "customer_id"}
    | {"sentiment", "sentiment_score", "language", "team", "routed", "assignee", "skills"}
    | {"counted_for", "understood_by", "promises", "problem_id", "campaign_id", "article"}
    | {"reply_channel", "recipient", "merged_into", "merged_cases", "spam", "erased_at"}
    | {"link_version", "last_direction", "message_count", "last_message_at", "first_reply_at"}
    | {"resolved_at", "created_at", "updated_at", "version"}
)
"""Fields whose values say nothing of a person; those that are added later go unless named here."""
KEPT_OF_MESSAGE = frozenset(
    {"id", "case_id", "direction", "kind", "channel", "automatic", "verdicts", "created_at"}
)
KEPT_CHANGES = frozenset({"status", "priority", "team", "assignee", "topic", "spam"})


def shell(case: Case) -> Case:
    """The case without anything that was said in it."""
    kept = {name: getattr(case, name) for name in KEPT_OF_CASE}
    topic = case.topic
    plain = Topic(
        label=topic.label,
        confidence=topic.confidence,
        source=topic.source,
        model_version=topic.model_version,
    )
    return Case(**kept, topic=plain)


def ended(case: Case, now: datetime) -> Case:
    """The shell of a case, which nobody works on any more; its secret link opens nothing."""
    closed = rules.move(case, CaseStatus.CLOSED, now) if case.status in rules.UNSOLVED else case
    fields = {"erased_at": now, "link_version": case.link_version + 1}
    return rules.touch(shell(closed.model_copy(update=fields)), now)


def emptied(message: Message, now: datetime) -> Message:
    """That there was a message, of what kind and what became of it."""
    kept = {name: getattr(message, name) for name in KEPT_OF_MESSAGE}
    ours = message.author.type != AuthorType.CUSTOMER
    return Message(
        **kept,
        author=message.author if ours else Author(type=AuthorType.CUSTOMER),
        changes={name: told for name, told in message.changes.items() if name in KEPT_CHANGES},
        delivery=_delivery(message.delivery, now),
        erased=True,
        updated_at=now,
        version=message.version + 1,
    )


def _delivery(delivery: Delivery | None, now: datetime) -> Delivery | None:
    """What has not gone out does not go out any more."""
    if delivery is None:
        return None
    if delivery.status == DeliveryStatus.QUEUED:
        return Delivery(status=DeliveryStatus.FAILED, reason="erased", updated_at=now)
    kept = {"status", "attempts", "parts", "encoding", "updated_at"}
    return Delivery(**{name: getattr(delivery, name) for name in kept})
