"""Lines that tell the person at the terminal how far a command has come."""

from __future__ import annotations

import time
from collections.abc import Callable

Say = Callable[[str], None]
"""Takes one line of progress."""


class Failure(Exception):
    """A command cannot go on; the message says in words what to do about it."""


def progress(prefix: str) -> Say:
    """A writer of lines like `package   3.2 s  byte-compiling`, counted from now."""
    start = time.monotonic()

    def say(text: str) -> None:
        print(f"{prefix} {time.monotonic() - start:6.1f} s  {text}", flush=True)

    return say
