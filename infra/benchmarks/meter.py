"""Counts AWS calls where they arrive at the model of AWS, and prices them.

DynamoDB is priced from what each call really did to the table: write units of the item before and
after, twice for a transaction, plus one for each index entry that changed (DynamoDB developer
guide, "Read and write capacity"); read units from the sizes of what came back. Storage is
left out. Of Lambda the requests and an assumed duration are counted; of SQS sending, receiving and
deleting.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from infra.benchmarks import prices

INDEXES = range(1, 10)
SLIM = (6, 9)  # that have the keys and little else: an entry is never larger than a unit
KB = 1024
POLLING = ("ReceiveMessage", "DeleteMessage")  # done and paid by the event source, not by our code


@dataclass
class Bill:
    """Calls by operation, and dollars by service."""

    calls: Counter[str] = field(default_factory=Counter)
    dollars: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def total_calls(self) -> int:
        return sum(self.calls.values())

    @property
    def total_dollars(self) -> float:
        return sum(self.dollars.values())


class Meter:
    """Put between the seam and the model: `cloud.call = Meter(cloud).call`."""

    def __init__(self, cloud: Any) -> None:
        self._call: Callable[..., dict[str, Any]] = cloud.call
        self._tables = cloud.dynamodb.tables
        self.bill = Bill()

    def reset(self) -> Bill:
        """The bill so far; a new one begins."""
        done, self.bill = self.bill, Bill()
        return done

    def invoked(self, times: int, megabytes: int, seconds: float) -> None:
        """So many invocations of a Lambda function of that size and duration."""
        cost = prices.LAMBDA_REQUEST + megabytes / 1024 * seconds * prices.LAMBDA_GB_SECOND
        self.bill.dollars["lambda"] += cost * times

    def call(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        before = {name: len(table.changes) for name, table in self._tables.items()}
        answer = self._call(service, operation, request)
        if operation == "ReceiveMessage" and not answer.get("Messages"):
            return answer  # the test's own asking round, no poller's
        if operation not in POLLING:
            self.bill.calls[f"{service}.{operation}"] += 1
        if service == "dynamodb":
            self._dynamodb(operation, answer, before)
        else:
            self.bill.dollars[service] += _price(service, operation, request)
        return answer

    def _dynamodb(self, operation: str, answer: Any, before: Mapping[str, int]) -> None:
        factor = 2 if operation.startswith("Transact") else 1
        units = 0
        for name, table in self._tables.items():
            for change in table.changes[before.get(name, 0) :]:
                units += factor * max(_units(change.old, KB), _units(change.new, KB))
                units += sum(_index_writes(change, n) for n in INDEXES)
        self.bill.dollars["dynamodb"] += units * prices.DYNAMODB_WRITE_UNIT
        self.bill.dollars["dynamodb"] += _read_units(answer) * prices.DYNAMODB_READ_UNIT


def _price(service: str, operation: str, request: Mapping[str, Any]) -> float:
    match service, operation:
        case "sqs", _:
            return prices.SQS_REQUEST
        case "s3", "GetObject":
            return prices.S3_GET
        case "s3", _:
            return prices.S3_PUT
        case "sesv2", "SendEmail":
            to = request.get("Destination", {}).get("ToAddresses", [""])
            return prices.SES_OUT * len(to)
        case "sesv2", "SendBulkEmail":
            return prices.SES_OUT * len(request["BulkEmailEntries"])
        case "comprehend", _:
            units = max(prices.COMPREHEND_LEAST, ceil(len(request.get("Text", "")) / 100))
            return units * prices.COMPREHEND_UNIT
        case "pinpoint-sms-voice-v2", "SendTextMessage":
            return prices.SMS_PART
    return 0.0


def _units(item: Any, size: int) -> int:
    """Units of that many bytes; the JSON form is a little larger than what DynamoDB counts."""
    return ceil(len(json.dumps(item, default=str)) / size) if item else 0


def _index_writes(change: Any, number: int) -> int:
    old = (change.old or {}).get(f"gsi{number}pk"), (change.old or {}).get(f"gsi{number}sk")
    new = (change.new or {}).get(f"gsi{number}pk"), (change.new or {}).get(f"gsi{number}sk")
    had, has = all(old), all(new)
    if not (had or has):
        return 0
    size = 1 if number in SLIM else max(_units(change.old, KB), _units(change.new, KB))
    return (2 if had and has and old != new else 1) * size


def _read_units(answer: Any) -> float:
    if "Item" in answer:
        return float(_units(answer["Item"], 4 * KB))
    if "Items" in answer:
        return _units(answer["Items"], 4 * KB) / 2
    found = [item for items in answer.get("Responses", {}).values() for item in items]
    return float(sum(_units(item, 4 * KB) for item in found))
