"""`make evaluate`: the figures that it gives for labelled texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra import evaluate

SAID = {
    "late": ("Where is my parcel", "The courier never came", "My order has not arrived"),
    "login": ("I cannot log in", "My password is not accepted", "The code to sign in never comes"),
}
ASKED = {
    "late": ("My parcel has not arrived", "Where is the courier"),
    "login": ("My password is refused when I log in",),
    "else": ("What a lovely spring day",),
}


def written(path: Path, texts: Mapping[str, tuple[str, ...]]) -> Path:
    rows = [f"{text},{label}" for label, many in texts.items() for text in many]
    path.write_text("\n".join(["text,category", *rows]) + "\n")
    return path


def test_texts_by_path_give_all_figures_beside_a_baseline(tmp_path: Path) -> None:
    training, test = written(tmp_path / "a.csv", SAID), written(tmp_path / "b.csv", ASKED)
    out = tmp_path / "out.json"
    evaluate.main(["--texts", f"{training}:{test}", "--out", str(out)])
    figures = json.loads(out.read_text())["texts"]
    assert (figures["training_texts"], figures["test_texts"]) == (6, 4)
    assert figures["out_of_scope_texts"] == 1
    assert figures["learned"]["accuracy"] == 1.0
    assert figures["learned"]["out_of_scope_recall"] == 1.0
    assert figures["learned"].keys() == figures["baseline"].keys()
    assert json.loads(out.read_text())["similar"]["search"]["at_1"] == 1.0


def test_texts_of_one_category_are_refused_in_words(tmp_path: Path) -> None:
    training = written(tmp_path / "a.csv", {"late": SAID["late"]})
    with pytest.raises(SystemExit, match="at least two categories"):
        evaluate.main(["--texts", f"{training}:{training}"])


def test_odd_rows_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    odd = tmp_path / "odd.csv"
    odd.write_bytes(
        b'category,extra,text\nlate,1,"two\nlines"\n\nlate,2,\nlogin\nlogin,3,caf\xe9\n'
    )
    assert [(e.label, e.text) for e in evaluate.read(odd)] == [
        ("late", "two\nlines"),
        ("login", "café"),
    ]


def test_a_file_without_the_columns_is_refused_by_name(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n")
    with pytest.raises(SystemExit, match=r"wrong\.csv: the columns text and category"):
        evaluate.main(["--texts", f"{wrong}:{wrong}"])
