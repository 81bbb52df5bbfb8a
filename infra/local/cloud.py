"""The process of the embedded AWS: ministack served as its own command serves it, plus checkpoints.

Run by the supervisor in the virtual environment of requirements.txt:
    python -m infra.local.cloud --state DIR --port N
Its settings are environment variables (see processes.py), read by ministack when it is imported.

ministack keeps its state in memory and writes it when it stops, one file after the other. So that a
kill loses little and never half, this process forks when something changed: the child has the
memory as it was at that instant, writes it with ministack's own functions into a draft (see
checkpoints.py) and ends, while the parent goes on serving. Forking takes milliseconds; the next
checkpoint waits for four times as long as the last one took to write, so that a big table does not
keep a core busy. The last checkpoint, after SIGTERM, is made in the same way.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import gc
import json
import logging
import os
import re
import resource
import signal
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, TextIO

from infra.local.checkpoints import Checkpoints
from infra.local.children import settle
from infra.local.layout import Layout

log = logging.getLogger("cloud")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

INTERVAL = 2.0  # seconds between checkpoints, at least
SHARE = 4  # seconds to wait for each second that the last checkpoint took
PATIENCE = 300.0  # seconds a checkpoint may take
GRACE = 2.0  # seconds that requests under way get at the end
_READS = re.compile(r"\.(Get|List|Describe|Query|Scan|BatchGet|TransactGet|Head|Lookup)")


def main() -> None:
    """Entry of the process."""
    parser = argparse.ArgumentParser(prog="cloud")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    layout = Layout(options.state)
    settle(layout.children_lock)
    _raise_file_limit()
    checkpoints = Checkpoints(layout)
    checkpoints.restore()
    asyncio.run(serve(checkpoints, options.port))


async def serve(checkpoints: Checkpoints, port: int) -> None:
    """Serve until SIGTERM, finish requests under way, and take a last checkpoint."""
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
    from ministack import app as ministack

    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    watched = Watched(ministack.app)
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = GRACE
    config.loglevel = "WARNING"
    keeper = asyncio.create_task(keep(checkpoints, watched, stopping))

    async def told() -> None:
        await stopping.wait()
        ministack.PERSIST_STATE = False  # it was loaded; writing is done by checkpoints

    await hypercorn_serve(watched, config, shutdown_trigger=told)
    await keeper
    taken_at = time.time()
    if await _checkpoint(checkpoints):
        checkpoints.commit(taken_at)


async def keep(checkpoints: Checkpoints, watched: Watched, stopping: asyncio.Event) -> None:
    """Take checkpoints until told to stop."""
    pause = INTERVAL
    while not await _told(stopping, pause):
        if not watched.changed:
            continue
        watched.changed = False
        taken_at, began = time.time(), time.monotonic()
        if await _checkpoint(checkpoints):
            checkpoints.commit(taken_at)
        else:
            watched.changed = True
        pause = max(INTERVAL, SHARE * (time.monotonic() - began))


class Watched:
    """ministack's application, noticing whether a request may have changed something."""

    def __init__(self, app: Any) -> None:
        self._app: Asgi = app
        self.changed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "http" and may_change(scope):
                self.changed = True


def may_change(scope: Scope) -> bool:
    """False for what surely only reads; function logs do not count, they are moved to files."""
    if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        return "/_user_request_" in scope["path"]
    target = next((value for name, value in scope["headers"] if name == b"x-amz-target"), b"")
    name = target.decode("latin-1")
    return not name.startswith("Logs_") and not _READS.search(name)


async def _checkpoint(checkpoints: Checkpoints) -> bool:
    draft = checkpoints.draft()
    pid = os.fork()
    if pid == 0:
        _write_and_exit(draft)
    done = asyncio.Event()
    status: list[int] = []
    loop = asyncio.get_running_loop()

    def wait() -> None:
        status.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        loop.call_soon_threadsafe(done.set)

    threading.Thread(target=wait, name="checkpoint", daemon=True).start()
    try:
        await asyncio.wait_for(done.wait(), PATIENCE)
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        await done.wait()
    if status != [0]:
        log.error("a checkpoint failed: %s", status)
    return status == [0]


def _write_and_exit(draft: Path) -> None:
    """In the fork: no threads, no loop, nothing of the parent's but its memory."""
    try:
        logging.disable(logging.WARNING)
        os.nice(5)
        os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        gc.disable()
        write_state(draft)
    except BaseException as error:
        os.write(2, f"checkpoint: {error!r}\n".encode())
        os._exit(1)
    os._exit(0)


def write_state(folder: Path) -> None:
    """Write the state of every service in use; raises RuntimeError when one is missing."""
    from ministack import app
    from ministack.core import persistence

    # The services copy what they return, lest it change while it is written. Here nothing can
    # change any more, and the copy would take half of the time and all the memory over again.
    # json.dump writes in small pieces, made in Python; json.dumps makes one in C, six times faster.
    copy.deepcopy = _same  # type: ignore[assignment] # not for general use
    json.dump = _dump_at_once  # type: ignore[assignment] # likewise
    persistence.STATE_DIR = str(folder)
    for name, get_state in app._build_persistence_save_dict().items():
        state = get_state()
        if state is None:
            continue
        persistence.save_state(name, state)
        if not (folder / f"{name}.json").exists():
            raise RuntimeError(f"{name} could not be saved")


def _same(value: Any, memo: object = None) -> Any:
    return value


def _dump_at_once(value: Any, file: TextIO, **options: Any) -> None:
    file.write(json.dumps(value, **options))


async def _told(stopping: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main()
