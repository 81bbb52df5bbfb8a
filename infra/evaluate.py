"""Holds the topic classifier against labelled texts, and the search for answers against questions
whose article is known (`make evaluate`).

    python -m infra.evaluate [--texts train.csv:test.csv] [--qa questions.csv:articles.csv]
                             [--out file.json]

Texts have the columns `text` and `category`; without any file the small ones in infra/data are
taken, whose sentences are our own; for questions and articles see infra/evaluate_qa.py. Test rows
whose category never occurs in training are out of scope: to say "don't know" is right there. Beside
each figure stands the same from a plain linear baseline of the same run: words and pairs, letters 2
to 5, logistic regression, rejection by a margin that 4 % of held-out known texts miss.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

from chalicelib.base import Model
from chalicelib.text import words
from chalicelib.understanding.learned import LearnedEngine
from chalicelib.understanding.models import TopicDecision
from chalicelib.understanding.solver import Plan, Sample, Solver, Weights, probabilities, scores
from chalicelib.understanding.training import Example, train
from chalicelib.understanding.vectors import VectorTable, shipped_table
from infra.evaluate_qa import QaEvaluation, evaluate_qa, read_articles, read_questions, report

CHOSEN_CONFIDENCE = 0.7
OWN_TEXTS = ":".join(
    str(Path(__file__).parent / "data" / name) for name in ("texts_train.csv", "texts_test.csv")
)
LONGEST_FIELD = 10_000_000  # characters of an article
_BINS = 15


class Figures(Model):
    """Shares from 0 to 1. Accuracy, macro-F1 and calibration error are of the best guess for texts
    in scope, whether or not it was uttered."""

    accuracy: float
    macro_f1: float
    calibration_error: float  # expected, 15 bins of equal width (Guo et al. 2017)
    coverage: float  # share in scope with at least the chosen confidence
    right_when_covered: float
    known_rejected: float  # in scope, yet "don't know"
    in_scope_recall: float  # in scope, uttered and right
    out_of_scope_recall: float | None  # None: no such texts
    milliseconds_per_text: float
    megabytes: float
    load_milliseconds: float
    training_seconds: float


class Evaluation(Model):
    training_texts: int
    test_texts: int
    out_of_scope_texts: int
    labels: int
    learned: Figures
    baseline: Figures


def evaluate(
    training: Sequence[Example],
    test: Sequence[Example],
    table: VectorTable | None,
    solver: Solver,
    tell: Callable[[str], None],
) -> Evaluation:
    """Trains both on `training` and measures both on `test`."""
    started = time.perf_counter()
    trained = train(training, table, solver, tell)
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    engine = LearnedEngine.from_bytes(trained.data, table)
    load = 1_000 * (time.perf_counter() - started)
    megabytes = (len(trained.data) + (len(table.to_bytes()) if table else 0)) / 1e6
    learned = _figures(
        lambda example: engine.decide(example.text, example.language), test, engine.labels
    )
    tell("baseline")
    started = time.perf_counter()
    baseline = _Baseline(training, solver)
    baseline_seconds = time.perf_counter() - started
    plain = _figures(lambda example: baseline.decide(example.text), test, engine.labels)
    known = set(engine.labels)
    return Evaluation(
        training_texts=len(training),
        test_texts=len(test),
        out_of_scope_texts=sum(example.label not in known for example in test),
        labels=len(known),
        learned=Figures(
            **learned, megabytes=megabytes, load_milliseconds=load, training_seconds=seconds
        ),
        baseline=Figures(
            **plain, megabytes=0.0, load_milliseconds=0.0, training_seconds=baseline_seconds
        ),
    )


def _figures(
    decide: Callable[[Example], TopicDecision], test: Sequence[Example], labels: Sequence[str]
) -> dict[str, float | None]:
    started = time.process_time()
    decisions = [decide(example) for example in test]
    milliseconds = 1_000 * (time.process_time() - started) / max(1, len(test))
    pairs = list(zip(test, decisions, strict=True))
    known = [(example, d) for example, d in pairs if example.label in set(labels)]
    others = [d for example, d in pairs if example.label not in set(labels)]
    covered = [(e, d) for e, d in known if d.confidence >= CHOSEN_CONFIDENCE]
    return {
        "accuracy": _share(d.guess == e.label for e, d in known),
        "macro_f1": _macro_f1([e.label for e, _ in known], [d.guess for _, d in known]),
        "calibration_error": _calibration_error(
            [(d.confidence, d.guess == e.label) for e, d in known]
        ),
        "coverage": len(covered) / max(1, len(known)),
        "right_when_covered": _share(d.guess == e.label for e, d in covered),
        "known_rejected": _share(d.label is None for _, d in known),
        "in_scope_recall": _share(d.label == e.label for e, d in known),
        "out_of_scope_recall": _share(d.label is None for d in others) if others else None,
        "milliseconds_per_text": milliseconds,
    }


def _share(facts: Iterable[bool]) -> float:
    told = list(facts)
    return sum(told) / len(told) if told else 0.0


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


class _Baseline:
    """Plain logistic regression over words, pairs and letters; nothing else."""

    def __init__(self, training: Sequence[Example], solver: Solver) -> None:
        self._labels = sorted({example.label for example in training})
        counted = [_plain(example.text) for example in training]
        texts = Counter(key for counts in counted for key in counts)
        self._rarity = {k: math.log(len(counted) / n) + 1 for k, n in texts.items()}
        self._slots = {key: slot for slot, key in enumerate(self._rarity)}
        wanted = [self._labels.index(example.label) for example in training]
        samples = [self._sample(counts) for counts in counted]
        held_out = range(0, len(samples), 7)
        learn = [i for i in range(len(samples)) if i % 7]
        first = self._solve(solver, [samples[i] for i in learn], [wanted[i] for i in learn])
        margins = sorted(self._margin(scores(first, samples[i])) for i in held_out)
        self._floor = margins[int(0.04 * len(margins))]
        self._weights = self._solve(solver, samples, wanted)

    def decide(self, text: str) -> TopicDecision:
        found = scores(self._weights, self._sample(_plain(text)))
        chances = probabilities(found)
        best = max(range(len(chances)), key=chances.__getitem__)
        unsure = self._margin(found) < self._floor
        return TopicDecision(
            label=None if unsure else self._labels[best],
            guess=self._labels[best],
            confidence=chances[best],
            source="baseline",
            model_version="",
        )

    def _solve(self, solver: Solver, samples: Sequence[Sample], wanted: Sequence[int]) -> Weights:
        epochs = max(8, min(25, 30_000 // max(1, len(samples))))
        plan = Plan(epochs=epochs, rate=6.0)
        return solver(samples, wanted, len(self._slots), len(self._labels), plan, lambda _: None)

    def _sample(self, counts: Mapping[int, int]) -> Sample:
        found = [
            (self._slots[k], (1 + math.log(n)) * self._rarity[k])
            for k, n in counts.items()
            if k in self._slots
        ]
        norm = math.sqrt(sum(value * value for _, value in found)) or 1.0
        return [slot for slot, _ in found], [value / norm for _, value in found]

    @staticmethod
    def _margin(found: Sequence[float]) -> float:
        first, second = sorted(found, reverse=True)[:2]
        return first - second


def _plain(text: str) -> dict[int, int]:
    said = words(text)
    features = [*said, *(f"{a} {b}" for a, b in pairwise(said))]
    for word in said:
        bounded = f" {word} "
        features += [
            f"#{bounded[i : i + n]}" for n in range(2, 6) for i in range(len(bounded) - n + 1)
        ]
    return dict(Counter(crc32(feature.encode()) for feature in features))


def read(path: Path) -> list[Example]:
    """The rows of a CSV with the columns `text` and `category`."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if not {"text", "category"} <= set(rows.fieldnames or ()):
            raise SystemExit(f"{path}: the columns text and category are needed")
        return [Example(text=row["text"], label=row["category"]) for row in rows]


