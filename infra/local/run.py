"""`make run`: package, deploy to the embedded AWS, open the doors, say ready, stay until told.

1. One run per STATE_DIR; wait until the processes of a run that was killed are gone.
2. Start the embedded AWS and the doors; meanwhile make the package if its sources changed.
3. Deploy, and do what the mail stack and an administrator do on AWS.
4. Wait until all that would survive a kill, then say ready.
5. If a process ends by itself, start again from 2. On Ctrl-C or SIGTERM stop the doors, then the
   embedded AWS, which saves its state.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

from infra.local import steps
from infra.local.layout import Layout, checkpoint_time, read_json
from infra.local.processes import (
    Child,
    Ports,
    choose_ports,
    cloud_command,
    cloud_environment,
    doors_command,
    is_free,
)

PROJECT = Path(__file__).resolve().parents[2]
SMS_NUMBER = "+15550100"
RESTARTS = 5  # of processes that ended by themselves, within RESTART_WINDOW
RESTART_WINDOW = 600.0  # seconds
DOORS_PATIENCE, CLOUD_PATIENCE = 15.0, 120.0  # seconds to end in


LOCK_PATIENCE = 2.0  # seconds in which a run that is to end says so
STOPPING = "stopping"
PARENT = os.getppid()


class Stopped(Exception):
    """Ctrl-C or SIGTERM."""


class Refused(Exception):
    """This run cannot start; the text says why."""


class Ended(Exception):
    """A child ended by itself."""


def main(project: Path = PROJECT) -> int:
    """The command; 0 after an orderly stop, 1 when it could not start or go on.

    `project` holds the application and its packager and deployer.
    """
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    layout = Layout(Path(os.environ.get("STATE_DIR") or ".state").resolve())
    try:
        front, smtp = _port("PORT", 8000), _port("SMTP_PORT", 2525)
        layout.make()
        with _only_run(layout):
            _supervise(layout, project, front, smtp)
    except (Refused, steps.StepFailed) as error:
        print(f"cannot run: {error}", file=sys.stderr, flush=True)
        return 1
    except Stopped:
        return 0


def _supervise(layout: Layout, project: Path, front: int, smtp: int) -> NoReturn:
    """Run, and run again when a process ended by itself; ends by Stopped, Refused, StepFailed."""
    crashes: list[float] = []
    while True:
        try:
            _session(layout, project, front, smtp)
        except Ended as error:
            now = time.monotonic()
            crashes = [moment for moment in crashes if now - moment < RESTART_WINDOW] + [now]
            if len(crashes) > RESTARTS:
                raise Refused(f"{error}, again and again; see {layout.logs}") from error
            print(f"{error}: starting again", flush=True)


def _session(layout: Layout, project: Path, front: int, smtp: int) -> NoReturn:
    for name, port in (("PORT", front), ("SMTP_PORT", smtp)):
        if not is_free(port):
            raise Refused(f"port {port} is in use; choose another with {name}=…")
    ports = choose_ports(layout, front, smtp)
    restored = checkpoint_time(layout) > 0
    children = _start(layout, ports)
    try:
        _prepare(layout, project, ports, children, restored)
        _announce(layout, ports)
        while not _orphaned():
            _check(children)
            time.sleep(0.3)
        raise Stopped
    finally:
        with _undisturbed():
            _end(layout, children)


def _start(layout: Layout, ports: Ports) -> list[Child]:
    shutil.rmtree(layout.cloud / "tmp", ignore_errors=True)
    layout.make()
    layout.stack.unlink(missing_ok=True)  # the doors wait for this run's deploy
    python = os.environ.get("CLOUD_PYTHON") or str(PROJECT / ".venv-cloud" / "bin" / "python")
    if not Path(python).exists():
        raise Refused(f"{python} is not there; `make run` creates it")
    return [
        Child(
            "the embedded AWS",
            cloud_command(layout, ports, python),
            layout.logs / "cloud.log",
            cloud_environment(layout, ports),
            PROJECT,
        ),
        Child(
            "the doors",
            doors_command(layout, ports, SMS_NUMBER),
            layout.logs / "doors.log",
            folder=PROJECT,
        ),
    ]


def _prepare(
    layout: Layout, project: Path, ports: Ports, children: list[Child], restored: bool
) -> None:
    progress = Progress()
    made = steps.package(layout, project, ports)
    progress.done("packaged" if made else "package is up to date")
    _wait(children, "the embedded AWS", f"{ports.cloud_url}/_ministack/health")
    _wait(children, "the AWS doors", f"{ports.aws_url}/v2/email/account")
    steps.wait_for("the mail door", lambda: steps.smtp_answers(ports.smtp), 30)
    progress.done("embedded AWS and doors started")
    outputs = steps.deploy(layout, project, ports)
    progress.done("deployed")
    if restored:
        progress.done(f"{steps.renew_stream_mappings(ports)} stream mapping(s) renewed")
    steps.prepare_mail(outputs, ports)
    steps.prepare_network(outputs, ports)
    steps.prepare_campaigns(outputs, ports)
    steps.create_logins(layout, outputs, ports)
    progress.done("mail identity and demo logins prepared")
    deployed_at = time.time()
    steps.warm_up(ports)
    progress.done("API is warm")
    steps.wait_for_checkpoint(layout, deployed_at)
    progress.done("state saved")
    _check(children)


def _wait(children: list[Child], what: str, url: str) -> None:
    def ready() -> bool:
        _check(children)
        return steps.answers(url)

    steps.wait_for(what, ready, 60)


def _announce(layout: Layout, ports: Ports) -> None:
    print(f"ready {ports.public}/", flush=True)
    lines = [
        ("help centre", f"{ports.public}/"),
        ("desk", f"{ports.public}/desk"),
        ("outbox", f"{ports.public}/local/outbox.html"),
        ("mail in", f"smtp://127.0.0.1:{ports.smtp} (any recipient)"),
        ("SMS in", f"POST {ports.public}/local/sms " + '{"from","to","text"}'),
        ("mentions in", f"POST {ports.public}/local/mastodon/mentions " + '{"from","text"}'),
        ("logs", str(layout.logs)),
        *read_json(layout.logins).items(),
    ]
    for name, value in lines:
        print(f"  {name:<20} {value}", flush=True)


def _check(children: list[Child]) -> None:
    for child in children:
        if child.code is not None:
            raise Ended(f"{child.name} ended with {child.code}")


def _orphaned() -> bool:
    """Whether the command that started this run was killed: what `make` starts ends with it."""
    return "MAKELEVEL" in os.environ and os.getppid() != PARENT


def _end(layout: Layout, children: list[Child]) -> None:
    layout.lock.write_text(f"{os.getpid()} {STOPPING}")
    cloud, doors = children
    print("stopping: doors, then the embedded AWS (it saves its state)", flush=True)
    for child, patience in ((doors, DOORS_PATIENCE), (cloud, CLOUD_PATIENCE)):
        if not child.stop(patience):
            print(f"{child.name} had to be killed", flush=True)
    print("stopped", flush=True)


class Progress:
    """A line per step, with the seconds that it took."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def done(self, what: str) -> None:
        now = time.monotonic()
        print(f"  {now - self._since:5.1f} s  {what}", flush=True)
        self._since = now


@contextmanager
def _only_run(layout: Layout) -> Iterator[None]:
    """Hold the installation; raises Refused when another run has it."""
    with layout.lock.open("a+") as lock, layout.children_lock.open("a+") as children:
        while not _locked(lock, LOCK_PATIENCE):
            holder = layout.lock.read_text()
            if not holder.endswith(STOPPING):
                words = f"{layout.root} is in use by a run that is going on (process {holder})"
                raise Refused(words)
            print("  waiting for the last run to end", flush=True)
        layout.lock.write_text(str(os.getpid()))
        # A run that was killed leaves children that are saving; let them finish.
        if not _locked(children, CLOUD_PATIENCE):
            raise Refused("processes of the last run do not end")
        fcntl.flock(children, fcntl.LOCK_UN)
        yield


def _locked(lock: IO[str], patience: float) -> bool:
    """Whether the lock could be had within so many seconds."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.05)
    return False


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No signal interrupts the end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, _stop)
        signal.signal(signal.SIGTERM, _stop)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped


def _port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Refused(f"{name}={text} is no port")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
