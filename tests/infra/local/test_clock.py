"""The clock of a rehearsal, as the doors and the functions read it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.bootstrap import rehearsal_clock
from infra.local.clock import RehearsalClock


def test_without_a_file_it_is_the_real_time(tmp_path: Path) -> None:
    assert abs(RehearsalClock(tmp_path / "clock")() - time.time()) < 5
    now = rehearsal_clock(str(tmp_path / "clock"))()
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


def test_doors_and_functions_go_forward_together(tmp_path: Path) -> None:
    clock = RehearsalClock(tmp_path / "clock")
    clock.forward(3_600)
    clock.forward(60)
    functions = rehearsal_clock(str(tmp_path / "clock"))()
    assert abs(functions.timestamp() - clock()) < 5
    assert functions - datetime.now(UTC) > timedelta(minutes=60)


def test_it_never_goes_back(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="forward"):
        RehearsalClock(tmp_path / "clock").forward(-1)
