"""The made-up application. Each branch on `self.bugs` is a mistake that real systems have made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError

TABLE, BUCKET = "toy", "toy"
LEASE, OVERDUE = 90, 120  # seconds
Item = dict[str, Any]

BUGS = (
    "looks before it claims",  # duplicate check outside of the transaction
    "counts every delivery",  # counter without a record of what it counted
    "marks before it sends",
    "claims without lease",
    "forgets failed records",  # partial failures are not reported
    "sends again when in doubt",
)


def s(text: str) -> dict[str, str]:
    return {"S": text}


def n(number: float) -> dict[str, str]:
    return {"N": str(int(number))}


class Retry(Exception):
    """Not now: the event should come again."""


class Toy:
    """The handlers. `clients` by service name; `clock` in seconds; `new_id` gives fresh names."""

    def __init__(
        self,
        clients: Mapping[str, Any],
        queue_url: str,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        bugs: frozenset[str],
    ) -> None:
        self.table = clients["dynamodb"]
        self.sqs, self.s3, self.ses = clients["sqs"], clients["s3"], clients["sesv2"]
        self.queue_url = queue_url
        self.clock = clock
        self.new_id = new_id
        self.bugs = bugs

    # --- handlers ------------------------------------------------------------------------

    def receive(self, event: Any, _: Any) -> Any:
        return self._each(event, self._take_in)

    def answer(self, event: Any, _: Any) -> Any:
        return self._each(event, lambda body: self._send(body["message"]))

    def forward(self, event: Any, _: Any) -> Any:
        for record in event["Records"]:
            self._count(record["dynamodb"]["Keys"]["sk"]["S"].removeprefix("MSG#"))
            message = record["dynamodb"]["Keys"]["sk"]["S"].removeprefix("MSG#")
            self._ask_for_answer(message)

    def sweep(self, _: Any, __: Any) -> None:
        found = self.table.query(
            TableName=TABLE,
            IndexName="open",
            KeyConditionExpression="gpk = :open",
            ExpressionAttributeValues={":open": s("OPEN")},
        )
        for item in found["Items"]:
            self._look_after(item)

    # --- taking in -----------------------------------------------------------------------

    def _take_in(self, body: Item) -> None:
        content = self.s3.get_object(Bucket=BUCKET, Key=body["key"])["Body"].read()
        mail = json.loads(content)
        for _ in range(4):
            if "looks before it claims" in self.bugs and self._get(f"IN#{mail['id']}"):
                return
            if self._accept(mail):
                return
        raise Retry

    def _accept(self, mail: Item) -> bool:
        """False where another invocation changed the thread meanwhile."""
        thread = self._get(f"THREAD#{mail['thread']}")
        case = thread["case"]["S"] if thread else self.new_id()
        claim = _new({"pk": s(f"IN#{mail['id']}"), "sk": s("-"), "case": s(case)})
        if "looks before it claims" in self.bugs:
            del claim["Put"]["ConditionExpression"]
        message = {"pk": s(f"CASE#{case}"), "sk": s(f"MSG#{self.new_id()}"), "mail": s(mail["id"])}
        writes = [claim, _new(message)]
        if not thread:
            writes.append(
                _new({"pk": s(f"THREAD#{mail['thread']}"), "sk": s("-"), "case": s(case)})
            )
        try:
            self.table.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if _code(error) != "TransactionCanceledException":
                raise
            return bool(_reasons(error)[0] == "ConditionalCheckFailed")
        return True

    # --- reacting ------------------------------------------------------------------------

    def _count(self, message: str) -> None:
        add = {
            "TableName": TABLE,
            "Key": {"pk": s("COUNT"), "sk": s("-")},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": n(1)},
        }
        if "counts every delivery" in self.bugs:
            self.table.update_item(**add)
            return
        counted = _new({"pk": s(f"COUNTED#{message}"), "sk": s("-")})
        try:
            self.table.transact_write_items(TransactItems=[counted, {"Update": add}])
        except ClientError as error:
            if _code(error) != "TransactionCanceledException":
                raise
            if _reasons(error)[0] != "ConditionalCheckFailed":
                raise

    def _ask_for_answer(self, message: str) -> None:
        body = json.dumps({"message": message})
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)

    def _send(self, message: str) -> None:
        self._queue_answer(message)
        claim = self.new_id()
        if not self._claim(message, claim):
            return
        try:
            self.ses.send_email(
                FromEmailAddress="desk@example.com",
                Destination={"ToAddresses": ["customer@example.com"]},
                Content={"Raw": {"Data": f"Subject: {message}\r\n\r\nHello".encode()}},
                EmailTags=[{"Name": "message", "Value": message}],
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                self._move(message, "sending", "queued", claim)
                raise
            self._move(message, "sending", "ambiguous", claim)
        except HTTPClientError:
            self._move(message, "sending", "ambiguous", claim)
        else:
            self._move(message, "sending", "sent", claim)

    def _queue_answer(self, message: str) -> None:
        item = {
            "pk": s(f"OUT#{message}"),
            "sk": s("-"),
            "standing": s("queued"),
            "gpk": s("OPEN"),
            "gsk": s(message),
            "since": n(self.clock()),
        }
        put = _new(item)["Put"]
        _unless_refused(lambda: self.table.put_item(**put))

    def _claim(self, message: str, claim: str) -> bool:
        """True where the sending is ours now; raises Retry while another may still be at it."""
        to = "sent" if "marks before it sends" in self.bugs else "sending"
        lease = {":lease": n(self.clock() + LEASE)}
        if self._move(message, "queued", to, claim, "SET lease = :lease, claim = :claim", lease):
            return True
        item = self._get(f"OUT#{message}")
        assert item is not None
        if item["standing"]["S"] in ("sent", "ambiguous") or "claims without lease" in self.bugs:
            return False
        if item["standing"]["S"] == "sending" and int(item["lease"]["N"]) < self.clock():
            self._look_after(item)
            return False
        raise Retry

    def _look_after(self, item: Item) -> None:
        message, standing = item["gsk"]["S"], item["standing"]["S"]
        if standing == "queued" and int(item["since"]["N"]) + OVERDUE < self.clock():
            self._ask_for_answer(message)
        if standing != "sending" or "claims without lease" in self.bugs:
            return
        if int(item["lease"]["N"]) >= self.clock():
            return
        doubt = "sends again when in doubt" in self.bugs
        self._move(message, "sending", "queued" if doubt else "ambiguous", item["claim"]["S"])
        if doubt:
            self._ask_for_answer(message)

    def _move(
        self,
        message: str,
        of: str,
        to: str,
        claim: str,
        change: str = "",
        more: Item | None = None,
    ) -> bool:
        """Change the standing of an answer; False where it was not `of` or is another's claim."""
        values = {":of": s(of), ":to": s(to), ":claim": s(claim), **(more or {})}
        condition = "standing = :of" + ("" if change else " AND claim = :claim")
        expression = (change or "SET") + ("," if change else "") + " standing = :to"
        if to in ("sent", "ambiguous"):
            expression += " REMOVE gpk"
        return _unless_refused(
            lambda: self.table.update_item(
                TableName=TABLE,
                Key={"pk": s(f"OUT#{message}"), "sk": s("-")},
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        )

    # --- small things --------------------------------------------------------------------

    def _each(self, event: Any, work: Callable[[Item], None]) -> Any:
        failed = []
        for record in event["Records"]:
            try:
                work(json.loads(record["body"]))
            except (Retry, ClientError, HTTPClientError):
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": [] if "forgets failed records" in self.bugs else failed}

    def _get(self, pk: str) -> Item | None:
        key = {"pk": s(pk), "sk": s("-")}
        answer = self.table.get_item(TableName=TABLE, Key=key, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item


def _new(item: Item) -> Item:
    condition = "attribute_not_exists(pk)"
    return {"Put": {"TableName": TABLE, "Item": item, "ConditionExpression": condition}}


def _unless_refused(write: Callable[[], object]) -> bool:
    """False where the condition did not hold."""
    try:
        write()
    except ClientError as error:
        if _code(error) != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _reasons(error: ClientError) -> list[str]:
    return [reason["Code"] for reason in error.response["CancellationReasons"]]
