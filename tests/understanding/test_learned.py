from __future__ import annotations

import time

import pytest

from chalicelib.understanding import fast_solver
from chalicelib.understanding.engine import TopicEngine
from chalicelib.understanding.learned import LearnedEngine
from chalicelib.understanding.solver import Plan, solve
from chalicelib.understanding.training import Example, Trained, train
from chalicelib.understanding.vectors import shipped_table

SAID = {
    "late": (
        "My parcel has not arrived",
        "Where is my order",
        "The courier never came",
        "The tracking has not moved for days",
        "My delivery is late",
        "When will my package get here",
        "Still waiting for the shipment",
        "Das Paket ist nicht angekommen",
    ),
    "charge": (
        "I was charged twice",
        "You took the money two times",
        "There is a double payment on my statement",
        "The invoice amount is too high",
        "I see a fee that I do not know",
        "My card was billed for something else",
        "Please refund the wrong charge",
        "Der Betrag wurde doppelt abgebucht",
    ),
    "login": (
        "I cannot log in",
        "My password is not accepted",
        "The reset code never comes",
        "My account is locked",
        "I forgot my password",
        "The sign in page shows an error",
        "The app logs me out all the time",
        "Ich kann mich nicht anmelden",
    ),
}
OPENINGS = ("", "Hello, ")


def examples() -> list[Example]:
    return [
        Example(text=f"{opening}{text}", label=label, language="de" if "ich" in text else "en")
        for label, texts in SAID.items()
        for text in texts
        for opening in OPENINGS
    ]


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(examples(), shipped_table())


@pytest.fixture(scope="module")
def engine(trained: Trained) -> TopicEngine:
    return LearnedEngine.from_bytes(trained.data, shipped_table())


@pytest.mark.parametrize(
    ("text", "language", "label"),
    [
        ("my pakage still hasnt come", "en", "late"),
        ("why did you bill me two times?", "en", "charge"),
        ("the login says wrong password", "en", "login"),
        ("Mein Paket ist noch nicht da", "de", "late"),
        ("es wurde zweimal abgebucht", "de", "charge"),
    ],
)
def test_what_was_learned_holds_for_other_words(
    engine: TopicEngine, text: str, language: str, label: str
) -> None:
    decision = engine.decide(text, language)
    assert decision.label == label, decision
    assert decision.why
    assert decision.source == "learned"


@pytest.mark.parametrize("text", ["", "do you sell blue paint", "how do I bake a cheese cake"])
def test_what_is_like_nothing_learned_is_not_guessed(engine: TopicEngine, text: str) -> None:
    decision = engine.decide(text, "en")
    assert decision.label is None, decision
    assert decision.reason


def test_the_same_examples_make_the_same_file(trained: Trained, engine: TopicEngine) -> None:
    assert train(examples(), shipped_table()).data == trained.data
    again = LearnedEngine.from_bytes(trained.data, shipped_table())
    assert again.model_version == engine.model_version
    text = "the parcel was billed to the wrong account"
    assert again.decide(text, "en") == engine.decide(text, "en")


def test_without_its_table_the_letters_still_decide(trained: Trained) -> None:
    engine = LearnedEngine.from_bytes(trained.data, None)
    assert engine.decide("I was charged twice for the parcel", "en").guess == "charge"


def test_contradictory_labels_are_reported_and_the_majority_counts() -> None:
    text = "It is about my card"
    votes = [Example(text=text, label=label) for label in ("login", "charge", "charge")]
    report = train([*examples(), *votes], None).report
    assert report.contradictions == ((text, ("login", "charge")),)


def test_one_label_is_not_enough_to_learn() -> None:
    with pytest.raises(ValueError, match="two labels"):
        train([Example(text="a", label="x"), Example(text="b", label="x")], None)


def test_three_examples_a_topic_are_learned_without_calibration() -> None:
    few = [Example(text=text, label=label) for label in SAID for text in SAID[label][:3]]
    trained = train(few, shipped_table())
    assert trained.report.calibration.floor is None
    assert LearnedEngine.from_bytes(trained.data, shipped_table()).labels == tuple(sorted(SAID))
    engine = LearnedEngine.from_bytes(trained.data, shipped_table())
    assert engine.decide("where is my order?", "en").guess == "late"


def test_a_very_long_text_takes_bounded_time(engine: TopicEngine) -> None:
    started = time.process_time()
    for text in ("parcel " * 100_000, "x" * 1_000_000, "ä." * 300_000):
        engine.decide(text, "en")
    assert time.process_time() - started < 2.0


def test_the_fast_solver_takes_the_same_steps() -> None:
    pytest.importorskip("numpy", reason="needs numpy")
    samples = [([0, 2], [0.6, 0.8]), ([1, 2], [0.8, 0.6]), ([0, 1], [1.0, 0.1])] * 20
    labels = [0, 1, 2] * 20
    plan = Plan(epochs=6, rate=2.0, drop=0.3, decay=1e-3)
    slow, quick = (
        one(samples, labels, 3, 3, plan, lambda _: None) for one in (solve, fast_solver.solve)
    )
    for ours, theirs in zip(slow.rows, quick.rows, strict=True):
        assert list(ours) == pytest.approx(list(theirs), abs=0.05)
