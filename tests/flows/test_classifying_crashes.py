"""A training at Comprehend beside deaths: before and after each of its calls."""

from __future__ import annotations

from contextlib import suppress

import pytest

from chalicelib.understanding.costs import PaidKind
from chalicelib.understanding.lessons import ModelState
from tests.flows.test_engines import later, settings, spent, teach
from tests.flows.test_labelling_crashes import dying
from tests.support import World


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 5))
@pytest.mark.parametrize(
    "part", ["table.commit", "objects.put", "classifiers.create", "classifiers.state"]
)
def test_a_training_that_dies_anywhere_ends_as_one_classifier_that_is_paid_once(
    world: World, part: str, at: int, after: bool
) -> None:
    settings(world)
    teach(world)
    asked = world.app.modelling.request("lead@example.com", "comprehend")
    name, method = part.split(".")
    target = getattr(world.app, name)
    original = getattr(target, method)
    setattr(target, method, dying(original, at, after))
    with suppress(TimeoutError):  # the sweep itself may be what dies
        world.settle()
        later(world)
        world.aws.comprehend.train()
        later(world)
    setattr(target, method, original)
    later(world, 2)
    world.aws.comprehend.train()
    later(world, 3)
    model = world.app.models.get(asked.id, "comprehend")
    assert model.state is ModelState.IN_USE
    chosen = world.app.models.in_use("comprehend")
    assert chosen is not None
    assert chosen.key == model.arn
    assert len(world.aws.comprehend.classifiers) == 1
    assert spent(world, PaidKind.TRAINING) == [1800]
    assert world.waiting("train") == 0
