"""Comprehend's answers about classifiers, as the flows understand them."""

from __future__ import annotations

import pytest

from chalicelib.errors import ClassifierRefused
from chalicelib.gateways.classifiers import ComprehendClassifiers
from chalicelib.understanding.classifiers import Work
from tests.flows.test_engines import settings, teach
from tests.support import BUCKET, World

CSV = "".join(f"{label},text {n} about {label}\n" for label in ("a", "b") for n in range(12))


def gateway(world: World, name: str = "custops-test") -> ComprehendClassifiers:
    role = "arn:aws:iam::123456789012:role/classifier"
    return ComprehendClassifiers(world.clients["comprehend"], BUCKET, role, name)


def test_a_version_that_somebody_else_made_is_found_by_its_arn(world: World) -> None:
    """The request was made with another token: all that is known is that the version exists."""
    world.app.objects.put("x.csv", CSV.encode())
    made = gateway(world).create("v1", "x.csv", "", "out/", "en")
    world.aws.comprehend.classifiers[made]["token"] = "another"
    assert gateway(world).create("v1", "x.csv", "", "out/", "en") == made


def test_a_training_is_running_then_done_or_failed_with_its_reason(world: World) -> None:
    world.app.objects.put("good.csv", CSV.encode())
    world.app.objects.put("bad.csv", b"a,one\nb,two\n")
    good = gateway(world).create("v1", "good.csv", "", "out/", "en")
    bad = gateway(world).create("v2", "bad.csv", "", "out/", "en")
    assert gateway(world).state(good).work is Work.RUNNING
    world.aws.comprehend.train()
    done = gateway(world).state(good)
    assert (done.work, done.seconds) == (Work.DONE, 1800)
    assert done.figures is not None
    assert done.figures.labels == 2
    failed = gateway(world).state(bad)
    assert failed.work is Work.FAILED
    assert "At least 10 examples" in failed.message


def test_what_no_repetition_mends_is_named(world: World) -> None:
    with pytest.raises(ClassifierRefused, match="ResourceNotFoundException"):
        gateway(world).state("arn:aws:comprehend:us-east-1:123456789012:document-classifier/none")


def test_a_throttled_request_is_tried_again_and_says_nothing_worse(world: World) -> None:
    settings(world)
    teach(world)
    world.aws.comprehend.down.add("CreateDocumentClassifier")
    asked = world.app.modelling.request("lead@example.com", "comprehend")
    world.settle()
    assert world.app.models.get(asked.id, "comprehend").state == "requested"
    world.aws.comprehend.down.clear()
    world.clock.forward(hours=3)
    world.sweep()
    assert world.app.models.get(asked.id, "comprehend").state == "training"
