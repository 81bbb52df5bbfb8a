"""The whole local cloud with a tiny application: start, use, kill, start again."""

from __future__ import annotations

import json
import os
import re
import signal
import smtplib
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.processes import free_port
from infra.local.run import PROJECT

CLOUD_PYTHON = Path(os.environ.get("CLOUD_PYTHON") or PROJECT / ".venv-cloud/bin/python")
TINY = Path(__file__).parent / "tiny"
COMMAND = "import sys, pathlib, infra.local.run as r; sys.exit(r.main(pathlib.Path(sys.argv[1])))"

pytestmark = [
    pytest.mark.cloud,
    pytest.mark.skipif(not CLOUD_PYTHON.exists(), reason="the embedded AWS is not installed"),
]


class Run:
    """One `run` as a process group of its own."""

    def __init__(self, state: Path, port: int, smtp_port: int, *, make: bool = False) -> None:
        self.state, self.port, self.smtp_port = state, port, smtp_port
        environment = {
            **os.environ,
            "PORT": str(port),
            "SMTP_PORT": str(smtp_port),
            "STATE_DIR": str(state),
            "CLOUD_PYTHON": str(CLOUD_PYTHON),
            **({"MAKELEVEL": "1"} if make else {}),
        }
        waiting_shell = ["sh", "-c", '"$@"; exit $?', "make"] if make else []
        self.process = subprocess.Popen(
            [*waiting_shell, sys.executable, "-c", COMMAND, str(TINY)],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []

    def until_ready(self) -> Run:
        """Read what it prints up to the last demo login."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if "agent@example.com" in line:
                return self
        raise AssertionError("\n".join(self.lines))

    def write_mails(self, count: int) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as client:
            for number in range(count):
                text = f"From: a@b.example\r\nSubject: {number}\r\n\r\nhello\r\n"
                client.sendmail("a@b.example", ["support@example.com"], text)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return json.load(answer)

    def counts(self) -> tuple[int, int]:
        """Mails in the table, and facts that the stream made of them."""
        keys = self.get("/keys")["keys"]
        return sum(k.startswith("mail#") for k in keys), sum(k.startswith("fact#") for k in keys)

    def end(self, number: int) -> int:
        """Signal the supervisor alone (or, by SIGKILL, the whole group) and wait for the end."""
        if number == signal.SIGKILL:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        assert self.process.stdout is not None
        self.lines += self.process.stdout.read().splitlines()
        return self.process.wait(60)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    port = free_port(set())
    smtp_port = free_port({port})
    runs: list[Run] = []

    def begin(*, make: bool = False) -> Run:
        runs.append(Run(tmp_path / "state", port, smtp_port, make=make))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)
        if run.process.stdout is not None:
            run.process.stdout.close()


def processes_of(state: Path) -> list[str]:
    """`pid command` of each process that belongs to the installation."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid,args"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    return [line for line in listed.splitlines() if str(state) in line]


def eventually(so: Callable[[], bool], patience: float = 20.0) -> None:
    until = time.monotonic() + patience
    while not so():
        assert time.monotonic() < until
        time.sleep(0.2)


def test_mail_is_taken_in_over_every_kind_of_end(start: Callable[..., Run]) -> None:
    run = start().until_ready()
    assert f"ready http://127.0.0.1:{run.port}/" in run.lines
    run.write_mails(5)
    eventually(lambda: run.counts() == (5, 5))
    logins = json.loads((run.state / "demo-logins.json").read_text())
    assert run.end(signal.SIGTERM) == 0
    assert processes_of(run.state) == []

    run = start().until_ready()
    assert run.counts() == (5, 5)
    assert json.loads((run.state / "demo-logins.json").read_text()) == logins
    run.write_mails(5)
    run.end(signal.SIGKILL)  # with mails on their way

    run = start().until_ready()
    eventually(lambda: run.counts()[0] == 10)
    facts = run.counts()[1]
    run.write_mails(1)
    eventually(lambda: run.counts() >= (11, facts + 1))
    assert run.end(signal.SIGINT) == 0


def test_children_of_a_killed_supervisor_end_and_the_next_run_starts(
    start: Callable[..., Run],
) -> None:
    run = start().until_ready()
    run.process.kill()
    again = start().until_ready()
    assert again.counts() == (0, 0)
    assert len([line for line in processes_of(run.state) if "infra.local.doors" in line]) == 1
    assert run.process.wait(10) == -signal.SIGKILL


def test_run_ends_with_the_make_that_started_it(start: Callable[..., Run]) -> None:
    run = start(make=True).until_ready()
    run.process.kill()
    start().until_ready()
    assert len([line for line in processes_of(run.state) if "infra.local.doors" in line]) == 1


def test_embedded_aws_that_dies_is_started_again(start: Callable[..., Run]) -> None:
    run = start().until_ready()
    run.write_mails(3)
    [line] = [line for line in processes_of(run.state) if "infra.local.cloud" in line]
    os.kill(int(line.split()[0]), signal.SIGKILL)
    run.until_ready()
    assert any("starting again" in line for line in run.lines)
    eventually(lambda: run.counts() == (3, 3))


def test_second_run_on_the_same_state_is_refused(start: Callable[..., Run]) -> None:
    run = start().until_ready()
    second = start()
    assert second.end(signal.SIGCONT) == 1
    assert re.search(r"in use by a run .*process \d+", "\n".join(second.lines))
    assert run.get("/x")["path"] == "/x"


def test_demo_logins_are_private_and_work(start: Callable[..., Run]) -> None:
    run = start().until_ready()
    path = run.state / "demo-logins.json"
    assert path.stat().st_mode & 0o777 == 0o600
    logins = json.loads(path.read_text())
    assert set(logins) == {"admin@example.com", "lead@example.com", "agent@example.com"}
    assert len(set(logins.values())) == 3
    for mail, password in logins.items():
        assert any(mail in line and password in line for line in run.lines)
