"""Decisions that are a function of the seed and of their name, never of a shared stream.

Taking one fault out of a run therefore leaves all other decisions as they were, which is what makes
a failing run small enough to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Dice:
    def __init__(self, seed: int) -> None:
        self.seed = seed

    def number(self, *name: object) -> int:
        """128 bits that belong to this name."""
        text = f"{self.seed}|" + "|".join(map(str, name))
        return int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big")

    def share(self, *name: object) -> float:
        """A number from 0 to below 1."""
        return (self.number(*name) >> 75) / 2**53

    def between(self, low: float, high: float, *name: object) -> float:
        return low + (high - low) * self.share(*name)

    def pick(self, rates: Mapping[str, float], *name: object) -> str | None:
        """One of the keys, each with its probability, or None with what is left of it."""
        drawn = self.share(*name)
        for key, rate in rates.items():
            if drawn < rate:
                return key
            drawn -= rate
        return None

    def ulid(self, *name: object) -> str:
        """26 characters in the alphabet of a ULID; they do not sort by time."""
        number = self.number("id", *name)
        return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
