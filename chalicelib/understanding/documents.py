"""What goes to a custom classifier and comes back from its jobs, as files. Pure.

Training: "Preparing classifier training data" (a CSV of label and document, UTF-8, no header).
Jobs: one document a line; the answer is output.tar.gz with a JSON line a document ("Outputs for
asynchronous analysis jobs").
"""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.understanding.engines import (
    LEAST_DOCUMENTS,
    LEAST_LABELS,
    MOST_LABELS,
    Scored,
)
from chalicelib.understanding.judging import MANY, splits
from chalicelib.understanding.lessons import Taught
from chalicelib.understanding.models import UNKNOWN_LANGUAGE

LARGEST_ANSWER = 50_000_000  # bytes, unpacked: a thousand times what a job of ours brings
_AUTO = "a tenth of the documents, drawn by Comprehend"


class TrainingSet(NamedTuple):
    """What a classifier is taught and tested on; `tests` empty: Comprehend draws them itself."""

    examples: list[Taught]
    tests: list[Taught]
    procedure: str
    left_out: tuple[str, ...]  # labels with too few documents


def training_set(taught: Sequence[Taught], language: str) -> TrainingSet:
    """Of what was taught, the part that Comprehend takes. Raises ValueError where it would refuse:
    it wants two labels with ten documents each."""
    usable = [
        one
        for one in taught
        if one.example.language in (language, UNKNOWN_LANGUAGE) and one_line(one.example.text)
    ]
    counts = Counter(one.example.label for one in usable)
    enough = {label for label, count in counts.items() if count >= LEAST_DOCUMENTS}
    enough = {label for label, _ in counts.most_common(MOST_LABELS) if label in enough}
    left_out = tuple(sorted(set(counts) - enough))
    if len(enough) < LEAST_LABELS:
        raise ValueError(
            f"Comprehend wants {LEAST_LABELS} topics with {LEAST_DOCUMENTS} documents each in one"
            f" language ('{language}'); there are {len(enough)}"
        )
    chosen = [one for one in usable if one.example.label in enough]
    dated = sum(one.at is not None for one in chosen)
    if dated >= MANY:
        procedure, found = splits(chosen)
        if len(found) == 1 and _covers(found[0].learn, found[0].held_out, enough):
            return TrainingSet(found[0].learn, found[0].held_out, procedure, left_out)
    return TrainingSet(chosen, [], _AUTO, left_out)


def _covers(learn: Sequence[Taught], tests: Sequence[Taught], labels: set[str]) -> bool:
    """A test set of one's own must have each label, and leave ten documents to learn from."""
    taught = Counter(one.example.label for one in learn)
    tested = {one.example.label for one in tests}
    return tested == labels and all(taught[label] >= LEAST_DOCUMENTS for label in labels)


def as_csv(taught: Sequence[Taught]) -> bytes:
    """A label and a document a line."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    for one in taught:
        writer.writerow((one.example.label, one_line(one.example.text)))
    return file.getvalue().encode()


def as_lines(texts: Sequence[str]) -> bytes:
    """A document a line."""
    return "".join(f"{one_line(text)}\n" for text in texts).encode()


def one_line(text: str) -> str:
    return " ".join(text.split())


def predictions(archive: bytes) -> dict[int, list[Scored]]:
    """By line number, from 0, the classes of a job's answer; raises ValueError for no such file."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            members = [one for one in tar.getmembers() if one.isfile()]
            if not members or sum(one.size for one in members) > LARGEST_ANSWER:
                raise ValueError("the answer of the job holds no file, or too large a one")
            files = [tar.extractfile(one) for one in members]
            lines = [line for file in files if file for line in file.read().decode().splitlines()]
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ValueError("the answer of the job cannot be unpacked") from error
    found: dict[int, list[Scored]] = {}
    for line in filter(str.strip, lines):
        said = json.loads(line)
        if "Classes" in said:  # else an error on that document
            found[int(said["Line"])] = [
                Scored(name=str(one["Name"]), score=float(one["Score"])) for one in said["Classes"]
            ]
    return found
