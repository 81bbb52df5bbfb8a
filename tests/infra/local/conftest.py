"""Local doors in a thread, and the AWS that they would call, as fakes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from infra.local.amazon import CloudDown, make_client
from infra.local.comprehend.service import comprehend
from infra.local.doors import services
from infra.local.memory import Memory
from infra.local.processes import free_port
from infra.local.ses import api as ses_api
from infra.local.ses.mail import Mail
from infra.local.ses.office import Office
from infra.local.sms import TextDoor

NUMBER = "+15550100"


@dataclass
class FakeAmazon:
    """Objects and messages that were taken; refuses while `down`."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    published: list[tuple[str, str]] = field(default_factory=list)
    down: bool = False

    async def put_object(self, bucket: str, key: str, body: bytes) -> None:
        self._check()
        self.objects[bucket, key] = body

    async def publish(self, topic: str, messages: Sequence[str]) -> list[bool]:
        self._check()
        self.published += [(topic, message) for message in messages]
        return [True] * len(messages)

    def _check(self) -> None:
        if self.down:
            raise CloudDown("down")


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Serving:
    """An aiohttp application on a free port, in a thread of its own."""

    def __init__(self, app: web.Application) -> None:
        self.port = free_port(set())
        self.url = f"http://127.0.0.1:{self.port}"
        self._loop = asyncio.new_event_loop()
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._await(self._open())

    async def _open(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    def _await(self, job: Any) -> None:
        asyncio.run_coroutine_threadsafe(job, self._loop).result(30)

    def close(self) -> None:
        try:
            self._await(self._runner.cleanup())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


@pytest.fixture
def serve() -> Iterator[Callable[[web.Application], Serving]]:
    """Starts applications and stops them after the test."""
    open_ones: list[Serving] = []

    def start(app: web.Application) -> Serving:
        open_ones.append(Serving(app))
        return open_ones[-1]

    yield start
    for serving in open_ones:
        serving.close()


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = Memory(tmp_path / "doors.sqlite")
    yield memory
    memory.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass
class Aws:
    """The AWS services of the doors, with real boto3 clients on them."""

    url: str
    memory: Memory
    clock: Clock
    replies: list[str]
    clients: list[Any] = field(default_factory=list)

    def client(self, service: str) -> Any:
        self.clients.append(make_client(service, self.url))
        return self.clients[-1]

    def events(self) -> list[tuple[str, str]]:
        """(topic, message) of everything to be published, in order of time."""
        due = self.memory.due_notices(self.clock.now + 60, 1000)
        return [(notice.topic, notice.message) for notice in due]


@pytest.fixture
def aws(serve: Callable[[web.Application], Serving], memory: Memory, clock: Clock) -> Iterator[Aws]:
    replies: list[str] = []

    def reply(address: str, mail: Mail) -> None:
        replies.append(address)

    office = Office(memory, clock, reply)
    texts = TextDoor(memory, NUMBER, clock)
    app = services([comprehend(), texts.service()], ses_api.routes(office))
    aws = Aws(serve(app).url, memory, clock, replies)
    yield aws
    for client in aws.clients:
        client.close()