def table_of(evaluation: Evaluation) -> str:
    """The figures side by side, for a person."""
    lines = [
        f"{evaluation.training_texts:,} texts to learn from, {evaluation.labels} labels;"
        f" {evaluation.test_texts:,} to be tested on,"
        f" {evaluation.out_of_scope_texts:,} of them out of scope",
        f"{'':24}{'learned':>10}{'baseline':>10}",
    ]
    plain = evaluation.baseline.model_dump()
    for name, value in evaluation.learned.model_dump().items():
        shown = "-" if value is None else f"{value:.3f}"
        beside = "-" if not plain[name] else f"{plain[name]:.3f}"
        lines.append(f"{name.replace('_', ' '):24}{shown:>10}{beside:>10}")
    return "\n".join(lines)


def best_solver() -> Solver:
    """numpy's where there is numpy, else the one that ships."""
    try:
        from infra.fast_solver import solve
    except ImportError:
        from chalicelib.understanding.solver import solve
    return solve


def topics(files: str) -> Evaluation:
    """Evaluates on "train.csv:test.csv"; tells on standard error how far it is."""
    training, _, test = files.partition(":")
    if not test:
        raise SystemExit("TEXTS takes two files: train.csv:test.csv")
    result = evaluate(
        read(Path(training)),
        read(Path(test)),
        shipped_table(),
        best_solver(),
        _tell,
    )
    _tell("done")
    return result


def answers(files: str) -> QaEvaluation:
    """Evaluates the search for answers on "questions.csv:articles.csv"."""
    questions, _, articles = files.partition(":")
    if not articles:
        raise SystemExit("QA takes two files: questions.csv:articles.csv")
    csv.field_size_limit(LONGEST_FIELD)
    return evaluate_qa(read_questions(Path(questions)), read_articles(Path(articles)))


def _tell(line: str) -> None:
    """On a terminal the line in place of the one before; elsewhere only what begins anew."""
    if sys.stderr.isatty():
        print(f"\r{line:70}", end="\n" if line == "done" else "", file=sys.stderr, flush=True)
    elif "epoch" not in line:
        print(line, file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="infra.evaluate", description=__doc__)
    parser.add_argument("--texts", default="", metavar="train.csv:test.csv")
    parser.add_argument("--qa", default="", metavar="questions.csv:articles.csv")
    parser.add_argument("--out", default="", metavar="file.json")
    given = parser.parse_args(arguments)
    figures: dict[str, Any] = {}
    if given.texts or not given.qa:
        result = topics(given.texts or OWN_TEXTS)
        figures["texts"] = result.model_dump()
        print(table_of(result))
    if given.qa:
        found = answers(given.qa)
        figures["qa"] = found.model_dump()
        print(report(found))
    if given.out:
        Path(given.out).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
