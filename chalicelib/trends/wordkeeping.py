"""The watch over words as bytes, to be kept between two looks. See keeping.py."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from chalicelib.base import from_iso, iso
from chalicelib.trends.bursts import Burst, Past, Text
from chalicelib.trends.emerging import Emerging
from chalicelib.trends.state import StateNotUnderstood

VERSION = 1
_FIGURES = ("first", "past_texts", "past_days", "numbered", "bursts", "day", "floor")


@dataclass
class KeptWords:
    engine: Emerging
    looked_at: datetime | None = None


def pack(kept: KeptWords) -> bytes:
    """Everything, compressed: some 30 bytes a remembered term and 150 a recent text."""
    engine = kept.engine
    state = {
        "version": VERSION,
        "looked_at": iso(kept.looked_at) if kept.looked_at else None,
        **{name: getattr(engine, name) for name in _FIGURES},
        "texts": [[t.id, t.at, t.customer, " ".join(t.words)] for t in engine.texts.values()],
        "past": {term: _past(past) for term, past in engine.past.items()},
        "open": [asdict(burst) for burst in engine.open],
        "over": [asdict(burst) for burst in engine.over],
    }
    return gzip.compress(json.dumps(state, separators=(",", ":")).encode(), 3)


def unpack(packed: bytes) -> KeptWords:
    """The inverse of `pack`; raises StateNotUnderstood."""
    try:
        state: dict[str, Any] = json.loads(gzip.decompress(packed))
        if state["version"] != VERSION:
            raise StateNotUnderstood(f"version {state['version']!r}, expected {VERSION}")
        engine = Emerging()
        for identifier, at, customer, told in state["texts"]:
            engine.add(Text.of(identifier, at, customer, told.split()))
        engine.touched.clear()
        for name in _FIGURES:
            setattr(engine, name, state[name])
        engine.numbered = max(state["numbered"], len(engine.texts))
        engine.past = {term: Past(*figures) for term, figures in state["past"].items()}
        engine.open = [Burst(**burst) for burst in state["open"]]
        engine.over = [Burst(**burst) for burst in state["over"]]
        looked_at = from_iso(state["looked_at"]) if state["looked_at"] else None
        return KeptWords(engine, looked_at)
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateNotUnderstood(str(error)) from error


def _past(past: Past) -> list[float]:
    figures = [getattr(past, name) for name in Past.__slots__]
    return [round(figure, 3) if isinstance(figure, float) else figure for figure in figures]
