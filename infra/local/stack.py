"""What is deployed, as the doors see it.

The supervisor writes the stack's outputs after each deploy; the doors notice a new file by its
inode and time, so nobody has to be told and a restart finds everything again.
"""

from __future__ import annotations

from pathlib import Path

from infra.local.layout import read_json


class NotDeployed(Exception):
    """The stack is not there yet, or lacks the output asked for."""


class Stack:
    """Outputs of the deployed stack, read again whenever the file was replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark: tuple[int, int] | None = None
        self._outputs: dict[str, str] = {}

    def output(self, name: str) -> str:
        """The value of an output; raises NotDeployed."""
        self._refresh()
        if name not in self._outputs:
            raise NotDeployed(f"the stack has no {name} yet")
        return self._outputs[name]

    def outputs(self) -> dict[str, str]:
        """All outputs, {} before the first deploy."""
        self._refresh()
        return dict(self._outputs)

    def _refresh(self) -> None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._mark, self._outputs = None, {}
            return
        mark = (status.st_ino, status.st_mtime_ns)
        if mark != self._mark:
            self._outputs = {key: str(value) for key, value in read_json(self._path).items()}
            self._mark = mark
