"""`make demo`: the whole system, with the story of infra/local/story.py played in.

Then it stays up; with --once it ends. Everything goes through the SMTP door, the SMS door and the
API, as people and programs would do it; only what schedules start is not waited for.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from infra.local.layout import Layout
from infra.local.story import Story

PROJECT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Start the system, play, stay until Ctrl-C; with --once end after the story."""
    once = "--once" in sys.argv[1:]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "infra.local.run"]
    system = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    )
    signal.signal(signal.SIGTERM, lambda *_: system.send_signal(signal.SIGTERM))
    assert system.stdout is not None
    told = True
    try:
        base = _ready(system.stdout)
        if base is None:
            return system.wait() or 1
        layout = Layout(Path(os.environ.get("STATE_DIR") or ".state").resolve())
        told = _told(Story(base, int(os.environ.get("SMTP_PORT") or 2525), layout))
    except KeyboardInterrupt:
        print("stopping", flush=True)  # the system has got the same signal
    else:
        if once or not told:
            system.send_signal(signal.SIGINT)
    with suppress(KeyboardInterrupt):
        _pass_on(system.stdout)
    _pass_on(system.stdout)
    return (system.wait() or 0) if told else 1


def _told(story: Story) -> bool:
    try:
        story.play()
    except (RuntimeError, OSError) as error:
        print(f"\nthe story stopped: {error}", file=sys.stderr)
        return False
    return True


def _pass_on(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, end="", flush=True)


def _ready(lines: Iterable[str]) -> str | None:
    """Pass the lines on until the system is ready; the address that it gives."""
    for line in lines:
        print(line, end="", flush=True)
        if line.startswith("ready "):
            return line.split()[1]
    return None


if __name__ == "__main__":
    sys.exit(main())
