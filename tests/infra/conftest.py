"""The package of the local stage, made once and again only when something in it changed."""

from __future__ import annotations

import fcntl
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.package import LOCAL_STAGE, ROOT, package


@dataclass(frozen=True)
class Packaged:
    """What `python -m infra.package` leaves behind."""

    folder: Path
    manifest: dict[str, Any]
    template: dict[str, Any]

    @property
    def archive(self) -> Path:
        return self.folder / str(self.manifest["zip"])

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of the resources of that type, by logical id."""
        return {
            name: resource["Properties"]
            for name, resource in self.template["Resources"].items()
            if resource["Type"] == kind
        }

    def event_sources(self) -> dict[str, dict[str, Any]]:
        """Each function's event, by the function's logical id."""
        return {
            name: event
            for name, function in self.of_type("AWS::Serverless::Function").items()
            for event in function.get("Events", {}).values()
        }


@pytest.fixture(scope="session")
def packaged() -> Packaged:
    folder = ROOT / ".build" / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # tests may run in several processes
        fcntl.flock(lock, fcntl.LOCK_EX)
        manifest = package(ROOT, LOCAL_STAGE, folder / "out", print, build=folder / "build")
    template = json.loads((folder / "out" / "template.json").read_text("utf-8"))
    return Packaged(folder=folder / "out", manifest=manifest, template=template)
