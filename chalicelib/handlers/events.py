"""What all event handlers share, under Chalice's own decorators.

Chalice does not import app.py for an event handler that lives in a blueprint, so nothing that is
registered on the app runs there: logging, metrics and partial failures are done here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import CustOpsError, Unprocessable
from chalicelib.observability import correlated, count, described, flush, logger

Failures = dict[str, list[dict[str, str]]]


def each_record(event: Any, work: Callable[[str, int], None]) -> Failures:
    """Do the work for each SQS record: (body, how often it was received).

    A record that fails is given back alone; after five receipts its queue puts it aside in the
    dead-letter queue, where an alarm sees it. The rest of the batch goes on.
    """
    failed = []
    records = event.to_dict()["Records"]
    for record in records:
        receipts = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
        with correlated(record=record["messageId"], receipts=receipts) as log:
            try:
                work(record["body"], receipts)
            except Unprocessable as error:
                log.error("this event cannot be processed", extra={"reason": error.reason})
                failed.append({"itemIdentifier": record["messageId"]})
            except (CustOpsError, ClientError, BotoCoreError) as error:
                log.warning("this event failed and comes again", extra=_described(error))
                failed.append({"itemIdentifier": record["messageId"]})
            except Exception as error:  # a bug must not take the rest of the batch with it
                log.error("this event met a bug", extra=described(error))
                failed.append({"itemIdentifier": record["messageId"]})
    if failed:
        count("EventsFailed", len(failed))
    logger().info("batch done", extra={"records": len(records), "failed": len(failed)})
    flush()
    return {"batchItemFailures": failed}


def unwrap(body: str) -> dict[str, Any]:
    """The JSON object in an SQS body, out of its SNS envelope, if any; raises Unprocessable."""
    try:
        content = json.loads(body)
        if isinstance(content, dict) and content.get("Type") == "Notification":
            content = json.loads(content["Message"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unprocessable("the body is not JSON") from error
    if not isinstance(content, dict):
        raise Unprocessable("the body is not a JSON object")
    return content


def _described(error: Exception) -> dict[str, str]:
    described = {"error": type(error).__name__}
    if isinstance(error, ClientError):
        described["code"] = error.response["Error"]["Code"]
        described["operation"] = error.operation_name
    elif isinstance(error, CustOpsError):
        described["reason"] = str(error)
    return described
