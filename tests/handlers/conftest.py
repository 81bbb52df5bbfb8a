"""The API over an installation in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.handlers.client import Api, StaffOnly
from tests.support import World, installation


@pytest.fixture
def api() -> Iterator[Api]:
    with installation() as world:
        world.app.__dict__["identity"] = StaffOnly()
        yield Api(world)


@pytest.fixture
def world(api: Api) -> World:
    return api.world
