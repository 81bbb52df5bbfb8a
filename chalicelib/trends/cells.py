"""Which cells a case is counted in. A cell's name is its text everywhere: `topic=login`."""

from __future__ import annotations

ALL = "*"


def cells_of(topic: str | None) -> tuple[str, ...]:
    """All of the cells of one case: everything together, and its topic where it is known."""
    return (ALL, topic_cell(topic)) if topic else (ALL,)


def topic_cell(topic: str) -> str:
    return f"topic={topic}"


def topic_of(cell: str) -> str | None:
    """The topic that a cell names, None where it names none."""
    for part in cell.split("&"):
        name, _, value = part.partition("=")
        if name == "topic":
            return value
    return None
