"""The model decides what it was taught; the definitions what is newer, or foreign to it."""

from __future__ import annotations

import pytest

from chalicelib.understanding.combined import CombinedEngine
from chalicelib.understanding.learned import LearnedEngine
from chalicelib.understanding.models import TopicDefinition
from chalicelib.understanding.topics import TopicScorer
from chalicelib.understanding.training import Example, train
from chalicelib.understanding.vectors import shipped_table

TAUGHT = {
    "voucher": (
        "The voucher gives no discount",
        "My discount code is not taken in the basket",
        "The coupon from the newsletter does nothing",
    ),
    "parcel": (
        "Where is my parcel",
        "The courier never came",
        "My package has been on the way for two weeks",
    ),
}
JOBS = TopicDefinition(
    label="jobs",
    name="Jobs",
    examples=("I want to apply for a job as a driver", "Do you have an open position?"),
)
PARCEL = TopicDefinition(label="parcel", name="Parcel", examples=("Wo ist mein Paket?",))
VOUCHER = TopicDefinition(label="voucher", name="Voucher", words=("coupon",))


@pytest.fixture(scope="module")
def learned() -> LearnedEngine:
    taught = [Example(text=t, label=label) for label, texts in TAUGHT.items() for t in texts]
    return LearnedEngine.from_bytes(train(taught, shipped_table()).data, shipped_table())


def engine(learned: LearnedEngine, *definitions: TopicDefinition) -> CombinedEngine:
    return CombinedEngine(learned, TopicScorer.from_definitions(definitions))


def test_what_was_taught_is_the_models(learned: LearnedEngine) -> None:
    said = engine(learned, PARCEL, VOUCHER).decide("My discount voucher does nothing", "en")
    assert (said.label, said.source) == ("voucher", "learned")
    assert said.model_version == learned.model_version


def test_a_topic_that_is_newer_than_the_model_is_named(learned: LearnedEngine) -> None:
    both = engine(learned, PARCEL, VOUCHER, JOBS)
    said = both.decide("I want to apply for an open position as a driver", "en")
    assert (said.label, said.source) == ("jobs", "words and examples")
    assert set(both.labels) == {"jobs", "parcel", "voucher"}


def test_a_language_that_the_model_never_met_is_the_definitions(learned: LearnedEngine) -> None:
    said = engine(learned, PARCEL, VOUCHER).decide("Wo ist mein Paket geblieben?", "de")
    assert (said.label, said.source) == ("parcel", "words and examples")


def test_a_topic_that_was_removed_is_not_named_any_more(learned: LearnedEngine) -> None:
    both = engine(learned, PARCEL)
    assert both.decide("My discount voucher does nothing", "en").label != "voucher"
    assert both.labels == ("parcel",)
