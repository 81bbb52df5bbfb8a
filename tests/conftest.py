"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support import World, installation

if os.environ.get("BROWSER_TESTS") != "1":  # they need a Chromium: `make browser`
    collect_ignore = ["browser"]


@pytest.fixture
def world() -> Iterator[World]:
    """An empty installation on a model of AWS in memory."""
    with installation() as made:
        yield made
