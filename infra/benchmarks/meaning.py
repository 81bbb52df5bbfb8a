"""What meaning costs: an embedding and a search, with the table that ships and with the layer.

The index holds sentences of our own, as many as CASES says; the floor of a search is BM25 by the
same index alone. The layer's rows are there where `make semantic` has made it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from chalicelib.knowledge.index import Entry, Index, Sentences, Writer
from chalicelib.knowledge.search import ask, by_words, search
from chalicelib.knowledge.stemming import terms
from chalicelib.understanding.vectors import Embedder, Vector, VectorTable, shipped_table
from chalicelib.understanding.wordpiece import tokens
from infra.benchmarks.topics import TABLE
from infra.evaluate import layer
from infra.support_texts import sentences

CASES, ASKED = 5_000, 100


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Time of an embedding and of a search, and sizes; the floor is named in each row."""
    table, model = shipped_table(), layer()
    known = sentences(CASES)
    asked = sentences(ASKED, seed=2)
    plain = _index(known, table, None)
    words = _each(asked, lambda text: by_words(plain, ask(plain, text, "en", None), 5))
    yield _row(f"index of {CASES:,} cases, beside a byte a dimension", plain.bytes, CASES * 96)
    vectors = _best(lambda: VectorTable.from_bytes(TABLE.read_bytes()))
    yield _times("vectors of the table: read, beside their bytes", vectors, _best(TABLE.read_bytes))
    yield _times("a text's vector by the table, beside cutting it", *_embedding(asked, table))
    yield _times("a search, beside BM25 alone", _searching(asked, plain, table, None), words)
    if model is None:
        return
    started = time.perf_counter()
    model.embed("the first text reads the weights", "en")
    yield (
        "reading the sentence model",
        f"{1_000 * (time.perf_counter() - started):.0f} ms",
        "",
        "",
    )
    yield ("its size without numpy", f"{model.stored_bytes / 1e6:.1f} MB", "", "")
    yield _times("a text's vector by the layer, beside cutting it", *_embedding(asked, model))
    deep = _index(known[:1_000], table, model)
    shallow = _index(known[:1_000], table, None)
    yield _row("index of 1,000 cases with the layer, beside without", deep.bytes, shallow.bytes)
    searched = _searching(asked, deep, table, model)
    yield _times("a search with the layer, its vector known", searched, words)


def _bytes(known: Sequence[str], table: Embedder, model: Embedder | None) -> bytes:
    told = [(text, "en") for text in known]
    meanings: list[Vector | None] = model.embed_all(told) if model else [None] * len(told)
    writer = Writer(None, Sentences(model.version, model.dimensions) if model else None)
    writer.add(
        Entry(str(n), 1, terms(text, "en"), table.embed(text, "en"), "en", meaning)
        for n, (text, meaning) in enumerate(zip(known, meanings, strict=True))
    )
    return writer.finish({})


def _index(known: Sequence[str], table: Embedder, model: Embedder | None) -> Index:
    return Index(_bytes(known, table, model))


def _embedding(asked: Sequence[str], embedder: Embedder) -> tuple[float, float]:
    fresh = iter(range(1_000_000))

    def embed(text: str) -> object:
        return embedder.embed(f"{text} {next(fresh)}", "en")  # no text is met twice

    return _each(asked, embed), _each(asked, tokens)


def _searching(
    asked: Sequence[str], index: Index, table: Embedder, model: Embedder | None
) -> float:
    def find(text: str) -> object:
        meaning = model.embed(text, "en") if model else None
        return search(index, ask(index, text, "en", table.embed(text, "en"), (), meaning), 5)

    return _each(asked, find)


def _each(texts: Sequence[str], work: Callable[[str], object]) -> float:
    """Milliseconds of processor time a text."""

    def all_of_them() -> None:
        for text in texts:
            work(text)

    return _best(all_of_them) / len(texts)


def _best(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(3):
        started = time.process_time()
        work()
        taken.append(1_000 * (time.process_time() - started))
    return min(taken)


def _times(what: str, figure: float, floor: float) -> tuple[str, str, str, str]:
    return (what, f"{figure:.2f} ms", f"{floor:.2f} ms", f"{figure / max(floor, 1e-6):.1f}")


def _row(what: str, size: int, floor: int) -> tuple[str, str, str, str]:
    return (what, f"{size / 1e6:.2f} MB", f"{floor / 1e6:.2f} MB", f"{size / floor:.1f}")
