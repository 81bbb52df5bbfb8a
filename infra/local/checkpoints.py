"""Checkpoints of the embedded AWS: complete sets of its state files, or none.

The embedded AWS writes one file a service, and only when it stops. A set in which one file is
newer than another would be worse than an old one (a message deleted from its queue, its effect
missing from the table), so a set is written aside and becomes a checkpoint by one rename:

    state/              what the embedded AWS reads at start; also keeps code blobs and keys
    checkpoints/draft/  being written
    checkpoints/<n>/    complete; the highest is the newest
    checkpoint.json     when the newest was taken: what happened before is in it
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from infra.local.layout import Layout, read_json, write_json

KEPT = 2


class Checkpoints:
    """The checkpoints of one installation."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.state = layout.cloud / "state"
        self._folder = layout.cloud / "checkpoints"
        self.state.mkdir(parents=True, exist_ok=True)
        self._folder.mkdir(exist_ok=True)

    def restore(self) -> bool:
        """Make the newest checkpoint what is read at start; False when there is none."""
        shutil.rmtree(self._draft, ignore_errors=True)
        for file in self.state.glob("*.json"):
            file.unlink()
        complete = self._complete()
        if not complete:
            return False
        for file in complete[-1].glob("*.json"):
            os.link(file, self.state / file.name)
        release_in_flight(self.state / "sqs.json")
        return True

    def draft(self) -> Path:
        """An empty folder for the files of a new set."""
        shutil.rmtree(self._draft, ignore_errors=True)
        self._draft.mkdir()
        return self._draft

    def commit(self, taken_at: float) -> None:
        """The draft is complete: from here on it is the newest checkpoint."""
        complete = self._complete()
        number = int(complete[-1].name) + 1 if complete else 1
        self._draft.rename(self._folder / f"{number:010d}")
        write_json(self._layout.checkpoint, {"taken_at": taken_at})
        for old in complete[: 1 - KEPT]:
            shutil.rmtree(old)

    @property
    def _draft(self) -> Path:
        return self._folder / "draft"

    def _complete(self) -> list[Path]:
        return sorted(entry for entry in self._folder.iterdir() if entry.name.isdigit())


def release_in_flight(queues: Path) -> None:
    """Let messages that a function had received be received again at once.

    The functions ended with the embedded AWS, so nobody holds these messages; left alone they
    would stay invisible for six times a function's time-out.
    """
    saved = read_json(queues)
    for queue in saved.get("payload", {}).get("queues", {}).get("data", {}).values():
        for message in queue["messages"]:
            if message["receive_count"]:
                message["visible_at"] = message["sent_at"]
    if saved:
        write_json(queues, saved)
