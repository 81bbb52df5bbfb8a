"""A job of the classifier beside deaths: after each call that it makes, and told twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.handlers import schedules
from chalicelib.understanding.costs import PaidKind
from tests.flows.test_engines import classifier, later, settings, spent, teach
from tests.support import SCHEDULED, World


def dying(work: Callable[..., Any], at: int, after: bool) -> Callable[..., Any]:
    """`work`, which dies once, at its call number `at`: before or after it took effect."""
    calls = [0]

    def one(*given: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] != at:
            return work(*given, **named)
        if after:
            work(*given, **named)
        raise TimeoutError("died")

    return one


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 6))
@pytest.mark.parametrize(
    "part", ["table.commit", "objects.put", "objects.get", "classifiers.label"]
)
def test_a_job_that_dies_anywhere_labels_each_case_once(
    world: World, part: str, at: int, after: bool
) -> None:
    settings(world)
    for n in range(2):
        world.mail("The courier lost my box", sender=f"p{n}@example.org", subject="Help")
    world.settle()
    teach(world)
    classifier(world)
    settings(world, topic="job")
    name, method = part.split(".")
    target = getattr(world.app, name)
    original = getattr(target, method)
    schedules.label_cases(SCHEDULED, None)
    setattr(target, method, dying(original, at, after))
    world.settle()
    world.aws.comprehend.run_jobs()
    with suppress(TimeoutError):  # the sweep itself may be what dies
        later(world)
    setattr(target, method, original)
    world.aws.comprehend.run_jobs()
    later(world, 4)
    assert [case.topic.source for case in world.cases()] == ["comprehend"] * 2
    for case in world.cases():
        notes = [m for m in world.timeline(case) if m.text == "understood anew"]
        assert len(notes) == 1
    assert spent(world, PaidKind.CLASSIFY_JOB) == [6]
    assert len(world.aws.comprehend.jobs) == 1
    assert world.waiting("train") == 0
