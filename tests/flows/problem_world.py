"""Problems over the installation in memory: topics, a trend, cases about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from chalicelib.problems.models import (
    Link,
    LinkState,
    Problem,
    ProblemInput,
    ProblemPatch,
    ProblemSettings,
)
from chalicelib.store import items
from chalicelib.trends.models import Method, Trend
from tests.support import World, installation

LEAD = "lead@example.com"
ROLES = frozenset({"lead"})
TOPICS = {
    "topics": [
        {"label": "billing", "name": "Billing", "words": ["invoice", "charged twice", "refund"]},
        {"label": "parcel", "name": "Parcel", "words": ["parcel", "delivery", "tracking"]},
    ]
}
TROUBLE = "You charged me. My invoice shows that I was charged twice, please refund it."
OTHER = "Where is my parcel? The tracking does not move and the delivery is late."


@contextmanager
def installed(**settings: object) -> Iterator[World]:
    """An installation that knows two topics."""
    with installation() as world:
        world.app.documents.write("topics", TOPICS, None, "t")
        known = ProblemSettings.model_validate(settings)
        world.app.documents.write("problems", known.model_dump(mode="json"), None, "t")
        yield world


def contact(world: World, number: int, text: str = TROUBLE) -> None:
    """A customer writes, and the case is understood."""
    world.mail(text=text, sender=f"Ana Number{number} <ana{number}@example.org>")
    world.settle()


def trend(world: World, identifier: str = "T1", expected: float = 1.0, seen: int = 20) -> Trend:
    """A trend of the topic billing that began an hour ago."""
    now = world.clock()
    made = Trend(
        id=identifier,
        series="topic=billing",
        topic="billing",
        started_at=now - timedelta(hours=1),
        detected_at=now,
        last_seen_at=now,
        window_hours=1,
        expected=expected,
        seen=seen,
        p=1e-6,
        lift=seen / expected,
        method=Method.SCAN,
        created_at=now,
        updated_at=now,
    )
    world.app.trends.add(made)
    return made


def opened(world: World, state: str = "proposed", **given: object) -> Problem:
    """The problem of a new trend, in that state."""
    made = world.app.problem_service.open(
        ProblemInput.model_validate({"trend_id": trend(world).id, **given}), LEAD
    )
    for step in PATHS[state]:
        made = patched(world, made.id, state=step)
    world.settle()
    return world.app.problems.get(made.id)


PATHS: dict[str, tuple[str, ...]] = {
    "proposed": (),
    "accepted": ("accepted",),
    "being_fixed": ("accepted", "being_fixed"),
    "fixed": ("accepted", "being_fixed", "fixed"),
}


def patched(world: World, problem_id: str, **given: object) -> Problem:
    """The problem after a lead's change, at its newest version."""
    version = world.app.problems.get(problem_id).version
    patch = ProblemPatch.model_validate(given)
    return world.app.problem_service.patch(problem_id, version, patch, LEAD, ROLES)


def links(world: World, problem_id: str, *states: LinkState) -> list[Link]:
    found = world.app.problems.links(problem_id, list(states or LinkState), 100, None)
    return [items.model(Link, stored) for stored in found.items]


def counted(world: World, problem_id: str) -> tuple[int, int, int]:
    """(cases, customers, messages) by the counts."""
    hours = world.app.problems.hours(problem_id)
    return (
        sum(hour.cases for hour in hours),
        sum(hour.customers for hour in hours),
        sum(hour.told for hour in hours),
    )


def written_to(world: World, address: str, word: str) -> int:
    """How many mails with that word went to an address."""
    return sum(
        word in sent.raw.decode(errors="replace")
        for sent in world.aws.ses.accepted
        if address in sent.to
    )
