"""`make bench`: one table, each figure beside a floor that was taken in the same run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from infra.benchmarks import (
    campaigns,
    costs,
    desk,
    intake,
    meaning,
    noticing,
    parsing,
    start,
    topics,
)


@dataclass(frozen=True)
class Row:
    """One line of the table; `ratio` is figure / floor where that means something."""

    what: str
    figure: str
    floor: str = ""
    ratio: str = ""


SECTIONS: tuple[tuple[str, Callable[[], Iterator[tuple[str, str, str, str]]]], ...] = (
    ("start of a function (import, clients), beside an empty Chalice handler", start.rows),
    ("CPU of a mail, beside the standard library's parser", parsing.rows),
    ("topic of a text: size, load, processor time", topics.rows),
    ("meaning: vectors and searches, with the table and with the layer", meaning.rows),
    ("CPU and calls of a mail's whole way in", intake.rows),
    ("noticing: time and memory, calls and dollars", noticing.rows),
    ("AWS calls and dollars, at the public prices", costs.rows),
    ("AWS calls and dollars of a campaign", campaigns.rows),
    ("the desk with ten thousand cases, beside the bare Query and an empty page", desk.rows),
)


def main() -> None:
    wanted = sys.argv[1:]
    for title, section in SECTIONS:
        if wanted and not any(word in title for word in wanted):
            continue
        print(f"\n{title}\n", flush=True)
        print(f"  {'':<46}{'figure':>14}{'floor':>14}{'ratio':>8}")
        for values in section():
            row = Row(*values)
            print(f"  {row.what:<46}{row.figure:>14}{row.floor:>14}{row.ratio:>8}", flush=True)


if __name__ == "__main__":
    main()
