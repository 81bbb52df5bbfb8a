"""A sentence model of random weights, as small as its architecture lets it be."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from chalicelib.understanding.sentences import MODEL, VOCABULARY, pack
from chalicelib.understanding.transformer import LAYERS, WIDTH, WORDS


def write(folder: Path, pieces: Sequence[str], dimensions: int = 8) -> None:
    """Its files in `folder`: a vocabulary of `pieces`, vectors of `dimensions`."""
    np: Any = import_module("numpy")
    chance = np.random.default_rng(1)
    tensors = {
        name: chance.normal(0, 0.05, shape).astype(np.float32)
        for name, shape in {**_shapes(), "rotation": (WIDTH, dimensions)}.items()
    }
    tensors[WORDS] = chance.integers(-127, 127, (len(pieces), WIDTH)).astype(np.int8)
    tensors[f"{WORDS}.scale"] = np.full(len(pieces), 0.001, np.float32)
    folder.mkdir(exist_ok=True)
    (folder / MODEL).write_bytes(pack("sentences-test", dimensions, tensors))
    (folder / VOCABULARY).write_text("\n".join(pieces) + "\n")


def _shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.position_embeddings.weight": (64, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        dense = {f"attention.self.{name}": (WIDTH, WIDTH) for name in ("query", "key", "value")}
        dense |= {
            "attention.output.dense": (WIDTH, WIDTH),
            "intermediate.dense": (4 * WIDTH, WIDTH),
        }
        dense |= {"output.dense": (WIDTH, 4 * WIDTH)}
        for name, shape in dense.items():
            shapes[f"{at}.{name}.weight"] = shape
            shapes[f"{at}.{name}.bias"] = shape[:1]
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"{at}.{name}.weight"] = shapes[f"{at}.{name}.bias"] = (WIDTH,)
    return shapes
