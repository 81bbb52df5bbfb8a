"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import World, installation


@pytest.fixture
def world() -> Iterator[World]:
    """An empty installation on a model of AWS in memory."""
    with installation() as made:
        yield made
