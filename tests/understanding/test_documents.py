"""What goes to a classifier and comes back from its jobs."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.understanding.documents import (
    as_csv,
    as_lines,
    one_line,
    predictions,
    training_set,
)
from chalicelib.understanding.lessons import Origin, Taught
from chalicelib.understanding.training import Example
from infra.local.comprehend.files import archive

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def taught(number: int, label: str, text: str = "words", language: str = "en") -> Taught:
    return Taught(
        id=f"{label}{number}",
        example=Example(text=f"{text} {number}", label=label, language=language),
        origin=Origin.PERSON,
        customer=f"c{label}{number}",
        at=NOW + timedelta(minutes=number),
        by="eva",
    )


def many(label: str, count: int, language: str = "en") -> list[Taught]:
    return [taught(n, label, language=language) for n in range(count)]


def test_labels_with_too_few_documents_are_left_out_and_named() -> None:
    chosen = training_set([*many("a", 12), *many("b", 10), *many("c", 9)], "en")
    assert chosen.left_out == ("c",)
    assert {one.example.label for one in chosen.examples} == {"a", "b"}
    assert chosen.tests == []


def test_one_label_alone_is_refused_before_anything_is_paid() -> None:
    with pytest.raises(ValueError, match="2 topics with 10 documents"):
        training_set([*many("a", 40), *many("b", 40, language="de")], "en")


def test_with_many_examples_the_newest_of_other_customers_are_the_test() -> None:
    chosen = training_set([*many("a", 150), *many("b", 150)], "en")
    newest = max(str(one.at) for one in chosen.examples)
    assert len(chosen.tests) == 60
    assert min(str(one.at) for one in chosen.tests) >= newest
    assert not {one.customer for one in chosen.tests} & {one.customer for one in chosen.examples}


@given(st.lists(st.text(max_size=80), max_size=20))
def test_a_document_is_always_one_row_and_one_line(texts: list[str]) -> None:
    given_ = [taught(n, "a", text) for n, text in enumerate(texts)]
    rows = list(csv.reader(io.StringIO(as_csv(given_).decode())))
    assert rows == [["a", one_line(one.example.text)] for one in given_]
    lines = as_lines([one.example.text for one in given_]).decode()
    assert lines.count("\n") == len(texts) == len(lines.split("\n")) - 1


def test_the_answer_of_a_job_is_read_by_line_and_errors_are_passed_over() -> None:
    content = archive(
        "predictions.jsonl",
        [
            {"File": "documents.txt", "Line": "1", "Classes": [{"Name": "a", "Score": 0.9}]},
            {"File": "documents.txt", "Line": "0", "ErrorCode": "INTERNAL"},
        ],
    )
    found = predictions(content)
    assert {line: classes[0].name for line, classes in found.items()} == {1: "a"}


@pytest.mark.parametrize(
    "content", [b"", b"no archive", archive("x", [])[:40]], ids=["empty", "other", "cut off"]
)
def test_an_answer_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="answer of the job"):
        predictions(content)
