"""Identifiers that a provider hands out, derived from what they are given for.

A counter over all calls would make every later identifier depend on the order of unrelated calls;
derived from content, they stay the same when one fault of a run is taken away.
"""

from __future__ import annotations

import hashlib
from collections import Counter


class Naming:
    def __init__(self) -> None:
        self._given: Counter[str] = Counter()

    def of(self, *content: str | bytes) -> str:
        """A name in the form of a UUID: the same for the same content, then the next of it."""
        digest = hashlib.blake2b(digest_size=16)
        for part in content:
            digest.update(part.encode() if isinstance(part, str) else part)
            digest.update(b"\0")
        name = digest.hexdigest()
        self._given[name] += 1
        if self._given[name] > 1:
            return self.of(name, str(self._given[name]))
        return f"{name[:8]}-{name[8:12]}-4{name[13:16]}-8{name[17:20]}-{name[20:]}"
