"""The sentence model: what it is asked, and how a function goes on without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chalicelib.understanding import sentences
from chalicelib.understanding.sentences import MODEL, VOCABULARY, SentenceVectors
from chalicelib.understanding.vectors import shipped_table
from tests.understanding import tiny_model

PIECES = ["[CLS]", "[SEP]", "my", "card", "is", "lost", "##s", "o", "##l", "##a"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model without weights: what is asked of them fails."""
    head = {"version": "sentences-2-test", "dimensions": 2, "tensors": []}
    (tmp_path / MODEL).write_bytes(json.dumps(head).encode() + b"\n")
    (tmp_path / VOCABULARY).write_text("\n".join(PIECES) + "\n")
    return tmp_path


def test_without_the_layer_the_table_that_ships_is_the_best() -> None:
    assert sentences.layered() is None
    assert sentences.best() is shipped_table()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("my card is lost", "de"),  # in a language that the model does not know
        ("ola mi tarjeta", "und"),  # hardly a word of it is a piece by itself
        ("", "en"),
    ],
)
def test_what_the_model_does_not_know_has_no_vector(folder: Path, text: str, language: str) -> None:
    assert SentenceVectors(folder).embed(text, language) is None


def test_a_model_tells_its_version_before_its_weights_are_read(folder: Path) -> None:
    model = SentenceVectors(folder)
    assert (model.version, model.dimensions) == ("sentences-2-test", 2)
    assert model.stored_bytes > 0


def test_a_packed_model_is_found_again_and_gives_unit_vectors(tmp_path: Path) -> None:
    tiny_model.write(tmp_path, PIECES)
    model = SentenceVectors(tmp_path)
    one, other = model.embed("my card", "en"), model.embed("card is lost", "en")
    assert one is not None and other is not None
    assert sum(value * value for value in one) == pytest.approx(1, abs=1e-5)
    together = model.embed_all([("my card", "en"), ("hola", "es"), ("card is lost", "en")])
    assert together == [one, None, other]
