"""The browser's libraries are what they say they are."""

from __future__ import annotations

import gzip
import hashlib
import json

import pytest

from infra.console import Failure
from infra.vendor import LIBRARIES, STATIC, relative

RECORD = json.loads((STATIC / "vendor.json").read_text())


def test_every_library_is_recorded_with_its_version_and_licence() -> None:
    licences = (STATIC / "LICENCES.txt").read_text()
    for library in LIBRARIES:
        assert RECORD[library.name]["version"] == library.version
        assert f"{library.package} {library.version}" in licences


@pytest.mark.parametrize("name", RECORD)
def test_nobody_changed_a_vendored_file(name: str) -> None:
    content = (STATIC / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == RECORD[name]["sha256"]


def test_no_module_imports_by_a_bare_name() -> None:
    assert relative('import{h as x}from"preact";import "htm"') == (
        'import{h as x}from"./preact.js";import "./htm.js"'
    )
    with pytest.raises(Failure, match="react"):
        relative('import {x} from "react"')


def test_the_libraries_stay_small() -> None:
    assert sum(len(gzip.compress((STATIC / name).read_bytes())) for name in RECORD) < 12_000
