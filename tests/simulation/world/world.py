"""One run: an AWS in memory, functions and what triggers them, faults for a while, then quiet.

A scenario builds on this: it makes the resources, registers the functions, lets customers write,
and says what must hold when everything has come to rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.simulation.aws.cloud import Cloud
from tests.simulation.aws.dynamodb.tables import Change, Table
from tests.simulation.aws.seam import Connection, connect, disconnect
from tests.simulation.world.dice import Dice
from tests.simulation.world.faults import RATES, Faults, FaultyLine
from tests.simulation.world.invocation import Died, Function, Invocation, Outcome, running
from tests.simulation.world.scheduler import Scheduler
from tests.simulation.world.sources import EVENT_RATES, QueueSource, StreamSource

FAULTY_SECONDS = 120.0
SHARDS = 2
INDEX_LAG = "lag"


class World:
    """`plan` None lets the dice decide what fails; a plan makes exactly those things fail."""

    def __init__(self, seed: int, plan: Mapping[str, str] | None = None) -> None:
        self.dice = Dice(seed)
        self.scheduler = Scheduler()
        self.faults = Faults(
            self.dice,
            self.scheduler.start + FAULTY_SECONDS,
            self.scheduler.clock,
            plan,
            {**RATES, **EVENT_RATES, INDEX_LAG: 0.05},
        )
        self.cloud = Cloud(self.scheduler.clock)
        self.line = FaultyLine(self.cloud, self.scheduler, self.faults)
        self.queues: dict[str, QueueSource] = {}
        self.streams: list[StreamSource] = []
        self.alive: set[Invocation] = set()
        self.errors: list[tuple[str, Exception]] = []  # what handlers raised
        self.ended: Callable[[Invocation], None] = lambda _: None
        self._nth: Counter[str] = Counter()
        self.cloud.sqs.woken = self._woken

    @contextmanager
    def connected(self, *, validate: bool = False, faithful: bool = False) -> Iterator[None]:
        """Inside, boto3 clients talk to this world."""
        connection = Connection(self.cloud, self.line, validate, faithful)
        connect(connection)
        try:
            yield
        finally:
            self._end()
            disconnect(connection)

    # --- what functions are triggered by -------------------------------------------------

    def on_queue(self, queue: str, function: Function, **options: Any) -> QueueSource:
        """Let a queue feed a function; options: batch, concurrency."""
        self.queues[queue] = QueueSource(self, queue, function, **options)
        return self.queues[queue]

    def on_stream(
        self, table: Table, function: Function, filter_by: Callable[[Change], bool]
    ) -> None:
        """Let a table's stream feed a function, in two shards: order holds per partition only."""

        def shard(change: Change) -> int:
            partition = next(iter(change.keys[table.schema.hash].values()))
            return Dice(0).number("shard", partition) % SHARDS

        def of_shard(number: int) -> Callable[[Change], bool]:
            return lambda change: shard(change) == number and filter_by(change)

        for number in range(SHARDS):
            self.streams.append(StreamSource(self, table, function, belongs=of_shard(number)))
        table.changed = self._changed
        table.index_lag = self._index_lag

    def every(self, seconds: float, function: Function, event: Any = None) -> None:
        """Call a function by the clock, for the first time after one period."""

        def call() -> None:
            self.invoke(function, self.nth(f"{function.name}/run"), event, lambda _: None)
            self.scheduler.after(seconds, call)

        self.scheduler.after(seconds, call)

    def invoke(
        self, function: Function, label: str, event: Any, done: Callable[[Outcome], None]
    ) -> None:
        def finished(outcome: Outcome) -> None:
            self.alive.discard(invocation)
            self.ended(invocation)
            if outcome.kind == "error":
                self.errors.append((label, outcome.result))
            done(outcome)

        invocation = Invocation(self.scheduler, function, label, event, finished)
        self.alive.add(invocation)
        self.scheduler.at(self.scheduler.now, invocation.switch)

    # --- names and identifiers -----------------------------------------------------------

    def nth(self, stem: str) -> str:
        """The stem with a number that tells how often it was asked for."""
        self._nth[stem] += 1
        return f"{stem}#{self._nth[stem]}"

    def new_id(self) -> str:
        """26 characters that belong to the place in the run where they are asked for."""
        invocation = running()
        place = invocation.name("id") if invocation else self.nth("world/id")
        return self.dice.ulid(place)

    # --- the run -------------------------------------------------------------------------

    def run(self, settled: Callable[[], bool], limit: float, step: float = 30.0) -> bool:
        """Run through the faulty time and on until it has settled; False where it does not.

        `limit` is in virtual seconds. Dead letters are put back on their queues at each step of
        the quiet time, as an operator would do after the trouble.
        """
        self.scheduler.run_until(self.faults.until)
        while self.scheduler.elapsed < limit:
            if self.idle() and settled():
                return True
            self.redrive()
            self.scheduler.run_until(self.scheduler.now + step)
        return self.idle() and settled()

    def idle(self) -> bool:
        """Nothing runs, nothing lies on a queue or in the stream."""
        return (
            not self.alive
            and not any(queue.messages for queue in self.cloud.sqs.queues.values())
            and not any(stream.waiting for stream in self.streams)
        )

    def redrive(self) -> int:
        """Put dead letters back on the queues that they came from; returns how many."""
        moved = 0
        for queue in self.cloud.sqs.queues.values():
            if not queue.dead_letters:
                continue
            letters = self.cloud.sqs.queue(queue.dead_letters)
            for message in letters.messages:
                request = {"QueueUrl": queue.url, "MessageBody": message.body}
                self.cloud.sqs.send_message(request)
                moved += 1
            letters.messages.clear()
        return moved

    def _woken(self, queue: str, at: float) -> None:
        source = self.queues.get(queue)
        if source is not None:
            source.wake(at)

    def _changed(self, change: Change) -> None:
        for stream in self.streams:
            stream.add(change)

    def _index_lag(self, item: Mapping[str, Any]) -> float:
        invocation = running()
        if invocation is None:
            return 0.0
        place = invocation.name("index")
        if self.faults.decide(place, (INDEX_LAG,)) is None:
            return 0.0
        return self.dice.between(0.5, 8.0, INDEX_LAG, place)

    def _end(self) -> None:
        """Kill what still runs, so that nothing of it happens in the next run."""
        for invocation in list(self.alive):
            invocation.killed = True
            if invocation:
                invocation.throw(Died)
        self.alive.clear()
