"""What every child process of the supervisor does first: notice when its parent is gone.

The supervisor holds the writing end of each child's standard input and never writes. When it ends,
in whatever way, the child reads the end of the file and stops itself as by SIGTERM: no process is
left behind, on any Unix. Ctrl-C reaches the whole foreground group, so children ignore it; the
supervisor decides the order in which they stop.
"""

from __future__ import annotations

import fcntl
import os
import signal
import threading
from pathlib import Path

_held: list[int] = []


def settle(children_lock: Path) -> None:
    """Ignore Ctrl-C, follow the parent, and hold the lock that a next run waits for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor = os.open(children_lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    _held.append(descriptor)
    threading.Thread(target=_follow_parent, name="parent", daemon=True).start()


def _follow_parent() -> None:
    while os.read(0, 64):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
