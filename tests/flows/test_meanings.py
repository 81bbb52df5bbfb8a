"""Similar cases by the sentence model, also from a function that has none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.cases.models import CaseStatus
from chalicelib.understanding import sentences
from tests.support import World, installation
from tests.understanding import tiny_model

ASKED = "my card is lost"


@pytest.fixture
def world() -> Iterator[World]:
    with installation() as world:
        yield world


@pytest.fixture
def layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The semantic layer as a function finds it: a package on the path."""
    pieces = ["[CLS]", "[SEP]", *ASKED.split(), "help", "where", "parcel"]
    tiny_model.write(tmp_path / sentences.PACKAGE, pieces)
    monkeypatch.syspath_prepend(str(tmp_path))
    sentences.layered.cache_clear()
    yield
    sentences.layered.cache_clear()


def test_what_a_case_means_is_kept_for_functions_without_the_model(
    world: World, layer: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.mail(text=ASKED, subject="")
    world.settle()
    case = world.case()
    kept = world.app.meanings.of(case.id)
    assert kept is not None and kept.version == "sentences-test"
    ended = case.model_copy(update={"status": CaseStatus.RESOLVED, "version": case.version + 1})
    world.app.cases.save(ended)
    world.app.indexing.index()
    index = world.app.library.index("cases")
    assert index is not None and index.sentences.version == "sentences-test"
    monkeypatch.undo()  # from here on a function without the layer
    sentences.layered.cache_clear()
    assert sentences.layered() is None
    again = world.app.meanings.of(case.id)
    assert again == kept


def test_without_the_layer_nothing_is_kept(world: World) -> None:
    world.mail(text=ASKED, subject="")
    world.settle()
    assert world.app.meanings.of(world.case().id) is None
