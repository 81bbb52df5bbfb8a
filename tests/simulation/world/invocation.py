"""One call of a Lambda function, as a greenlet that can be killed at any AWS call."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from greenlet import getcurrent, greenlet

from tests.simulation.world.scheduler import Scheduler

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)?|\d{10,}(?:\.\d+)?")


class Died(BaseException):
    """The process is gone. Not an Exception: no handler may notice."""


@dataclass(frozen=True)
class Function:
    """A Lambda function: its name, what it runs and for how many seconds it may."""

    name: str
    handler: Callable[[Any, Any], Any]
    timeout: float = 30.0


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended: "ok", "error" (it raised) or "died" (killed or timed out)."""

    kind: str
    result: Any = None


class Records(list[Any]):
    """The records of an event; going through them tells the invocation which one is at work.

    AWS calls are labelled by that record instead of by the batch, so that a fault keeps its place
    when the batches of a run fall differently.
    """

    def __init__(self, records: list[Any], labels: list[str]) -> None:
        super().__init__(records)
        self.labels = labels

    def __iter__(self) -> Iterator[Any]:
        invocation = running()
        for record, label in zip(super().__iter__(), self.labels, strict=True):
            if invocation is not None:
                invocation.scope = label
            yield record
        if invocation is not None:
            invocation.scope = invocation.label


class Invocation(greenlet):
    """Also serves as the Lambda context that the handler is given."""

    function_version = "$LATEST"
    memory_limit_in_mb = 512

    def __init__(
        self,
        scheduler: Scheduler,
        function: Function,
        label: str,
        event: Any,
        done: Callable[[Outcome], None],
    ) -> None:
        super().__init__(self._work)
        self.scheduler = scheduler
        self.function = function
        self.label = label
        self.scope = label
        self.killed = False
        self.refused = False  # whether the call under way is refused however often it is tried
        self.deadline = scheduler.now + function.timeout
        self.function_name = function.name
        self.aws_request_id = label
        self.invoked_function_arn = f"arn:aws:lambda:us-east-1:123456789012:{function.name}"
        self._event = event
        self._done = done
        self._named: Counter[str] = Counter()

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - self.scheduler.now) * 1000))

    def name(self, what: str) -> str:
        """The name of the next such thing in the scope at work: a call, an id."""
        stem = f"{self.scope}/{what}"
        self._named[stem] += 1
        return f"{stem}.{self._named[stem]}"

    def sleep(self, seconds: float) -> None:
        """Let time pass; dies at the deadline, as a function that runs too long."""
        wake = self.scheduler.now + seconds
        self.scheduler.wait_until(min(wake, self.deadline))
        if wake > self.deadline:
            self.die()

    def die(self) -> None:
        """Stop the process here; whatever it still tries to call does not happen."""
        self.killed = True
        raise Died(self.label)

    def check_alive(self) -> None:
        if self.killed:
            raise Died(self.label)

    def _work(self) -> None:
        try:
            outcome = Outcome("ok", self.function.handler(self._event, self))
        except Died:
            outcome = Outcome("died")
        except Exception as error:  # Lambda reports it to whatever triggered the function
            outcome = Outcome("error", error)
        if self.killed:
            outcome = Outcome("died")
        self.scheduler.at(self.scheduler.now, lambda: self._done(outcome))


def running() -> Invocation | None:
    """The invocation whose turn it is; None where the world itself acts."""
    current = getcurrent()
    return current if isinstance(current, Invocation) else None


def content_label(body: str) -> str:
    """A short name for what an event says, whenever it says so: moments do not count."""
    return blake2b(_MOMENT.sub("", body).encode(), digest_size=5).hexdigest()
