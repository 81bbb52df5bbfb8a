"""A notice by mail, from the approval until everybody is told: calls, dollars, time, memory.

The real planner and sender run on the model of AWS; what arrives there is counted and priced. For
100,000 recipients the model keeps no customers and no ledger: customers are made up where they are
read, and what is written of single customers is priced and dropped, so that what is measured is
the memory of our code. `MILLION` is the plan for a million, by the figures of the same run.
"""

from __future__ import annotations

import contextlib
import io
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any

from chalicelib.campaigns.models import Approval, CampaignInput
from chalicelib.campaigns.rules import SEGMENT
from chalicelib.channels.models import Channel
from chalicelib.customers.models import Customer, Identity
from chalicelib.store import keys
from chalicelib.store.codec import encode_item
from chalicelib.store.customers import _item
from infra.benchmarks import prices
from infra.benchmarks.meter import Bill, Meter, _units
from tests.support import TABLE, World, installation

KB = 1024
MEGABYTES, SECONDS = 512, 0.35  # of a segment: three writes of the table and one bulk call
DELIVERY_SECONDS = 0.06  # of ten events
LEAD = "lead@example.com"
NOTICE = {"email": {"subject": "What we know", "text": "Hello {{name}}, we are on it."}}
DROPPED = ("TOLD#", "NOTICED")  # sort keys of what is kept of single customers
BORN = datetime(2026, 11, 1, tzinfo=UTC)
Row = tuple[str, str, str, str]


def rows() -> Iterator[Row]:
    """(what, figure, beside it, "")"""
    for size in (1_000, 10_000):
        bill, seconds, _ = _told(size, thin=False)
        yield _row(f"{size:,} recipients by mail", bill, size)
        yield ("    processor time, the model's included", f"{seconds:.1f} s", "", "")
    yield from _events(1_000)
    bill, seconds, grown = _told(100_000, thin=True)
    yield _row("100,000 recipients by mail", bill, 100_000)
    yield ("    processor time, memory beyond the start", f"{seconds:.1f} s", f"{grown} MB", "")
    calls = bill.total_calls / 100_000
    for line in million(calls, bill.total_dollars / 100_000).splitlines():
        yield (line, "", "", "")


def million(calls: float, dollars: float) -> str:
    """The plan for a million recipients by mail, on paper. `calls` and `dollars` a recipient."""
    size = 1_000_000
    segments = ceil(size / SEGMENT)
    a_second = ceil(500 / SEGMENT)
    at_once = ceil(a_second * SECONDS)
    units = size * 8  # an entry and a mark, an entry and a timeline; a transaction counts twice
    return f"""plan for 1,000,000 by mail, on paper
  {segments:,} segments of {SEGMENT}; {calls * size:,.0f} calls; ${dollars * size:,.2f}
  freezing: {ceil(size / 1000):,} pages and {size // 100:,} reads of marks, in runs of 200 s
  SES at 14 a second (the first quota): 20 h; at 100: 2.8 h; at 500: 34 minutes
    to be asked for: the rate, and 1,000,000 in 24 h; the setting `pace` stays below it
  Lambda at 500 a second: {a_second} segments x {SECONDS} s, NotifyConcurrency {at_once}
  DynamoDB: {units / 1e6:.0f} M write units, 4,000 a second: what a new table takes at first;
    the ledger's partition key takes 1,000 a second until it has split: warm the table before
  events: 2 M through SQS, ten a batch: 200,000 runs of receive_delivery, 100 a second"""


def _told(size: int, *, thin: bool) -> tuple[Bill, float, int]:
    """(bill, processor seconds, megabytes grown) of one campaign."""
    with installation(validate=False) as world, contextlib.redirect_stdout(io.StringIO()):
        campaign_id = _drafted(world, size, thin)
        meter = Meter(world.aws)
        if thin:
            meter._call = Thin(world.aws, size, meter).call
        world.aws.call = meter.call  # type: ignore[method-assign]
        before, began = _megabytes(), time.process_time()
        world.app.outreach.approve(campaign_id, Approval(force=True), LEAD)
        meter.reset()  # the preview of the approval is what a lead waits for, not what is sent
        most = _run(world, keep=not thin)
        taken, grown = time.process_time() - began, most - before
        figures = world.app.outreach.get(campaign_id).progress
        assert (figures.sent, figures.remaining) == (size, 0), figures
    meter.invoked(ceil(size / SEGMENT) + 3, MEGABYTES, SECONDS)
    return meter.reset(), taken, grown


def _drafted(world: World, size: int, thin: bool) -> str:
    if not thin:
        for first in range(0, size, 1000):
            people = [_item(_customer(n)) for n in range(first, min(first + 1000, size))]
            world.app.table.batch_put(people)
    wanted = CampaignInput.model_validate({"name": "Known problem", "message": NOTICE})
    world.app.documents.write("approvals", {"send_more_than": 10**7}, None, LEAD)
    return world.app.outreach.create(wanted, LEAD).id


