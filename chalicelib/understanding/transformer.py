"""The forward pass of a small BERT with mean pooling, in numpy, which only some functions have.

Six layers of 384 (Devlin et al. 2019) as all-MiniLM-L6-v2 has them, published by
sentence-transformers under Apache-2.0. Who has the weights is said by `sentences` (in the semantic
layer, as bytes) and by infra/minilm.py (as published).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

Array = Any  # numpy.ndarray; numpy is not there where types are checked

LAYERS, HEADS, WIDTH = 6, 12, 384
WORDS = "embeddings.word_embeddings.weight"
_EPSILON = 1e-12
_BATCH_TOKENS = 2_048
_ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


class Transformer:
    """`sentences(ids)` are unit vectors of texts, `tokens(ids)` the last layer's vectors of word
    pieces that stand alone. `ids` are those of the pieces, without [CLS] and [SEP], which are
    added here. `words` gives the embeddings of pieces, `weights` all else by its published name."""

    def __init__(
        self,
        weights: Mapping[str, Array],
        words: Callable[[Array], Array],
        first: int,
        last: int,
    ) -> None:
        self._np: Any = import_module("numpy")
        self._weights = weights
        self._words = words
        self._first, self._last = first, last

    def sentences(
        self, texts: Sequence[Sequence[int]], tell: Callable[[int], None] = lambda done: None
    ) -> Array:
        """One unit vector a text."""
        np = self._np
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
        found = self._np.zeros((len(ids), WIDTH), self._np.float32)
        step = _BATCH_TOKENS // 3
        for start in range(0, len(ids), step):
            padded, mask = self._padded([[i] for i in ids[start : start + step]])
            found[start : start + step] = self._forward(padded, mask)[:, 1]
            tell(min(len(ids), start + step))
        return found

    def _padded(self, texts: Sequence[Sequence[int]]) -> tuple[Array, Array]:
        np = self._np
        length = max(len(text) for text in texts) + 2
        ids = np.zeros((len(texts), length), np.int64)
        mask = np.zeros((len(texts), length), np.float32)
        for row, text in enumerate(texts):
            ids[row, : len(text) + 2] = [self._first, *text, self._last]
            mask[row, : len(text) + 2] = 1
        return ids, mask

    def _forward(self, ids: Array, mask: Array) -> Array:
        w = self._weights
        states: Array = (
            self._words(ids)
            + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
            + w["embeddings.token_type_embeddings.weight"][0]
        )
        states = self._norm(states, "embeddings.LayerNorm")
        hidden = (1 - mask)[:, None, None, :] * self._np.float32(-1e9)
        for layer in range(LAYERS):
            at = f"encoder.layer.{layer}"
            attended = self._dense(self._attend(states, hidden, at), f"{at}.attention.output.dense")
            states = self._norm(states + attended, f"{at}.attention.output.LayerNorm")
            inner = self._gelu(self._dense(states, f"{at}.intermediate.dense"))
            states = self._norm(
                states + self._dense(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm"
            )
        return states

    def _attend(self, states: Array, hidden: Array, at: str) -> Array:
        np = self._np
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
        scale = self._np.sqrt((centred * centred).mean(-1, keepdims=True) + _EPSILON)
        normed: Array = centred / scale * self._weights[f"{name}.weight"]
        return normed + self._weights[f"{name}.bias"]

    def _gelu(self, x: Array) -> Array:
        """x · Φ(x), with Φ after Abramowitz and Stegun 7.1.26 (error below 2e-7)."""
        np = self._np
        z = np.abs(x) / np.float32(2**0.5)
        t = 1 / (1 + np.float32(0.3275911) * z)
        series = np.zeros_like(t)
        for factor in reversed(_ERF):
            series = (series + np.float32(factor)) * t
        erf = np.sign(x) * (1 - series * np.exp(-z * z))
        result: Array = x * (1 + erf) / 2
        return result


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
