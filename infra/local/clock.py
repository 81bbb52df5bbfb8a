"""The clock of a rehearsal: how far the whole local system is ahead of the real time.

A story of days is played in minutes by writing seconds into one file, which the doors read here
and the functions by CLOCK_FILE (chalicelib/settings.py). Without the file it is the real time.
Only what the system dates is moved: schedules still fire, and leases at the embedded AWS still
run, in real time. So nothing may be under way when the clock is moved.
"""

from __future__ import annotations

import time
from pathlib import Path

from infra.local.layout import Layout


class RehearsalClock:
    """The time in seconds since 1970, as time.time(); it never goes back."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> float:
        return time.time() + self.ahead

    @property
    def ahead(self) -> float:
        """Seconds ahead of the real time; 0 without the file."""
        try:
            return float(self._file.read_text(encoding="ascii"))
        except FileNotFoundError:
            return 0.0

    def forward(self, seconds: float) -> None:
        """Move the clock on; raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError("a clock goes forward")
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{self.ahead + seconds:.3f}", encoding="ascii")
        fresh.replace(self._file)


def clock_of(layout: Layout) -> RehearsalClock:
    """The clock of an installation."""
    return RehearsalClock(layout.clock)