def _run(world: World, keep: bool) -> int:
    """Everything until it is told, as Lambda would give it; returns the most megabytes seen."""
    busy, most = True, 0
    while busy:
        busy = world._stream()
        if not keep:
            world.aws.dynamodb.table(TABLE).changes.clear()  # the stream has them
            world._read = 0
        for queue in ("plan", "notify"):
            batch = world.deliver(queue)
            busy |= bool(batch.get("records"))
        if not keep:
            world.aws.ses.accepted.clear()
        most = max(most, _megabytes())
    return most


def _events(size: int) -> Iterator[Row]:
    """What the provider's word on each notice costs: sent and delivered."""
    with installation(validate=False) as world, contextlib.redirect_stdout(io.StringIO()):
        campaign_id = _drafted(world, size, thin=False)
        world.app.outreach.approve(campaign_id, Approval(force=True), LEAD)
        _run(world, keep=True)
        for sent in world.aws.ses.accepted:
            for kind in ("Send", "Delivery"):
                world.aws.ses.publish(sent, kind)
        meter = Meter(world.aws)
        world.aws.call = meter.call  # type: ignore[method-assign]
        while world.deliver("DeliveryQueue"):
            meter.invoked(1, MEGABYTES, DELIVERY_SECONDS)
        assert world.app.outreach.get(campaign_id).progress.delivered == size
    yield _row("    their events, sent and delivered", meter.reset(), size)


class Thin:
    """Stands before the model: makes customers up, prices and drops what is kept of each."""

    def __init__(self, cloud: Any, size: int, meter: Meter) -> None:
        self._call = cloud.call
        self._size = size
        self._meter = meter

    def call(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if service == "dynamodb":
            if operation == "Query" and _index_of_customers(request):
                return self._page(request)
            if operation == "BatchGetItem":
                return self._some(request)
            if operation == "TransactWriteItems":
                request = {**request, "TransactItems": self._kept(request["TransactItems"])}
        answer: dict[str, Any] = self._call(service, operation, request)
        return answer

    def _page(self, request: dict[str, Any]) -> dict[str, Any]:
        partition = request["ExpressionAttributeValues"][":h"]["S"]
        shard = int(partition.rpartition("#")[2])
        after = request.get("ExclusiveStartKey")
        first = int(after["sk"]["S"]) if after else shard
        numbers = range(first, self._size, keys.CUSTOMER_SHARDS)[: request["Limit"]]
        items = [encode_item(_item(_customer(number))) for number in numbers]
        answer: dict[str, Any] = {"Items": items, "Count": len(items)}
        following = numbers[-1] + keys.CUSTOMER_SHARDS if items else self._size
        if following < self._size:
            answer["LastEvaluatedKey"] = {"pk": {"S": partition}, "sk": {"S": str(following)}}
        return answer

    def _some(self, request: dict[str, Any]) -> dict[str, Any]:
        ((table, wanted),) = request["RequestItems"].items()
        known, rest = [], []
        for key in wanted["Keys"]:
            if not key["pk"]["S"].startswith("CUST#"):
                rest.append(key)
            elif key["sk"]["S"] == "CUST":
                number = int(key["pk"]["S"].removeprefix("CUST#K"))
                known.append(encode_item(_item(_customer(number))))
        if rest:
            asked = {"RequestItems": {table: {**wanted, "Keys": rest}}}
            known += self._call("dynamodb", "BatchGetItem", asked)["Responses"].get(table, [])
        return {"Responses": {table: known}, "UnprocessedKeys": {}}

    def _kept(self, actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept = []
        for action in actions:
            ((_, body),) = action.items()
            item = body.get("Item") or body.get("Key")
            if item["sk"]["S"].startswith(DROPPED):
                units = 2 * max(1, _units(item, KB))
                self._meter.bill.dollars["dynamodb"] += units * prices.DYNAMODB_WRITE_UNIT
            else:
                kept.append(action)
        return kept


def _index_of_customers(request: dict[str, Any]) -> bool:
    values = request["ExpressionAttributeValues"]
    return str(values[":h"]["S"]).startswith("CUSTOMERS#")


def _customer(number: int) -> Customer:
    address = Identity(channel=Channel.EMAIL, value=f"c{number}@example.org")
    return Customer(
        id=f"K{number:07d}",
        name="Ana Ortiz",
        identities=(address,),
        created_at=BORN,
        updated_at=BORN,
    )


def _megabytes() -> int:
    """What this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024**2


def _row(what: str, bill: Bill, count: int) -> Row:
    bill.calls.pop("sqs.GetQueueUrl", None)  # of the harness that delivers, not of ours
    calls = f"{bill.total_calls / count:.3f} calls"
    return (what, calls, f"${bill.total_dollars / count * 1000:.4f}/1000", "")
