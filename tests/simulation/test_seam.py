"""The modelled SDK held against botocore's own loop, and the errors that callers see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    ParamValidationError,
    ReadTimeoutError,
)

from tests.simulation.aws import memory_aws
from tests.simulation.aws.errors import AwsError
from tests.simulation.aws.seam import Answer, Call

FAILURES: dict[str, Callable[[], Exception]] = {
    "throttled": lambda: AwsError("ThrottlingException", "Rate exceeded"),
    "too many": lambda: AwsError("TooManyRequestsException", "Rate exceeded", status=429),
    "server": lambda: AwsError("InternalServerError", "oh", status=500),
    "refused": lambda: AwsError("ConditionalCheckFailedException", "no"),
    "read": lambda: ReadTimeoutError(endpoint_url="x"),
    "connect": lambda: ConnectTimeoutError(endpoint_url="x"),
}
RETRIES: list[dict[str, Any]] = [
    {"mode": "standard", "total_max_attempts": 1},
    {"mode": "standard", "total_max_attempts": 4},
    {"mode": "standard", "max_attempts": 1},
    {"mode": "standard"},
    {"mode": "legacy", "max_attempts": 2},
    {"mode": "legacy"},
    {},
]


class BrokenLine:
    """Every attempt fails in the same way; counts them."""

    def __init__(self, failure: Callable[[], Exception]) -> None:
        self.failure = failure
        self.attempts = 0

    def carry(self, call: Call, effect: Callable[[], Answer]) -> Answer:
        self.attempts += 1
        raise self.failure()

    def sleep(self, call: Call, most: float) -> None:
        return None


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("service", ["dynamodb", "sesv2", "sqs"])
def test_attempts_are_as_many_as_botocore_makes(failure: str, service: str) -> None:
    for retries in RETRIES:
        ours = _attempts(service, failure, retries, faithful=False)
        theirs = _attempts(service, failure, retries, faithful=True)
        assert ours == theirs, retries


def test_max_attempts_of_one_still_means_a_second_attempt() -> None:
    retries = {"mode": "standard", "max_attempts": 1}
    assert _attempts("sesv2", "read", retries, faithful=True)[0] == 2


def test_errors_are_the_clients_own() -> None:
    with memory_aws():
        client = _with_table()
        put = {"TableName": "t", "Item": {"pk": {"S": "a"}}}
        client.put_item(**put)
        with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
            client.put_item(
                **put,
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        assert caught.value.response["Item"] == {"pk": {"S": "a"}}
        with pytest.raises(ParamValidationError):
            client.put_item(TableName="t", Item="no item")


def test_a_transaction_sent_twice_with_its_token_happens_once() -> None:
    with memory_aws():
        client = _with_table()
        add = {
            "Update": {
                "TableName": "t",
                "Key": {"pk": {"S": "a"}},
                "UpdateExpression": "ADD n :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            }
        }
        for _ in range(2):
            client.transact_write_items(TransactItems=[add], ClientRequestToken="t")
        client.transact_write_items(TransactItems=[add])
        found = client.get_item(TableName="t", Key={"pk": {"S": "a"}})
    assert found["Item"]["n"] == {"N": "2"}


def test_a_reserved_word_is_refused_as_on_aws() -> None:
    with memory_aws():
        client = _with_table()
        with pytest.raises(ClientError, match="reserved keyword: status"):
            client.update_item(
                TableName="t",
                Key={"pk": {"S": "a"}},
                UpdateExpression="SET status = :s",
                ExpressionAttributeValues={":s": {"S": "open"}},
            )


def test_a_placeholder_that_no_expression_uses_is_refused_as_on_aws() -> None:
    with memory_aws():
        client = _with_table()
        with pytest.raises(ClientError, match="unused in expressions"):
            client.update_item(
                TableName="t",
                Key={"pk": {"S": "a"}},
                UpdateExpression="SET x = :s",
                ExpressionAttributeValues={":s": {"S": "open"}, ":t": {"S": "open"}},
            )


def test_removing_from_a_missing_item_does_not_create_it() -> None:
    with memory_aws():
        client = _with_table()
        client.update_item(TableName="t", Key={"pk": {"S": "a"}}, UpdateExpression="REMOVE x")
        assert "Item" not in client.get_item(TableName="t", Key={"pk": {"S": "a"}})


def test_clients_are_given_back_after_use() -> None:
    with memory_aws():
        with memory_aws() as inner:
            boto3.client("sqs").create_queue(QueueName="q")
            assert list(inner.sqs.queues) == ["q"]
        assert boto3.client("sqs").list_queues() | {"ResponseMetadata": 0} == {
            "QueueUrls": [],
            "ResponseMetadata": 0,
        }


def _attempts(
    service: str, failure: str, retries: dict[str, Any], *, faithful: bool
) -> tuple[int, str]:
    line = BrokenLine(FAILURES[failure])
    with memory_aws(line=line, faithful=faithful):
        client = boto3.client(service, config=Config(retries=dict(retries)))
        try:
            next(_calls(client, service))
        except (ClientError, ReadTimeoutError, ConnectTimeoutError) as error:
            return line.attempts, type(error).__name__
    raise AssertionError("it did not fail")


def _calls(client: Any, service: str) -> Iterator[Any]:
    if service == "dynamodb":
        yield client.get_item(TableName="t", Key={"pk": {"S": "a"}})
    elif service == "sqs":
        yield client.list_queues()
    else:
        yield client.get_email_template(TemplateName="t")


def _with_table() -> Any:
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    return client
