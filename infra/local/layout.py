"""Where the local cloud keeps what: the one list of files below STATE_DIR."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Layout:
    """The files of one installation. Two installations share none of them."""

    root: Path

    @property
    def lock(self) -> Path:
        """Held by the supervisor: one run per installation."""
        return self.root / "run.lock"

    @property
    def children_lock(self) -> Path:
        """Held by each child: a new run waits until those of the last one are gone."""
        return self.root / "children.lock"

    @property
    def ports(self) -> Path:
        """Inner ports of the last run, taken again when they are free."""
        return self.root / "ports.json"

    @property
    def stack(self) -> Path:
        """Outputs of the deployed stack, plus `PublicUrl`: how the doors find topics and API."""
        return self.root / "stack.json"

    @property
    def logins(self) -> Path:
        """Demo logins, {email: password}."""
        return self.root / "demo-logins.json"

    @property
    def package(self) -> Path:
        """template.json and deployment.zip, with `sources.sha256` of what they were made from."""
        return self.root / "package"

    @property
    def database(self) -> Path:
        """What the doors remember."""
        return self.root / "doors.sqlite"

    @property
    def clock(self) -> Path:
        """Seconds that a rehearsal is ahead of the real time; absent where none is."""
        return self.root / "clock"

    @property
    def spool(self) -> Path:
        """Accepted mail that the cloud has not been seen to keep."""
        return self.root / "spool"

    @property
    def logs(self) -> Path:
        """One file a process and one a function."""
        return self.root / "logs"

    @property
    def cloud(self) -> Path:
        """State of the embedded AWS: `state`, `checkpoints`, `s3`, `tmp`."""
        return self.root / "cloud"

    @property
    def checkpoint(self) -> Path:
        """{"taken_at": seconds since the epoch} of the newest complete checkpoint."""
        return self.cloud / "checkpoint.json"

    def make(self) -> None:
        """Create the folders, readable by their owner only."""
        for folder in (self.root, self.logs, self.cloud, self.cloud / "tmp", self.spool):
            folder.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)


def write_json(path: Path, value: Any, mode: int = 0o600) -> None:
    """Replace `path` as one step: a reader sees the old text or the new, never half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The object in `path`; {} when there is no such file. Raises ValueError on other content."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"{path.name} does not hold an object")
    return value


def checkpoint_time(layout: Layout) -> float:
    """When the newest complete checkpoint was taken; 0.0 when there is none."""
    return float(read_json(layout.checkpoint).get("taken_at", 0.0))
