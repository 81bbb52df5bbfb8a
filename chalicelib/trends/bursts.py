"""What the watch over words is made of: a text, the past of a term, and a burst."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from chalicelib.trends.wording import terms

MOST_TERMS = 100  # of a text


@dataclass(frozen=True, slots=True)
class Text:
    """`at` is in hours since 1970, with fractions; `terms` are without repeats."""

    id: str
    at: float
    customer: str
    words: tuple[str, ...]
    terms: tuple[str, ...]

    @classmethod
    def of(cls, identifier: str, at: float, customer: str, told: Iterable[str]) -> Text:
        words = tuple(told)
        kept = tuple(islice(dict.fromkeys(terms(words)), MOST_TERMS))
        return cls(identifier, at, customer or identifier, words, kept)


@dataclass(slots=True)
class Past:
    """What is remembered of a term: decayed sums, fullest hour and day, and the running ones."""

    cases: float = 0.0
    squares: float = 0.0
    top_hour: float = 0.0
    top_day: float = 0.0
    hour: int = 0
    in_hour: int = 0
    day: int = 0
    in_day: int = 0

    def count(self, day: int, hour: int) -> None:
        """One more in that hour (since 1970) of that day."""
        if self.day != day:
            self.settle()
            self.day = day
        self.in_day += 1
        self.in_hour = self.in_hour + 1 if self.hour == hour else 1
        self.hour = hour
        self.top_hour = max(self.top_hour, float(self.in_hour))
        self.cases += 1

    def settle(self) -> None:
        """The running day is over."""
        self.squares += self.in_day * self.in_day
        self.top_day = max(self.top_day, float(self.in_day))
        self.in_day = 0


@dataclass(slots=True)
class Burst:
    """Words that came more often than they ever did. Times are in hours since 1970.

    `seen` and `expected` customers and `p` are those of its first named term, at their worst;
    `cases` are the texts with any of its terms, oldest first. `name` is the caller's; one that is
    `noise`, as people say, is followed, but its texts enter the memory like any others.
    """

    id: int
    start: float
    alarm: float
    window: int
    terms: list[str]
    seen: int
    expected: float
    p: float
    cases: list[str] = field(default_factory=list)
    customers: int = 0
    end: float | None = None
    last: float = 0.0
    name: str = ""
    noise: bool = False
