"""What the demo plays with: the public API as a user has it, and progress on one line."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from typing import Any


class Api:
    """The public API, as somebody who is signed in."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self.token = ""

    def login(self, email: str, password: str) -> None:
        answer = self.call("POST", "/v1/login", {"email": email, "password": password})
        self.token = answer["token"]

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        kind: str = "application/json",
        version: int | None = None,
    ) -> dict[str, Any]:
        """The JSON answer; raises RuntimeError with the problem in words. `version` is If-Match."""
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method)
        request.add_header("Content-Type", kind)
        if version is not None:
            request.add_header("If-Match", f'"{version}"')
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                content: dict[str, Any] = json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read()[:500]!r}") from error
        return content


class Bar:
    """A progress bar on one line."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, max(total, 1), 0
        self._begin = time.monotonic()
        self._live = sys.stdout.isatty()

    def step(self, done: int | None = None) -> None:
        self._done = self._done + 1 if done is None else done
        if self._live or self._done == self._total:
            self._show()

    def _show(self) -> None:
        full = 28 * min(self._done, self._total) // self._total
        seconds = time.monotonic() - self._begin
        line = f"  {self._what:<44}[{'█' * full}{'·' * (28 - full)}] {self._done}/{self._total}"
        end = "\n" if self._done >= self._total else ""
        print(f"{chr(13) if self._live else ''}{line} {seconds:.0f} s", end=end, flush=True)
