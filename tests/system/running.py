"""Starts the whole system as `make run` does and talks to it through its doors."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
SUPPORT = "support@example.com"
T = TypeVar("T")


class System:
    """One installation in `state`; it may be started and stopped any number of times."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.port, self.smtp = free_port(), free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.patience = 15.0  # seconds
        self.process: subprocess.Popen[str] | None = None
        self.lines: list[str] = []
        self._tokens: dict[str, str] = {}

    def start(self, patience: float = 150) -> None:
        """Returns when it has said ready; fails with its last lines otherwise."""
        environment = {
            **os.environ,
            "PORT": str(self.port),
            "SMTP_PORT": str(self.smtp),
            "STATE_DIR": str(self.state),
        }
        self.lines = []
        self._tokens = {}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.run"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        self.until(lambda: f"ready {self.base}/" in self.lines or self._dead(), patience)
        assert f"ready {self.base}/" in self.lines, "\n".join(self.lines[-30:])

    def stop(self) -> None:
        """Ctrl-C; fails where it does not end."""
        assert self.process
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)
        self._close()

    def kill(self) -> None:
        """kill -9 of the supervisor; what it started must notice."""
        assert self.process
        self.process.kill()
        self.process.wait(timeout=10)
        self._close()

    def processes(self) -> list[str]:
        """Command lines of what still runs for this installation."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                environment = (folder / "environ").read_bytes()
                command = (folder / "cmdline").read_bytes()
                mine = str(self.state).encode()
                if (mine in environment or mine in command) and int(folder.name) != os.getpid():
                    found.append(command.replace(b"\0", b" ").decode(errors="replace"))
        return found

    # --- doors ---------------------------------------------------------------------------

    def mail(self, text: str, sender: str, subject: str = "Hello", **headers: str) -> str:
        """Send a mail through the SMTP door; returns its Message-ID."""
        mail = EmailMessage()
        to = headers.pop("to", SUPPORT)
        mail["From"], mail["To"], mail["Subject"] = sender, to, subject
        identifier = headers.pop("message_id", f"{time.time_ns()}@example.org")
        mail["Message-ID"] = f"<{identifier}>"
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=20) as door:
            door.send_message(mail)
        return identifier

    def outbox(self, to: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.call("GET", f"/local/outbox?to={to}")[1]["items"]
        return items

    def call(
        self, method: str, path: str, body: Any = None, who: str = "", **headers: str
    ) -> tuple[int, Any]:
        """(status, JSON) of an API call, signed in as `who` ("agent", "lead", "admin")."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        if who:
            request.add_header("Authorization", f"Bearer {self.token(who)}")
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def post_file(self, url: str, fields: dict[str, str], content: bytes) -> int:
        """Send a file as a browser's form does; returns the status."""
        line = "--------line"
        parts = [
            f'--{line}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = f'--{line}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        body = b"".join([*parts, head.encode(), content, f"\r\n--{line}--\r\n".encode()])
        request = urllib.request.Request(url, data=body, method="POST")
        request.add_header("Content-Type", f"multipart/form-data; boundary={line}")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def token(self, who: str) -> str:
        if who not in self._tokens:
            email = f"{who}@example.com"
            password = json.loads((self.state / "demo-logins.json").read_text())[email]
            status, answer = self.call("POST", "/v1/login", {"email": email, "password": password})
            assert status == 200, answer
            self._tokens[who] = answer["token"]
        return self._tokens[who]

    def cases(self, email: str) -> list[dict[str, Any]]:
        """The cases of the customer with that address, newest first."""
        _, found = self.call("GET", f"/v1/customers?q={email}", who="agent")
        if not found["items"]:
            return []
        customer = found["items"][0]["id"]
        _, page = self.call("GET", f"/v1/cases?customer={customer}&limit=100", who="agent")
        cases: list[dict[str, Any]] = page["items"]
        return cases

    def until(self, look: Callable[[], T], patience: float = 0) -> T:
        """What `look` gives as soon as that is true; fails after `patience` seconds."""
        patience = patience or self.patience
        limit = time.monotonic() + patience
        while not (found := look()):
            assert time.monotonic() < limit, f"nothing after {patience:.0f} s"
            time.sleep(0.1)
        return found

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            self.lines.append(line.rstrip())

    def _close(self) -> None:
        """After the end: no open pipe, no thread."""
        assert self.process and self.process.stdout
        self._reader.join(10)
        self.process.stdout.close()

    def _dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
