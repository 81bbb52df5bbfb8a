"""The API over an installation in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.handlers.client import Api, StaffOnly, StaffPool
from tests.support import World, installation


@pytest.fixture
def world() -> Iterator[World]:
    with installation() as world:
        world.app.__dict__ |= {"identity": StaffOnly(), "directory": StaffPool()}
        yield world


@pytest.fixture
def api(world: World) -> Api:
    return Api()
