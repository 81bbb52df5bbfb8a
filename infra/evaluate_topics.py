"""Holds the topic engines against labelled texts: the plain linear one, the lean one that ships,
and the one with the semantic layer where that was made (`make semantic`).

Test rows whose label never occurs in training are out of scope: to say "don't know" is right there.
Sentences in another language than English are recognised as they are in the product.
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from chalicelib.base import Model
from chalicelib.understanding.engine import TopicEngine
from chalicelib.understanding.learned import LearnedEngine
from chalicelib.understanding.solver import Solver
from chalicelib.understanding.training import Example, train
from chalicelib.understanding.vectors import Embedder, VectorTable
from infra.plain import PlainLinear

CHOSEN_CONFIDENCE = 0.7
LABELS_A_TOPIC = (5, 10, 20, 50)
CURVE_TESTS = 1_500  # texts that a point of the learning curve is measured on
_BINS = 15

Tell = Callable[[str], None]


class Figures(Model):
    """Shares from 0 to 1. Accuracy, macro-F1 and calibration error are of the best guess for texts
    in scope, whether or not it was uttered; `standard_error` is the accuracy's. Right and wrong at
    the chosen confidence are shares of all texts: what would be decided without a person."""

    accuracy: float
    standard_error: float
    macro_f1: float
    calibration_error: float  # expected, 15 bins of equal width (Guo et al. 2017)
    coverage: float  # share in scope that is uttered with at least the chosen confidence
    right_when_covered: float
    known_rejected: float  # in scope, yet "don't know"
    in_scope_recall: float  # in scope, uttered and right
    out_of_scope_recall: float | None  # None: no such texts
    decided_rightly: float
    decided_wrongly: float
    milliseconds_per_text: float
    megabytes: float  # of the model and the vectors that it reads
    load_milliseconds: float  # of the model; its vectors are loaded once for all
    training_seconds: float


class CurvePoint(Model):
    """Accuracies with so many labels a topic; a topic that has fewer gives all."""

    labels_per_topic: int
    training_texts: int
    baseline: float
    learned: float
    layered: float | None
    standard_error: float


class TopicEvaluation(Model):
    """`learned` is the lean engine, `layered` the one with the semantic layer, None without."""

    training_texts: int
    test_texts: int
    out_of_scope_texts: int
    labels: int
    baseline: Figures
    learned: Figures
    layered: Figures | None
    curve: tuple[CurvePoint, ...]


class Engines(NamedTuple):
    """What was measured, and the engines on all training texts, for what is measured next."""

    figures: TopicEvaluation
    lean: LearnedEngine
    layered: LearnedEngine | None


class _Made(NamedTuple):
    engine: TopicEngine
    megabytes: float
    load_milliseconds: float
    training_seconds: float


def evaluate_topics(
    training: Sequence[Example],
    test: Sequence[Example],
    table: VectorTable,
    model: Embedder | None,
    solver: Solver,
    tell: Tell,
) -> Engines:
    """Trains all engines on `training` and measures them on `test`; raises ValueError below two
    labels."""
    known = {example.label for example in training}
    if len(known) < 2:
        raise ValueError("training needs texts of at least two categories")
    tell("plain linear engine")
    started = time.perf_counter()
    plain = PlainLinear(training, solver)
    baseline = _Made(plain, 0.0, 0.0, time.perf_counter() - started)
    lean, lean_engine = _trained(training, table, solver, tell, "lean engine")
    deep = _trained(training, model, solver, tell, "with the layer") if model else None
    tell("measuring")
    figures = TopicEvaluation(
        training_texts=len(training),
        test_texts=len(test),
        out_of_scope_texts=sum(example.label not in known for example in test),
        labels=len(known),
        baseline=_figures(baseline, test, known),
        learned=_figures(lean, test, known),
        layered=_figures(deep[0], test, known) if deep else None,
        curve=_curve(training, [e for e in test if e.label in known], table, model, solver, tell),
    )
    return Engines(figures, lean_engine, deep[1] if deep else None)


def _trained(
    training: Sequence[Example], embedder: Embedder, solver: Solver, tell: Tell, name: str
) -> tuple[_Made, LearnedEngine]:
    started = time.perf_counter()
    data = train(training, embedder, solver, lambda line: tell(f"{name}: {line}")).data
    seconds = time.perf_counter() - started
    loads = []
    for _ in range(3):
        started = time.perf_counter()
        engine = LearnedEngine.from_bytes(data, embedder)
        loads.append(1_000 * (time.perf_counter() - started))
    return _Made(engine, (len(data) + embedder.stored_bytes) / 1e6, min(loads), seconds), engine


def _curve(
    training: Sequence[Example],
    test: Sequence[Example],
    table: VectorTable,
    model: Embedder | None,
    solver: Solver,
    tell: Tell,
) -> tuple[CurvePoint, ...]:
    by_label: dict[str, list[Example]] = defaultdict(list)
    for example in training:
        by_label[example.label].append(example)
    usual = sorted(map(len, by_label.values()))[len(by_label) // 2]
    chance = random.Random(0)
    asked = chance.sample(list(test), min(CURVE_TESTS, len(test)))
    points = []
    for count in (one for one in LABELS_A_TOPIC if one < usual and asked):
        tell(f"learning curve: {count} labels a topic")
        few = [e for many in by_label.values() for e in chance.sample(many, min(count, len(many)))]

        def learnt(embedder: Embedder, texts: Sequence[Example] = few) -> float:
            data = train(texts, embedder, solver).data
            return _right(LearnedEngine.from_bytes(data, embedder), asked)

        lean = learnt(table)
        points.append(
            CurvePoint(
                labels_per_topic=count,
                training_texts=len(few),
                baseline=_right(PlainLinear(few, solver, margin=False), asked),
                learned=lean,
                layered=learnt(model) if model else None,
                standard_error=standard_error(lean, len(asked)),
            )
        )
    return tuple(points)


def _right(engine: TopicEngine, test: Sequence[Example]) -> float:
    return share(engine.decide(e.text, e.language).guess == e.label for e in test)


def _figures(made: _Made, test: Sequence[Example], labels: set[str]) -> Figures:
    started = time.process_time()
    decisions = [made.engine.decide(example.text, example.language) for example in test]
    milliseconds = 1_000 * (time.process_time() - started) / max(1, len(test))
    pairs = list(zip(test, decisions, strict=True))
    known = [(example, d) for example, d in pairs if example.label in labels]
    others = [d for example, d in pairs if example.label not in labels]
    sure = [(e, d) for e, d in pairs if d.label and d.confidence >= CHOSEN_CONFIDENCE]
    covered = [(e, d) for e, d in sure if e.label in labels]
    accuracy = share(d.guess == e.label for e, d in known)
    rightly = sum(d.label == e.label for e, d in sure)
    return Figures(
        accuracy=accuracy,
        standard_error=standard_error(accuracy, len(known)),
        macro_f1=_macro_f1([e.label for e, _ in known], [d.guess for _, d in known]),
        calibration_error=_calibration_error(
            [(d.confidence, d.guess == e.label) for e, d in known]
        ),
        coverage=len(covered) / max(1, len(known)),
        right_when_covered=share(d.guess == e.label for e, d in covered),
        known_rejected=share(d.label is None for _, d in known),
        in_scope_recall=share(d.label == e.label for e, d in known),
        out_of_scope_recall=share(d.label is None for d in others) if others else None,
        decided_rightly=rightly / max(1, len(pairs)),
        decided_wrongly=(len(sure) - rightly) / max(1, len(pairs)),
        milliseconds_per_text=milliseconds,
        megabytes=made.megabytes,
        load_milliseconds=made.load_milliseconds,
        training_seconds=made.training_seconds,
    )


def share(facts: Iterable[bool]) -> float:
    told = list(facts)
    return sum(told) / len(told) if told else 0.0


def standard_error(part: float, count: int) -> float:
    """Of a share of so many independent texts."""
    return math.sqrt(part * (1 - part) / count) if count else 0.0


def _macro_f1(wanted: Sequence[str], guessed: Sequence[str]) -> float:
    right = Counter(a for a, b in zip(wanted, guessed, strict=True) if a == b)
    asked, given = Counter(wanted), Counter(guessed)
    each = [2 * right[label] / (asked[label] + given[label]) for label in asked]
    return sum(each) / max(1, len(each))


def _calibration_error(told: Sequence[tuple[float, bool]]) -> float:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in told:
        bins.setdefault(min(_BINS - 1, int(confidence * _BINS)), []).append((confidence, right))
    gaps = (abs(sum(c for c, _ in one) - sum(r for _, r in one)) for one in bins.values())
    return sum(gaps) / max(1, len(told))


def lines(found: TopicEvaluation) -> list[str]:
    """The figures side by side, for a person."""
    engines: dict[str, Figures | None] = {
        "plain": found.baseline,
        "lean": found.learned,
        "with layer": found.layered,
    }
    there = {name: figures.model_dump() for name, figures in engines.items() if figures}
    told = [
        f"{found.training_texts:,} texts to learn from, {found.labels} labels;"
        f" {found.test_texts:,} to be tested on, {found.out_of_scope_texts:,} of them out of scope;"
        f" chosen confidence {CHOSEN_CONFIDENCE}",
        f"{'':24}" + "".join(f"{name:>12}" for name in there),
    ]
    for name in Figures.model_fields:
        values = "".join(f"{_shown(figures[name]):>12}" for figures in there.values())
        told.append(f"{name.replace('_', ' '):24}{values}")
    return told + _curve_lines(found, there)


def _curve_lines(found: TopicEvaluation, there: Mapping[str, object]) -> list[str]:
    if not found.curve:
        return []
    told = ["", "accuracy by labels a topic" + "".join(f"{name:>12}" for name in there)]
    for point in found.curve:
        values = [point.baseline, point.learned, *([point.layered] if point.layered else [])]
        shown = "".join(f"{value:>12.3f}" for value in values)
        told.append(f"{point.labels_per_topic:>26}{shown}   ± {point.standard_error:.3f}")
    return told


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
