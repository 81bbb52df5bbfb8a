"""What deciding a topic costs: reading a model's file, and a text, beside the definitions alone.

The model is trained in the run on sentences of our own under 77 labels dealt at random, and only
briefly: it is as slow as a real one, but says nothing sensible. `make evaluate` measures real ones,
which have up to 1.9 MB.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from chalicelib.understanding.engine import TopicEngine
from chalicelib.understanding.learned import LearnedEngine
from chalicelib.understanding.models import TopicDefinition
from chalicelib.understanding.solver import Plan, Sample, Weights, solve
from chalicelib.understanding.topics import TopicScorer
from chalicelib.understanding.training import Example, train
from chalicelib.understanding.vectors import VectorTable, shipped_table
from infra.evaluate import read
from infra.support_texts import sentences

DATA = Path(__file__).parents[1] / "data"
TABLE = DATA.parents[1] / "chalicelib/understanding/vectors.bin"
LABELS, TEXTS, DEFINED, RUNS = 77, 5_000, 770, 5


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Size, load and time a text of a model of 77 topics, and of the vectors that it reads."""
    known = [example.text for example in read(DATA / "texts_train.csv")]
    texts = [*known, *sentences(TEXTS - len(known))]
    examples = [Example(text=text, label=f"t{n % LABELS}") for n, text in enumerate(texts)]
    data = train(examples, shipped_table(), _briefly).data
    definitions = _definitions(examples[:DEFINED])
    scorer = TopicScorer.from_definitions(definitions)
    engine = LearnedEngine.from_bytes(data, shipped_table())
    table = TABLE.stat().st_size
    yield ("model's file, beside the vectors'", _megabytes(len(data)), _megabytes(table), "")
    load = _best(lambda: LearnedEngine.from_bytes(data, shipped_table()))
    floor = _best(lambda: TopicScorer.from_definitions(definitions))
    yield _row("reading the model, beside the definitions", load, floor)
    vectors = _best(lambda: VectorTable.from_bytes(TABLE.read_bytes()))
    yield _row("reading the vectors, beside their bytes", vectors, _best(TABLE.read_bytes))
    asked = [example.text for example in read(DATA / "texts_test.csv")]
    learned, defined = _each(engine, asked), _each(scorer, asked)
    yield _row("deciding a text, beside the definitions", learned, defined)


def _briefly(
    samples: Sequence[Sample],
    labels: Sequence[int],
    features: int,
    classes: int,
    plan: Plan,
    tell: Callable[[str], None],
) -> Weights:
    return solve(samples, labels, features, classes, plan._replace(epochs=1), tell)


def _definitions(examples: Sequence[Example]) -> list[TopicDefinition]:
    by_label: dict[str, list[str]] = {}
    for example in examples:
        by_label.setdefault(example.label, []).append(example.text)
    return [
        TopicDefinition(label=label, name=label, examples=tuple(texts))
        for label, texts in by_label.items()
    ]


def _each(engine: TopicEngine, texts: Sequence[str]) -> float:
    def all_of_them() -> None:
        for text in texts:
            engine.decide(text, "en")

    return _best(all_of_them) / len(texts)


def _best(work: Callable[[], object]) -> float:
    """Milliseconds of processor time, the least of some runs."""
    taken = []
    for _ in range(RUNS):
        started = time.process_time()
        work()
        taken.append(1_000 * (time.process_time() - started))
    return min(taken)


def _row(what: str, figure: float, floor: float) -> tuple[str, str, str, str]:
    return (what, f"{figure:.2f} ms", f"{floor:.2f} ms", f"{figure / max(floor, 1e-6):.1f}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.2f} MB"
