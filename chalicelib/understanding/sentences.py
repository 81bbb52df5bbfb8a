"""Meaning as vectors by the sentence model itself, where the semantic layer is attached.

The layer (infra/semantic.py) brings numpy and a folder `sentence_model`: the weights in bytes and
the vocabulary. They are read when a first text is, in about a fifth of a second; a short text then
takes some milliseconds. The model knows English only; what it does not know has no vector, and is
decided as if there were no layer.
"""

from __future__ import annotations

import json
import mmap
from array import array
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chalicelib.understanding import fast_solver
from chalicelib.understanding.solver import Solver, solve
from chalicelib.understanding.transformer import WORDS, Array, Transformer
from chalicelib.understanding.vectors import Embedder, Vector, shipped_table
from chalicelib.understanding.wordpiece import pieces, tokens

PACKAGE = "sentence_model"  # as which the layer's folder is found
MODEL, VOCABULARY = "model.bin", "vocab.txt"
READ_PIECES = 128  # the model was trained on texts no longer than that
_READ_CHARACTERS = 4_000
_REMEMBERED = 20_000  # texts, a kilobyte each: training asks for the same ones again
_ALIGNED = 64


class SentenceVectors:
    """An `Embedder` by the model in `folder`."""

    # 2 % of texts are less like three examples of their own topic (measured as the table's was).
    least_likeness = 0.35

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with (folder / MODEL).open("rb") as file:
            self._about: dict[str, Any] = json.loads(file.readline())
        self.version: str = self._about["version"]
        self.dimensions: int = self._about["dimensions"]
        self._known: dict[str, array[float] | None] = {}

    @property
    def stored_bytes(self) -> int:
        """Of the weights and the vocabulary, without numpy."""
        return sum((self._folder / name).stat().st_size for name in (MODEL, VOCABULARY))

    def embed(self, text: str, language: str) -> Vector | None:
        """See `Embedder`."""
        return self.embed_all([(text, language)])[0]

    def embed_all(self, texts: Sequence[tuple[str, str]]) -> list[Vector | None]:
        """See `Embedder`; in batches of like length."""
        wanted = [text[:_READ_CHARACTERS] if _tried(language) else "" for text, language in texts]
        missing = list(dict.fromkeys(text for text in wanted if text not in self._known))
        if len(self._known) + len(missing) > _REMEMBERED:
            self._known.clear()
            missing = list(dict.fromkeys(wanted))
        cut = {text: self._pieces(text) for text in missing}
        self._known |= dict.fromkeys(missing)
        told = [text for text in missing if cut[text]]
        if told:
            model, rotation = self._model
            rotated = model.sentences([cut[text] for text in told]) @ rotation
            for text, row in zip(told, rotated, strict=True):
                length = float((row * row).sum()) ** 0.5
                self._known[text] = array("f", (row / length).tolist())
        found = [self._known[text] for text in wanted]
        return [None if one is None else tuple(one) for one in found]

    def _pieces(self, text: str) -> list[int]:
        """None where more than half of the words are in no list of English word pieces as such:
        then the text is hardly in English."""
        said = tokens(text)[:READ_PIECES]
        known = sum(token in self._vocabulary for token in said)
        if 2 * known < len(said):
            return []
        return [one for token in said for one in pieces(token, self._vocabulary)][:READ_PIECES]

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        listed = (self._folder / VOCABULARY).read_text(encoding="utf-8").splitlines()
        return {piece: number for number, piece in enumerate(listed)}

    @cached_property
    def _model(self) -> tuple[Transformer, Array]:
        """The model, and the directions in which its vectors are kept."""
        np: Any = import_module("numpy")
        with (self._folder / MODEL).open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        tensors: dict[str, Array] = {}
        for name, kind, shape, start in self._about["tensors"]:
            count = int(np.prod(shape))
            tensors[name] = np.frombuffer(data, kind, count, start).reshape(shape)
        words, scale = tensors.pop(WORDS), tensors.pop(f"{WORDS}.scale")
        vocabulary = self._vocabulary
        model = Transformer(
            _unpacked(np, tensors),
            lambda ids: words[ids].astype(np.float32) * scale[ids][..., None],
            vocabulary["[CLS]"],
            vocabulary["[SEP]"],
        )
        return model, tensors["rotation"]


def _unpacked(np: Any, tensors: Mapping[str, Array]) -> dict[str, Array]:
    """Weights in float32 of those in bytes, whose rows have a scale each."""
    found: dict[str, Array] = {}
    for name, tensor in tensors.items():
        if name.endswith(".scale"):
            continue
        scale = tensors.get(f"{name}.scale")
        found[name] = tensor if scale is None else tensor.astype(np.float32) * scale[:, None]
    return found


def pack(version: str, dimensions: int, tensors: Mapping[str, Array]) -> bytes:
    """The model file: a line of JSON that says where each array begins, then the arrays, little-
    endian and aligned."""
    listed: list[tuple[str, str, list[int], int]] = []
    at = 0
    for name, tensor in tensors.items():
        listed.append((name, str(tensor.dtype), list(tensor.shape), at))
        at += _padded(tensor.nbytes)
    about: dict[str, Any] = {"version": version, "dimensions": dimensions, "tensors": listed}
    size = _padded(len(json.dumps(about)) + 20 * len(listed))  # room for the shifted starts
    about["tensors"] = [(name, kind, shape, size + start) for name, kind, shape, start in listed]
    head = json.dumps(about).encode().ljust(size - 1) + b"\n"
    return head + b"".join(
        tensor.tobytes().ljust(_padded(tensor.nbytes), b"\0") for tensor in tensors.values()
    )


def _padded(size: int) -> int:
    return (size + _ALIGNED - 1) // _ALIGNED * _ALIGNED


def _tried(language: str) -> bool:
    return language in ("en", "und")


@cache
def layered() -> SentenceVectors | None:
    """The sentence model of the layer, None in a function without it."""
    spec = find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return SentenceVectors(Path(places[0])) if places else None


def embedders() -> tuple[Embedder | None, ...]:
    """All that there are in this function, the best first."""
    return layered(), shipped_table()


def best() -> Embedder:
    """The sentence model where it is, else the table that ships."""
    return layered() or shipped_table()


def solver() -> Solver:
    """The quickest there is in this function."""
    return fast_solver.solve if find_spec("numpy") else solve
