"""What can go wrong with one attempt of one AWS call, and how it is decided.

A plan maps the name of a place to the fault that happens there. Without a plan the dice decide, by
rates. Either way the faults that happened are recorded as a plan that makes the same run again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from tests.simulation.aws.cloud import Cloud
from tests.simulation.aws.errors import AwsError
from tests.simulation.aws.seam import Answer, Call
from tests.simulation.world.dice import Dice
from tests.simulation.world.invocation import Invocation, running
from tests.simulation.world.scheduler import Scheduler

DIE_BEFORE = "die before"
DIE_AFTER = "die after"
THROTTLE = "throttle"
TIMEOUT_BEFORE = "time out before"
TIMEOUT_AFTER = "time out after"
FAIL_AFTER = "fail after"
CONFLICT = "conflict"
PARTIAL = "partial"
STALE = "stale"
OUTAGE = "outage"  # no attempt gets through
UNANSWERED = "unanswered"  # the first attempt takes effect, and all are answered with an error
FIRST = (OUTAGE, UNANSWERED)
SLOW = "slow"
ALWAYS = (DIE_BEFORE, DIE_AFTER, THROTTLE, TIMEOUT_BEFORE, TIMEOUT_AFTER, FAIL_AFTER, SLOW)

RATES = {
    DIE_BEFORE: 0.010,
    DIE_AFTER: 0.015,
    THROTTLE: 0.012,
    TIMEOUT_BEFORE: 0.004,
    TIMEOUT_AFTER: 0.012,
    FAIL_AFTER: 0.006,
    CONFLICT: 0.010,
    PARTIAL: 0.020,
    STALE: 0.030,
    OUTAGE: 0.012,
    UNANSWERED: 0.006,
    SLOW: 0.010,
}
THROTTLES = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "sqs": ("ThrottlingException", 400),
    "s3": ("SlowDown", 503),
    "sesv2": ("TooManyRequestsException", 429),
}
CONFLICTING = frozenset({"TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"})
LISTS = frozenset({"SendMessageBatch", "BatchGetItem", "BatchWriteItem"})
EVENTUAL = frozenset({"GetItem", "Query"})
STALE_SECONDS = 2.0
READ_TIMEOUT = 15.0  # seconds, as in gateways/clients.py
CONNECT_TIMEOUT = 3.0


@dataclass
class Faults:
    """Decides at each place; after `until` (virtual seconds since 1970) nothing fails any more."""

    dice: Dice
    until: float
    clock: Callable[[], float]
    plan: Mapping[str, str] | None = None
    rates: dict[str, float] = field(default_factory=dict)
    places: dict[str, tuple[str, ...]] = field(default_factory=dict)
    happened: dict[str, str] = field(default_factory=dict)
    spared: tuple[str, ...] = ()  # how the places begin at which nothing fails in this run

    def decide(self, place: str, kinds: tuple[str, ...]) -> str | None:
        """Which of the kinds happens at this place, if any."""
        if self.clock() >= self.until or place.startswith(self.spared):
            return None
        self.places[place] = kinds
        if self.plan is not None:
            chosen = self.plan.get(place)
        else:
            rates = {kind: self.rates[kind] for kind in kinds if kind in self.rates}
            chosen = self.dice.pick(rates, "fault", place)
        if chosen is not None:
            self.happened[place] = chosen
        return chosen


class FaultyLine:
    """The line of seam.Line on which each call takes time and may fail."""

    def __init__(self, cloud: Cloud, scheduler: Scheduler, faults: Faults) -> None:
        self._cloud = cloud
        self._scheduler = scheduler
        self._faults = faults
        self.calls = 0

    def carry(self, call: Call, effect: Callable[[], Answer]) -> Answer:
        invocation = running()
        if invocation is None:
            return effect()
        invocation.check_alive()
        self.calls += 1
        place = invocation.name(call.operation)
        fault = self._faults.decide(place, kinds_of(call))
        latency = 0.004 * 100.0 ** self._faults.dice.share("latency", place)  # 4 to 400 ms
        if fault == SLOW:
            latency += self._faults.dice.between(2.0, 40.0, "slow", place)
        invocation.sleep(latency / 2)
        if call.attempt == 1:
            invocation.refused = fault in FIRST
        elif invocation.refused:
            raise _unavailable()
        self._before(invocation, call, fault)
        try:
            answer = self._answer(call, fault, effect)
        except AwsError:
            self._after(invocation, call, fault)
            invocation.sleep(latency / 2)
            raise
        self._after(invocation, call, fault)
        invocation.sleep(latency / 2)
        return answer

    def sleep(self, call: Call, most: float) -> None:
        invocation = running()
        if invocation is not None:
            place = invocation.name(f"{call.operation}-wait")
            invocation.sleep(self._faults.dice.between(0.0, most, "wait", place))

    def _before(self, invocation: Invocation, call: Call, fault: str | None) -> None:
        if fault == DIE_BEFORE:
            invocation.die()
        if fault == THROTTLE:
            code, status = THROTTLES.get(call.service, ("ThrottlingException", 400))
            raise AwsError(code, "Rate exceeded", status=status)
        if fault == TIMEOUT_BEFORE:
            invocation.sleep(CONNECT_TIMEOUT)
            raise ConnectTimeoutError(endpoint_url=call.service)
        if fault == CONFLICT:
            raise _conflict(call)
        if fault == OUTAGE:
            raise _unavailable()

    def _after(self, invocation: Invocation, call: Call, fault: str | None) -> None:
        if fault == DIE_AFTER:
            invocation.die()
        if fault == TIMEOUT_AFTER:
            invocation.sleep(READ_TIMEOUT)
            raise ReadTimeoutError(endpoint_url=call.service)
        if fault in (FAIL_AFTER, UNANSWERED):
            raise AwsError("InternalServerError", "We encountered an internal error", status=500)

    def _answer(self, call: Call, fault: str | None, effect: Callable[[], Answer]) -> Answer:
        if fault == PARTIAL:
            return self._part(call)
        if fault == STALE:
            table = self._cloud.dynamodb.table(call.request["TableName"])
            age = self._faults.dice.between(0.1, STALE_SECONDS, "age", repr(call.request))
            with table.as_of(self._scheduler.now - age):
                return effect()
        return effect()

    def _part(self, call: Call) -> Answer:
        """Let half of a list call happen and answer which half did not."""
        half, rest = _halves(call)
        answer = self._cloud.call(call.service, call.operation, half)
        if call.operation == "SendMessageBatch":
            answer["Failed"] = [
                {"Id": one["Id"], "SenderFault": False, "Code": "InternalError"}
                for one in rest["Entries"]
            ]
        else:
            name = "UnprocessedKeys" if call.operation == "BatchGetItem" else "UnprocessedItems"
            answer[name] = rest["RequestItems"]
        return answer


def kinds_of(call: Call) -> tuple[str, ...]:
    """The faults that this call can meet."""
    kinds: tuple[str, ...] = ALWAYS
    if call.attempt == 1:
        kinds += FIRST
    if call.operation in CONFLICTING:
        kinds += (CONFLICT,)
    if call.operation in LISTS and _halves(call)[1]:
        kinds += (PARTIAL,)
    if call.operation in EVENTUAL and not _consistent(call):
        kinds += (STALE,)
    return kinds


def _consistent(call: Call) -> bool:
    """Whether a read is; one of an index never is, and lags in its own way (World)."""
    return bool(call.request.get("ConsistentRead")) or "IndexName" in call.request


def _unavailable() -> AwsError:
    return AwsError("ServiceUnavailable", "The service is temporarily unavailable", status=503)


def _conflict(call: Call) -> AwsError:
    """Another transaction held one of the items (AWS: DynamoDB transactions, conflict handling)."""
    if call.operation != "TransactWriteItems":
        return AwsError("TransactionConflictException", "Transaction is ongoing for the item")
    reasons = [{"Code": "None"} for _ in call.request["TransactItems"]]
    reasons[0] = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
    codes = ", ".join(reason["Code"] for reason in reasons)
    return AwsError(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        fields={"CancellationReasons": reasons},
    )


def _halves(call: Call) -> tuple[Answer, Answer]:
    """A list call in two; the second is empty where there are not two entries."""
    if call.operation == "SendMessageBatch":
        return _split(call.request, "Entries", call.request["Entries"])
    if len(call.request["RequestItems"]) != 1:
        return call.request, {}
    ((table, wanted),) = call.request["RequestItems"].items()
    entries = wanted["Keys"] if call.operation == "BatchGetItem" else wanted
    if len(entries) < 2:
        return call.request, {}
    middle = len(entries) // 2
    parts: list[Answer] = []
    for some in (entries[:middle], entries[middle:]):
        inner: Any = {**wanted, "Keys": some} if call.operation == "BatchGetItem" else some
        parts.append({**call.request, "RequestItems": {table: inner}})
    return parts[0], parts[1]


def _split(request: Answer, name: str, entries: list[Any]) -> tuple[Answer, Answer]:
    if len(entries) < 2:
        return request, {}
    middle = len(entries) // 2
    return {**request, name: entries[:middle]}, {**request, name: entries[middle:]}
