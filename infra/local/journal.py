"""Function logs as files: STATE_DIR/logs/<function>.log.

The embedded AWS keeps them in its CloudWatch Logs, where they would grow its memory and every
checkpoint. This reads them through the API, appends them to files and deletes what it has read.
"""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path
from typing import Any

from infra.local.amazon import Boto3Amazon, CloudDown

log = logging.getLogger("doors.journal")

DEFAULT_GROUPS = "/aws/lambda/"  # where functions without a group of their own log
EVERY = 1.0  # seconds
FILE_LIMIT = 20 * 1024 * 1024  # bytes, then one old file is kept


class Journal:
    """Copies log events into files."""

    def __init__(self, amazon: Boto3Amazon, folder: Path) -> None:
        self._amazon = amazon
        self._folder = folder

    async def run(self) -> None:
        """Copy for ever; cancel to stop."""
        while True:
            try:
                await self.copy()
            except CloudDown as error:
                log.debug("no logs for now: %s", error)
            await asyncio.sleep(EVERY)

    async def copy(self) -> None:
        """Copy what is there now; raises CloudDown."""
        page: dict[str, str] = {}
        while True:
            answer = await self._amazon.call("logs", "describe_log_groups", limit=50, **page)
            for group in answer["logGroups"]:
                if group.get("storedBytes"):
                    await self._copy_group(group["logGroupName"])
            if "nextToken" not in answer:
                return
            page = {"nextToken": answer["nextToken"]}

    async def _copy_group(self, name: str) -> None:
        answer = await self._amazon.call(
            "logs", "describe_log_streams", logGroupName=name, limit=50
        )
        for stream in answer["logStreams"]:
            where = {"logGroupName": name, "logStreamName": stream["logStreamName"]}
            events = await self._amazon.call(
                "logs", "get_log_events", **where, startFromHead=True, limit=10000
            )
            await asyncio.to_thread(self._append, name, events["events"])
            await self._amazon.call("logs", "delete_log_stream", **where)

    def _append(self, group: str, events: list[dict[str, Any]]) -> None:
        path = self._folder / f"{short_name(group)}.log"
        if path.exists() and path.stat().st_size > FILE_LIMIT:
            path.replace(path.with_suffix(".old.log"))
        with path.open("a", encoding="utf-8") as file:
            for event in events:
                message = str(event["message"]).rstrip("\n")
                if not message.startswith(("START RequestId", "END RequestId")):
                    file.write(message + "\n")


def short_name(group: str) -> str:
    """A file name for a log group: `/custops/local/send` → `custops-local-send`."""
    return re.sub(r"[^\w.]+", "-", group.removeprefix(DEFAULT_GROUPS)).strip("-") or "functions"
