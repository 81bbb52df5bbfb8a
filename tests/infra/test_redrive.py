"""Dead letters go back to their queue, each once, and none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from infra.console import Failure
from infra.redrive import QUEUES, redrive, tell
from tests.simulation.aws import Cloud, memory_aws


class Stack:
    """CloudFormation, as far as it lists the queues of a stack."""

    def __init__(self, urls: dict[str, str]) -> None:
        self._urls = urls

    def get_paginator(self, name: str) -> Stack:
        assert name == "list_stack_resources"
        return self

    def paginate(self, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert StackName == "custops-prod"
        for name, url in self._urls.items():
            kind = {"ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": url}
            yield {"StackResourceSummaries": [{"LogicalResourceId": name, **kind}]}


class Account:
    """Clients by service, over queues in memory."""

    def __init__(self) -> None:
        self.sqs = boto3.client("sqs", region_name="us-east-1")
        names = [f"{queue}{kind}" for queue in QUEUES for kind in ("Queue", "DeadLetters")]
        self.urls = {n: self.sqs.create_queue(QueueName=n)["QueueUrl"] for n in names}

    def __call__(self, service: str) -> Any:
        return {"sqs": self.sqs, "cloudformation": Stack(self.urls)}[service]

    def bury(self, queue: str, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.urls[f"{queue}DeadLetters"], MessageBody=body)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with memory_aws(lambda: 0.0) as cloud:
        yield cloud


def test_dead_letters_are_counted_by_queue(cloud: Cloud) -> None:
    account, said = Account(), []
    account.bury("Mail", "not JSON", "not JSON either")
    assert tell(account, "prod", said.append)["Mail"] == 2
    assert "Mail: 2" in said


def test_all_letters_of_a_queue_go_back_and_those_of_others_stay(cloud: Cloud) -> None:
    account = Account()
    account.bury("Mail", *(str(n) for n in range(23)))
    account.bury("Send", "x")
    assert redrive(account, "prod", "mail", print) == 23
    assert sorted(map(int, cloud.sqs.bodies("MailQueue"))) == list(range(23))
    assert cloud.sqs.bodies("MailDeadLetters") == []
    assert cloud.sqs.bodies("SendDeadLetters") == ["x"]


def test_a_queue_that_does_not_exist_is_named(cloud: Cloud) -> None:
    with pytest.raises(Failure, match="no queue 'letters'"):
        redrive(Account(), "prod", "letters", print)
